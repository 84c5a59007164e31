"""The feeder: runs a program over the rows of arrays, batch by batch. Training, evaluation, prediction and jobs all go through it.

Programs have static shapes, so there is one session for each size of batch; the sessions share one state, which moves to the one
that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..executors.compiled import core
from ..executors.registry import Executor, resolve
from ..ir.errors import ShapeError
from ..ir.indices import index_checks
from ..ir.program import Program
from ..ir.spec import Array, Spec, spec_of, with_rows
from .batches import as_array, rows_of


class Gatherer:
    """Copies chosen rows into buffers that it keeps: no allocation a step. The dict it returns is always the same one."""

    def __init__(self, arrays: Mapping[str, Array], batch_size: int) -> None:
        self.buffers = {name: np.empty((batch_size, *a.shape[1:]), a.dtype) for name, a in arrays.items()}
        self._pairs = [(a, self.buffers[name]) for name, a in arrays.items()]

    def __call__(self, chosen: Array) -> dict[str, Array]:
        for source, target in self._pairs:
            if core:
                core.take_rows(source, chosen, target)
            else:
                source.take(chosen, axis=0, out=target, mode="clip")  # "raise" would go through another buffer
        return self.buffers


class _Stage:
    """A program for batches of one size, loaded into an executor. `version` tells which state its session holds (see Feeder)."""

    def __init__(
        self,
        program: Program,
        rows: int,
        arrays: Mapping[str, Array],
        fixed: Mapping[str, Array],
        executor: Executor,
        options: Mapping[str, Any],
    ) -> None:
        self.program, self._arrays = program, arrays
        self.session = executor.load(program, **options)
        self.version = 0
        self._rows = rows
        self._fixed = {name: x for name, x in fixed.items() if name in program.inputs}
        self._gather: Gatherer | None = None

    def inputs(self, start: int, stop: int, order: Array | None) -> dict[str, Array]:
        if order is None:
            return {name: array[start:stop] for name, array in self._arrays.items()} | self._fixed
        if self._gather is None:
            self._gather = Gatherer(self._arrays, self._rows)
            self._gather.buffers.update(self._fixed)
        return self._gather(order[start:stop])


class Feeder:
    """Rows and the program that takes them.

    Args:
        program_for: the program for batches of so many rows. Its inputs are the names of `arrays`, and any of `fixed`.
            With the first one, integers among the rows that serve as indices are checked.
        arrays: the rows, by input, on the first axis of each.
        fixed: values of inputs that are the same at every step, such as the seed.
        executor, options: as for `Program.run`; the executor in use when None.
    """

    def __init__(
        self,
        program_for: Callable[[int], Program],
        arrays: Mapping[str, Array],
        fixed: Mapping[str, Array] | None = None,
        executor: str | Executor | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.rows = rows_of(**arrays)
        self._program_for, self._arrays, self._fixed = program_for, arrays, fixed or {}
        self._executor, self._options = resolve(executor, options or {})
        self._stages: dict[int, _Stage] = {}
        self._active: _Stage | None = None
        self._version = 0  # grows with every change of the state; a stage with another one has an old state

    def program(self, rows: int) -> Program:
        """The program for batches of so many rows, loaded."""
        return self._stage(rows).program

    def _stage(self, rows: int) -> _Stage:
        if rows not in self._stages:
            program = self._program_for(rows)
            if not self._stages:
                self._check_indices(program, rows)
            self._stages[rows] = _Stage(program, rows, self._arrays, self._fixed, self._executor, self._options)
        return self._stages[rows]

    def _check_indices(self, program: Program, rows: int) -> None:
        """Check all rows, as batches of so many; the last one may overlap the one before."""
        checks = [check for check in index_checks(program) if check.name in self._arrays]
        if not checks:
            return
        for start in [*range(0, self.rows - rows, rows), self.rows - rows]:
            batch = {name: array[start : start + rows] for name, array in self._arrays.items()}
            for check in checks:
                check(batch, first_row=start)

    def _move_to(self, stage: _Stage) -> None:
        """Go on with another stage. What a program captured while it was traced is its own, and may be the other's name, too."""
        if self._active is not None and stage.version != self._version:
            own = stage.program.captured | self._active.program.captured
            stage.session.set_state({k: x for k, x in self._active.session.state().items() if k not in own})
            stage.version = self._version
        self._active = stage

    def _changed(self, stage: _Stage) -> None:
        """The state of this stage is the present one."""
        self._version += 1
        stage.version = self._version

    def run(self, batch: int, steps: range, order: Array | None = None) -> Iterator[tuple[int, dict[str, Array]]]:
        """Run the steps: step t on the rows order[t*batch : (t+1)*batch], of which the last may be fewer.

        Args:
            order: the rows by their numbers; as they stand when None.

        Yields:
            The number of rows of a step, and its outputs.
        """
        for t in steps:
            start, stop = t * batch, min((t + 1) * batch, self.rows)
            stage = self._stage(stop - start)
            self._move_to(stage)
            out = stage.session.run(stage.inputs(start, stop, order))
            if stage.program.updates:
                self._changed(stage)
            yield stop - start, out

    def state(self, rows: int) -> dict[str, Array]:
        """A copy of the present state, as the program for batches of so many rows has it."""
        program = self.program(rows)
        present = self._active.session.state() if self._active else program.values
        return {name: program.values[name] if name in program.captured else present[name] for name in program.state}

    def set_state(self, rows: int, values: Mapping[str, Array]) -> None:
        """Replace the named states; the program for batches of so many rows goes on from them."""
        stage = self._stage(rows)
        self._move_to(stage)
        stage.session.set_state(values)
        self._changed(stage)


def run_batches(program_for: Callable[[Spec], Program], x: Any, batch_size: int) -> Array:
    """The one output of `program_for(spec of a batch)`, which takes "x", for all rows of x, in batches. [rows, ...]"""
    x = as_array(x)
    spec, rows = spec_of(x), rows_of(x=x)
    if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ShapeError(f"batch_size must be an integer of at least 1, got {batch_size!r}")
    feeder = Feeder(lambda n: program_for(with_rows(spec, n)), {"x": x})
    steps = range(-(-rows // batch_size))
    return np.concatenate([output for _, out in feeder.run(batch_size, steps) for output in out.values()])
