"""Training jobs (docs/program.md): a step program, its initial state and the data in one file; any interpreter can train."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.batches import as_array, epoch_order, rows_of
from ..data.feed import Feeder
from ..executors.registry import Executor
from ..ir.errors import FileError, ProgramError, ShapeError
from ..ir.fingerprint import fingerprint
from ..ir.program import Program
from ..ir.spec import Array, Spec, check_array
from ..ir.tensor_files import JOB, read_tensors, write_tensors
from ..nn.checks import need_count
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Clip, Optimizer
from ..tensor.random import seed_words
from .description import Training
from .step import SEED, Metrics

DATA = "data."


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
        _check_names(self.outputs, self.state)
        write_tensors(path, {**self.state, **{f"output.{name}": x for name, x in self.outputs.items()}}, {})


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
    if taken := [name for name in program.state if name.startswith(DATA)]:
        raise ProgramError(
            f'the state {taken[0]!r} has a name that the file needs for data; rename the attribute "data"'
        )
    _check_names(program.outputs, program.state)
    seed = [int(word) for word in seed_words(training.seed).numpy()]
    job = {"steps": steps, "batch": training.batch_size, "seed": seed}
    metadata = {"format": JOB, "program": program.to_json(), "job": json.dumps(job)}
    write_tensors(path, {**program.values, f"{DATA}x": training.x, f"{DATA}y": training.y}, metadata)


def _check_names(outputs: Iterable[str], state: Collection[str]) -> None:
    """Raises ProgramError for a state and an output that would have one name in the file of results."""
    if taken := [name for name in outputs if f"output.{name}" in state]:
        raise ProgramError(
            f"the state {f'output.{taken[0]}'!r} has the name that the output {taken[0]!r} gets in results; rename one"
        )


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
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != JOB:
            raise FileError(f"{path}: not a training job (format {metadata.get('format')!r})")
        try:
            return cls._checked(tensors, metadata)
        except (ProgramError, ShapeError, KeyError, ValueError, TypeError) as error:
            raise FileError(f"{path}: not a valid training job: {error}") from None

    @classmethod
    def _checked(cls, tensors: dict[str, Array], metadata: dict[str, str]) -> Job:
        program = Program.from_json(metadata["program"])
        _check_names(program.outputs, program.state)
        settings = json.loads(metadata["job"])
        if not isinstance(settings, dict) or set(settings) != {"steps", "batch", "seed"}:
            raise ProgramError('"job" must be an object with steps, batch and seed')
        steps, batch, words = settings["steps"], settings["batch"], settings["seed"]
        whole = [steps, batch, *words] if isinstance(words, list) and len(words) == 2 else [None]
        if (
            not all(isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 2**32 for v in whole)
            or not steps
            or not batch
        ):
            raise ProgramError(f"steps and batch must be positive integers and seed two words, got {settings}")
        for name, spec in program.state.items():
            program.values[name] = check_array(f"state {name!r}", tensors.get(name), spec)
        data = {}
        for name, spec in program.inputs.items():
            if f"{DATA}{name}" in tensors:
                array = tensors[f"{DATA}{name}"]
                data[name] = check_array(f"data of {name!r}", array, Spec(spec.dtype, (len(array), *spec.shape[1:])))
                if spec.shape[:1] != (batch,):
                    raise ProgramError(f"the input {name!r} is {spec}, but the batch is {batch}")
            elif name != "seed" or spec != SEED:
                raise ProgramError(f"there is no data for the input {name!r}")
        if unknown := set(tensors) - set(program.state) - {f"{DATA}{name}" for name in data}:
            raise ProgramError(f"tensors that are neither state nor data: {', '.join(sorted(unknown))}")
        if not data or rows_of(**data) < batch:
            raise ProgramError(f"the data have fewer rows than the batch of {batch}")
        return cls(program, data, steps, batch, words[0] | words[1] << 32)

    def run(self, executor: str | Executor | None = None, **options: Any) -> JobResult:
        """Train. `executor` and its options as for `Program.run`; the one in use when None."""
        fixed = {} if "seed" in self.data else {"seed": seed_words(self.seed).numpy()}
        feeder = Feeder(lambda rows: self.program, self.data, fixed, executor, options)
        each = feeder.rows // self.batch
        outputs: dict[str, Array] = {}
        for epoch in range(-(-self.steps // each)):
            order = epoch_order(feeder.rows, self.seed, epoch)
            for _, out in feeder.run(self.batch, range(min(each, self.steps - epoch * each)), order):
                outputs = out
        return JobResult(feeder.state(self.batch), {name: np.array(x) for name, x in outputs.items()})


def run_job(path: str | Path, executor: str | Executor | None = None, **options: Any) -> JobResult:
    """Run a training-job file on an executor (the one in use when None). Raises FileError, naming what is wrong with it.

    >>> x, y = np.eye(4, dtype=np.float32), np.arange(4)
    >>> pg.save_job("job.safetensors", pg.nn.Dense(4, 4), x, y, steps=10, batch_size=2)
    >>> pg.run_job("job.safetensors").fingerprint == pg.run_job("job.safetensors", "reference").fingerprint
    True
    """
    return Job.load(path).run(executor, **options)
