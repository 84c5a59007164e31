"""Operations in which one result depends on many elements: sums, maxima, products, scatter, fold, scan.

Each becomes one kernel or several. `accumulate` is the reduction rule (docs/contract.md, section 3): one thread takes all panels
of a result, or, where results are few or terms are many, panels go to different threads and a further kernel sums what they
give.

No thread takes more loop steps than limits.MOST_STEPS; a longer chain goes on in a further kernel, from where the one before
stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ...ir.program import Node
from ...ir.spec import Array, Spec
from .gemm import gemm
from .kernel import ZERO, Dispatch, Index, Kernel, Shape, loop_steps
from .limits import MOST_STEPS

Term = Callable[
    [Kernel, str, str, str], None
]  # (kernel, accumulator, result i, term j): writes the step that takes the term
FEW = 4096  # fewer results than this, with a thread each, do not keep a device busy
SMALL = 1 << 16  # a product of at most so many fma is done without tiles, whose kernels take longer to compile


@dataclass
class Builder:
    """What the writers of kernels work with.

    `fresh()` gives an empty kernel, `scratch(spec)` the key of a new temporary buffer. Finished kernels are appended to
    `dispatches`; `tables` has the arrays that are uploaded once, by the key of their buffer.
    """

    path: str
    fresh: Callable[[], Kernel]
    scratch: Callable[[Spec], int]
    dispatches: list[Dispatch] = field(default_factory=list)
    tables: dict[int, Array] = field(default_factory=dict)
    _named: dict[object, int] = field(default_factory=dict)

    def table(self, name: object, make: Callable[[], Array]) -> int:
        """The key of a buffer of constants that `make` returns; the same buffer for the same name."""
        if name not in self._named:
            array = make()
            self._named[name] = self.scratch(Spec("f32", array.shape))
            self.tables[self._named[name]] = array
        return self._named[name]


ADD = {"f32": "f32_add({}, {})", "i32": "{} + {}", "u32": "{} + {}"}
MAX = {
    "f32": "f32_maximum({}, {})",
    "i32": "bitcast<u32>(max(bitcast<i32>({}), bitcast<i32>({})))",
    "u32": "max({}, {})",
}
MAX_PANEL = 256  # a maximum has no panels, but is the same however it is cut; so its terms go to many threads as those of a sum do
LOWEST = {"f32": "0xff800000u", "i32": "0x80000000u", "u32": "0u"}


def _levels(n: int, panel: int | None) -> list[int]:
    """How many terms one accumulator covers at each level below the last: [P, P^2, ...]; empty when n <= P, or P is None."""
    spans: list[int] = []
    while panel is not None and n > panel:
        n = -(-n // panel)
        spans.append(panel ** (len(spans) + 1))
    return spans


def _chain(k: Kernel, spans: list[int], i: str, start: str, stop: str, first: str, term: Term, add: str) -> str:
    """Writes nested loops over terms start ... stop-1, one for each level; returns the name of the accumulator."""
    total = k.var(first)
    if not spans:
        with k.loop(start, stop) as j:
            term(k, total, i, j)
        return total
    with k.loop(start, stop, spans[-1]) as begin:
        part = _chain(k, spans[:-1], i, begin, k.let(f"min({begin} + {spans[-1]}u, {stop})"), first, term, add)
        k.line(f"{total} = {add.format(total, part)};")
    return total


def accumulate(
    b: Builder,
    out: int,
    outputs: int,
    n: int,
    panel: int | None,
    dtype: str,
    term: Term,
    add: str,
    first: str = "opaque(0u)",
) -> None:
    """The reduction rule over n terms for each of `outputs` results.

    Args:
        out: the key of the buffer of the results.
        dtype: of the results, "f32", "i32" or "u32".
        term: writes the step that takes a term into an accumulator.
        add: a pattern with {} for two accumulators: what adds panel results.
        first: what every accumulator starts from, as an expression.
    """
    if not outputs:
        return
    spans = _levels(n, panel)
    if not spans or (outputs >= FEW and loop_steps(n, n, spans) <= MOST_STEPS):
        _segments(b, out, outputs, n, n, spans, term, add, first)
        return
    # Panels get threads of their own; where results are many, panels of panels do, as large as the limit on steps allows.
    fitting = [level for level, span in enumerate(spans) if loop_steps(span, span, spans[:level]) <= MOST_STEPS]
    level = fitting[-1] if fitting and outputs >= FEW else 0
    count = -(-n // spans[level])
    parts = b.scratch(Spec(dtype, (count, outputs)))
    _segments(b, parts, outputs, n, spans[level], spans[:level], term, add, first)

    def part(k: Kernel, total: str, i: str, j: str) -> None:
        word = k.load(parts, Index((count, outputs), None, (j, i)))
        k.line(f"{total} = {add.format(total, word)};")

    accumulate(b, out, outputs, count, panel, dtype, part, add, first)


def _segments(
    b: Builder, out: int, outputs: int, n: int, span: int, spans: list[int], term: Term, add: str, first: str
) -> None:
    """Kernels for [n / span, outputs] results, each over `span` terms by panels `spans`. A chain without panels that is longer than
    the limit on steps goes on in further kernels, whose accumulators start from the result so far."""
    count, most = -(-n // span) if span else 1, max(span if spans else MOST_STEPS, 1)
    for begin in range(0, max(span, 1), most):
        k = b.fresh()
        i = k.let(f"i % {outputs}u") if count > 1 else "i"
        start = k.let(f"i / {outputs}u * {span}u + {begin}u") if count > 1 else f"{begin}u"
        length = min(most, span - begin)
        stop = k.let(f"min({start} + {length}u, {n}u)") if count > 1 else f"{begin + length}u"
        total = _chain(k, spans, i, start, stop, "result[i]" if begin else first, term, add)
        k.line(f"result[i] = {total};")
        b.dispatches.append(k.finish(out, outputs * count))


def _kept(k: Kernel, shape: Shape, axes: tuple[int, ...], i: str, j: str) -> Index:
    """The place in the operand that is term j of result i: i numbers the places along the kept axes, j along the reduced ones."""
    kept = [a for a in range(len(shape)) if a not in axes]
    outer = k.coordinates(Index(tuple(shape[a] for a in kept), i))
    inner = k.coordinates(Index(tuple(shape[a] for a in axes), j))
    place = {**dict(zip(kept, outer, strict=True)), **dict(zip(axes, inner, strict=True))}
    if (
        not kept or not axes or list(axes) == list(range(len(kept), len(shape)))
    ):  # terms are neighbours in memory: no coordinates needed
        n = math.prod(shape[a] for a in axes)
        return Index(shape, k.let(f"{i} * {n}u + {j}"))
    return Index(shape, None, tuple(place[a] for a in range(len(shape))))


def _reduce(b: Builder, node: Node, out: int, x: Spec, panel: int | None, op: str, first: str = "opaque(0u)") -> None:
    axes = tuple(node.attributes["axes"])
    n = math.prod(x.shape[a] for a in axes)

    def term(k: Kernel, total: str, i: str, j: str) -> None:
        word = k.load(node.inputs[0], _kept(k, x.shape, axes, i, j))
        k.line(f"{total} = {op.format(total, word)};")

    accumulate(b, out, node.spec.size, n, panel, x.dtype, term, op, first)


def sum_(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The sum over axes, by the reduction rule."""
    x = specs[node.inputs[0]]
    _reduce(b, node, out, x, node.attributes["panel"], ADD[x.dtype])


def max_(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The largest element over axes."""
    x = specs[node.inputs[0]]
    _reduce(b, node, out, x, MAX_PANEL, MAX[x.dtype], LOWEST[x.dtype])


def argmax(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The index of the largest element along an axis: the first of equals, and a NaN before any number."""
    x, axis = specs[node.inputs[0]], node.attributes["axis"]
    better = {
        "f32": "f32_gt({0}, {1}) || (f32_is_nan({0}) && !f32_is_nan({1}))",
        "i32": "bitcast<i32>({0}) > bitcast<i32>({1})",
        "u32": "{0} > {1}",
    }[x.dtype]
    for begin in range(0, x.shape[axis], MOST_STEPS):
        k = b.fresh()
        at = k.var("result[i]" if begin else ZERO)
        best = k.var(k.load(node.inputs[0], _kept(k, x.shape, (axis,), "i", at)))
        with k.loop(f"{begin}u", f"{min(begin + MOST_STEPS, x.shape[axis])}u") as j:
            word = k.load(node.inputs[0], _kept(k, x.shape, (axis,), "i", j))
            with k.block(f"if ({better.format(word, best)})"):
                k.line(f"{best} = {word};")
                k.line(f"{at} = {j};")
        k.line(f"result[i] = {at};")
        b.dispatches.append(k.finish(out, node.spec.size))


def scatter_add(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """For each destination, the sum over the sources that point at it, in ascending order of the sources."""
    x, i = (specs[v] for v in node.inputs)
    axis, n, rank = node.attributes["axis"], i.size, len(i.shape)
    flat_x = (*x.shape[:axis], n, *x.shape[axis + rank :])

    def term(k: Kernel, total: str, which: str, j: str) -> None:
        place = k.coordinates(Index(node.spec.shape, which))
        target = k.load(node.inputs[1], Index(i.shape, j))
        with k.block(f"if ({target} == {place[axis]})"):
            source = k.flat(Index(flat_x, None, (*place[:axis], j, *place[axis + 1 :])))
            word = k.load(node.inputs[0], Index(x.shape, source))
            k.line(f"{total} = {ADD[x.dtype].format(total, word)};")

    accumulate(b, out, node.spec.size, n, node.attributes["panel"], x.dtype, term, ADD[x.dtype])


def fold(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """For each pixel, the sum over the kernel positions with which a window covers it."""
    a, x = node.attributes, specs[node.inputs[0]]
    (kh, kw), (sh, sw), (dh, dw), (top, _, left, _) = (a[n] for n in ("kernel", "stride", "dilation", "padding"))
    _, rows, columns, _ = x.shape

    def term(k: Kernel, total: str, which: str, position: str) -> None:
        image, channel, y, z = k.coordinates(Index(node.spec.shape, which))
        down = k.let(f"{y} + {top}u - {position} / {kw}u * {dh}u")  # as u32: a negative one wraps to 2^31 or more
        across = k.let(f"{z} + {left}u - {position} % {kw}u * {dw}u")
        row, column = k.let(f"{down} / {sh}u"), k.let(f"{across} / {sw}u")
        seen = f"max({down}, {across}) < 0x80000000u && {down} % {sh}u == 0u && {across} % {sw}u == 0u"
        with k.block(f"if ({seen} && {row} < {rows}u && {column} < {columns}u)"):
            depth = k.let(f"{channel} * {kh * kw}u + {position}")
            word = k.load(node.inputs[0], Index(x.shape, None, (image, row, column, depth)))
            k.line(f"{total} = {ADD[x.dtype].format(total, word)};")

    accumulate(b, out, node.spec.size, kh * kw, a["panel"], x.dtype, term, ADD[x.dtype])


def scan(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """h[t] = fma(a[t], h[t-1], b[t]) along an axis, one chain for each thread."""
    axis, shape = node.attributes["axis"], node.spec.shape
    x, y, h0 = node.inputs
    rest = shape[:axis] + shape[axis + 1 :]
    n = shape[axis]
    for begin in range(0, n, MOST_STEPS):
        k = b.fresh()
        place = k.coordinates(Index(rest, "i"))

        def at(t: str) -> Index:
            now = k.let(f"{n - 1}u - {t}") if node.attributes["reverse"] else t  # noqa: B023
            return Index(shape, None, (*place[:axis], now, *place[axis:]))  # noqa: B023

        h = k.var(f"result[{k.flat(at(f'{begin - 1}u'))}]" if begin else k.load(h0, Index(rest, "i")))
        with k.loop(f"{begin}u", f"{min(begin + MOST_STEPS, n)}u") as t:
            k.line(f"{h} = f32_fma({k.load(x, at(t))}, {h}, {k.load(y, at(t))});")
            k.line(f"result[{k.flat(at(t))}] = {h};")
        b.dispatches.append(k.finish(out, math.prod(rest)))


def matmul(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The product of matrices, by tiles (gemm.py) where it is large enough, else one result for each thread."""
    x, y = (specs[v] for v in node.inputs)
    a = node.attributes
    *lead, _, _ = node.spec.shape
    n = x.shape[-2 if a["transpose_a"] else -1]

    def at(spec: Spec, lead_place: tuple[str, ...], row: str, column: str, swap: bool) -> Index:
        own = lead_place[len(lead) - (len(spec.shape) - 2) :]
        first = [ZERO if d == 1 else c for c, d in zip(own, spec.shape, strict=False)]
        return Index(spec.shape, None, (*first, *((column, row) if swap else (row, column))))

    def term(k: Kernel, total: str, i: str, j: str) -> None:
        *leading, row, column = k.coordinates(Index(node.spec.shape, i))
        u = k.load(node.inputs[0], at(x, tuple(leading), row, j, a["transpose_a"]))
        v = k.load(node.inputs[1], at(y, tuple(leading), j, column, a["transpose_b"]))
        k.line(f"{total} = f32_fma({u}, {v}, {total});")

    spans = _levels(n, a["panel"])
    dispatch = None
    if n * node.spec.size > SMALL and not (spans and node.spec.size < FEW):
        dispatch = gemm(b.fresh(), node, out, spans, b.path)
    if dispatch:
        b.dispatches.append(dispatch)
    else:
        accumulate(b, out, node.spec.size, n, a["panel"], "f32", term, ADD["f32"])


KERNELS: dict[str, Callable[[Builder, Node, int, list[Spec]], None]] = {
    "sum": sum_,
    "max": max_,
    "argmax": argmax,
    "matmul": matmul,
    "scatter_add": scatter_add,
    "fold": fold,
    "scan": scan,
}
