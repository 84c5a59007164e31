"""Sums, maxima and means: of whole arrays larger than the caches, and of rows and columns. The limit is the memory's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import paragon as pg

from . import peaks, peers
from .harness import OURS, Call, Case, Contest, Goal, Settings, Timer

FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], str]] = {
    "sum": (pg.sum, np.sum, "sum"),
    "max": (pg.max, np.max, "amax"),
    "mean": (pg.mean, np.mean, "mean"),
}
AXES: dict[str, int | None] = {"all": None, "rows": -1, "columns": 0}
MEMORY_BOUND = 0.8  # of the speed at which the same run reads as many bytes


def cases(settings: Settings) -> Iterator[Case]:
    size = 1 << (20 if settings.quick else 25)
    for name in FUNCTIONS:
        for axis in AXES:
            yield Case(
                "reductions",
                f"{name} {axis}, 2^{size.bit_length() - 1} elements",
                lambda name=name, axis=axis: contest(name, AXES[axis], size, settings),
                "byte",
                4.0 * size,
                [Goal("share", MEMORY_BOUND)],
            )


def contest(name: str, axis: int | None, size: int, settings: Settings) -> Contest:
    x = np.random.default_rng(0).random(size, np.float32).reshape(-1, 1024)
    mine, numpy, torch_name = FUNCTIONS[name]
    contestants: dict[str, Timer | None] = {
        OURS: peers.ours(lambda x: mine(x, axis), x),
        "NumPy": Call(lambda: numpy(x, axis)),
    }
    if (torch := peers.load("torch")) is not None:
        function, tensor, axes = getattr(torch, torch_name), torch.from_numpy(x), (0, 1) if axis is None else axis
        contestants["torch"] = Call(lambda: function(tensor, axes), lambda: function(tensor, axes).numpy())
    if (jax := peers.load("jax")) is not None:
        contestants["JAX"] = peers.jax_call(lambda x: getattr(jax.numpy, name)(x, axis), x)
    wanted = numpy(x.astype(np.float64), axis)
    # NumPy adds the rows of a column one after another: an error of about sqrt(rows) roundings.
    limit = None if settings.quick else peaks.memory(x.nbytes, settings.threads)  # small arrays lie in the caches
    return Contest(peers.present(contestants), wanted, 2e-4, limit)
