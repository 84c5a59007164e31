"""Writes the WGSL text of a kernel: one thread for each element of the result.

A `Kernel` is written line by line. `load(value, index)` gives the word of a value at an index: read from its buffer where it
has one, else computed from its operands by the rule of its operation (expressions.py has the rules). So operations that go
element by element, arithmetic and movement alike, are fused into the kernel that needs them by not giving them a buffer.

All words are u32, whatever the dtype. Shapes and strides stand in the text as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ...ir.program import Node
from ...ir.spec import Spec
from .limits import MOST_GROUPS, WORKGROUP, grid

Shape = tuple[int, ...]
# A bound on the threads that is not the size of the result, so that results of all sizes share one compiled text. Memory is
# handed out in larger pieces than the result: the threads between the two write words there that nobody reads.
ALL_MEMORY = "arrayLength(&result)"
# The name of a variable that is 0. A literal would not do: WGSL refuses arithmetic between literals that wraps, such as 0u - 1u.
ZERO = "zero"


def loop_steps(terms: int, n: int, spans: Sequence[int]) -> int:
    """How many steps nested loops over n terms take, each loop's last test included.

    `terms` is the number of steps of the innermost loops together, `spans` how many terms one step of each outer loop covers.
    """
    return terms + 1 + 2 * sum(-(-n // span) for span in spans)


@dataclass(frozen=True)
class Index:
    """A place in an array of `shape`, as WGSL expressions: the row-major number `flat`, or a coordinate for each axis."""

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
    """The text of a kernel that yields `result`, from values that have buffers or are computed where they are needed.

    Args:
        nodes: the operation that makes a value, by value number.
        specs: dtype and shape of every value.
        stored: whether a value has a buffer.
        rules: for each operation that goes element by element, the rule for the word of its result at a place.
        path: "native" or "integer".
    """

    def __init__(
        self,
        nodes: Mapping[int, Node],
        specs: Sequence[Spec],
        stored: Callable[[int], bool],
        rules: Mapping[str, Rule],
        path: str,
    ) -> None:
        self.nodes, self.specs, self.stored, self.rules, self.path = nodes, specs, stored, rules, path
        self.numbers: list[int] = []
        self.lines: list[str] = []
        self.buffers: dict[int, str] = {}
        self._known: dict[object, str] = {}
        self._count = 0

    # --- lines --------------------------------------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """Append a line of WGSL."""
        self.lines.append(text)

    def name(self) -> str:
        """A name that nothing else has."""
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
        """The name of a new variable that starts as the expression."""
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
        """A loop from start to stop, stop excluded; yields the name of its variable."""
        i = self.name()
        with self.block(f"for (var {i} = {start}; {i} < {stop}; {i} += {step}u)"):
            yield i

    def number(self, value: int) -> str:
        """An expression for a number that differs between sizes of the same kernel.

        On the native path it stands in the text. Texts of the integer path are long and slow to compile, so there it is read from
        a buffer `numbers`: all sizes share one compiled text, and a compiler cannot unroll the loops that end at the number.
        """
        if self.path == "native":
            return f"{value}u"
        self.numbers.append(value)
        return f"numbers[{len(self.numbers) - 1}u]"

    # --- places -------------------------------------------------------------------------------------------------------

    def coordinates(self, index: Index) -> tuple[str, ...]:
        """The coordinate of each axis, as expressions."""
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
        """The row-major number, as an expression."""
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
        """The name of the buffer of a value; it becomes a binding of the kernel."""
        return self.buffers.setdefault(value, f"b{len(self.buffers)}")

    def load(self, value: int, index: Index) -> str:
        """The name of the word of a value at a place."""
        key = (value, index.flat, index.coordinates)
        if key not in self._known:
            if self.stored(value):
                word = self.let(f"{self.buffer(value)}[{self.flat(index)}]")
            else:
                node = self.nodes[value]
                word = self.let(self.rules[node.op](self, node, index))
            self._known[key] = word
        return self._known[key]

    # --- the whole ----------------------------------------------------------------------------------------------------

    def finish(self, result: int, threads: int, limit: str | None = None) -> Dispatch:
        """The finished kernel: every thread runs the lines written so far, with its number as `i`.

        Args:
            result: the key of the buffer that is written.
            threads: how many threads are needed.
            limit: an expression for `threads` that is the same for all sizes, such as ALL_MEMORY, so that they share one text.
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


# The word of an operation's result at a place, as an expression; what it needs before that it writes to the kernel.
Rule = Callable[[Kernel, Node, Index], str]
