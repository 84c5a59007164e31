"""Integers of an input that a program uses as indices: refused where data enter, when one is out of range.

For the operations an index outside is no error: `gather` yields zero for it, `scatter_add` leaves it out (docs/contract.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ir.errors import ShapeError
from ..ir.program import Node, Program
from ..ir.spec import Array, Spec

INDEXED = ("gather", "scatter_add")
REARRANGED = ("reshape", "transpose", "broadcast")


def check_indices(program: Program, arrays: Mapping[str, Array]) -> None:
    """Raises ShapeError, naming input and row. `arrays` holds all rows of the inputs, of which the program takes some."""
    for name, array, limit in _uses(program, arrays):
        if array.size and not 0 <= int(array.min()) <= int(array.max()) < limit:
            row = int(((array < 0) | (array >= limit)).reshape(len(array), -1).any(axis=1).argmax())
            wrong = next(int(v) for v in array[row].flat if not 0 <= v < limit)
            raise ShapeError(f"{name}: the index {wrong} in row {row} is outside 0 ... {limit - 1}")


def _uses(program: Program, arrays: Mapping[str, Array]) -> Iterator[tuple[str, Array, int]]:
    """(input, the part of its rows that serves as indices, how many there are to choose from) of each use."""
    specs = program.specs()
    found = {k: (name, arrays[name], True) for k, name in enumerate(program.inputs) if name in arrays}
    for k, node in enumerate(program.operations, program.first_operation):
        if node.op in INDEXED and node.inputs[1] in found:
            name, part, _ = found[node.inputs[1]]
            yield name, part, _choices(node, specs)
        elif node.op in REARRANGED and node.inputs[0] in found:
            found[k] = (*found[node.inputs[0]][:2], False)
        elif node.op == "slice" and node.inputs[0] in found:
            name, part, as_given = found[node.inputs[0]]
            first, *others = zip(*(node.attributes[key] for key in ("start", "stop", "step")), strict=True)
            if as_given and first == (0, specs[node.inputs[0]].shape[0], 1):
                found[k] = name, part[(slice(None), *(slice(*bounds) for bounds in others))], True


def _choices(node: Node, specs: list[Spec]) -> int:
    if node.op == "scatter_add":
        return int(node.attributes["size"])
    return specs[node.inputs[0]].shape[int(node.attributes["axis"])]
