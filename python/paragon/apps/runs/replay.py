"""What a run of `fit` keeps so that it can be run again from its record alone: its programs, its first state, and its rows.

A replay needs no model, no loss and no Python of the user's: programs, words, and the order that the seed gives.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paragon import FileError, Program, fingerprint
from paragon.data.batches import epoch_order
from paragon.data.feed import Feeder
from paragon.executors import Executor
from paragon.ir.spec import Array
from paragon.ir.tensor_files import read_tensors, write_atomic, write_tensors
from paragon.tensor.random import seed_words
from paragon.training.callbacks import Run

from . import pages
from .files import ARRAYS, read_bytes
from .record import RunSummary
from .sources import arrays_from
from .store import RunFolder, Store

STEP, REST = "program_step.json", "program_rest.json"
INITIAL, REST_CONSTANTS = "initial.safetensors", "rest_constants.safetensors"
CAPTURED = (
    "captured"  # in the metadata of INITIAL: the states of the step program that are constants which it alone reads
)
ORDER = "permutation(rows, seed, epoch)"


def program_hash(program: Program) -> str:
    """SHA-256 of a program's JSON."""
    return hashlib.sha256(program.to_json().encode()).hexdigest()


def keep_arrays(store: Store, arrays: Mapping[str, Array], sha256: str) -> None:
    """Keep rows below the root, once for all runs that work on them."""
    path = store.root / ARRAYS / f"{sha256}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tensors(path, arrays, {})
        pages.write_arrays(path)


def find_arrays(store: Store, summary: RunSummary) -> dict[str, Array]:
    """The rows of a run: those that were kept, or else made again from where they came. Their hash is checked.

    Raises FileError when there are none, or others.
    """
    assert summary.data is not None
    path = store.root / ARRAYS / f"{summary.data.sha256}.safetensors"
    if path.exists():
        where, arrays = str(path), read_tensors(path)[0]
    elif summary.data.source is not None:
        where, arrays = f"the source of {summary.data.name}", arrays_from(summary.data.source)
    else:
        raise FileError(
            f"{path}: the rows of {summary.id} were not kept; record with keep_data=True, or name their source"
        )
    if (found := fingerprint(arrays)) != summary.data.sha256:
        raise FileError(f"{where}: gives other rows than the run had (fingerprint {found}, not {summary.data.sha256})")
    return arrays


def keep(folder: RunFolder, run: Run) -> dict[str, str]:
    """Write the programs and the first state of a training that is about to begin; the files' names and kinds."""
    training = run.training
    step = run.step_program(training.batch_size)
    write_atomic(folder.path / STEP, step.to_json().encode())
    write_tensors(folder.path / INITIAL, run.state(), {CAPTURED: json.dumps(sorted(step.captured))})
    kept = {STEP: "program", INITIAL: "tensors"}
    if training.rest:
        rest = run.step_program(training.rest)
        write_atomic(folder.path / REST, rest.to_json().encode())
        kept[REST] = "program"
        if rest.captured:
            write_tensors(folder.path / REST_CONSTANTS, {name: rest.values[name] for name in rest.captured}, {})
            kept[REST_CONSTANTS] = "tensors"
    return kept


@dataclass
class Replay:
    """A training as programs and words."""

    step: Program
    rest: Program | None
    initial: dict[str, Array]
    arrays: dict[str, Array]
    seed: int
    batch_size: int
    steps: int

    @classmethod
    def load(cls, folder: RunFolder, store: Store) -> Replay:
        """What a run kept. Raises FileError, naming what is missing, damaged, or not what the record says."""
        summary = folder.read()
        needed = {"data": summary.data, "program": summary.program, "seed": summary.seed, "steps": summary.steps}
        if lacking := [name for name, value in {**needed, "batch_size": summary.batch_size}.items() if value is None]:
            raise FileError(f"{folder.path}: the record of a {summary.kind} holds no {', '.join(lacking)} to run again")
        assert summary.program and summary.seed is not None and summary.steps is not None and summary.batch_size
        step = _program(folder.path / STEP, summary.program.step)
        rest = _program(folder.path / REST, summary.program.rest) if summary.program.rest else None
        initial, metadata = read_tensors(folder.path / INITIAL)
        step.captured = frozenset(json.loads(metadata.get(CAPTURED, "[]")))
        step.values.update(initial)
        if rest is not None:
            own = read_tensors(folder.path / REST_CONSTANTS)[0] if (folder.path / REST_CONSTANTS).exists() else {}
            rest.captured = frozenset(own)
            rest.values.update({name: x for name, x in initial.items() if name in rest.state} | own)
        if (found := fingerprint(initial)) != summary.fingerprints.initial:
            raise FileError(f"{folder.path / INITIAL}: is not the first state of the run (fingerprint {found})")
        arrays = find_arrays(store, summary)
        return cls(step, rest, initial, arrays, summary.seed, summary.batch_size, summary.steps)

    @property
    def steps_an_epoch(self) -> int:
        """The steps of an epoch."""
        rows = len(next(iter(self.arrays.values())))
        return rows // self.batch_size + (self.rest is not None and rows % self.batch_size > 0)

    def program(self, rows: int) -> Program:
        """The program of a step on so many rows."""
        program = self.step if rows == self.batch_size else self.rest
        assert program is not None
        return program

    def feeder(self, executor: str | Executor | None = None, options: Mapping[str, Any] | None = None) -> Feeder:
        """The rows and the programs on an executor, at the first state."""
        feeder = Feeder(self.program, self.arrays, {"seed": seed_words(self.seed).numpy()}, executor, options)
        feeder.set_state(self.batch_size, self.initial)
        return feeder

    def run(self, feeder: Feeder, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Run the steps start ... stop - 1 of the whole run; yields (finished steps, rows of the step) after each."""
        each = self.steps_an_epoch
        for step in range(start, stop):
            epoch, t = divmod(step, each)
            if t == 0 or step == start:
                order = epoch_order(feeder.rows, self.seed, epoch)
            for rows, _ in feeder.run(self.batch_size, range(t, t + 1), order):
                yield step + 1, rows

    def batch(self, step: int) -> dict[str, Array]:
        """The inputs of step number `step`, counted from 0."""
        epoch, t = divmod(step, self.steps_an_epoch)
        rows = len(next(iter(self.arrays.values())))
        chosen = epoch_order(rows, self.seed, epoch)[t * self.batch_size : (t + 1) * self.batch_size]
        inputs = {name: np.ascontiguousarray(x[chosen]) for name, x in self.arrays.items()}
        return inputs | ({"seed": seed_words(self.seed).numpy()} if "seed" in self.step.inputs else {})


def _program(path: Path, expected: str | None) -> Program:
    program = Program.from_json(read_bytes(path).decode())
    if (found := program_hash(program)) != expected:
        raise FileError(f"{path}: is not the program of the record (SHA-256 {found}, not {expected})")
    return program
