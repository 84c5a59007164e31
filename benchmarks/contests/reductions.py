"""Sums, maxima and means beside NumPy, PyTorch and JAX. The limit is the memory's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import peaks, peers
from ..harness import OURS, Call, Case, Contest, Goal, Settings, Timer
from ..workloads import Setting
from ..workloads.reductions import Reduction, workloads

TORCH = {"sum": "sum", "max": "amax", "mean": "mean"}
MEMORY_BOUND = 0.8  # of the speed at which the same run reads as many bytes


def cases(settings: Settings) -> Iterator[Case]:
    goals = [Goal("share", MEMORY_BOUND)]
    for reduction in workloads(settings.size):
        build = lambda r=reduction: contest(r, settings)  # noqa: E731
        yield Case("reductions", reduction.name, build, reduction.unit, reduction.work, goals)


def contest(reduction: Reduction, settings: Settings) -> Contest:
    problem, name, axis = reduction.problem(), reduction.function, reduction.axis
    (x,) = problem.inputs.values()
    numpy = getattr(np, name)
    contestants: dict[str, Timer | None] = {OURS: problem.on(Setting()), "NumPy": Call(lambda: numpy(x, axis))}
    if (torch := peers.load("torch")) is not None:
        function, tensor, axes = getattr(torch, TORCH[name]), torch.from_numpy(x), (0, 1) if axis is None else axis
        contestants["torch"] = Call(lambda: function(tensor, axes), lambda: function(tensor, axes).numpy())
    if (jax := peers.load("jax")) is not None:
        contestants["JAX"] = peers.jax_call(lambda x: getattr(jax.numpy, name)(x, axis), x)
    limit = None if settings.quick else peaks.memory(x.nbytes, settings.threads)  # small arrays lie in the caches
    return Contest(peers.present(contestants), problem.wanted, problem.tolerance, limit)
