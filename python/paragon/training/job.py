"""Training jobs (docs/program.md): a step program, its initial state and the data in one file; any interpreter can train."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.batches import as_array, epoch_order, rows_of
from ..data.feed import Feeder
from ..executors.registry import Executor, resolve
from ..ir.errors import ProgramError, ShapeError
from ..ir.fingerprint import OUTPUT, fingerprint
from ..ir.kinds import DATA, check_job_names, read_job
from ..ir.program import Program
from ..ir.spec import Array
from ..ir.tensor_files import JOB, open_tensors, read_within_memory, write_tensors
from ..nn.checks import need_count
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Clip, Optimizer
from ..tensor.random import seed_words
from .description import Training
from .step import Metrics


@dataclass(frozen=True)
class JobResult:
    """The state after the last step, and the outputs of the last step."""

    state: dict[str, Array]
    outputs: dict[str, Array]

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the run: that of the state."""
        return fingerprint(self.state)

    def save(self, path: str | Path) -> None:
        """Write the state under its names, and the outputs as "output.NAME". Raises ProgramError where that is one name twice."""
        outputs = {f"{OUTPUT}{name}": x for name, x in self.outputs.items()}
        if taken := sorted(set(outputs) & set(self.state)):
            raise ProgramError(f"the state {taken[0]!r} has the name that an output gets in results; rename one")
        write_tensors(path, {**self.state, **outputs}, {})


def save_job(
    path: str | Path,
    model: Module,
    x: Any,
    y: Any,
    *,
    steps: int,
    batch_size: int = 128,
    seed: int = 0,
    loss: str | Loss = "cross_entropy",
    optimizer: Optimizer | None = None,
    clip: Clip | None = None,
    metrics: Metrics | None = None,
) -> None:
    """Write a training job. It trains exactly as `fit` does with the same arguments and drop_last=True, for `steps` steps.

    Raises:
        ShapeError: the data, the model and the loss do not fit, or there are fewer rows than batch_size.

    >>> x, y = np.eye(4, dtype=np.float32), np.arange(4)
    >>> pg.save_job("job.safetensors", pg.nn.Dense(4, 4), x, y, steps=10, batch_size=2)
    >>> pg.run_job("job.safetensors").outputs["loss"]
    array(1.6483169, dtype=float32)
    """
    x = as_array(x)
    rows = rows_of(x=x)
    if need_count("batch_size", batch_size) > rows:
        raise ShapeError(f"batch_size ({batch_size}) must be in 1 ... {rows}, the rows")
    training = Training.of(
        model,
        x,
        y,
        loss=loss,
        metrics=metrics,
        optimizer=optimizer,
        clip=clip,
        batch_size=batch_size,
        seed=seed,
        drop_last=True,
    )
    write_job(path, training, steps)


def write_job(path: str | Path, training: Training, steps: int) -> None:
    """Write a training of `steps` steps as a job; a smaller last batch of an epoch is left out, whatever `drop_last` says.

    Raises:
        ShapeError: the data, the model and the loss do not fit.
        ProgramError: a state has a name that the file needs for data.
    """
    steps = need_count("steps", steps)
    program = training.program(training.batch_size)
    check_job_names(program)
    seed = [int(word) for word in seed_words(training.seed).numpy()]
    job = {"steps": steps, "batch": training.batch_size, "seed": seed}
    metadata = {"format": JOB, "program": program.to_json(), "job": json.dumps(job)}
    write_tensors(path, {**program.values, f"{DATA}x": training.x, f"{DATA}y": training.y}, metadata)


@dataclass
class Job:
    """A training job as it stands in a file, checked."""

    program: Program
    data: dict[str, Array]
    steps: int
    batch: int
    seed: int

    @classmethod
    def load(cls, path: str | Path) -> Job:
        """Read and check a file. Raises FileError, naming it and what is wrong."""
        with open_tensors(path) as file:
            outline = read_job(file)
            arrays = read_within_memory(file, file.tensors)
        program = outline.program
        program.values = {name: arrays[name] for name in program.state}
        data = {name: arrays[DATA + name] for name in program.inputs if DATA + name in arrays}
        return cls(program, data, outline.steps, outline.batch, outline.seed)

    def run(self, executor: str | Executor | None = None, **options: Any) -> JobResult:
        """Train. `executor` and its options as for `Program.run`; the one in use when None."""
        fixed = {} if "seed" in self.data else {"seed": seed_words(self.seed).numpy()}
        if not self.data:
            return self._run_without_data(fixed, executor, options)
        feeder = Feeder(lambda rows: self.program, self.data, fixed, executor, options)
        each = feeder.rows // self.batch
        outputs: dict[str, Array] = {}
        for epoch in range(-(-self.steps // each)):
            order = epoch_order(feeder.rows, self.seed, epoch)
            for _, out in feeder.run(self.batch, range(min(each, self.steps - epoch * each)), order):
                outputs = out
        return JobResult(feeder.state(self.batch), {name: np.array(x) for name, x in outputs.items()})

    def _run_without_data(
        self, fixed: Mapping[str, Array], executor: str | Executor | None, options: Mapping[str, Any]
    ) -> JobResult:
        """Every step has the same inputs: none, or the seed."""
        chosen, merged = resolve(executor, options)
        session = chosen.load(self.program, **merged)
        inputs = {name: x for name, x in fixed.items() if name in self.program.inputs}
        outputs: Mapping[str, Array] = {}
        for _ in range(self.steps):
            outputs = session.run(inputs)
        return JobResult(dict(session.state()), {name: np.array(x) for name, x in outputs.items()})


def run_job(path: str | Path, executor: str | Executor | None = None, **options: Any) -> JobResult:
    """Run a training-job file on an executor (the one in use when None). Raises FileError, naming what is wrong with it.

    >>> x, y = np.eye(4, dtype=np.float32), np.arange(4)
    >>> pg.save_job("job.safetensors", pg.nn.Dense(4, 4), x, y, steps=10, batch_size=2)
    >>> pg.run_job("job.safetensors").fingerprint == pg.run_job("job.safetensors", "reference").fingerprint
    True
    """
    return Job.load(path).run(executor, **options)
