"""Indices that data brings into a program, checked before it runs: inside, one out of range would silently yield zeros."""

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

    def __call__(self, inputs: Mapping[str, Any]) -> None:
        """Raises ShapeError, naming the input and the index, when one is outside."""
        found = np.asarray(inputs[self.name])
        for node in self.moves:
            found = _MOVES[node.op](found, **node.attributes)
        if found.size and (found.min() < 0 or found.max() >= self.size):
            outside = found[(found < 0) | (found >= self.size)].flat[0]
            raise ShapeError(f"input {self.name!r}: index {outside} is outside 0 ... {self.size - 1}")


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
