"""Checks of the names and numbers that layers, losses, optimisers, schedules and training runs are described with.

A number may be Python's or NumPy's own; a boolean, a string or an array is none. What is checked is the f32 that a program will
hold, not the binary64 that was written: 0.99999999999 is 1 there, and 1e39 infinity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from ..ir.errors import ShapeError
from ..ir.float_modes import in_plain_modes

_T = TypeVar("_T")


def named(what: str, registry: Mapping[str, _T], name: str) -> _T:
    """The entry of a registry. Raises ShapeError, naming `what` and the known names, when there is none."""
    if name not in registry:
        raise ShapeError(f"there is no {what} {name!r}; known are {', '.join(registry)}")
    return registry[name]


def need_count(what: str, value: Any, least: int = 1) -> int:
    """An integer as an int. Raises ShapeError, naming `what`, unless it is one of at least `least`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < least:
        raise ShapeError(f"{what} must be an integer of at least {least}, got {value!r}")
    return int(value)


@in_plain_modes
def need_number(
    what: str, value: Any, low: float = -math.inf, high: float = math.inf, *, above: bool = False, below: bool = False
) -> None:
    """Raises ShapeError, naming `what`, unless the value is a finite number in low ... high when it is rounded to f32.

    Args: above: `low` itself is refused. below: `high` itself is refused.
    """
    if not isinstance(value, (bool, np.bool_)) and isinstance(value, (int, float, np.integer, np.floating)):
        with np.errstate(over="ignore", under="ignore"):
            x = float(np.float32(value))
        if math.isfinite(x) and (low < x if above else low <= x) and (x < high if below else x <= high):
            return
    bounds = [] if low == -math.inf else ["positive"] if above and not low else [f"at least {low:g}"]
    bounds += [] if high == math.inf else [f"{'below' if below else 'at most'} {high:g}"]
    raise ShapeError(f"{what} must be a number that is {', '.join(['finite', *bounds])} in f32, got {value!r}")


def need_sizes(what: str, *sizes: int) -> None:
    """Raises ShapeError, naming `what`, unless every size is an integer of at least 1."""
    for size in sizes:
        need_count(f"{what}: a size", size)


def need_limit(what: str, limit: float) -> None:
    """Raises ShapeError, naming `what`, unless the limit is a number above 0, or infinity for none."""
    if not (isinstance(limit, (float, np.floating)) and math.isinf(limit) and limit > 0):
        need_number(f"{what}: the limit", limit, 0, above=True)
