"""The matrix product by tiles: a workgroup copies a tile of each operand into its shared memory, and each of its threads computes
a block of results from the tiles.

Every result is one chain of fma over k in ascending order within a panel, and panel results are summed by the contract's rule;
reductions.py has the same product without tiles, for small ones. Where a tile reaches beyond the last row or column it repeats
that one, and the results are not stored. k is never padded, as that would change results.

The two paths cut a product into blocks alike, but differ in how the kernel is written. An fma in integers is about a hundred
operations: nothing else matters, and loops keep the text short enough to compile. A native fma is one instruction, and
everything around it costs: the kernel is unrolled, moves vectors of words, and reads the next tiles from memory while it
computes on the present ones.

A *line* of an operand is a row of the left one or a column of the right one; a *term* is a place along k.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from ...ir.program import Node
from ...ir.spec import Spec
from .kernel import ZERO, Dispatch, Index, Kernel, loop_steps
from .limits import MOST_GROUPS, MOST_SHARED_WORDS, MOST_STEPS

DEPTH = 16  # terms of each line in a tile
UNROLLED = 16  # terms written out one after another on the native path
BLOCKS = (1, 2, 4, 8)  # rows, or columns, of a thread's block
THREADS = {"native": (64, 256), "integer": (64,)}  # threads of a workgroup; every device allows 256
WORDS_OF_TERM = {
    "native": 1,
    "integer": 2,
}  # shared memory that a factor takes: a word, or its two parts (softfloat.wgsl)
MOST_IN_BLOCK = {"native": 64, "integer": 32}  # results of a thread: each takes registers
BUSY = {"native": 1 << 15, "integer": 256}  # threads that keep a device busy; fewer where each has much to do
WORDS = {1: "u32", 2: "vec2<u32>", 4: "vec4<u32>"}  # the type of so many words


class Tiles(NamedTuple):
    """The shape of a workgroup: `down` by `across` threads, each with a block of `rows` by `columns` results."""

    down: int
    across: int
    rows: int
    columns: int

    @property
    def high(self) -> int:
        """Rows of results of the workgroup."""
        return self.down * self.rows

    @property
    def wide(self) -> int:
        """Columns of results of the workgroup."""
        return self.across * self.columns

    @property
    def threads(self) -> int:
        """Threads of the workgroup."""
        return self.down * self.across


def _steps(tiles: Tiles, path: str) -> float:
    """Roughly how many operations a thread has to do for one term: the fma, reading from the tiles, filling its share of them."""
    t = tiles
    if path == "integer":  # all but the fma hardly counts
        return t.rows * t.columns * (1 + 0.25 * (1 / t.rows + 1 / t.columns))
    reads = -(-t.rows // 4) + -(-t.columns // 4)
    return t.rows * t.columns + 2 * reads + 6 * (t.high + t.wide) / t.threads + 4


@cache
def choose_tiles(m: int, n: int, batches: int, path: str) -> Tiles:
    """The tiles for [m, n] results that cost least: few results computed beyond the edge, few operations for each fma, and enough
    threads to keep the device busy."""

    def cost(t: Tiles) -> float:
        groups = math.ceil(m / t.high) * math.ceil(n / t.wide) * batches
        return max(groups * t.threads, BUSY[path]) * _steps(t, path)

    shapes = (
        Tiles(threads // across, across, rows, columns)
        for threads in THREADS[path]
        for across, rows, columns in product((4, 8, 16), BLOCKS, BLOCKS)
        if rows * columns <= MOST_IN_BLOCK[path]
    )
    return min((t for t in shapes if (t.high + t.wide) * DEPTH * WORDS_OF_TERM[path] <= MOST_SHARED_WORDS), key=cost)


def steps_of_loops(tiles: Tiles, spans: list[int], depth: int, path: str) -> int:
    """An upper bound for the steps of all loops of a thread, which must not exceed MOST_STEPS."""
    panel = spans[0] if spans else depth
    whole, rest = divmod(depth, panel)
    blocks = whole * -(-panel // DEPTH) + -(-rest // DEPTH)
    if path == "native":
        a_block = 2 + DEPTH // UNROLLED
        in_part = (
            whole * (panel % DEPTH > 0) + (rest % DEPTH > 0)
        ) * DEPTH  # tiles used in part have a loop over their terms
    else:
        loads = sum(-(-size * DEPTH // tiles.threads) + 1 for size in (tiles.high, tiles.wide))
        a_block, in_part = 2 + DEPTH + loads, 0
    return blocks * a_block + in_part + loop_steps(0, depth, spans)


@dataclass(frozen=True)
class Operand:
    """An operand of the product, and the tile that its words are copied to.

    `lead` is the place along the batch axes, `terms_last` whether neighbouring terms are neighbours in memory (else lines are),
    `near` the first line of the workgroup, `lines` how many lines the operand has, `tile` the name of the tile and `size` how
    many lines stand in it.
    """

    k: Kernel
    value: int
    spec: Spec
    lead: tuple[str, ...]
    terms_last: bool
    near: str
    lines: int
    tile: str
    size: int

    def word(self, line: str, term: str) -> str:
        """The word at line `near + line` and a term. A line beyond the last one is taken to be the last."""
        place = self.k.let(f"min({self.near} + {line}, {self.lines - 1}u)")
        pair = (place, term) if self.terms_last else (term, place)
        return self.k.load(self.value, Index(self.spec.shape, None, (*self.lead, *pair)))

    def split(self, e: str, lines: int) -> tuple[str, str]:
        """Which (term, line) number e is, of DEPTH terms of `lines` lines: so ordered that threads that are neighbours read words
        that are neighbours in memory, which a device does at once."""
        by = DEPTH if self.terms_last else lines
        low, high = self.k.let(f"{e} % {by}u"), self.k.let(f"{e} / {by}u")
        return (low, high) if self.terms_last else (high, low)


def _operands(k: Kernel, node: Node, tiles: Tiles) -> tuple[Operand, Operand]:
    *lead, m, n = node.spec.shape
    batch = k.coordinates(Index(tuple(lead), "group.z"))

    def operand(which: int, terms_last: bool, group: str, lines: int, tile: str, size: int) -> Operand:
        spec = k.specs[node.inputs[which]]
        own = batch[len(lead) - (len(spec.shape) - 2) :]
        first = tuple(ZERO if d == 1 else c for c, d in zip(own, spec.shape, strict=False))
        near = k.let(f"{group} * {size}u")
        return Operand(k, node.inputs[which], spec, first, terms_last, near, lines, tile, size)

    a = node.attributes
    return (
        operand(0, not a["transpose_a"], "group.y", m, "tile_a", tiles.high),
        operand(1, a["transpose_b"], "group.x", n, "tile_b", tiles.wide),
    )


def _chain(
    k: Kernel,
    spans: list[int],
    depth: int,
    fresh: Callable[[int], None],
    add: Callable[[int], None],
    terms: Callable[[str, str], None],
) -> None:
    """The reduction rule, for all results of a thread at once.

    `fresh(level)` writes the start of the accumulators of a level, `terms(start, stop)` what takes the terms of a panel into those
    of level 0, and `add(level)` what adds the accumulators of the level below to those of this level.
    """

    def level(number: int, start: str, stop: str) -> None:
        fresh(number)
        if number == 0:
            terms(start, stop)
        else:
            span = spans[number - 1]
            with k.loop(start, stop, span) as begin:
                level(number - 1, begin, k.let(f"min({begin} + {span}u, {stop})"))
                add(number)

    level(len(spans), "0u", f"{depth}u")


def gemm(k: Kernel, node: Node, out: int, spans: list[int], path: str) -> Dispatch | None:
    """The kernel of a product whose panels are `spans` (reductions.py), or None where it would take more workgroups or more loop
    steps than a device allows."""
    *lead, m, n = node.spec.shape
    x = k.specs[node.inputs[0]].shape
    depth = x[-2 if node.attributes["transpose_a"] else -1]
    tiles = choose_tiles(m, n, math.prod(lead), path)
    groups = -(-n // tiles.wide), -(-m // tiles.high), math.prod(lead)
    if max(groups) > MOST_GROUPS or steps_of_loops(tiles, spans, depth, path) > MOST_STEPS:
        return None

    k.line(f"let across = t % {tiles.across}u;")
    k.line(f"let down = t / {tiles.across}u;")
    left, right = _operands(k, node, tiles)
    write = _native if path == "native" else _integer
    for name, row, column in write(k, left, right, tiles, spans, depth):
        r, c = k.let(f"{left.near} + {row}"), k.let(f"{right.near} + {column}")
        with k.block(f"if ({r} < {m}u && {c} < {n}u)"):
            k.line(f"result[(group.z * {m}u + {r}) * {n}u + {c}] = {name};")
    elements = [("Factor", 1)] * 2 if path == "integer" else [(WORDS[size], size) for size in _vectors(tiles)]
    declared = [(o, *element) for o, element in zip((left, right), elements, strict=True)]
    code = [
        *k.bindings(),
        *(f"var<workgroup> {o.tile}: array<{kind}, {o.size * DEPTH // terms}>;" for o, kind, terms in declared),
        f"@compute @workgroup_size({tiles.threads})",
        "fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {",
        f"let {ZERO} = 0u;",
        *k.lines,
        "}",
    ]
    return Dispatch("\n".join(code), (*k.buffers, out), groups)


Results = Iterator[tuple[str, str, str]]  # (word, its row and its column counted from the first of the workgroup)


# --- the integer path -------------------------------------------------------------------------------------------------


def _integer(k: Kernel, left: Operand, right: Operand, tiles: Tiles, spans: list[int], depth: int) -> Results:
    """Writes the kernel in integers. Tiles hold factors, which are words taken apart once for all the products they enter."""
    block = list(product(range(tiles.rows), range(tiles.columns)))

    def fresh(level: int) -> None:
        for i, j in block:
            k.line(f"var s{level}_{i}_{j} = opaque(0u);")

    def add(level: int) -> None:
        for i, j in block:
            k.line(f"s{level}_{i}_{j} = f32_add(s{level}_{i}_{j}, s{level - 1}_{i}_{j});")

    def load(operand: Operand) -> None:
        with k.loop("t", f"{operand.size * DEPTH}u", tiles.threads) as e:
            q, line = operand.split(e, operand.size)
            word = operand.word(line, k.let(f"min(k0 + {q}, {depth - 1}u)"))
            k.line(f"{operand.tile}[{q} * {operand.size}u + {line}] = factor({word});")

    def terms(start: str, stop: str) -> None:
        with k.block(f"for (var k0 = {start}; k0 < {stop}; k0 += {DEPTH}u)"):
            load(left)
            load(right)
            k.line("workgroupBarrier();")
            with k.loop("0u", f"min({DEPTH}u, {stop} - k0)") as q:
                for i in range(tiles.rows):
                    k.line(f"let a{i} = tile_a[{q} * {tiles.high}u + down + {i * tiles.down}u];")
                for j in range(tiles.columns):
                    k.line(f"let b{j} = tile_b[{q} * {tiles.wide}u + across + {j * tiles.across}u];")
                for i, j in block:
                    k.line(f"s0_{i}_{j} = fma_factors(a{i}, b{j}, s0_{i}_{j});")
            k.line("workgroupBarrier();")

    _chain(k, spans, depth, fresh, add, terms)
    for i, j in block:
        yield f"s{len(spans)}_{i}_{j}", f"down + {i * tiles.down}u", f"across + {j * tiles.across}u"


# --- the native path --------------------------------------------------------------------------------------------------


def _vectors(tiles: Tiles) -> tuple[int, int]:
    """How many neighbouring lines are one vector of a tile, of the left operand and of the right one."""
    return min(tiles.rows, 4), min(tiles.columns, 4)


def _part(vector: str, size: int, i: int) -> str:
    """Word i of a vector of `size` words."""
    return vector if size == 1 else f"{vector}.{'xyzw'[i]}"


def _packed(words: list[str]) -> str:
    """A vector of 1, 2 or 4 words."""
    return words[0] if len(words) == 1 else f"{WORDS[len(words)]}({', '.join(words)})"


class _Fetch:
    """A thread's share of filling a tile: vectors of neighbouring lines, which are read from memory into variables long before they
    are written to the tile, so that the thread need not wait for the memory.

    `even` says that no tile is used in part, so that no term lies beyond the last.
    """

    def __init__(self, operand: Operand, vector: int, threads: int, even: bool) -> None:
        self.k, self.operand, self.vector, self.threads = operand.k, operand, vector, threads
        self.across = operand.size // vector
        self.count = self.across * DEPTH
        self.even = even and self.count % threads == 0  # else some threads have no vector of the last round
        self.names = [self.k.var(f"{WORDS[vector]}()") for _ in range(-(-self.count // threads))]

    def _place(self, number: int) -> tuple[str, str, str]:
        e = self.k.let(f"t + {number * self.threads}u")
        return (e, *self.operand.split(e, self.across))

    def read(self, k0: str, depth: int) -> None:
        """Writes the reading from memory, of the tile that starts at term k0. A term beyond the last is read as the last; nobody
        uses it."""
        for number, name in enumerate(self.names):
            _, q, line = self._place(number)
            term = self.k.let(f"{k0} + {q}" if self.even else f"min({k0} + {q}, {depth - 1}u)")
            lines = [self.k.let(f"{line} * {self.vector}u + {i}u") for i in range(self.vector)]
            self.k.line(f"{name} = {_packed([self.operand.word(x, term) for x in lines])};")

    def write(self) -> None:
        """Writes the copying of the variables into the tile."""
        for number, name in enumerate(self.names):
            e, q, line = self._place(number)
            full = (number + 1) * self.threads <= self.count
            with self.k.block("" if full else f"if ({e} < {self.count}u)"):
                self.k.line(f"{self.operand.tile}[{q} * {self.across}u + {line}] = {name};")


def _fill_tiles(k: Kernel, fetches: list[_Fetch], stop: str, depth: int) -> None:
    """Writes the tiles at k0, which were read in the step before, and starts to read those of the next step."""
    k.line("workgroupBarrier();")  # all threads are done with the tiles of the step before
    for fetch in fetches:
        fetch.write()
    k.line("workgroupBarrier();")
    following = k.let(f"min(k0 + {DEPTH}u, {stop})")
    with k.block(f"if ({following} < {depth}u)"):
        for fetch in fetches:
            fetch.read(following, depth)


def _take_tiles(k: Kernel, term: Callable[[str], None], stop: str, even: bool) -> None:
    """Takes the terms of the tiles into the results: written out where a tile is full, else in a loop up to `stop`."""
    with k.block("" if even else f"if ({stop} - k0 >= {DEPTH}u)"), k.loop("0u", f"{DEPTH}u", UNROLLED) as q:
        for i in range(UNROLLED):
            with k.block(""):
                term(k.let(f"{q} + {i}u"))
    if not even:
        with k.block("else"), k.loop("0u", f"{stop} - k0") as q:
            term(q)


def _native(k: Kernel, left: Operand, right: Operand, tiles: Tiles, spans: list[int], depth: int) -> Results:
    """Writes the kernel with the device's own fma. Tiles and results are vectors of neighbouring lines."""
    a, b = _vectors(tiles)
    block = list(product(range(tiles.rows), range(tiles.columns // b)))
    even = not any(n % DEPTH for n in (depth, *spans[:1]))  # no tile is used in part
    fetches = [_Fetch(o, vector, tiles.threads, even) for o, vector in ((left, a), (right, b))]

    def fresh(level: int) -> None:
        for i, j in block:
            k.line(f"var s{level}_{i}_{j} = {WORDS[b]}(opaque(0u));")

    def add(level: int) -> None:
        for i, j in block:
            sums = [
                f"f32_add({_part(f's{level}_{i}_{j}', b, c)}, {_part(f's{level - 1}_{i}_{j}', b, c)})" for c in range(b)
            ]
            k.line(f"s{level}_{i}_{j} = {_packed(sums)};")

    def term(q: str) -> None:
        for i in range(tiles.rows // a):
            k.line(f"let a{i} = tile_a[{q} * {tiles.high // a}u + down + {i * tiles.down}u];")
        for j in range(tiles.columns // b):
            k.line(f"let b{j} = tile_b[{q} * {tiles.wide // b}u + across + {j * tiles.across}u];")
        for i, j in block:
            k.line(f"s0_{i}_{j} = fma_{b}({_part(f'a{i // a}', a, i % a)}, b{j}, s0_{i}_{j});")

    def terms(start: str, stop: str) -> None:
        with k.block(f"for (var k0 = {start}; k0 < {stop}; k0 += {DEPTH}u)"):
            _fill_tiles(k, fetches, stop, depth)
            _take_tiles(k, term, stop, even)

    for fetch in fetches:
        fetch.read("0u", depth)
    _chain(k, spans, depth, fresh, add, terms)
    for (i, j), c in product(block, range(b)):
        row = f"down * {a}u + {i // a * tiles.down * a + i % a}u"
        yield _part(f"s{len(spans)}_{i}_{j}", b, c), row, f"across * {b}u + {j * tiles.across * b + c}u"
