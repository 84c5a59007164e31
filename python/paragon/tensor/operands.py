"""What users give as operands, made tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.errors import ShapeError
from .tensor import Tensor, tensor


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
    return tensor(np.asarray(x, np.float64 if dtype == "f32" else None), dtype)
