"""A tensor of words, and the index arithmetic that all operations share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Tensor:
    """A dense row-major array: dtype "f32", "i32" or "u32", and one word (0 ... 2^32-1) an element."""

    dtype: str
    shape: tuple[int, ...]
    words: list[int]

    def __post_init__(self) -> None:
        if self.dtype not in ("f32", "i32", "u32"):
            raise ValueError(f"unknown dtype {self.dtype!r}")
        if len(self.words) != prod(self.shape):
            raise ValueError(f"{len(self.words)} words for shape {self.shape}")

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple(prod(self.shape[axis + 1 :]) for axis in range(len(self.shape)))


def signed(word: int) -> int:
    """The i32 a word stands for."""
    return word - (1 << 32) if word >> 31 else word


def indices(shape: Iterable[int], strides: Iterable[int], base: int = 0) -> list[int]:
    """The flat offsets of a strided view, row-major."""
    offsets = [base]
    for n, stride in zip(shape, strides, strict=True):
        offsets = [offset + k * stride for offset in offsets for k in range(n)]
    return offsets


def broadcast_shape(*shapes: Sequence[int]) -> tuple[int, ...]:
    """NumPy's rule."""
    rank = max(map(len, shapes))
    aligned = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for dims in zip(*aligned, strict=True):
        sizes = {n for n in dims if n != 1} or {1}
        if len(sizes) > 1:
            raise ValueError(f"shapes {shapes} do not broadcast")
        result.append(sizes.pop())
    return tuple(result)


def broadcast_indices(x: Tensor, shape: Sequence[int]) -> list[int]:
    """For every element of `shape`, the flat index of x's element that is broadcast to it."""
    if broadcast_shape(x.shape, shape) != tuple(shape):
        raise ValueError(f"{x.shape} does not broadcast to {shape}")
    added = len(shape) - len(x.shape)
    strides = [0] * added + [0 if n == 1 else stride for n, stride in zip(x.shape, x.strides, strict=True)]
    return indices(shape, strides)
