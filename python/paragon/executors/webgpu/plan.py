"""From a program to dispatches and buffers: which values are computed on the way, which get memory, and when it is free again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...ir.program import Node, Program
from ...ir.spec import Array, Spec
from .expressions import EXPRESSIONS
from .fft import KERNELS as TRANSFORMS
from .kernel import ALL_MEMORY, Dispatch, Index, Kernel
from .limits import MOST_BINDINGS
from .reductions import KERNELS as REDUCTIONS
from .reductions import Builder

KERNELS = {**REDUCTIONS, **TRANSFORMS}

# How much text an operation is, roughly, and how much one kernel may have.
WEIGHTS = dict.fromkeys(("exp", "expm1", "log", "log1p", "tanh", "erf", "sinpi", "cospi"), 8) | {
    "div": 2,
    "sqrt": 2,
}
MOST_WEIGHT = 40
MOST_LEAVES = MOST_BINDINGS - 2  # besides the result and the guard
FREE = (
    "reshape",
    "constant",
    "broadcast",
    "transpose",
    "slice",
    "cast",
    "neg",
    "abs",
)  # may be computed more than once
ONCE = ("sum", "max")  # reductions that read every element once


@dataclass
class Plan:
    """`dispatches` in order; `alias[v]` is the value whose buffer holds v; `slots[key]` the number of the memory of a key;
    `tables[key]` what is written there once."""

    program: Program
    dispatches: list[Dispatch] = field(default_factory=list)
    specs: list[Spec] = field(default_factory=list)
    alias: dict[int, int] = field(default_factory=dict)
    slots: dict[int, int] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    tables: dict[int, Array] = field(default_factory=dict)


def _wanted(program: Program, keep_all: bool) -> set[int]:
    if keep_all:
        return set(range(program.first_operation + len(program.operations)))
    return {*program.outputs.values(), *program.updates.values()}


def _alive(program: Program, wanted: Iterable[int]) -> set[int]:
    """The values that something wanted depends on."""
    first, alive, todo = program.first_operation, set(), list(wanted)
    while todo:
        v = todo.pop()
        if v not in alive:
            alive.add(v)
            todo += program.operations[v - first].inputs if v >= first else ()
    return alive


def make_plan(program: Program, path: str, keep_all: bool = False) -> Plan:
    """Plan a program for the "native" or the "integer" path. With `keep_all` every value has memory of its own to be looked at;
    nothing is fused."""
    first, specs = program.first_operation, program.specs()
    nodes = dict(enumerate(program.operations, first))
    wanted = _wanted(program, keep_all)
    alive = _alive(program, wanted)
    plan = Plan(program, specs=specs)
    for v in range(len(specs)):  # a reshape is its operand in other words
        plan.alias[v] = plan.alias[nodes[v].inputs[0]] if v in nodes and nodes[v].op == "reshape" else v
    stored = _stored(program, nodes, specs, plan.alias, {plan.alias[v] for v in wanted}, alive)

    def is_stored(v: int) -> bool:
        return v in stored or v >= first + len(nodes)

    def scratch(spec: Spec) -> int:
        specs.append(spec)
        return len(specs) - 1

    builder = Builder(path, lambda: Kernel(nodes, specs, is_stored, EXPRESSIONS, path), scratch)
    for v, node in nodes.items():
        if v not in stored or not node.spec.size:
            continue
        if node.op in KERNELS:
            KERNELS[node.op](builder, node, v, specs)
        else:
            k = builder.fresh()
            k.line(f"result[i] = {k.let(EXPRESSIONS[node.op](k, node, Index(node.spec.shape, 'i')))};")
            builder.dispatches.append(k.finish(v, node.spec.size, ALL_MEMORY))
    plan.dispatches, plan.tables = builder.dispatches, builder.tables
    _place(plan, {plan.alias[v] for v in wanted} | set(range(first)) | set(plan.tables))
    return plan


def _stored(
    program: Program,
    nodes: dict[int, Node],
    specs: list[Spec],
    alias: dict[int, int],
    wanted: set[int],
    alive: set[int],
) -> set[int]:
    """The values that get a buffer: inputs, state, what is wanted, reductions, and operands that are not worth recomputing."""
    uses = Counter(alias[x] for v in nodes if v in alive and nodes[v].op != "reshape" for x in nodes[v].inputs)
    stored = set(range(program.first_operation)) | wanted
    stored |= {v for v in nodes if v in alive and nodes[v].op in KERNELS}
    leaves: dict[int, frozenset[int]] = {}
    weight: dict[int, int] = {}
    for v, node in nodes.items():
        if v not in alive or node.op == "reshape":
            continue
        operands = {alias[x] for x in node.inputs}
        for x in operands - stored:
            once = uses[x] == 1 and (node.op in ONCE or (node.op in EXPRESSIONS and specs[v].size <= specs[x].size))
            free = nodes[x].op in FREE and weight[x] <= 2 and (node.op in EXPRESSIONS or nodes[x].op == "constant")
            if not (once or free or nodes[x].op == "constant"):
                stored.add(x)

        def gather() -> tuple[frozenset[int], int]:
            found = frozenset().union(*({x} if x in stored else leaves[x] for x in operands))  # noqa: B023
            return found, WEIGHTS.get(node.op, 1) + sum(weight[x] for x in operands - stored)  # noqa: B023

        leaves[v], weight[v] = gather()
        while len(leaves[v]) > MOST_LEAVES or weight[v] > MOST_WEIGHT:
            inline = operands - stored
            if not inline:
                break
            stored.add(max(inline, key=lambda x: (len(leaves[x]), weight[x])))
            leaves[v], weight[v] = gather()
    return stored & (alive | set(range(program.first_operation)))


def _place(plan: Plan, kept: set[int]) -> None:
    """Give every key a slot. Slots of keys that are not kept are used again after the last dispatch that reads them."""
    last = {key: t for t, d in enumerate(plan.dispatches) for key in d.buffers}
    free: list[int] = []

    def take(key: int) -> None:
        need = plan.specs[key].size * 4
        fits = [s for s in free if plan.sizes[s] >= need and key not in kept]
        if fits:
            slot = min(fits, key=lambda s: plan.sizes[s])
            free.remove(slot)
        else:
            slot = len(plan.sizes)
            plan.sizes.append(need)
        plan.slots[key] = slot

    for key in sorted(kept):
        take(key)
    for t, d in enumerate(plan.dispatches):
        for key in d.buffers:
            if key not in plan.slots:
                take(key)
        for key in set(d.buffers) - kept:
            if last[key] == t:
                free.append(plan.slots[key])
