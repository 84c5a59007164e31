"""Fourier transforms, single and batched: powers of two, primes, awkward composites; complex and real."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import paragon as pg

from ..harness import Array
from . import Problem, Size, Workload


@dataclass(frozen=True)
class Transform(Workload):
    """`batch` transforms of length n along the last axis; `real` input gives n // 2 + 1 outputs."""

    n: int
    batch: int = 1
    real: bool = False

    family = "fft"
    unit = "flop"

    @property
    def name(self) -> str:
        length = f"2^{self.n.bit_length() - 1}" if self.is_power else str(self.n)
        return f"{'rfft' if self.real else 'fft'} {f'{self.batch} x ' if self.batch > 1 else ''}{length}"

    @property
    def is_power(self) -> bool:
        """Whether n is a power of two."""
        return self.n & (self.n - 1) == 0

    @property
    def work(self) -> float:
        """5 n log2 n operations, the convention of the field; half of it for real input."""
        return self.batch * 5.0 * self.n * math.log2(self.n) / (2 if self.real else 1)

    def signal(self) -> Array:
        """Random input: complex64 or float32 of shape (batch, n), or (n,)."""
        rng = np.random.default_rng(self.n)
        shape = (self.batch, self.n) if self.batch > 1 else (self.n,)
        x = rng.standard_normal(shape, np.float32)
        return x if self.real else np.asarray(x + 1j * rng.standard_normal(shape, np.float32), np.complex64)

    def problem(self) -> Problem:
        """Our complex numbers are pairs of f32 on a trailing axis."""
        x = self.signal()
        if self.real:
            return Problem.of(lambda x: pg.rfft(x), x, wanted=exact(x), read=_complex)
        return Problem.of(lambda x: pg.fft(x), pairs(x), wanted=exact(x), read=_complex)


def pairs(x: Array) -> Array:
    """Complex numbers as pairs, the same memory."""
    return x.view(np.float32).reshape(*x.shape, 2)


def _complex(x: Array) -> Array:
    return x.view(np.complex64)[..., 0]


def exact(x: Array) -> Array:
    """The transform in float64, whose error is some 10^-16."""
    return np.fft.rfft(x.astype(np.float64)) if x.dtype == np.float32 else np.fft.fft(x.astype(np.complex128))


PRIMES = [17, 251, 1009, 10007, 100003, 1000003]
COMPOSITES = [360, 1000, 1155, 2018, 10000, 30030, 44100, 59049, 117649, 1000000]
TRANSFORMS = [
    *(Transform(1 << k) for k in range(4, 23)),
    *(Transform(1 << k, 64) for k in (4, 6, 8, 10, 12, 14)),
    *(Transform(1 << k, batch) for k, batch in ((16, 16), (18, 4), (20, 4))),
    *(Transform(n) for n in PRIMES + COMPOSITES),
    Transform(1009, 64), Transform(1000, 64),
    *(Transform(n, real=True) for n in (1 << 8, 1 << 10, 1 << 14, 1 << 16, 1 << 20, 44100)),
    Transform(1 << 10, 64, True),
]  # fmt: skip
POINTS: dict[Size, float] = {"full": math.inf, "quick": 1 << 16, "tiny": 1 << 10}


def workloads(size: Size) -> list[Transform]:
    return [transform for transform in TRANSFORMS if transform.n * transform.batch <= POINTS[size]]
