"""What the contract means by each operation: a function of NumPy arrays, by the name of the operation in `KERNELS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...ir.spec import NUMPY_DTYPES, Array
from .arithmetic import ELEMENTARY, fma32, philox
from .fft import fft, ifft, irfft, rfft

KERNELS: dict[str, Callable[..., Array]] = {}


def kernel(fn: Callable[..., Array]) -> Callable[..., Array]:
    """Enter a function under its name, without the trailing underscore that keeps it off a Python name."""
    KERNELS[fn.__name__.rstrip("_")] = fn
    return fn


# --- elementwise (NumPy's f32 + - * / sqrt are IEEE 754's) -------------------------------------------------------------

KERNELS.update(add=np.add, sub=np.subtract, mul=np.multiply, div=np.divide, sqrt=np.sqrt, fma=fma32, **ELEMENTARY)
COMPARISONS = {
    "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal, "ge": np.greater_equal, "gt": np.greater,
}  # fmt: skip


@kernel
def neg(x: Array) -> Array:
    return np.negative(x)


@kernel
def abs_(x: Array) -> Array:
    return np.abs(x)


@kernel
def maximum(x: Array, y: Array) -> Array:
    if x.dtype != np.float32:
        return np.maximum(x, y)
    both_zero = (x == 0) & (y == 0)  # +0 unless both are -0, which x + y gives
    return np.where(both_zero, x + y, np.maximum(x, y))


@kernel
def minimum(x: Array, y: Array) -> Array:
    if x.dtype != np.float32:
        return np.minimum(x, y)
    return -maximum(-x, -y)


@kernel
def compare(x: Array, y: Array, *, how: str) -> Array:
    return COMPARISONS[how](x, y)


class Format(NamedTuple):
    """A floating-point format: significant bits, exponent of the smallest normal, largest value, and what lies beyond that."""

    digits: int
    lowest: int
    largest: float
    beyond: float


FORMATS = {
    "f16": Format(11, -14, 65504.0, np.inf),
    "bf16": Format(8, -126, 255 * 2.0**120, np.inf),
    "e4m3fn": Format(4, -6, 448.0, np.nan),
    "e5m2": Format(3, -14, 57344.0, np.inf),
}


@kernel
def round_to(x: Array, *, format: str) -> Array:
    """Counted in the distance of the format's values around x, a power of two: in f64 only `rint` rounds, ties to even."""
    digits, lowest, largest, beyond = FORMATS[format]
    wide = x.astype(np.float64)
    _, exponent = np.frexp(np.where(np.isfinite(wide), wide, 0))  # |x| < 2^exponent <= 2|x|
    distance = np.ldexp(1.0, np.maximum(exponent - 1, lowest) - (digits - 1))
    near = np.rint(wide / distance) * distance
    return np.where(np.abs(near) > largest, np.copysign(beyond, x), near).astype(np.float32)


@kernel
def select(c: Array, x: Array, y: Array) -> Array:
    return np.where(c != 0, x, y)


@kernel
def cast(x: Array, *, dtype: str) -> Array:
    target = NUMPY_DTYPES[dtype]
    if x.dtype != np.float32 or target == np.float32:
        return x.astype(target)
    limits = np.iinfo(target)
    whole = np.trunc(np.where(np.isnan(x), 0, x).astype(np.float64))
    return np.clip(whole, limits.min, limits.max).astype(np.int64).astype(target)


@kernel
def constant(*, dtype: str, shape: tuple[int, ...], word: str) -> Array:
    return np.full(shape, int(word, 16), np.uint32).view(NUMPY_DTYPES[dtype])


def at(axis: int, i: int) -> Any:
    """The index that picks number i along an axis."""
    return (*(slice(None),) * axis, i)


# --- reductions -------------------------------------------------------------------------------------------------------


def reduce_panels(n: int, panel: int | None, chain: Callable[[int, int], Array]) -> Array:
    """The reduction rule: `chain(start, stop)` reduces one panel; the panel results are summed by the same rule."""
    if panel is None or n <= panel:
        return chain(0, n)
    sums = [chain(start, min(start + panel, n)) for start in range(0, n, panel)]

    def sum_chain(start: int, stop: int) -> Array:
        total = np.zeros_like(sums[0])
        for term in sums[start:stop]:
            total = total + term
        return total

    return reduce_panels(len(sums), panel, sum_chain)


@kernel
def sum_(x: Array, *, axes: tuple[int, ...], keepdims: bool, panel: int | None) -> Array:
    kept = [a for a in range(x.ndim) if a not in axes]
    terms = x.transpose([*axes, *kept]).reshape((-1, *(x.shape[a] for a in kept))) if x.size else x
    n = int(np.prod([x.shape[a] for a in axes], dtype=np.int64))
    shape = tuple(x.shape[a] for a in kept)

    def chain(start: int, stop: int) -> Array:
        total = np.zeros(shape, x.dtype)
        for i in range(start, stop):
            total = total + terms[i]
        return total

    return reduce_panels(n if x.size else 0, panel, chain)


@kernel
def max_(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    lowest = -np.inf if x.dtype == np.float32 else np.iinfo(x.dtype).min
    if x.dtype == np.float32:  # +0 is larger than -0, which np.max does not promise
        top = np.max(x, axis=axes, keepdims=True, initial=lowest)
        positive_zero = ((x == 0) & ~np.signbit(x)).any(axis=axes, keepdims=True)
        return np.where((top == 0) & positive_zero, np.float32(0), np.where(top == 0, np.float32(-0.0), top))
    return np.asarray(np.max(x, axis=axes, initial=lowest))


@kernel
def argmax(x: Array, *, axis: int, keepdims: bool) -> Array:
    return np.asarray(
        np.argmax(x, axis=axis)
    )  # NumPy's rule is the contract's: the first NaN, else the first of equals


@kernel
def matmul(x: Array, y: Array, *, transpose_a: bool, transpose_b: bool, panel: int | None) -> Array:
    a = np.swapaxes(x, -1, -2) if transpose_a else x
    b = np.swapaxes(y, -1, -2) if transpose_b else y
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])

    def chain(start: int, stop: int) -> Array:
        total = np.zeros(shape, np.float32)
        for k in range(start, stop):
            total = fma32(a[..., :, k, None], b[..., None, k, :], total)
        return total

    return reduce_panels(a.shape[-1], panel, chain)


# --- movement ---------------------------------------------------------------------------------------------------------


@kernel
def reshape(x: Array, *, shape: tuple[int, ...]) -> Array:
    return x.reshape(shape)


@kernel
def transpose(x: Array, *, axes: tuple[int, ...]) -> Array:
    return x.transpose(axes)


@kernel
def broadcast(x: Array, *, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(x, shape)


@kernel
def slice_(x: Array, *, start: tuple[int, ...], stop: tuple[int, ...], step: tuple[int, ...]) -> Array:
    return x[tuple(map(slice, start, stop, step))]


@kernel
def pad(x: Array, *, low: tuple[int, ...], high: tuple[int, ...], interior: tuple[int, ...], word: str) -> Array:
    spread = [max(d - 1, 0) * i + d for d, i in zip(x.shape, interior, strict=True)]
    shape = [a + s + b for a, s, b in zip(low, spread, high, strict=True)]
    out = np.full(shape, int(word, 16), np.uint32).view(x.dtype)
    out[tuple(slice(a, a + s, i + 1) for a, s, i in zip(low, spread, interior, strict=True))] = x
    return out


@kernel
def concat(*xs: Array, axis: int) -> Array:
    return np.concatenate(xs, axis=axis)


@kernel
def gather(x: Array, i: Array, *, axis: int) -> Array:
    inside = (i >= 0) & (i < x.shape[axis])
    if not x.shape[axis]:
        return np.zeros(x.shape[:axis] + i.shape + x.shape[axis + 1 :], x.dtype)
    picked = np.take(x, np.where(inside, i, 0), axis=axis)
    mask = inside.reshape((1,) * axis + i.shape + (1,) * (x.ndim - axis - 1))
    return np.where(mask, picked, np.zeros((), x.dtype))


@kernel
def scatter_add(x: Array, i: Array, *, axis: int, size: int, panel: int | None) -> Array:
    pre, post = x.shape[:axis], x.shape[axis + i.ndim :]
    sources = x.reshape((*pre, i.size, *post))
    targets = i.ravel()

    def chain(start: int, stop: int) -> Array:
        total = np.zeros((*pre, size, *post), x.dtype)
        for source in range(start, stop):
            if 0 <= targets[source] < size:
                total[at(axis, int(targets[source]))] += sources[at(axis, source)]
        return total

    return reduce_panels(i.size, panel, chain)


@kernel
def one_hot(i: Array, *, depth: int) -> Array:
    return np.asarray(i[..., None] == np.arange(depth))


def _covered(length: int, windows: int, offset: int, stride: int) -> tuple[Array, Array]:
    """The windows, by number, whose element at `offset` lies within the image, and where."""
    number = np.arange(windows)
    place = number * stride + offset
    inside = (place >= 0) & (place < length)
    return number[inside], place[inside]


@kernel
def unfold(x: Array, *, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Array:
    n, c, *size = x.shape
    oh, ow = (
        (size[d] + sum(padding[2 * d : 2 * d + 2]) - dilation[d] * (kernel[d] - 1) - 1) // stride[d] + 1 for d in (0, 1)
    )
    out = np.zeros((n, oh, ow, c, kernel[0], kernel[1]), x.dtype)
    for row in range(kernel[0]):
        i, y = _covered(size[0], oh, row * dilation[0] - padding[0], stride[0])
        for column in range(kernel[1]):
            j, z = _covered(size[1], ow, column * dilation[1] - padding[2], stride[1])
            out[..., row, column][:, i[:, None], j] = x[:, :, y[:, None], z].transpose(0, 2, 3, 1)
    return out


@kernel
def fold(x: Array, *, size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, panel: int | None) -> Array:
    n, oh, ow, depth = x.shape
    c = depth // (kernel[0] * kernel[1])
    windows = x.reshape((n, oh, ow, c, kernel[0] * kernel[1])).transpose(0, 3, 1, 2, 4)

    def chain(start: int, stop: int) -> Array:
        total = np.zeros((n, c, *size), x.dtype)
        for position in range(start, stop):
            row, column = position // kernel[1], position % kernel[1]
            i, y = _covered(size[0], oh, row * dilation[0] - padding[0], stride[0])
            j, z = _covered(size[1], ow, column * dilation[1] - padding[2], stride[1])
            total[:, :, y[:, None], z] += windows[:, :, i[:, None], j, position]
        return total

    return reduce_panels(kernel[0] * kernel[1], panel, chain)


@kernel
def scan(a: Array, b: Array, h0: Array, *, axis: int, reverse: bool) -> Array:
    out = np.empty_like(a)
    h = h0
    for t in range(a.shape[axis])[:: -1 if reverse else 1]:
        h = out[at(axis, t)] = fma32(a[at(axis, t)], h, b[at(axis, t)])
    return out


KERNELS.update(fft=fft, ifft=ifft, rfft=rfft, irfft=irfft)


@kernel
def bits(seed: Array, step: Array, *, stream: int, shape: tuple[int, ...], width: int) -> Array:
    n = int(np.prod(shape, dtype=np.int64))
    blocks = -(-n // 4)
    words = philox(int(seed[0]) | int(seed[1]) << 32, int(step) * blocks, blocks, stream)
    return (words.ravel()[:n] >> np.uint32(32 - width)).reshape(shape)
