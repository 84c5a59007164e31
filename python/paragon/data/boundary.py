"""Where data enter a training, an evaluation or a prediction: what no step could say any more is refused here, in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ir.errors import ShapeError
from ..ir.spec import Array
from .batches import as_array


def finite_array(name: str, x: Any) -> Array:
    """`x` as an array of ours. Raises ShapeError, naming the place, for a NaN, an infinity, or a number beyond f32."""
    array = as_array(x)
    check_finite(name, array, x)
    return array


def check_finite(name: str, array: Array, given: Any = None) -> None:
    """Raises ShapeError, naming row and column, for a number that is not finite; `given` is what the array was made of."""
    if array.dtype.kind != "f" or not array.size:
        return
    with np.errstate(all="ignore"):
        if np.isfinite(array.min() + array.max()):
            return
    wrong = np.argwhere(~np.isfinite(array))
    if not len(wrong):  # only the sum of the two was infinite
        return
    row, *rest = (int(i) for i in wrong[0])
    place = f"row {row}" + (f", column {rest[0]}" if len(rest) == 1 else f", at {rest}" if rest else "")
    value = array[tuple(wrong[0])] if given is None else np.asarray(given)[tuple(wrong[0])]
    what = f"is {value}, beyond f32" if np.isfinite(value) else f"is {value}"
    raise ShapeError(f"{name}: {place} {what}; the data must be finite numbers")
