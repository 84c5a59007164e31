"""What users give (operands, axes, shapes, pairs) in the form that the operations take."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

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
    number = integer(axis, "axis")
    if not -rank <= number < rank:
        raise ShapeError(f"axis {axis} is not one of the {rank} axes")
    return number % rank


def axis_numbers(axis: Axis, rank: int) -> tuple[int, ...]:
    """One axis, several, or all (None) as ascending numbers. Raises ShapeError for one that is not there, or there twice."""
    if axis is None:
        return tuple(range(rank))
    found = [axis_number(a, rank) for a in integers(axis, "axis")]
    if len(set(found)) != len(found):
        raise ShapeError(f"axis {axis}: the same axis twice")
    return tuple(sorted(found))


def integer(value: Any, what: str) -> int:
    """An integer of Python or NumPy, or a concrete tensor of one. Raises ShapeError, naming the argument, for anything else."""
    try:
        return operator.index(value)
    except TypeError:
        raise ShapeError(f"{what} must be an integer, got {value!r}") from None


def integers(values: int | Sequence[int], what: str) -> tuple[int, ...]:
    """A shape, or a number for each axis; one integer stands for a tuple of one.

    Raises ShapeError, naming the argument, for anything but integers: a fraction is not cut off.
    """
    try:
        return (operator.index(values),)  # type: ignore[arg-type]
    except TypeError:
        pass
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise ShapeError(f"{what} must be an integer or integers, got {values!r}")
    return tuple(integer(v, f"each number of {what}") for v in values)


def pair(value: Pair, what: str) -> tuple[int, int]:
    """(down, across) for images; one integer stands for both. Raises ShapeError, naming the argument, for anything else."""
    numbers = integers(value, what)
    if len(numbers) == 1 and not isinstance(value, Sequence):
        return numbers[0], numbers[0]
    if len(numbers) != 2:
        raise ShapeError(f"{what} must be an integer or a pair (down, across), got {value!r}")
    return numbers[0], numbers[1]
