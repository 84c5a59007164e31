"""The operations that go element by element: for each, the rule that gives the WGSL expression of a word of its result.

A rule gets the kernel being written, the operation, and the place in the result. Rules ask the kernel for the words of their
operands (`Kernel.load`), which may in turn apply other rules; `EXPRESSIONS` has them by the name of the operation.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ...ir.program import Node
from .kernel import ZERO, Index, Kernel, Rule

EXPRESSIONS: dict[str, Rule] = {}


def expression(fn: Rule) -> Rule:
    """Enter a rule under its name, without the trailing underscore that keeps it off a Python name."""
    EXPRESSIONS[fn.__name__.rstrip("_")] = fn
    return fn


# --- arithmetic -------------------------------------------------------------------------------------------------------


def operand(k: Kernel, value: int, index: Index) -> str:
    """The word of an operand that is broadcast to the shape of `index`."""
    shape = k.specs[value].shape
    if shape == index.shape:
        return k.load(value, index)
    if math.prod(shape) == 1:
        return k.load(value, Index(shape, ZERO))
    own = k.coordinates(index)[len(index.shape) - len(shape) :]
    return k.load(value, Index(shape, None, tuple(ZERO if d == 1 else c for c, d in zip(own, shape, strict=True))))


def _elementwise(f32: str, i32: str = "", u32: str = "") -> Rule:
    """The expression with {0}, {1}, ... for the operands, by the dtype of the first."""
    texts = {"f32": f32, "i32": i32, "u32": u32 or i32}

    def rule(k: Kernel, node: Node, index: Index) -> str:
        return texts[k.specs[node.inputs[0]].dtype].format(*(operand(k, v, index) for v in node.inputs))

    return rule


def _signed_pair(name: str) -> str:
    return f"bitcast<u32>({name}(bitcast<i32>({{0}}), bitcast<i32>({{1}})))"


EXPRESSIONS.update(
    add=_elementwise("f32_add({0}, {1})", "{0} + {1}"),
    sub=_elementwise("f32_sub({0}, {1})", "{0} - {1}"),
    mul=_elementwise("f32_mul({0}, {1})", "{0} * {1}"),
    div=_elementwise("f32_div({0}, {1})"),
    fma=_elementwise("f32_fma({0}, {1}, {2})"),
    neg=_elementwise("f32_neg({0})", "0u - {0}"),
    abs=_elementwise("f32_abs({0})", "select({0}, 0u - {0}, bitcast<i32>({0}) < 0)"),
    maximum=_elementwise("f32_maximum({0}, {1})", _signed_pair("max"), "max({0}, {1})"),
    minimum=_elementwise("f32_minimum({0}, {1})", _signed_pair("min"), "min({0}, {1})"),
    **{
        name: _elementwise(f"f32_{name}({{0}})")
        for name in ("sqrt", "exp", "expm1", "log", "log1p", "tanh", "erf", "sinpi", "cospi")
    },
)

COMPARISONS = {"lt": "<", "le": "<=", "eq": "==", "ne": "!=", "ge": ">=", "gt": ">"}


@expression
def compare(k: Kernel, node: Node, index: Index) -> str:
    """1 or 0 in i32."""
    how = node.attributes["how"]
    sign = COMPARISONS[how]
    signs = f"bitcast<i32>({{0}}) {sign} bitcast<i32>({{1}})"
    texts = [f"u32({t})" for t in (f"f32_{how}({{0}}, {{1}})", signs, f"{{0}} {sign} {{1}}")]
    return _elementwise(*texts)(k, node, index)


@expression
def select(k: Kernel, node: Node, index: Index) -> str:
    """x where c is not zero, else y; -0 is zero."""
    c, x, y = (operand(k, v, index) for v in node.inputs)
    zero = f"f32_abs({c})" if k.specs[node.inputs[0]].dtype == "f32" else c
    return f"select({y}, {x}, {zero} != 0u)"


@expression
def cast(k: Kernel, node: Node, index: Index) -> str:
    """Between i32 and u32 the word stays; to and from f32 it is converted."""
    x, source, target = operand(k, node.inputs[0], index), k.specs[node.inputs[0]].dtype, node.attributes["dtype"]
    if source == target or "f32" not in (source, target):
        return x
    return f"f32_to_{target}({x})" if source == "f32" else f"f32_from_{source}({x})"


class Format(NamedTuple):
    """A floating-point format that `round_to` rounds to."""

    precision: int  # bits of a significand, the hidden one included
    least: int  # exponent of the least normal number
    largest: int  # the largest number, as an f32 word
    beyond: str  # what is above it: INFINITY or NAN


FORMATS = {
    "f16": Format(11, -14, 0x477FE000, "INFINITY"),  # 65504
    "bf16": Format(8, -126, 0x7F7F0000, "INFINITY"),
    "e4m3fn": Format(4, -6, 0x43E00000, "NAN"),  # 448
    "e5m2": Format(3, -14, 0x47600000, "INFINITY"),  # 57344
}


@expression
def round_to(k: Kernel, node: Node, index: Index) -> str:
    """The nearest value of a narrower format, as an f32."""
    f = FORMATS[node.attributes["format"]]
    sizes = f"{24 - f.precision}u, {127 + f.least}u, 0x{f.largest:x}u, {f.beyond}"
    return f"f32_round_to({operand(k, node.inputs[0], index)}, {sizes})"


@expression
def constant(k: Kernel, node: Node, index: Index) -> str:
    """The word itself, hidden from the compiler."""
    return f"opaque(0x{node.attributes['word']}u)"


@expression
def one_hot(k: Kernel, node: Node, index: Index) -> str:
    """1 in f32 where the last coordinate is the index, else 0."""
    *lead, c = k.coordinates(index)
    i = k.load(node.inputs[0], Index(index.shape[:-1], None, tuple(lead)))
    return f"opaque(select(0u, 0x3f800000u, {i} == {c}))"  # as u32, a negative index is too large to equal c


@expression
def bits(k: Kernel, node: Node, index: Index) -> str:
    """The top bits of a random word."""
    seed, step = node.inputs
    low, high = (k.load(seed, Index((2,), number)) for number in ("0u", "1u"))
    a = node.attributes
    blocks = -(-math.prod(node.spec.shape) // 4)
    word = f"random_word(vec2<u32>({low}, {high}), {k.load(step, Index((), ZERO))}, {a['stream']}u, {blocks}u, {k.flat(index)})"
    return f"{word} >> {32 - a['width']}u"


# --- movement ---------------------------------------------------------------------------------------------------------


@expression
def reshape(k: Kernel, node: Node, index: Index) -> str:
    """The same row-major number in the operand."""
    return k.load(node.inputs[0], Index(k.specs[node.inputs[0]].shape, k.flat(index)))


@expression
def broadcast(k: Kernel, node: Node, index: Index) -> str:
    """The operand's own place."""
    return operand(k, node.inputs[0], index)


@expression
def transpose(k: Kernel, node: Node, index: Index) -> str:
    """The coordinates in the operand's order."""
    place = dict(zip(node.attributes["axes"], k.coordinates(index), strict=True))
    return k.load(node.inputs[0], Index(k.specs[node.inputs[0]].shape, None, tuple(place[a] for a in sorted(place))))


def scaled(c: str, factor: int) -> str:
    """c * factor."""
    return c if factor == 1 else f"{c} * {factor}u"


def plus(c: str, offset: int) -> str:
    """c + offset."""
    return c if offset == 0 else f"{c} + {offset}u"


@expression
def slice_(k: Kernel, node: Node, index: Index) -> str:
    """start + step * coordinate along every axis."""
    a = node.attributes
    places = zip(k.coordinates(index), a["start"], a["step"], strict=True)
    own = tuple(k.let(plus(scaled(c, step), start)) for c, start, step in places)
    return k.load(node.inputs[0], Index(k.specs[node.inputs[0]].shape, None, own))


def guarded(k: Kernel, value: int, own: list[str], conditions: list[str], otherwise: str) -> str:
    """The word of a value at the coordinates `own` where all conditions hold, elsewhere the word `otherwise`.

    Elsewhere the coordinates may lie outside the value, so place 0 is read instead and not used.
    """
    shape = k.specs[value].shape
    if 0 in shape:
        return otherwise
    if not conditions:
        return k.load(value, Index(shape, None, tuple(own)))
    inside = k.let(" && ".join(conditions))
    places = tuple(k.let(f"select(0u, {c}, {inside})") for c in own)
    return f"select({otherwise}, {k.load(value, Index(shape, None, places))}, {inside})"


@expression
def pad(k: Kernel, node: Node, index: Index) -> str:
    """The operand's element where the coordinates fall on one, else the word that is padded with."""
    a, shape = node.attributes, k.specs[node.inputs[0]].shape
    own, conditions = [], []
    for c, d, low, high, gap in zip(k.coordinates(index), shape, a["low"], a["high"], a["interior"], strict=True):
        moved = k.let(f"{c} - {low}u") if low else c  # wraps below `low`, to a large word
        if low or high:
            conditions.append(f"({moved} < {(d - 1) * (gap + 1) + 1 if d else 0}u)")
        if gap:
            conditions.append(f"({moved} % {gap + 1}u == 0u)")
        own.append(k.let(f"{moved} / {gap + 1}u") if gap else moved)
    return guarded(k, node.inputs[0], own, conditions, f"opaque(0x{a['word']}u)")


@expression
def concat(k: Kernel, node: Node, index: Index) -> str:
    """The element of the operand in whose range the coordinate along the axis lies."""
    axis, places = node.attributes["axis"], list(k.coordinates(index))
    word, start = "0u", 0
    for v in node.inputs:
        shape = k.specs[v].shape
        own = [*places]
        own[axis] = k.let(f"{places[axis]} - {start}u")
        word = guarded(k, v, own, [f"({own[axis]} < {shape[axis]}u)"], word)
        start += shape[axis]
    return word


@expression
def gather(k: Kernel, node: Node, index: Index) -> str:
    """The element that an index picks along an axis; +0 where the index is out of range."""
    x, i = node.inputs
    axis, rank, shape = node.attributes["axis"], len(k.specs[i].shape), k.specs[x].shape
    places = k.coordinates(index)
    picked = k.load(i, Index(k.specs[i].shape, None, places[axis : axis + rank]))
    own = [*places[:axis], picked, *places[axis + rank :]]
    return guarded(k, x, own, [f"({picked} < {shape[axis]}u)"], "opaque(0u)")


@expression
def unfold(k: Kernel, node: Node, index: Index) -> str:
    """The pixel under a kernel position of a window; +0 outside of the image."""
    a, (_, _, height, width) = node.attributes, k.specs[node.inputs[0]].shape
    (kh, kw), (sh, sw), (dh, dw), (top, _, left, _) = (a[n] for n in ("kernel", "stride", "dilation", "padding"))
    n, row, column, depth = k.coordinates(index)
    channel = k.let(f"{depth} / {kh * kw}u")
    y = k.let(f"{scaled(row, sh)} + {depth} % {kh * kw}u / {kw}u * {dh}u - {top}u")
    x = k.let(f"{scaled(column, sw)} + {depth} % {kw}u * {dw}u - {left}u")
    return guarded(k, node.inputs[0], [n, channel, y, x], [f"({y} < {height}u)", f"({x} < {width}u)"], "opaque(0u)")
