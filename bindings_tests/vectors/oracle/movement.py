"""The operations that move elements, and the two that add up absent terms: scatter_add and fold."""

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from .arithmetic import binary_step, panel_sum
from .binary32 import ONE
from .tensor import Tensor, broadcast_indices, indices, signed


def _view(x: Tensor, shape: Sequence[int], strides: Sequence[int], base: int = 0) -> Tensor:
    return Tensor(x.dtype, tuple(shape), [x.words[i] for i in indices(shape, strides, base)])


def reshape(x: Tensor, *, shape: Sequence[int]) -> Tensor:
    return Tensor(x.dtype, tuple(shape), x.words)


def transpose(x: Tensor, *, axes: Sequence[int]) -> Tensor:
    return _view(x, [x.shape[a] for a in axes], [x.strides[a] for a in axes])


def broadcast(x: Tensor, *, shape: Sequence[int]) -> Tensor:
    return Tensor(x.dtype, tuple(shape), [x.words[i] for i in broadcast_indices(x, shape)])


def slice_(x: Tensor, *, start: Sequence[int], stop: Sequence[int], step: Sequence[int]) -> Tensor:
    shape = [len(range(*bounds)) for bounds in zip(start, stop, step, strict=True)]
    strides = [stride * s for stride, s in zip(x.strides, step, strict=True)]
    return _view(x, shape, strides, sum(stride * s for stride, s in zip(x.strides, start, strict=True)))


def pad(x: Tensor, *, low: Sequence[int], high: Sequence[int], interior: Sequence[int], word: str) -> Tensor:
    gaps = [max(n - 1, 0) * k for n, k in zip(x.shape, interior, strict=True)]
    shape = tuple(before + n + gap + after for before, n, gap, after in zip(low, x.shape, gaps, high, strict=True))
    words = [int(word, 16)] * prod(shape)
    result = Tensor(x.dtype, shape, words)
    base = sum(stride * before for stride, before in zip(result.strides, low, strict=True))
    targets = indices(x.shape, [stride * (k + 1) for stride, k in zip(result.strides, interior, strict=True)], base)
    for target, source in zip(targets, x.words, strict=True):
        words[target] = source
    return result


def concat(*operands: Tensor, axis: int) -> Tensor:
    first = operands[0]
    pre, post = prod(first.shape[:axis]), prod(first.shape[axis + 1 :])
    words: list[int] = []
    for i in range(pre):
        for x in operands:
            run = x.shape[axis] * post
            words += x.words[i * run : (i + 1) * run]
    shape = (*first.shape[:axis], sum(x.shape[axis] for x in operands), *first.shape[axis + 1 :])
    return Tensor(first.dtype, shape, words)


def gather(x: Tensor, i: Tensor, *, axis: int) -> Tensor:
    pre, size, post = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
    words = []
    for p in range(pre):
        for source in map(signed, i.words):
            inside = 0 <= source < size
            words += [x.words[(p * size + source) * post + q] if inside else 0 for q in range(post)]
    return Tensor(x.dtype, (*x.shape[:axis], *i.shape, *x.shape[axis + 1 :]), words)


def scatter_add(x: Tensor, i: Tensor, *, axis: int, size: int, panel: int | None) -> Tensor:
    shape_after = x.shape[axis + len(i.shape) :]
    pre, sources, post = prod(x.shape[:axis]), len(i.words), prod(shape_after)
    if x.shape != (*x.shape[:axis], *i.shape, *shape_after):
        raise ValueError(f"scatter_add: x {x.shape} and indices {i.shape} at axis {axis}")
    add = binary_step("add", x.dtype)
    targets = list(map(signed, i.words))
    words = [
        panel_sum(
            [x.words[(p * sources + s) * post + q] if targets[s] == d else None for s in range(sources)], panel, add
        )
        for p, d, q in product(range(pre), range(size), range(post))
    ]
    return Tensor(x.dtype, (*x.shape[:axis], size, *shape_after), words)


def one_hot(i: Tensor, *, depth: int) -> Tensor:
    words = [ONE if signed(w) == d else 0 for w in i.words for d in range(depth)]
    return Tensor("f32", (*i.shape, depth), words)


def _windows(size: int, kernel: int, stride: int, before: int, after: int, dilation: int) -> int:
    count = (size + before + after - dilation * (kernel - 1) - 1) // stride + 1
    if count < 1:
        raise ValueError("unfold: the kernel is larger than the padded image")
    return count


Pair = Sequence[int]


def unfold(x: Tensor, *, kernel: Pair, stride: Pair, padding: Sequence[int], dilation: Pair) -> Tensor:
    n, c, h, w = x.shape
    top, bottom, left, right = padding
    rows = _windows(h, kernel[0], stride[0], top, bottom, dilation[0])
    columns = _windows(w, kernel[1], stride[1], left, right, dilation[1])

    def pixel(image: int, row: int, column: int, channel: int, ky: int, kx: int) -> int:
        y = row * stride[0] + ky * dilation[0] - top
        z = column * stride[1] + kx * dilation[1] - left
        return x.words[((image * c + channel) * h + y) * w + z] if 0 <= y < h and 0 <= z < w else 0

    positions = product(range(n), range(rows), range(columns), range(c), range(kernel[0]), range(kernel[1]))
    return Tensor(x.dtype, (n, rows, columns, c * kernel[0] * kernel[1]), [pixel(*p) for p in positions])


def fold(
    x: Tensor, *, size: Pair, kernel: Pair, stride: Pair, padding: Sequence[int], dilation: Pair, panel: int | None
) -> Tensor:
    n, rows, columns, features = x.shape
    (h, w), (kh, kw), (top, bottom, left, right) = size, kernel, padding
    c = features // (kh * kw)
    expected = (
        _windows(h, kh, stride[0], top, bottom, dilation[0]),
        _windows(w, kw, stride[1], left, right, dilation[1]),
    )
    if (rows, columns) != expected or c * kh * kw != features:
        raise ValueError(f"fold: {x.shape} is not an unfolded image of {size}")
    add = binary_step("add", x.dtype)

    def term(image: int, channel: int, y: int, z: int, ky: int, kx: int) -> int | None:
        row, row_rest = divmod(y + top - ky * dilation[0], stride[0])
        column, column_rest = divmod(z + left - kx * dilation[1], stride[1])
        if row_rest or column_rest or not (0 <= row < rows and 0 <= column < columns):
            return None
        return x.words[((image * rows + row) * columns + column) * features + (channel * kh + ky) * kw + kx]

    words = [
        panel_sum([term(*pixel, ky, kx) for ky in range(kh) for kx in range(kw)], panel, add)
        for pixel in product(range(n), range(c), range(h), range(w))
    ]
    return Tensor(x.dtype, (n, c, h, w), words)


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "reshape": reshape, "transpose": transpose, "broadcast": broadcast, "slice": slice_, "pad": pad, "concat": concat,
    "gather": gather, "scatter_add": scatter_add, "one_hot": one_hot, "unfold": unfold, "fold": fold,
}  # fmt: skip
