"""From a program to kernels and memory: which values get a buffer, which are computed inside the kernel that needs them, and which
buffers share memory because one is dead before the other lives."""

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

# Roughly how long the text of an operation is, and how long that of one kernel may be before compiling it takes too long.
WEIGHTS = dict.fromkeys(("exp", "expm1", "log", "log1p", "tanh", "erf", "sinpi", "cospi"), 8) | {"div": 2, "sqrt": 2}
MOST_WEIGHT = 40
MOST_LEAVES = MOST_BINDINGS - 2  # buffers that a kernel may read, besides those of the result and of the guard
# So cheap that computing them anew wherever they are read costs less than writing them to memory.
FREE = ("reshape", "constant", "broadcast", "transpose", "slice", "cast", "neg", "abs")
ONCE = ("sum", "max")  # reductions that read every element once, so that their operand may be computed on the way


@dataclass
class Plan:
    """What a session allocates and runs.

    A buffer has a key: the number of the value that it holds, or one beyond all values for scratch and tables.

    Attributes:
        dispatches: the kernels, in order.
        specs: dtype and shape for every key.
        alias: for every value, the value whose buffer holds it; a reshape is held by that of its operand.
        slots: for every key, the number of its piece of memory.
        sizes: the bytes of every piece of memory.
        tables: for some keys, what is written there once.
    """

    program: Program
    dispatches: list[Dispatch] = field(default_factory=list)
    specs: list[Spec] = field(default_factory=list)
    alias: dict[int, int] = field(default_factory=dict)
    slots: dict[int, int] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    tables: dict[int, Array] = field(default_factory=dict)


def _wanted(program: Program, keep_all: bool) -> set[int]:
    """The values that are read after the run: outputs, new states, or all."""
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
    """Plan a program for the "native" or the "integer" path.

    With `keep_all` every value gets memory of its own, so that it can be read; nothing is fused.
    """
    first, specs = program.first_operation, program.specs()
    nodes = dict(enumerate(program.operations, first))
    wanted = _wanted(program, keep_all)
    alive = _alive(program, wanted)
    plan = Plan(program, specs=specs)
    for v in range(len(specs)):
        plan.alias[v] = plan.alias[nodes[v].inputs[0]] if v in nodes and nodes[v].op == "reshape" else v
    kept = {plan.alias[v] for v in wanted} | set(range(first))
    stored = _Choice(plan, nodes, alive, kept).stored & (alive | set(range(first)))

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
    _place(plan, kept | set(plan.tables))
    return plan


class _Choice:
    """Chooses the values that get a buffer, going through the operations in order: those given as `stored`, what KERNELS make, and
    operands that would be computed more than once, make a kernel too long, or make it read too many buffers."""

    def __init__(self, plan: Plan, nodes: dict[int, Node], alive: set[int], stored: set[int]) -> None:
        self.nodes, self.specs, self.alias = nodes, plan.specs, plan.alias
        live = [v for v in nodes if v in alive and nodes[v].op != "reshape"]
        self.uses = Counter(self.alias[x] for v in live for x in nodes[v].inputs)
        self.stored = stored | {v for v in live if nodes[v].op in KERNELS}
        self.leaves: dict[int, frozenset[int]] = {}  # the buffers that are read to compute a value
        self.weight: dict[int, int] = {}  # the text that it takes
        for v in live:
            self._visit(v)

    def _visit(self, v: int) -> None:
        operands = {self.alias[x] for x in self.nodes[v].inputs}
        self.stored |= {x for x in operands - self.stored if not self._cheap(x, v)}
        self._measure(v, operands)
        while len(self.leaves[v]) > MOST_LEAVES or self.weight[v] > MOST_WEIGHT:
            computed = operands - self.stored
            if not computed:
                break
            self.stored.add(max(computed, key=lambda x: (len(self.leaves[x]), self.weight[x])))
            self._measure(v, operands)

    def _cheap(self, x: int, v: int) -> bool:
        """Whether computing operand x where v needs it costs no more than reading it from memory."""
        op, by = self.nodes[x].op, self.nodes[v].op
        if op == "constant":
            return True
        element_by_element = by in EXPRESSIONS
        once = by in ONCE or (element_by_element and self.specs[v].size <= self.specs[x].size)
        return (self.uses[x] == 1 and once) or (op in FREE and self.weight[x] <= 2 and element_by_element)

    def _measure(self, v: int, operands: set[int]) -> None:
        self.leaves[v] = frozenset().union(*({x} if x in self.stored else self.leaves[x] for x in operands))
        self.weight[v] = WEIGHTS.get(self.nodes[v].op, 1) + sum(self.weight[x] for x in operands - self.stored)


def _place(plan: Plan, kept: set[int]) -> None:
    """Give every key a piece of memory. That of a key that is not `kept` is free after the last dispatch that uses it."""
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
