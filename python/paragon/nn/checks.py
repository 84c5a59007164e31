"""Checks of the names and numbers that layers, losses, optimisers and schedules are made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..ir.errors import ShapeError

_T = TypeVar("_T")


def named(what: str, registry: Mapping[str, _T], name: str) -> _T:
    """The entry of a registry. Raises ShapeError, naming `what` and the known names, when there is none."""
    if name not in registry:
        raise ShapeError(f"there is no {what} {name!r}; known are {', '.join(registry)}")
    return registry[name]


def need_sizes(what: str, *sizes: int) -> None:
    """Raises ShapeError, naming `what`, unless every size is at least 1."""
    if any(size < 1 for size in sizes):
        raise ShapeError(f"{what}: sizes must be at least 1, got {', '.join(map(str, sizes))}")


def need_steps(what: str, steps: int) -> float:
    """A number of steps as a float. Raises ShapeError, naming `what`, unless it is at least 1."""
    if steps < 1:
        raise ShapeError(f"{what}: must be at least 1 step, got {steps}")
    return float(steps)


def need_limit(what: str, limit: float) -> None:
    """Raises ShapeError, naming `what`, unless the limit is above 0."""
    if not limit > 0:
        raise ShapeError(f"{what}: the limit must be positive, got {limit}")
