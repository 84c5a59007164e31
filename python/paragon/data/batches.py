"""Arrays of rows: the order of an epoch, and batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..ir.errors import ShapeError
from ..ir.spec import MASKED, NUMPY_DTYPES, Array
from ..tensor.operands import integer
from ..tensor.random import SHUFFLE_STREAM, permutation
from ..tensor.tensor import Tensor, tensor


def as_array(x: Any) -> Array:
    """x as a C-contiguous f32, i32 or u32 array, without a copy where it is one. Raises ShapeError as `paragon.tensor` does."""
    if isinstance(x, np.ndarray) and x.dtype in NUMPY_DTYPES.values() and not np.ma.is_masked(x):
        return np.ascontiguousarray(x).reshape(x.shape)
    return (x if isinstance(x, Tensor) else tensor(x)).numpy()


def rows_of(**arrays: Array) -> int:
    """The common number of rows. Raises ShapeError, naming the array, when they differ or there are none."""
    counts = {}
    for name, array in arrays.items():
        if array.ndim == 0:
            raise ShapeError(f"{name}: needs a first axis of rows, got a scalar")
        counts[name] = len(array)
    if len(set(counts.values())) > 1:
        raise ShapeError("the arrays differ in rows: " + ", ".join(f"{name} has {n}" for name, n in counts.items()))
    rows = next(iter(counts.values()))
    if rows == 0:
        raise ShapeError(f"{', '.join(counts)}: there are no rows")
    return rows


def epoch_order(rows: int, seed: int, epoch: int) -> Array:
    """int64 [rows]: the order of the rows in an epoch, `permutation` with stream 2^31 + epoch (docs/program.md)."""
    return permutation(rows, seed, SHUFFLE_STREAM + epoch)


def batches(
    *arrays: Any, batch_size: int, seed: int | None = None, epoch: int = 0, drop_last: bool = False
) -> Iterator[tuple[Array, ...]]:
    """Tuples of fresh arrays with `batch_size` rows (the last one may have fewer) of each array.

    Args:
        seed: shuffle, in the order that training uses in this epoch; None keeps the rows in their order.
        drop_last: leave a smaller last batch out.

    Raises:
        ShapeError: the arrays differ in rows, there are none, or elements are masked; or an argument is out of range.

    >>> [rows.tolist() for (rows,) in pg.data.batches(np.arange(5), batch_size=2, seed=0)]
    [[1, 4], [2, 0], [3]]
    """
    if any(map(np.ma.is_masked, arrays)):
        raise ShapeError(f"batches: {MASKED}")
    arrays = tuple(map(np.asarray, arrays))
    rows = rows_of(**{f"array {i}": a for i, a in enumerate(arrays)})
    if isinstance(batch_size, bool) or integer(batch_size, "batch_size") < 1:
        raise ShapeError(f"batch_size must be an integer of at least 1, got {batch_size!r}")
    if not 0 <= integer(epoch, "epoch") < SHUFFLE_STREAM:
        raise ShapeError(f"epoch must be an integer in 0 ... 2^31-1, got {epoch}")
    order = np.arange(rows) if seed is None else epoch_order(rows, seed, epoch)
    for start in range(0, rows - batch_size + 1 if drop_last else rows, batch_size):
        chosen = order[start : start + batch_size]
        yield tuple(array[chosen] for array in arrays)


def shuffled(arrays: Sequence[Array], seed: int, stream: int) -> list[Array]:
    """The arrays with their rows in the order of `permutation`."""
    order = permutation(len(arrays[0]), seed, stream)
    return [array[order] for array in arrays]
