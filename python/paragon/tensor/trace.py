"""The trace: a program while it is being written, one record a value.

`tracing.trace` and `autograd` write through it; `finish` gives the program of what is needed for the outputs and updates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from ..ir.errors import ProgramError
from ..ir.fields import check_name
from ..ir.program import Node, Program
from ..ir.spec import Array, Spec
from .tensor import Tensor, from_array

Pullback = Callable[..., Sequence["Tensor | None"]]
"""(gradient of the result, result, *operands) -> a gradient for each operand, or None."""


@dataclass
class Record:
    """One value of a trace. `op` is "input", "state", "alias" (of its one operand) or an operation of the table.

    An alias may carry a `pullback`, which then replaces the derivative of what lies between `sources` and it.
    """

    op: str
    inputs: tuple[int, ...]
    attributes: dict[str, Any]
    spec: Spec
    name: str = ""
    captured: bool = False  # a state that the traced function read from outside: no run changes it
    pullback: Pullback | None = None
    sources: tuple[int, ...] = ()


class Trace:
    """A program being written. Equal operations on equal operands are written once."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.values: dict[str, Array] = {}
        self._names: set[str] = set()  # of inputs and states
        self._seen: dict[Any, int] = {}
        self._captured: dict[int, tuple[Tensor, int]] = {}  # the tensor is kept so that its id stays taken

    def _append(self, record: Record) -> Tensor:
        self.records.append(record)
        return Tensor(record.spec, None, self, len(self.records) - 1)

    def input(self, name: str, spec: Spec, boolean: bool = False) -> Tensor:
        """A new input. Raises ProgramError for a name that a program cannot have, or has."""
        declared = self._append(Record("input", (), {}, spec, self._new_name(name)))
        declared.boolean = boolean
        return declared

    def state(self, name: str, array: Array) -> Tensor:
        """A new state that begins as a copy of `array`. Raises ProgramError for a name that a program cannot have, or has."""
        self.values[self._new_name(name)] = np.array(array)
        return self._append(Record("state", (), {}, from_array(array).spec, name))

    def _new_name(self, name: str) -> str:
        if check_name(name) in self._names:
            raise ProgramError(f"the name {name!r} stands for two inputs or states: rename one, or a key of its path")
        self._names.add(name)
        return name

    def _capture(self, array: Array) -> Tensor:
        """A state of the first free name among constant.0, constant.1, ..."""
        name = next(name for k in count() if (name := f"constant.{k}") not in self._names)
        captured = self.state(name, array)
        self.records[captured.value].captured = True
        return captured

    def emit(self, op: str, operands: Sequence[Tensor], attributes: dict[str, Any], spec: Spec) -> Tensor:
        """The value of an operation: a new one, or that of an equal operation before it."""
        inputs = tuple(self.lift(x).value for x in operands)
        key = (op, inputs, tuple(sorted(attributes.items())))
        if key not in self._seen:
            self._seen[key] = self._append(Record(op, inputs, attributes, spec)).value
        return Tensor(spec, None, self, self._seen[key])

    def alias(self, x: Tensor, pullback: Pullback | None = None, sources: Sequence[Tensor] = ()) -> Tensor:
        """A new value equal to x. It costs nothing: it is gone from the finished program."""
        x = self.lift(x)
        same = self._append(
            Record("alias", (x.value,), {}, x.spec, pullback=pullback, sources=tuple(s.value for s in sources))
        )
        same.boolean = x.boolean
        return same

    def lift(self, x: Tensor) -> Tensor:
        """x as a value of this trace: a constant operation when all words are equal, else state that no run updates."""
        if x.trace is self:
            return x
        if x.trace is not None:
            raise ProgramError("a traced tensor was used outside its trace; return it from the traced function instead")
        if id(x) not in self._captured:
            words = x.numpy().view(np.uint32).ravel()
            if words.size and (words == words[0]).all():
                attributes = {"dtype": x.dtype, "shape": x.shape, "word": f"{int(words[0]):08x}"}
                lifted = self.emit("constant", (), attributes, x.spec)
            else:
                lifted = self._capture(x.numpy())
            self._captured[id(x)] = (x, lifted.value)
        return Tensor(x.spec, None, self, self._captured[id(x)][1], x.boolean)

    def finish(self, outputs: dict[str, Tensor], updates: dict[str, Tensor] | None = None) -> Program:
        """The program that yields these outputs and updates: everything else that was traced is left out."""
        ends = {name: self.lift(x).value for name, x in outputs.items()}
        changes = {name: self.lift(x).value for name, x in (updates or {}).items()}
        needed = self._needed({*ends.values(), *changes.values()})
        number: dict[int, int] = {}  # of each record that is kept: the number of its value in the program
        inputs, state = (self._declarations(kind, needed, number) for kind in ("input", "state"))
        nodes = self._nodes(needed, number)
        return Program(
            inputs,
            state,
            nodes,
            {name: number[v] for name, v in ends.items()},
            {name: number[v] for name, v in changes.items()},
            {name: self.values[name] for name in state},
            captured=frozenset(r.name for r in self.records if r.captured and r.name in state),
        )

    def _needed(self, ends: set[int]) -> set[int]:
        """`ends` and every record that they were computed from."""
        needed = set(ends)
        for i in range(len(self.records) - 1, -1, -1):
            if i in needed:
                needed.update(self.records[i].inputs)
        return needed

    def _declarations(self, kind: str, needed: set[int], number: dict[int, int]) -> dict[str, Spec]:
        """The specs of all inputs, or of all states, by name, and their numbers. A captured tensor is kept only if needed."""
        found: dict[str, Spec] = {}
        for i, record in enumerate(self.records):
            if record.op == kind and (i in needed or not record.captured):
                number[i] = len(number)
                found[record.name] = record.spec
        return found

    def _nodes(self, needed: set[int], number: dict[int, int]) -> list[Node]:
        """The needed operations without aliases, and their numbers. Operations that differed only by an alias become one."""
        nodes: list[Node] = []
        first = len(number)
        seen: dict[Any, int] = {}
        for i, record in enumerate(self.records):
            if i not in needed or record.op in ("input", "state"):
                continue
            inputs = tuple(number[v] for v in record.inputs)
            key = (record.op, inputs, tuple(sorted(record.attributes.items())))
            if record.op == "alias":
                number[i] = inputs[0]
            elif key in seen:
                number[i] = seen[key]
            else:
                number[i] = seen[key] = first + len(nodes)
                nodes.append(Node(record.op, inputs, record.attributes, record.spec))
        return nodes
