"""Rows in batches: the order of an epoch, gathering rows into a buffer, and running a program over all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..executors import Session, resolve
from ..executors.compiled import core
from ..ir.errors import ShapeError
from ..ir.program import Program
from ..ir.spec import NUMPY_DTYPES, Array, Spec
from ..tensor.random import SHUFFLE_STREAM, permutation
from ..tensor.tensor import Tensor, tensor


def as_array(x: Any) -> Array:
    """x as a C-contiguous f32, i32 or u32 array, without a copy where it is one. Raises ShapeError as `paragon.tensor` does."""
    if isinstance(x, np.ndarray) and x.dtype in NUMPY_DTYPES.values():
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
    *arrays: Array, batch_size: int, seed: int | None = None, epoch: int = 0, drop_last: bool = False
) -> Iterator[tuple[Array, ...]]:
    """Tuples of fresh arrays with `batch_size` rows (the last one may have fewer) of each array.

    Args:
        seed: shuffle, in the order that training uses in this epoch; None keeps the rows in their order.
        drop_last: leave a smaller last batch out.

    Raises:
        ShapeError: the arrays differ in rows, or there are none, or batch_size < 1.

    >>> [rows.tolist() for (rows,) in pg.data.batches(np.arange(5), batch_size=2, seed=0)]
    [[1, 4], [2, 0], [3]]
    """
    rows = rows_of(**{f"array {i}": a for i, a in enumerate(arrays)})
    if batch_size < 1:
        raise ShapeError(f"batch_size must be at least 1, got {batch_size}")
    order = np.arange(rows) if seed is None else epoch_order(rows, seed, epoch)
    for start in range(0, rows - batch_size + 1 if drop_last else rows, batch_size):
        chosen = order[start : start + batch_size]
        yield tuple(array[chosen] for array in arrays)


class Gatherer:
    """Copies chosen rows into buffers that it keeps: no allocation a step. The dict it returns is always the same one."""

    def __init__(self, arrays: dict[str, Array], batch_size: int) -> None:
        self.buffers = {name: np.empty((batch_size, *a.shape[1:]), a.dtype) for name, a in arrays.items()}
        self._pairs = [(a, self.buffers[name]) for name, a in arrays.items()]

    def __call__(self, chosen: Array) -> dict[str, Array]:
        for source, target in self._pairs:
            if core:
                core.take_rows(source, chosen, target)
            else:
                source.take(chosen, axis=0, out=target, mode="clip")  # "raise" would go through another buffer
        return self.buffers


def run_batches(program_for: Callable[[Spec], Program], x: Any, batch_size: int) -> Array:
    """The one output of `program_for(spec of a batch)`, which takes "x", for all rows of x, in batches. [rows, ...]"""
    x = as_array(x)
    rows = rows_of(x=x)
    if batch_size < 1:
        raise ShapeError(f"batch_size must be at least 1, got {batch_size}")
    executor, options = resolve(None, {})
    found: list[Array] = []
    sessions: dict[int, Session] = {}
    for start in range(0, rows, batch_size):
        part = x[start : start + batch_size]
        if len(part) not in sessions:
            sessions[len(part)] = executor.load(program_for(tensor_spec(part)), **options)
        found.extend(sessions[len(part)].run({"x": part}).values())
    return np.concatenate(found)


def tensor_spec(array: Array) -> Spec:
    """The Spec of an array that has one of our dtypes."""
    return Spec(next(d for d, t in NUMPY_DTYPES.items() if t == array.dtype), array.shape)


def with_rows(spec: Spec, rows: int) -> Spec:
    """The same spec with another number of rows."""
    return Spec(spec.dtype, (rows, *spec.shape[1:]))


def shuffled(arrays: Sequence[Array], seed: int, stream: int) -> list[Array]:
    """The arrays with their rows in the order of `permutation`."""
    order = permutation(len(arrays[0]), seed, stream)
    return [array[order] for array in arrays]
