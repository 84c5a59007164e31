"""What users give (operands, axes, shapes, pairs) in the form that the operations take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.errors import ShapeError
from .tensor import Tensor, round_to_odd, tensor

Axis = int | Sequence[int] | None
"""One axis, several, or all of them; negative ones count from the end."""

Pair = int | Sequence[int]
"""(down, across) for images, or one number for both."""


def operands(*xs: Any) -> list[Tensor]:
    """The operands as tensors; Python numbers take the dtype of the others (f32, or i32 for integers, when there are none)."""
    tensors = [x if isinstance(x, Tensor) else None if isinstance(x, (int, float)) else tensor(x) for x in xs]
    dtype = next((t.dtype for t in tensors if t is not None), None)
    if dtype is None:
        dtype = "f32" if any(isinstance(x, float) for x in xs) else "i32"
    return [t if t is not None else number(x, dtype) for t, x in zip(tensors, xs, strict=True)]


def number(x: float | int, dtype: str) -> Tensor:
    """A Python number as a scalar of a dtype. Raises ShapeError for a float that meets integers."""
    if isinstance(x, float) and dtype != "f32":
        raise ShapeError(f"the number {x} meets a tensor of {dtype}; cast the tensor to f32 first")
    return tensor(round_to_odd(x) if dtype == "f32" and not isinstance(x, float) else x, dtype)


def axis_number(axis: int, rank: int) -> int:
    """An axis, which may count from the end, as a number in 0 ... rank-1. Raises ShapeError when there is no such axis."""
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} is not one of the {rank} axes")
    return int(axis) % rank


def axis_numbers(axis: Axis, rank: int) -> tuple[int, ...]:
    """One axis, several, or all (None) as ascending numbers. Raises ShapeError for one that is not there, or there twice."""
    if axis is None:
        return tuple(range(rank))
    found = [axis_number(a, rank) for a in integers(axis)]
    if len(set(found)) != len(found):
        raise ShapeError(f"axis {axis}: the same axis twice")
    return tuple(sorted(found))


def integers(values: int | Sequence[int]) -> tuple[int, ...]:
    """A shape, or a number for each axis; one integer stands for a tuple of one."""
    return tuple(int(v) for v in ((values,) if isinstance(values, (int, np.integer)) else values))


def pair(value: Pair) -> tuple[int, int]:
    """(down, across) for images; one integer stands for both. Raises ShapeError for any other number of integers."""
    numbers = integers(value)
    down_across = numbers * 2 if isinstance(value, (int, np.integer)) else numbers
    if len(down_across) != 2:
        raise ShapeError(f"needs an integer or a pair (down, across), got {value!r}")
    return down_across[0], down_across[1]
