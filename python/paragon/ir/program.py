"""The program: a small, static-shaped, single-assignment list of contract operations (docs/program.md).

A `Program` is data. It is made by tracing (tensor/tracing.py) or read from JSON, and run by an executor.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, Protocol

from . import strict_json
from .errors import ProgramError, ShapeError
from .fields import check_name, members, spec_of
from .fingerprint import fingerprint
from .operations import TABLE
from .recent import Recent
from .spec import DTYPES, Array, Spec, check_array
from .tensor_files import MODEL, write_tensors

FORMAT, VERSION, CONTRACT = "paragon-program", 1, 1
MAX_OPERATIONS = 200_000  # so that a program fits into the header of a model file
SESSIONS = 16
"""How many sessions a program keeps: one for each executor with other options."""


@dataclass(frozen=True)
class Node:
    """One operation of a program: what it does, the value numbers it reads, and what it yields."""

    op: str
    inputs: tuple[int, ...]
    attributes: Mapping[str, Any]
    spec: Spec


class Runner(Protocol):
    """What `Program.run` hands checked inputs to. It stands above this module: executors/registry.py sets `Program.runner`."""

    def __call__(
        self, program: Program, inputs: Mapping[str, Any], executor: Any, options: Mapping[str, Any]
    ) -> dict[str, Array]: ...


@dataclass
class Program:
    """Named inputs and state, operations, named outputs, and updates of the state.

    Values are numbered: inputs, then state, then operations, each in order; `outputs` and `updates` map names to such numbers.
    `values` holds the present arrays of the state, by name, and `meta` free text for people. `paragon.trace` makes programs.

    >>> program = pg.trace(lambda x: pg.sum(x * x), np.ones(3, np.float32))
    >>> print(program)
    %0  f32[3]  input   x
    %1  f32[3]  mul     x, x
    %2  f32[]   sum     %1; axes=0, keepdims=False, panel=256
    %2  f32[]   output  output
    """

    inputs: dict[str, Spec]
    state: dict[str, Spec]
    operations: list[Node]
    outputs: dict[str, int]
    updates: dict[str, int] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    captured: frozenset[str] = frozenset()
    """The states that are no parameters: tensors that the traced function read from outside, which no run changes."""

    sessions: Recent[Any] = field(default_factory=lambda: Recent(SESSIONS), init=False, repr=False, compare=False)
    """Where `run` keeps the program as executors prepared it, for the settings that were used last. Copies begin without."""

    lock: Any = field(default_factory=RLock, init=False, repr=False, compare=False)
    """Held while `values` are read or brought forward: runs from several threads come one after another."""

    runner: ClassVar[Runner]

    def __getstate__(self) -> dict[str, Any]:
        with self.lock:
            return {k: dict(v) if k == "values" else v for k, v in vars(self).items() if k not in ("sessions", "lock")}

    def __setstate__(self, fields: dict[str, Any]) -> None:
        vars(self).update(fields, sessions=Recent(SESSIONS), lock=RLock())

    @property
    def first_operation(self) -> int:
        """The value number of the first operation."""
        return len(self.inputs) + len(self.state)

    def specs(self) -> list[Spec]:
        """The spec of every value, by value number."""
        return [*self.inputs.values(), *self.state.values(), *(node.spec for node in self.operations)]

    def run(self, inputs: Mapping[str, Any] | None = None, executor: Any = None, **options: Any) -> dict[str, Array]:
        """Run once: return the outputs by name, and replace in `values` the states that the program updates.

        Runs of one program from several threads come one after another: none is lost.

        Args:
            inputs: an array (or tensor) for each input, of exactly its dtype and shape.
            executor: a name from `paragon.executors()`, or an executor; the one in use when None.
            options: passed to the executor, for instance `isa=` and `threads=` for "cpu".

        Raises:
            ProgramError: an input is missing, unknown, or of another dtype or shape.
            ExecutorError: the executor is not available.

        >>> program = pg.trace(lambda x: pg.sum(x * x), np.ones(3, np.float32))
        >>> program.run({"x": np.arange(3, dtype=np.float32)}, executor="reference")
        {'output': array(5., dtype=float32)}
        """
        return Program.runner(self, self.bind({} if inputs is None else inputs), executor, options)

    def bind(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """An array for each input by name, C-contiguous, of its dtype and shape. Raises ProgramError, naming the input."""
        takes = ", ".join(f"{name}: {spec}" for name, spec in self.inputs.items()) or "none"
        if not isinstance(inputs, Mapping):
            raise ProgramError(
                f"inputs: must be a dict of arrays by name, got {type(inputs).__name__}; the program takes {takes}"
            )
        missing, unknown = set(self.inputs) - set(inputs), set(inputs) - set(self.inputs)
        if missing or unknown:
            wrong = f"missing {sorted(missing)}" if missing else f"unknown {sorted(unknown, key=str)}"
            raise ProgramError(f"inputs: {wrong}; the program takes {takes}")
        return {name: check_array(f"input {name!r}", inputs[name], spec) for name, spec in self.inputs.items()}

    def save(self, path: str | Path, others: Mapping[str, Program] | None = None) -> None:
        """Write a model file: state and program in one safetensors file, replaced atomically. `paragon.load` reads it.

        Args:
            others: further programs over a subset of the same state, kept under their names.

        What would not be read back is not written: nothing happens to a file that is there.

        Raises:
            ProgramError: a state has no value, or one of another dtype or shape; a program that `from_json` refuses, or whose
                state is not in this one.
            FileError: a name that the file cannot hold; see `write_tensors`.

        >>> def count(state, x):
        ...     total = state["total"] + pg.sum(x)
        ...     return total, {"total": total}
        >>> counter = pg.trace(count, np.ones(3, np.float32), state={"total": np.float32(0)})
        >>> counter.run({"x": np.ones(3, np.float32)})
        {'output': array(3., dtype=float32)}
        >>> counter.save("counter.safetensors")
        >>> pg.load("counter.safetensors").values
        {'total': array(3., dtype=float32)}
        """
        held = self.state_dict()
        values = {name: check_array(f"state {name!r}", held.get(name), spec) for name, spec in self.state.items()}
        texts = {"program": self.to_json()}
        for name, other in (others or {}).items():
            if foreign := [state for state, spec in other.state.items() if self.state.get(state) != spec]:
                raise ProgramError(f"the program {name!r} has the state {foreign[0]!r}, which the main one has not")
            texts[f"program.{check_name(name)}"] = other.to_json()
        for text in texts.values():
            Program.from_json(text)
        write_tensors(path, values, {"format": MODEL, **texts})

    def state_dict(self) -> dict[str, Array]:
        """The present arrays of the state by name."""
        with self.lock:
            return dict(self.values)

    def fingerprint(self) -> str:
        """The fingerprint of the state (docs/contract.md, section 8)."""
        return fingerprint(self.state_dict())

    # --- JSON ---------------------------------------------------------------------------------------------------------

    def to_json(self, indent: int | None = None) -> str:
        """The program as JSON text (docs/program.md), without the arrays of the state.

        Raises:
            ProgramError: `meta` holds what JSON has not, for instance NaN or an array.
        """
        first = self.first_operation
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "contract": CONTRACT,
            "inputs": [_declaration(name, spec) for name, spec in self.inputs.items()],
            "state": [_declaration(name, spec) for name, spec in self.state.items()],
            "operations": [
                {
                    "op": node.op,
                    "inputs": list(node.inputs),
                    "output": first + i,
                    "dtype": node.spec.dtype,
                    "shape": list(node.spec.shape),
                    "attributes": dict(node.attributes),
                }
                for i, node in enumerate(self.operations)
            ],
            "outputs": [{"name": name, "value": value} for name, value in self.outputs.items()],
            "updates": [{"state": name, "value": value} for name, value in self.updates.items()],
        }
        if self.meta:
            document["meta"] = self.meta
        try:
            json.dumps(self.meta, ensure_ascii=False).encode()  # refuses what is no Unicode
            return json.dumps(document, indent=indent, separators=None if indent else (",", ":"), allow_nan=False)
        except (ValueError, TypeError, RecursionError) as error:
            raise ProgramError(f"program: meta must be JSON: {error}") from None

    @classmethod
    def from_json(cls, text: str) -> Program:
        """The program in JSON text; its state has no arrays. Raises ProgramError, naming the operation and value that are wrong."""
        try:
            document = strict_json.parse(text)
        except ValueError as error:
            raise ProgramError(f"program: not valid JSON: {error}") from None
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Any) -> Program:
        """The program in what `strict_json.parse` has read. Raises ProgramError as `from_json`."""
        return _Reader(document).program()

    def describe(self) -> Iterator[tuple[str, str, str, str]]:
        """Rows (value, spec, operation, operands with attributes) for people, as `str(program)` shows them."""
        names = [*self.inputs, *self.state]
        shown = dict(enumerate(names))
        for i, (name, spec) in enumerate([*self.inputs.items(), *self.state.items()]):
            yield f"%{i}", str(spec), "input" if i < len(self.inputs) else "state", name
        for i, node in enumerate(self.operations, self.first_operation):
            operands = ", ".join(shown.get(v, f"%{v}") for v in node.inputs)
            attributes = ", ".join(f"{k}={_plain(v)}" for k, v in node.attributes.items())
            yield f"%{i}", str(node.spec), node.op, "; ".join(filter(None, (operands, attributes)))
        for kind, pairs in (("output", self.outputs), ("update", self.updates)):
            for name, value in pairs.items():
                yield f"%{value}", str(self.specs()[value]), kind, name

    def __str__(self) -> str:
        rows = list(self.describe())
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
        return "\n".join("  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[3]]) for row in rows)


def _declaration(name: str, spec: Spec) -> dict[str, Any]:
    """An input or a state as JSON has it."""
    return {"name": name, "dtype": spec.dtype, "shape": list(spec.shape)}


def _plain(value: Any) -> str:
    """An attribute as people read it: lists as 2x3."""
    return "x".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


class _Reader:
    """Reads the JSON of one program; every complaint names the place."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def program(self) -> Program:
        d = members(
            "program",
            self.document,
            ("format", "version", "contract", "inputs", "state", "operations", "outputs", "updates"),
            ("meta",),
        )
        for key, want in (("format", FORMAT), ("version", VERSION), ("contract", CONTRACT)):
            if d[key] != want or type(d[key]) is not type(want):
                raise ProgramError(f"program: {key} is {d[key]!r}, this library reads {want!r}")
        if not isinstance(d.get("meta", {}), dict):
            raise ProgramError("program: meta must be an object")
        inputs, state = self._declarations("inputs"), self._declarations("state")
        if both := set(inputs) & set(state):
            raise ProgramError(f"program: {sorted(both)} are both inputs and state")
        specs = [*inputs.values(), *state.values()]
        operations = self._operations(specs)
        outputs = self._references("outputs", "name", len(specs))
        updates = self._references("updates", "state", len(specs))
        for name, value in updates.items():
            if name not in state:
                raise ProgramError(f"updates: {name!r} is not a state")
            if specs[value] != state[name]:
                raise ProgramError(f"updates: {name!r} is {state[name]}, value {value} is {specs[value]}")
        return Program(inputs, state, operations, outputs, updates, meta=d.get("meta", {}))

    def _list(self, key: str) -> list[Any]:
        value = self.document[key]
        if not isinstance(value, list):
            raise ProgramError(f"program: {key} must be a list")
        return value

    def _declarations(self, key: str) -> dict[str, Spec]:
        found: dict[str, Spec] = {}
        for i, item in enumerate(self._list(key)):
            where = f"{key}[{i}]"
            d = members(where, item, ("name", "dtype", "shape"))
            name = check_name(d["name"])
            if name in found:
                raise ProgramError(f"{where}: the name {name!r} appears twice")
            found[name] = _spec(where, d)
        return found

    def _operations(self, specs: list[Spec]) -> list[Node]:
        items = self._list("operations")
        if len(items) > MAX_OPERATIONS:
            raise ProgramError(f"program: {len(items)} operations; the most is {MAX_OPERATIONS}")
        nodes: list[Node] = []
        for i, item in enumerate(items):
            where = f"operation {i}"
            d = members(where, item, ("op", "inputs", "output", "dtype", "shape", "attributes"))
            where = f"operation {i} ({d['op']})"
            if not isinstance(d["op"], str) or d["op"] not in TABLE:
                raise ProgramError(f"{where}: there is no such operation")
            if not isinstance(d["inputs"], list) or not isinstance(d["attributes"], dict):
                raise ProgramError(f"{where}: inputs must be a list and attributes an object")
            inputs = tuple(_value_number(where, v, len(specs)) for v in d["inputs"])
            if d["output"] != len(specs) or type(d["output"]) is not int:
                raise ProgramError(f"{where}: output is {d['output']!r}, must be {len(specs)}")
            try:
                spec = TABLE[d["op"]].spec([specs[v] for v in inputs], d["attributes"])
            except ShapeError as error:
                raise ProgramError(f"{where}: {error}") from None
            if _spec(where, d) != spec:
                raise ProgramError(
                    f"{where}: value {len(specs)} is declared {_spec(where, d)}, the operation yields {spec}"
                )
            attributes = {k: tuple(v) if isinstance(v, list) else v for k, v in d["attributes"].items()}
            nodes.append(Node(d["op"], inputs, attributes, spec))
            specs.append(spec)
        return nodes

    def _references(self, key: str, label: str, count: int) -> dict[str, int]:
        found: dict[str, int] = {}
        for i, item in enumerate(self._list(key)):
            d = members(f"{key}[{i}]", item, (label, "value"))
            name = check_name(d[label])
            if name in found:
                raise ProgramError(f"{key}[{i}]: the name {name!r} appears twice")
            found[name] = _value_number(f"{key}[{i}]", d["value"], count)
        return found


def _value_number(where: str, value: Any, count: int) -> int:
    """`value`, the number of one of the first `count` values. Raises ProgramError, naming the place `where`."""
    if type(value) is not int or not 0 <= value < count:
        raise ProgramError(f"{where}: there is no value {value!r} before it")
    return value


def _spec(where: str, d: Mapping[str, Any]) -> Spec:
    """The dtype and shape that an object states. Raises ProgramError, naming the place `where`."""
    if d["dtype"] not in DTYPES:
        raise ProgramError(f"{where}: dtype {d['dtype']!r} is not one of {', '.join(DTYPES)}")
    return spec_of(where, d["dtype"], d["shape"])
