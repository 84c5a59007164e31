"""Checks of the names and numbers that layers, losses, optimisers, schedules and training runs are described with.

A number may be Python's or NumPy's own; a boolean, a string or an array is none. What is checked is the f32 that a program will
hold, not the binary64 that was written: 0.99999999999 is 1 there, and 1e39 infinity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from ..ir.errors import ShapeError
from ..ir.float_modes import in_plain_modes
from ..tensor.operands import Pair, integers, pair

_T = TypeVar("_T")

LARGEST = 2**31 - 1
"""The largest dimension, and the largest integer among the attributes of an operation (docs/program.md)."""


def named(what: str, registry: Mapping[str, _T], name: str) -> _T:
    """The entry of a registry. Raises ShapeError, naming `what` and the known names, when there is none."""
    if not isinstance(name, str) or name not in registry:
        raise ShapeError(f"there is no {what} {name!r}; known are {', '.join(registry)}")
    return registry[name]


def need_flag(what: str, value: Any) -> None:
    """Raises ShapeError, naming `what`, unless the value is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ShapeError(f"{what} must be True or False, got {_shown(value)}")


def need_count(what: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """An integer as an int. Raises ShapeError, naming `what`, unless it is one of at least `least`, and at most `most`."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))
    if whole and least <= value and (most is None or value <= most):
        return int(value)
    limit = "" if most is None else f" and at most {most}"
    raise ShapeError(f"{what} must be an integer of at least {least}{limit}, got {_shown(value)}")


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
    raise ShapeError(f"{what} must be a number that is {', '.join(['finite', *bounds])} in f32, got {_shown(value)}")


def need_sizes(what: str, **sizes: int) -> None:
    """Raises ShapeError, naming `what` and the argument, unless every size is an integer of at least 1."""
    for name, size in sizes.items():
        need_count(f"{what}: {name}", size, 1, LARGEST)


def need_pair(what: str, value: Pair) -> tuple[int, int]:
    """(down, across), one integer standing for both. Raises ShapeError, naming `what`, unless they are at least 1."""
    _need_no_flags(what, value)
    down, across = pair(value, what)
    return need_count(what, down, 1, LARGEST), need_count(what, across, 1, LARGEST)


def need_padding(what: str, value: str | Pair) -> None:
    """Raises ShapeError, naming `what`, unless the value is "same", "valid", or one, two or four integers of at least 0."""
    if isinstance(value, str) and value in ("same", "valid"):
        return
    numbers = () if isinstance(value, str) else integers(value, what)
    _need_no_flags(what, value)
    if len(numbers) not in (1, 2, 4) or (len(numbers) == 1 and isinstance(value, Sequence)):
        raise ShapeError(f'{what} must be "same", "valid", or one, two or four integers, got {_shown(value)}')
    for number in numbers:
        need_count(what, number, 0, LARGEST)


def _need_no_flags(what: str, value: Any) -> None:
    """True and False would pass for the integers 1 and 0."""
    if any(isinstance(v, (bool, np.bool_)) for v in (value if isinstance(value, Sequence) else [value])):
        raise ShapeError(f"{what} must be of integers, got {_shown(value)}")


def _shown(value: Any) -> str:
    """The value in one line."""
    return " ".join(repr(value).split())


def need_limit(what: str, limit: float) -> None:
    """Raises ShapeError, naming `what`, unless the limit is a number above 0, or infinity for none."""
    if not (isinstance(limit, (float, np.floating)) and math.isinf(limit) and limit > 0):
        need_number(f"{what}: the limit", limit, 0, above=True)
