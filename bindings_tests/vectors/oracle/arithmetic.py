"""The operations that compute: elementwise, reductions, matmul, scan, bits. See docs/contract.md, sections 2 to 5."""

import operator
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from math import prod

from . import binary32 as f32
from .elementary import FUNCTIONS
from .philox import MASK, draws
from .tensor import Tensor, broadcast_indices, broadcast_shape, indices, signed

Word = int
Term = int | None  # None is an absent term

INTEGER: dict[str, Callable[[int, int], int]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "maximum": max, "minimum": min,
}  # fmt: skip
FLOAT: dict[str, Callable[[int, int], int]] = {
    "add": f32.add, "sub": f32.subtract, "mul": f32.multiply, "div": f32.divide,
    "maximum": f32.maximum, "minimum": f32.minimum,
}  # fmt: skip
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt,
}  # fmt: skip


# Of each narrow format: bits of the exponent field, bits of the fraction field, and the first word that is not a finite number.
FORMATS = {"f16": (5, 10, 0x7C00), "bf16": (8, 7, 0x7F80), "e4m3fn": (4, 3, 0x7F), "e5m2": (5, 2, 0x7C)}


def integer(dtype: str, word: Word) -> int:
    return signed(word) if dtype == "i32" else word


def _map(dtype: str, function: Callable[..., int], *operands: Tensor) -> Tensor:
    shape = broadcast_shape(*(x.shape for x in operands))
    columns = [[x.words[i] for i in broadcast_indices(x, shape)] for x in operands]
    return Tensor(dtype, shape, [function(*row) for row in zip(*columns, strict=True)])


def binary_step(name: str, dtype: str) -> Callable[[Word, Word], Word]:
    """The word function of a two-operand operation."""
    if dtype == "f32":
        return FLOAT[name]
    function = INTEGER[name]
    return lambda a, b: function(integer(dtype, a), integer(dtype, b)) & MASK


def _binary(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    def operation(x: Tensor, y: Tensor) -> Tensor:
        if x.dtype != y.dtype:
            raise ValueError(f"{name}: {x.dtype} and {y.dtype}")
        return _map(x.dtype, binary_step(name, x.dtype), x, y)

    return operation


def _f32_unary(function: Callable[[int], int]) -> Callable[[Tensor], Tensor]:
    def operation(x: Tensor) -> Tensor:
        if x.dtype != "f32":
            raise ValueError(f"f32 expected, got {x.dtype}")
        return _map("f32", function, x)

    return operation


def fma(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return _map("f32", f32.fma, x, y, z)


def neg(x: Tensor) -> Tensor:
    return _map(x.dtype, f32.negate if x.dtype == "f32" else lambda a: -a & MASK, x)


def absolute(x: Tensor) -> Tensor:
    return _map(x.dtype, f32.absolute if x.dtype == "f32" else lambda a: abs(signed(a)) & MASK, x)


def compare(x: Tensor, y: Tensor, *, how: str) -> Tensor:
    relation = COMPARE[how]

    def of_floats(a: int, b: int) -> int:
        if f32.is_nan(a) or f32.is_nan(b):
            return int(how == "ne")
        return int(relation(f32.value(a), f32.value(b)))

    def of_integers(a: int, b: int) -> int:
        return int(relation(integer(x.dtype, a), integer(x.dtype, b)))

    return _map("i32", of_floats if x.dtype == "f32" else of_integers, x, y)


@cache
def format_values(name: str) -> list[int]:
    """The magnitudes of a format in units of 2^-149, at the index that is their word there.

    The last one stands for infinity (e4m3fn: NaN), with the number that its word would be if numbers went on.
    """
    exponent_bits, fraction_bits, beyond = FORMATS[name]
    bias = (1 << (exponent_bits - 1)) - 1
    values = []
    for word in range(beyond + 1):
        exponent, fraction = word >> fraction_bits, word & ((1 << fraction_bits) - 1)
        significand = fraction + (1 << fraction_bits if exponent else 0)
        values.append(significand << (max(exponent, 1) - bias - fraction_bits + 149))
    return values


def nearest(magnitude: int, values: Sequence[int]) -> int:
    """The index of the nearest of some ascending values; of two equally near ones the even index, which is an even significand."""
    below = min(bisect_right(values, magnitude) - 1, len(values) - 2)
    twice, middle = 2 * magnitude, values[below] + values[below + 1]
    return below + (twice > middle or (twice == middle and below % 2 == 1))


def rounded_word(a: Word, format: str) -> Word:
    if f32.is_nan(a):
        return f32.NAN
    values = format_values(format)
    beyond = len(values) - 1
    index = beyond if f32.is_infinite(a) else nearest(abs(f32.units(a)), values)
    if index < beyond:
        return a & f32.SIGN | f32.round_ratio(values[index], 1)  # exact
    return f32.NAN if format == "e4m3fn" else a & f32.SIGN | f32.INFINITY


def round_to(x: Tensor, *, format: str) -> Tensor:
    return _map("f32", lambda a: rounded_word(a, format), x)


def select(c: Tensor, x: Tensor, y: Tensor) -> Tensor:
    zeros = (0, f32.SIGN) if c.dtype == "f32" else (0,)
    return _map(x.dtype, lambda chosen, a, b: b if chosen in zeros else a, c, x, y)


def cast(x: Tensor, *, dtype: str) -> Tensor:
    def to_integer(a: int) -> int:
        low, high = (-(1 << 31), (1 << 31) - 1) if dtype == "i32" else (0, MASK)
        if f32.is_nan(a):
            return 0
        if f32.is_infinite(a):
            return (low if a & f32.SIGN else high) & MASK
        return min(max(f32.truncate(a), low), high) & MASK

    if x.dtype == dtype or "f32" not in (x.dtype, dtype):
        return Tensor(dtype, x.shape, x.words)
    if dtype == "f32":
        return _map(dtype, lambda a: f32.from_integer(integer(x.dtype, a)), x)
    return _map(dtype, to_integer, x)


def constant(*, dtype: str, shape: Sequence[int], word: str) -> Tensor:
    return Tensor(dtype, tuple(shape), [int(word, 16)] * prod(shape))


def panel_sum(terms: Sequence[Term], panel: int | None, add: Callable[[Word, Word], Word]) -> Word:
    """The reduction rule of the contract, for `sum`; absent terms are skipped, panels are cut by the index."""
    if panel is None or len(terms) <= panel:
        accumulator = 0
        for term in terms:
            if term is not None:
                accumulator = add(accumulator, term)
        return accumulator
    panels = [panel_sum(terms[i : i + panel], None, add) for i in range(0, len(terms), panel)]
    return panel_sum(panels, panel, add)


def dot(a: Sequence[Word], b: Sequence[Word], panel: int | None) -> Word:
    """The reduction rule, for `dot`."""
    if panel is None or len(a) <= panel:
        accumulator = 0
        for x, y in zip(a, b, strict=True):
            accumulator = f32.fma(x, y, accumulator)
        return accumulator
    panels = [dot(a[i : i + panel], b[i : i + panel], None) for i in range(0, len(a), panel)]
    return panel_sum(panels, panel, f32.add)


def _rows(x: Tensor, axes: Sequence[int], keepdims: bool) -> tuple[tuple[int, ...], list[list[Word]]]:
    """The result shape of a reduction over `axes`, and the terms of every result element, row-major."""
    kept = [axis for axis in range(len(x.shape)) if axis not in axes]
    terms = indices([x.shape[a] for a in axes], [x.strides[a] for a in axes])
    starts = indices([x.shape[a] for a in kept], [x.strides[a] for a in kept])
    shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape) if keepdims or a not in axes)
    return shape, [[x.words[start + term] for term in terms] for start in starts]


def sum_(x: Tensor, *, axes: Sequence[int], keepdims: bool, panel: int | None) -> Tensor:
    shape, rows = _rows(x, axes, keepdims)
    add = binary_step("add", x.dtype)
    return Tensor(x.dtype, shape, [panel_sum(row, panel, add) for row in rows])


def max_(x: Tensor, *, axes: Sequence[int], keepdims: bool) -> Tensor:
    shape, rows = _rows(x, axes, keepdims)
    maximum = binary_step("maximum", x.dtype)
    lowest = {"f32": f32.SIGN | f32.INFINITY, "i32": 0x8000_0000, "u32": 0}[x.dtype]

    def of_row(row: list[Word]) -> Word:
        result = lowest
        for term in row:
            result = maximum(result, term)
        return result

    return Tensor(x.dtype, shape, [of_row(row) for row in rows])


def argmax(x: Tensor, *, axis: int, keepdims: bool) -> Tensor:
    if x.shape[axis] == 0:
        raise ValueError("argmax of an empty axis")
    shape, rows = _rows(x, [axis], keepdims)

    def of_row(row: list[Word]) -> int:
        if x.dtype != "f32":
            return max(range(len(row)), key=lambda i: (integer(x.dtype, row[i]), -i))
        nans = [i for i, w in enumerate(row) if f32.is_nan(w)]
        return nans[0] if nans else max(range(len(row)), key=lambda i: (f32.value(row[i]), -i))

    return Tensor("i32", shape, [of_row(row) for row in rows])


def matmul(x: Tensor, y: Tensor, *, transpose_a: bool, transpose_b: bool, panel: int | None) -> Tensor:
    def matrix(t: Tensor, transpose: bool) -> tuple[int, int, int, int]:
        (rows, columns), (row_stride, column_stride) = t.shape[-2:], t.strides[-2:]
        return (columns, rows, column_stride, row_stride) if transpose else (rows, columns, row_stride, column_stride)

    def starts(t: Tensor, batch: tuple[int, ...]) -> list[int]:
        leading = Tensor(t.dtype, t.shape[:-2], [0] * prod(t.shape[:-2]))
        return [i * t.shape[-2] * t.shape[-1] for i in broadcast_indices(leading, batch)]

    m, k, x_row, x_column = matrix(x, transpose_a)
    k_of_y, n, y_row, y_column = matrix(y, transpose_b)
    if k != k_of_y:
        raise ValueError(f"matmul: inner dimensions {k} and {k_of_y}")
    batch = broadcast_shape(x.shape[:-2], y.shape[:-2])
    words = []
    for x_start, y_start in zip(starts(x, batch), starts(y, batch), strict=True):
        left = [[x.words[x_start + i * x_row + p * x_column] for p in range(k)] for i in range(m)]
        right = [[y.words[y_start + p * y_row + j * y_column] for p in range(k)] for j in range(n)]
        words += [dot(row, column, panel) for row in left for column in right]
    return Tensor("f32", (*batch, m, n), words)


def scan(a: Tensor, b: Tensor, h0: Tensor, *, axis: int, reverse: bool) -> Tensor:
    """h[t] = fma(a[t], h[t-1], b[t]) along `axis`, from h0; reversed, t descends."""
    rest = [d for d in range(len(a.shape)) if d != axis]
    starts = indices([a.shape[d] for d in rest], [a.strides[d] for d in rest])
    words = [0] * len(a.words)
    steps = range(a.shape[axis])
    for start, h in zip(starts, h0.words, strict=True):
        for t in reversed(steps) if reverse else steps:
            i = start + t * a.strides[axis]
            h = words[i] = f32.fma(a.words[i], h, b.words[i])
    return Tensor("f32", a.shape, words)


def bits(seed: Tensor, step: Tensor, *, stream: int, shape: Sequence[int], width: int) -> Tensor:
    n = prod(shape)
    words = draws(n, (seed.words[0], seed.words[1]), stream, step.words[0] * -(-n // 4))
    return Tensor("u32", tuple(shape), [word >> (32 - width) for word in words])


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    **{name: _binary(name) for name in FLOAT},
    **{name: _f32_unary(function) for name, function in FUNCTIONS.items()},
    "sqrt": _f32_unary(f32.square_root),
    "fma": fma, "neg": neg, "abs": absolute, "compare": compare, "round_to": round_to,
    "select": select, "cast": cast, "constant": constant,
    "sum": sum_, "max": max_, "argmax": argmax, "matmul": matmul, "scan": scan, "bits": bits,
}  # fmt: skip
