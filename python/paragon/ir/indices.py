"""Indices that data brings into a program, checked before it runs.

For the operations an index outside is no error: `gather` yields zero for it, `scatter_add` leaves it out (docs/contract.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ShapeError
from .program import Node, Program
from .spec import Array

_MOVES: dict[str, Callable[..., Array]] = {
    "reshape": lambda x, *, shape: x.reshape(shape),
    "transpose": lambda x, *, axes: x.transpose(axes),
    "broadcast": lambda x, *, shape: np.broadcast_to(x, shape),
    "slice": lambda x, *, start, stop, step: x[tuple(map(slice, start, stop, step))],
}
"""The operations between an input and its use as indices that are followed."""


@dataclass(frozen=True)
class IndexCheck:
    """The indices that one `gather` or `scatter_add` takes from an input, `moves` between them, must be in 0 ... size-1."""

    name: str
    moves: tuple[Node, ...]
    size: int

    def __call__(self, inputs: Mapping[str, Any], first_row: int = 0) -> None:
        """Raises ShapeError, naming the input, the index and its row, when one is outside. Rows count from `first_row`."""
        array = np.asarray(inputs[self.name])
        found = self._moved(array)
        if found.size and not 0 <= int(found.min()) <= int(found.max()) < self.size:
            outside = (found < 0) | (found >= self.size)
            rows = np.arange(array.shape[0] if array.ndim else 1).reshape((-1, *[1] * (array.ndim - 1)))
            row = (
                first_row
                + self._moved(np.broadcast_to(rows.reshape(rows.shape[: array.ndim]), array.shape))[outside][0]
            )
            place = f" in row {row}" if array.ndim else ""
            raise ShapeError(f"{self.name}: the index {found[outside][0]}{place} is outside 0 ... {self.size - 1}")

    def _moved(self, array: Array) -> Array:
        for node in self.moves:
            array = _MOVES[node.op](array, **node.attributes)
        return array


def index_checks(program: Program) -> list[IndexCheck]:
    """A check for each place at which a program takes indices from an input as they are, or moved."""
    ways: dict[int, tuple[str, tuple[Node, ...]]] = {
        value: (name, ()) for value, name in enumerate(program.inputs) if program.inputs[name].dtype == "i32"
    }
    specs, checks = program.specs(), []
    for value, node in enumerate(program.operations, program.first_operation):
        if node.op in _MOVES and node.inputs[0] in ways:
            name, moves = ways[node.inputs[0]]
            ways[value] = name, (*moves, node)
        elif node.op in ("gather", "scatter_add") and node.inputs[1] in ways:
            size = (
                specs[node.inputs[0]].shape[node.attributes["axis"]] if node.op == "gather" else node.attributes["size"]
            )
            checks.append(IndexCheck(*ways[node.inputs[1]], size))
    return checks
