"""What is known of a value before it is computed: its dtype and its shape; and the arrays that hold such values."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import ProgramError, ShapeError

Array = npt.NDArray[Any]

NUMPY_DTYPES: dict[str, np.dtype[Any]] = {
    "f32": np.dtype(np.float32),
    "i32": np.dtype(np.int32),
    "u32": np.dtype(np.uint32),
}
DTYPES = tuple(NUMPY_DTYPES)
MAX_RANK = 8
MAX_ELEMENTS = 2**31 - 1


class Spec(NamedTuple):
    """A dtype, one of `DTYPES`, and a shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.dtype}[{','.join(map(str, self.shape))}]"


def checked(spec: Spec) -> Spec:
    """`spec` itself. Raises ShapeError for a rank, a dimension or a number of elements beyond what a value may have."""
    if len(spec.shape) > MAX_RANK:
        raise ShapeError(f"the result has rank {len(spec.shape)}; the largest is {MAX_RANK}")
    if max(spec.shape, default=0) > MAX_ELEMENTS or min(spec.shape, default=0) < 0:
        raise ShapeError(f"the result {spec} has a dimension outside 0 ... {MAX_ELEMENTS}")
    if spec.size > MAX_ELEMENTS:
        raise ShapeError(f"the result {spec} has more than {MAX_ELEMENTS} elements")
    return spec


def dtype_name(array: Array) -> str | None:
    """The name of an array's dtype; None when it is not one of ours."""
    return next((name for name, dtype in NUMPY_DTYPES.items() if dtype == array.dtype), None)


def spec_of(array: Array) -> Spec:
    """The Spec of an array. Raises ShapeError when its dtype is not one of ours."""
    dtype = dtype_name(array)
    if dtype is None:
        raise ShapeError(f"{array.dtype} is not one of {', '.join(DTYPES)}; paragon.tensor converts")
    return Spec(dtype, array.shape)


def with_rows(spec: Spec, rows: int) -> Spec:
    """The same spec with another length of the first axis."""
    return Spec(spec.dtype, (rows, *spec.shape[1:]))


MASKED = "the array has masked elements, which have no value here; fill or remove them first"


def check_array(what: str, value: Any, spec: Spec) -> Array:
    """`value` as a C-contiguous array of exactly this dtype and shape. Raises ProgramError, naming `what`."""
    if np.ma.is_masked(value):
        raise ProgramError(f"{what}: {MASKED}")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ProgramError(f"{what}: {error}") from None
    if array.dtype != NUMPY_DTYPES[spec.dtype] or array.shape != spec.shape:
        raise ProgramError(f"{what}: needs {spec}, got {array.dtype}{list(array.shape)}")
    return np.require(array, requirements="C")
