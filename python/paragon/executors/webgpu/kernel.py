"""Kernels as text: one thread an element of the result, values that are not in memory computed on the way.

A `Kernel` is written line by line. `load(value, index)` gives the word of a value at an index: read from its buffer where it
has one, else computed from its operands by the rule that `expressions.py` has for its operation. So whatever can be said
element by element, arithmetic and movement alike, is fused by not giving it a buffer.

All words are u32, whatever the dtype. Shapes and strides stand in the text as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ...ir.program import Node
from ...ir.spec import Spec
from .device import MOST_GROUPS, WORKGROUP, grid

Shape = tuple[int, ...]
ALL_MEMORY = "arrayLength(&result)"  # a thread too many may write beyond the result into the rest of its memory
LONGEST = 50_000  # steps of all loops of a thread: Mesa's llvmpipe leaves them after 65535 together, without a word
ZERO = "zero"  # a name, since arithmetic between literals that wraps is an error in WGSL


def loop_steps(terms: int, n: int, spans: Sequence[int]) -> int:
    """The steps, tests at the end included, of loops over n terms nested by panels: `terms` in all of the innermost ones."""
    return terms + 1 + 2 * sum(-(-n // span) for span in spans)


@dataclass(frozen=True)
class Index:
    """A place in an array of `shape`: a row-major number, or a coordinate for each axis (WGSL expressions)."""

    shape: Shape
    flat: str | None = None
    coordinates: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Dispatch:
    """A kernel ready to be compiled: its text, the keys of its buffers (the result last), and its workgroups."""

    code: str
    buffers: tuple[int, ...]
    groups: tuple[int, int, int]


class Kernel:
    """The text of a kernel that yields `result`, from values that have buffers (`stored`) or are computed on the way."""

    def __init__(
        self, nodes: Mapping[int, Node], specs: Sequence[Spec], stored: Callable[[int], bool], path: str = "integer"
    ) -> None:
        self.nodes, self.specs, self.stored, self.path = nodes, specs, stored, path
        self.numbers: list[int] = []
        self.lines: list[str] = []
        self.buffers: dict[int, str] = {}
        self._known: dict[object, str] = {}
        self._count = 0

    # --- lines --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        self.lines.append(text)

    def name(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def let(self, expression: str) -> str:
        """A name for an expression; the same name for the same expression."""
        if expression.isidentifier() or expression.rstrip("u").isdigit():
            return expression
        if expression not in self._known:
            name = self._known[expression] = self.name()
            self.line(f"let {name} = {expression};")
        return self._known[expression]

    def var(self, expression: str) -> str:
        name = self.name()
        self.line(f"var {name} = {expression};")
        return name

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Braces. What is named inside is forgotten after them."""
        known = dict(self._known)
        self.line(head + " {")
        yield
        self.line("}")
        self._known = known

    @contextmanager
    def loop(self, start: str, stop: str, step: int = 1) -> Iterator[str]:
        i = self.name()
        with self.block(f"for (var {i} = {start}; {i} < {stop}; {i} += {step}u)"):
            yield i

    def number(self, value: int) -> str:
        """A number that stands in the text on the native path. On the integer path, where texts are long and compiling them is
        slow, it is read from the buffer `numbers`, so that kernels of all sizes are one, and loops up to it are not unrolled."""
        if self.path == "native":
            return f"{value}u"
        self.numbers.append(value)
        return f"numbers[{len(self.numbers) - 1}u]"

    # --- places -------------------------------------------------------------------------------------------------------

    def coordinates(self, index: Index) -> tuple[str, ...]:
        """The coordinate of each axis."""
        if index.coordinates is not None:
            return index.coordinates
        found, rest = [], str(index.flat)
        axes = [a for a, d in enumerate(index.shape) if d != 1]
        for axis in range(len(index.shape) - 1, -1, -1):
            d = max(index.shape[axis], 1)
            if d == 1:
                found.append(ZERO)
            elif axis == axes[0]:
                found.append(rest)
            else:
                found.append(self.let(f"{rest} % {d}u"))
                rest = self.let(f"{rest} / {d}u")
        return tuple(reversed(found))

    def flat(self, index: Index) -> str:
        """The row-major number."""
        if index.flat is not None:
            return index.flat
        terms, stride = [], 1
        for c, d in zip(reversed(index.coordinates or ()), reversed(index.shape), strict=True):
            if d != 1 and c != ZERO:
                terms.append(c if stride == 1 else f"{c} * {stride}u")
            stride *= max(d, 1)
        return self.let(" + ".join(reversed(terms)) or ZERO)

    # --- values -------------------------------------------------------------------------------------------------------

    def buffer(self, value: int) -> str:
        return self.buffers.setdefault(value, f"b{len(self.buffers)}")

    def load(self, value: int, index: Index) -> str:
        """The word of a value at a place."""
        from .expressions import EXPRESSIONS

        key = (value, index.flat, index.coordinates)
        if key not in self._known:
            if self.stored(value):
                word = self.let(f"{self.buffer(value)}[{self.flat(index)}]")
            else:
                node = self.nodes[value]
                word = self.let(EXPRESSIONS[node.op](self, node, index))
            self._known[key] = word
        return self._known[key]

    # --- the whole ----------------------------------------------------------------------------------------------------

    def finish(self, result: int, threads: int, limit: str | None = None) -> Dispatch:
        """The kernel whose thread `i` has written its lines, with `result` as the buffer written to.

        `limit` is an expression for the number of threads that does not make the text depend on it, such as ALL_MEMORY.
        """
        code = [
            *self.bindings(),
            f"@compute @workgroup_size({WORKGROUP})",
            "fn main(@builtin(global_invocation_id) id: vec3<u32>) {",
            f"let {ZERO} = 0u;",
            f"let i = id.x + id.y * {MOST_GROUPS * WORKGROUP}u;",
            f"if (i >= {limit or f'{threads}u'}) {{ return; }}",
            *self.lines,
            "}",
        ]
        return Dispatch("\n".join(code), (*self.buffers, result), grid(threads))

    def bindings(self) -> list[str]:
        """The declarations of the buffers: those read from binding 1 on, then the result."""
        read = [
            f"@group(0) @binding({i}) var<storage, read> {b}: array<u32>;"
            for i, b in enumerate(self.buffers.values(), 1)
        ]
        return [*read, f"@group(0) @binding({len(read) + 1}) var<storage, read_write> result: array<u32>;"]
