"""Words to compute with: edge values of every class, and pseudo-random words that are the same on every machine."""

from collections.abc import Callable, Iterable, Sequence
from math import prod

from oracle.binary32 import SIGN, round_dyadic, round_ratio, units
from oracle.tensor import Tensor

MASK64 = (1 << 64) - 1

_POSITIVE = [
    0x00000000, 0x00000001, 0x00000002, 0x00000003, 0x003FFFFF, 0x00400000, 0x00400001,  # zero, subnormals
    0x007FFFFF, 0x00800000, 0x00800001, 0x00FFFFFF, 0x01000000,  # the smallest normals
    0x1A000000, 0x1A000001, 0x1F800000, 0x20000000, 0x33800000, 0x34000000,  # 2^-75, 2^-64, 2^-63, 2^-24, 2^-23
    0x3DCCCCCD, 0x3EFFFFFF, 0x3F000000, 0x3F000001, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x3FC00000,  # around 0.5 and 1
    0x40000000, 0x40400000, 0x4B000000, 0x4B7FFFFF, 0x4B800000, 0x4EFFFFFF, 0x4F000000,  # 2, 3, 2^23, 2^24, 2^31
    0x4F7FFFFF, 0x4F800000, 0x5F000000, 0x5F800000, 0x72FFFFFF, 0x73000000, 0x7EFFFFFF,  # 2^32, 2^63, 2^64, 2^103
    0x7F000000, 0x7F7FFFFE, 0x7F7FFFFF, 0x7F800000,  # 2^127, the largest, infinity
]  # fmt: skip
NANS = [0x7FC00000, 0x7F800001, 0xFFC00000, 0xFFFFFFFF]
F32_EDGES = [sign | w for w in _POSITIVE for sign in (0, SIGN)] + NANS
F32_FEW = [0, SIGN, 1, SIGN | 1, 0x007FFFFF, 0x00800000, 0x3F7FFFFF, 0x3F800000, SIGN | 0x3F800000, 0x3F800001,
           0xBFC00000, 0x4B800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000]  # fmt: skip
INTEGER_EDGES = [0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0xFFFF, 0x10000, 0x10001, 0xB504, 0xB505, 0xFFFFFF, 0x1000000, 0x1000001,
                 0x1000003, 0x3FFFFFFF, 0x40000000, 0x7FFFFF80, 0x7FFFFFBF, 0x7FFFFFC0, 0x7FFFFFFE, 0x7FFFFFFF,
                 0x80000000, 0x80000001, 0xFEFFFFFF, 0xFFFFFF7F, 0xFFFFFF80, 0xFFFFFFFE, 0xFFFFFFFF]  # fmt: skip


class Words:
    """SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): enough for test data, and not the generator that is under test."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, n: int) -> int:
        """A number in 0 ... n-1 (n <= 2^32)."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & MASK64
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
        return ((z ^ (z >> 31)) >> 32) * n >> 32

    def any(self) -> int:
        return self.below(1 << 32)

    def choice(self, items: Sequence[int]) -> int:
        return items[self.below(len(items))]

    def f32(self, low: int = -10, high: int = 10) -> int:
        """A finite f32 of either sign with 2^low <= |x| < 2^(high+1)."""
        return (self.below(2) << 31) | ((127 + low + self.below(high - low + 1)) << 23) | self.below(1 << 23)

    def finite(self) -> int:
        """A finite f32, all exponents alike, subnormals included."""
        return (self.below(2) << 31) | (self.below(255) << 23) | self.below(1 << 23)


def tensor(dtype: str, shape: Sequence[int], words: Iterable[int]) -> Tensor:
    return Tensor(dtype, tuple(shape), list(words))


def vector(dtype: str, words: Iterable[int]) -> Tensor:
    words = list(words)
    return Tensor(dtype, (len(words),), words)


def filled(dtype: str, shape: Sequence[int], draw: Callable[[], int]) -> Tensor:
    return Tensor(dtype, tuple(shape), [draw() for _ in range(prod(shape))])


def real(numerator: int, denominator: int = 1) -> int:
    """The f32 nearest to a fraction."""
    return round_ratio(numerator << 149, denominator)


def power(exponent: int, mantissa: int = 1) -> int:
    """The f32 mantissa * 2^exponent, which must be exact."""
    word = round_dyadic(mantissa, exponent + 149)
    shift = exponent + 149
    if units(word) != (mantissa << shift if shift >= 0 else mantissa >> -shift):
        raise ValueError(f"{mantissa} * 2^{exponent} is not an f32")
    return word


def neighbours(word: int, reach: int = 1) -> list[int]:
    """The words around a finite positive word, by magnitude."""
    return [w for w in range(word - reach, word + reach + 1) if 0 <= w <= 0x7F800000]
