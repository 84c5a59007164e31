"""Fourier transforms from Python, single and batched: powers of two, primes, awkward composites; complex and real."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import paragon as pg

from . import peaks, peers
from .harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer


@dataclass(frozen=True)
class Transform:
    """`batch` transforms of length n along the last axis; `real` input gives n // 2 + 1 outputs."""

    n: int
    batch: int = 1
    real: bool = False

    def __str__(self) -> str:
        length = f"2^{self.n.bit_length() - 1}" if self.is_power else str(self.n)
        return f"{'rfft' if self.real else 'fft'} {f'{self.batch} x ' if self.batch > 1 else ''}{length}"

    @property
    def is_power(self) -> bool:
        """Whether n is a power of two."""
        return self.n & (self.n - 1) == 0

    @property
    def abscissa(self) -> int:
        """The place in a plot, which shows single complex transforms of powers of two."""
        return self.n if self.is_power and self.batch == 1 and not self.real else 0

    @property
    def work(self) -> float:
        """5 n log2 n operations, the convention of the field; half of it for real input."""
        return self.batch * 5.0 * self.n * math.log2(self.n) / (2 if self.real else 1)


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


def available() -> str:
    """Empty, or why this family cannot be measured."""
    if not callable(getattr(pg, "fft", None)):
        return "this version has no paragon.fft"
    try:
        ours(np.ones(2, np.complex64))
    except pg.ParagonError as error:
        return f"the cpu executor has no fft: {error}"
    return ""


def cases(settings: Settings) -> Iterator[Case]:
    for transform in TRANSFORMS:
        if settings.quick and transform.n * transform.batch > 1 << 16:
            continue
        goals = [Goal("ratio", 2.0, peers=("SciPy",))]
        build = lambda t=transform: contest(t, settings)  # noqa: E731
        yield Case("fft", str(transform), build, "flop", transform.work, goals, transform.abscissa)


def signal(transform: Transform) -> Array:
    """Random input: complex64 or float32 of shape (batch, n), or (n,)."""
    rng = np.random.default_rng(transform.n)
    shape = (transform.batch, transform.n) if transform.batch > 1 else (transform.n,)
    x = rng.standard_normal(shape, np.float32)
    return x if transform.real else np.asarray(x + 1j * rng.standard_normal(shape, np.float32), np.complex64)


def ours(x: Array) -> Call:
    """Our transform of an array: complex numbers are pairs of f32 on a trailing axis."""
    if x.dtype == np.float32:
        loaded, inputs = peers.session(lambda x: pg.rfft(x), x)
    else:
        loaded, inputs = peers.session(lambda x: pg.fft(x), x.view(np.float32).reshape(*x.shape, 2))
    return Call(lambda: loaded.run(inputs), lambda: loaded.run(inputs)["output"].view(np.complex64)[..., 0])


def mkl(x: Array) -> Call | None:
    """torch.fft, which is MKL where torch was built with it."""
    if (torch := peers.load("torch")) is None:
        return None
    tensor, function = torch.from_numpy(x), torch.fft.rfft if x.dtype == np.float32 else torch.fft.fft
    return Call(lambda: function(tensor), lambda: function(tensor).numpy())


def scipy(x: Array) -> Call | None:
    if peers.load("scipy") is None:
        return None
    import scipy.fft

    function: Callable[..., Any] = scipy.fft.rfft if x.dtype == np.float32 else scipy.fft.fft
    return Call(lambda: function(x, workers=peers.threads()))


def exact(x: Array) -> Array:
    """The transform in float64, whose error is some 10^-16."""
    return np.fft.rfft(x.astype(np.float64)) if x.dtype == np.float32 else np.fft.fft(x.astype(np.complex128))


def contest(transform: Transform, settings: Settings) -> Contest:
    x = signal(transform)
    numpy = np.fft.rfft if transform.real else np.fft.fft
    contestants: dict[str, Timer | None] = {
        OURS: ours(x),
        "NumPy": Call(lambda: numpy(x)),
        "SciPy": scipy(x),
        "torch": mkl(x),
    }
    return Contest(peers.present(contestants), exact(x), peak=peaks.fma(peers.isas()[-1], settings.threads))
