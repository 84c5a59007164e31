"""Fourier transforms from Python, beside NumPy, SciPy and PyTorch (MKL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import peaks, peers
from ..harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer
from ..workloads import Setting, isas
from ..workloads.fft import Transform, workloads


def cases(settings: Settings) -> Iterator[Case]:
    goals = [Goal("ratio", 2.0, peers=("SciPy",))]
    for transform in workloads(settings.size):
        build = lambda t=transform: contest(t, settings)  # noqa: E731
        yield Case("fft", transform.name, build, transform.unit, transform.work, goals, abscissa(transform))


def abscissa(transform: Transform) -> int:
    """The place in a plot, which shows single complex transforms of powers of two."""
    return transform.n if transform.is_power and transform.batch == 1 and not transform.real else 0


def contest(transform: Transform, settings: Settings) -> Contest:
    x, problem = transform.signal(), transform.problem()
    numpy = np.fft.rfft if transform.real else np.fft.fft
    contestants: dict[str, Timer | None] = {
        OURS: problem.on(Setting()),
        "NumPy": Call(lambda: numpy(x)),
        "SciPy": scipy(x),
        "torch": mkl(x),
    }
    return Contest(peers.present(contestants), problem.wanted, peak=peaks.fma(isas()[-1], settings.threads))


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
