"""The error of Fourier transforms in f32: |found - right| / |right| (L2) of random input, against the transform in float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import peers
from ..harness import OURS, Array, Call, Case, Figures, Goal, Settings
from ..workloads import Setting
from ..workloads.fft import COMPOSITES, PRIMES, Transform
from . import fft

LENGTHS = sorted([1 << k for k in range(1, 23)] + PRIMES + COMPOSITES + [3 * 1 << 20, 4194301])  # the last is prime
ELEMENTS = 1 << 16  # at least so many are transformed: the error of one short transform says little


def cases(settings: Settings) -> Iterator[Case]:
    """Once, with one thread: the error does not depend on them."""
    if settings.threads > 1:
        return
    for n in LENGTHS:
        if settings.quick and n > 1 << 16:
            continue
        goals = [Goal("ratio", 1.0, peers=("FFTW",))]
        yield Case("fft_accuracy", Transform(n).name, lambda n=n: errors(n), "error", 1.0, goals, n)


def errors(n: int) -> Figures:
    transform = Transform(n, max(2, -(-ELEMENTS // n)))
    problem, x = transform.problem(), transform.signal()
    right = problem.wanted
    contestants = peers.present(
        {OURS: problem.on(Setting()), "FFTW": fftw(x), "MKL (torch)": fft.mkl(x), "SciPy": fft.scipy(x)}
    )

    def relative(found: object) -> float:
        return float(np.linalg.norm(np.asarray(found, np.complex128) - right) / np.linalg.norm(right))

    return Figures({name: relative(contestant.result()) for name, contestant in contestants.items()})


def fftw(x: Array) -> Call | None:
    """FFTW, planned by measuring for at most some seconds."""
    if (pyfftw := peers.load("pyfftw")) is None:
        return None
    given, out = pyfftw.empty_aligned(x.shape, x.dtype), pyfftw.empty_aligned(x.shape, x.dtype)
    plan = pyfftw.FFTW(given, out, flags=("FFTW_MEASURE",), planning_timelimit=2)
    given[...] = x  # measuring overwrites it
    return Call(plan.execute, lambda: (plan.execute(), out.copy())[1])
