"""`fit`: trains a model by running its step program over batches, epoch after epoch, and can be interrupted anywhere.

All arithmetic is in the programs; what happens here is choosing rows, adding up metrics in f64, and writing checkpoints. The
order of an epoch is the contract's permutation, so nothing depends on the machine, the executor, or where a run was resumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data.batches import Gatherer, as_array, epoch_order, rows_of, tensor_spec, with_rows
from ..executors import Session, resolve
from ..ir.errors import FileError, ParagonError, ShapeError
from ..ir.fingerprint import fingerprint
from ..ir.program import Program
from ..ir.spec import Array, Spec
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Adam, Clip, Optimizer
from ..tensor.random import seed_words
from .callbacks import Callback, EarlyStopping, Function, Progress, Run
from .checkpoint import Checkpoint, data_hash, remove_leftovers
from .step import Metric, Objective, evaluation_program, step_program

__all__ = ["Callback", "EarlyStopping", "History", "evaluate", "fit"]

EVALUATION_ROWS = 1000


@dataclass
class History(Mapping[str, list[float]]):
    """What a run yielded: a list with one figure an epoch under "loss", "accuracy", "val_loss", ...

    `fingerprint` identifies the run: that of the step program's whole state (parameters, slots, step counter) at the end.
    """

    figures: dict[str, list[float]] = field(default_factory=dict)
    epochs: int = 0
    steps: int = 0
    stopped_early: bool = False
    fingerprint: str = ""

    def __getitem__(self, key: str) -> list[float]:
        return self.figures[key]

    def __iter__(self) -> Any:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)


def _load(program: Program) -> Session:
    executor, options = resolve(None, {})
    return executor.load(program, **options)


def _is_constant(name: str) -> bool:
    """Whether a state is a tensor that was captured while tracing. It may depend on the batch, and never changes."""
    return name.startswith("constant.")


class Evaluator:
    """The loss and the metrics of a model over fixed data, in batches, for any parameters."""

    def __init__(self, model: Module, x: Array, y: Array, objective: Objective, batch_size: int) -> None:
        self.x, self.y, self.size, self.metrics = x, y, min(batch_size, len(x)), objective.metrics
        counts = {self.size} | ({len(x) % self.size} - {0})
        specs = tensor_spec(x), tensor_spec(y)
        self.sessions = {
            n: _load(evaluation_program(model, with_rows(specs[0], n), with_rows(specs[1], n), objective))
            for n in counts
        }

    def __call__(self, state: Mapping[str, Array] | None = None) -> dict[str, float]:
        totals = dict.fromkeys(("loss", *self.metrics), 0.0)
        for session in self.sessions.values():
            if state is not None:
                session.set_state(state)
        for start in range(0, len(self.x), self.size):
            x, y = self.x[start : start + self.size], self.y[start : start + self.size]
            out = self.sessions[len(x)].run({"x": x, "y": y})
            totals["loss"] += float(out["loss"]) * len(x)
            for name in self.metrics:
                totals[name] += float(out[name])
        return _figures(totals, len(self.x), self.y)


def _figures(totals: Mapping[str, float], rows: int, y: Array) -> dict[str, float]:
    """The mean loss over rows, and each metric's sum divided by the number of target elements of these rows."""
    elements = rows * (y.size // len(y))
    return {name: total / (rows if name == "loss" else elements) for name, total in totals.items()}


def evaluate(
    model: Module,
    x: Any,
    y: Any,
    *,
    loss: str | Loss = "cross_entropy",
    metrics: Mapping[str, Metric] | None = None,
    batch_size: int = EVALUATION_ROWS,
) -> dict[str, float]:
    """The loss and the metrics of a model on data, by name, on the executor in use.

    Args: as for `fit`. The loss is the mean of the batches' means, weighted by their rows, in f64.

    Raises:
        ShapeError: the data, the model and the loss do not fit.
    """
    x, y, objective = as_array(x), as_array(y), Objective.of(loss, metrics)
    rows_of(x=x, y=y)
    if batch_size < 1:
        raise ShapeError(f"batch_size must be at least 1, got {batch_size}")
    return Evaluator(model, x, y, objective, batch_size)()


class Trainer(Run):
    """A run in progress: the sessions of the step program, the position, and the history."""

    def __init__(
        self,
        model: Module,
        x: Array,
        y: Array,
        objective: Objective,
        optimizer: Optimizer,
        clip: Clip | None,
        batch: int,
        seed: int,
        drop_last: bool,
    ) -> None:
        self.model, self.y, self.seed, self.batch, self.rows = model, y, seed, batch, len(x)
        specs = tensor_spec(x), tensor_spec(y)

        def program(rows: int) -> tuple[Program, Spec]:
            return step_program(model, with_rows(specs[0], rows), with_rows(specs[1], rows), objective, optimizer, clip)

        self.program, output = program(batch)
        objective.check_targets(y, output)
        self.main = self.active = _load(self.program)
        self.rest = 0 if drop_last else len(x) % batch
        self.last = _load(program(self.rest)[0]) if self.rest else self.main
        self.steps = len(x) // batch + (self.rest > 0)
        self.gather = {rows: Gatherer({"x": x, "y": y}, rows) for rows in {batch, self.rest} - {0}}
        for gatherer in self.gather.values():
            if "seed" in self.program.inputs:
                gatherer.buffers["seed"] = seed_words(seed).numpy()
        self.metrics = list(objective.metrics)
        self.epoch = self.epochs = self.done = 0
        self.history: dict[str, list[float]] = {}
        self.stopped = False
        self.chosen: Mapping[str, Array] | None = None
        self._start_epoch()

    # --- what a callback may use --------------------------------------------------------------------------------------

    def weights(self) -> dict[str, Array]:
        state = self.active.state()
        return {name: state[name] for name in self.model.state_dict()}

    def use_weights(self, weights: Mapping[str, Array]) -> None:
        self.chosen = weights

    def stop(self) -> None:
        self.stopped = True

    # --- steps --------------------------------------------------------------------------------------------------------

    def _start_epoch(self) -> None:
        self.done = 0
        self.totals = dict.fromkeys(("loss", *self.metrics), 0.0)
        self._order: tuple[int, Array] | None = None

    def order(self) -> Array:
        if self._order is None or self._order[0] != self.epoch:
            self._order = self.epoch, epoch_order(self.rows, self.seed, self.epoch)
        return self._order[1]

    def _move_to(self, session: Session) -> None:
        """Continue on another session: the smaller last batch of an epoch has its own, the state is one."""
        if session is not self.active:
            session.set_state({name: x for name, x in self.active.state().items() if not _is_constant(name)})
            self.active = session

    def state(self) -> dict[str, Array]:
        """A copy of the present state of the step program for whole batches."""
        return {name: self.program.values[name] if _is_constant(name) else x for name, x in self.active.state().items()}

    def advance(self, stop: int) -> None:
        """Run the steps up to number `stop` of this epoch."""
        full = self.rows // self.batch
        self._run(self.main, self.batch, range(self.done, min(stop, full)))
        self._run(self.last, self.rest, range(max(self.done, full), stop))
        self.done = stop

    def _run(self, session: Session, rows: int, steps: range) -> None:
        if not steps:
            return
        self._move_to(session)
        order, gather, run, metrics = self.order(), self.gather[rows], session.run, self.metrics
        loss, sums = self.totals["loss"], [self.totals[name] for name in metrics]
        for t in steps:
            out = run(gather(order[t * self.batch : t * self.batch + rows]))
            loss += float(out["loss"]) * rows
            for k, name in enumerate(metrics):
                sums[k] += float(out[name])
        self.totals = {"loss": loss, **dict(zip(metrics, sums, strict=True))}

    def finish_epoch(self, validate: Evaluator | None, callbacks: Sequence[Callback]) -> dict[str, float]:
        """Figures of the epoch into the history, callbacks, and on to the next epoch."""
        figures = _figures(self.totals, self.steps * self.batch if not self.rest else self.rows, self.y)
        if validate is not None:
            figures.update({f"val_{name}": value for name, value in validate(self.weights()).items()})
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)
        self.epoch += 1
        self._start_epoch()
        for callback in callbacks:
            callback.on_epoch_end(self)
        return figures

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def save(self, path: Path, identity: dict[str, Any], callbacks: Sequence[Callback]) -> None:
        kept = [callback.state() for callback in callbacks]
        totals = self.totals if self.done else {}
        Checkpoint(identity, self.state(), self.epoch, self.done, totals, self.history, self.stopped, kept).save(path)

    def restore(self, path: Path, identity: dict[str, Any], callbacks: Sequence[Callback]) -> None:
        """Go to where a checkpoint stands. Raises FileError when it is damaged or of another run."""
        found = Checkpoint.load(path)
        found.check_identity(path, identity)
        specs = {name: tensor_spec(array) for name, array in found.state.items()}
        if specs != self.program.state or len(found.callbacks) != len(callbacks):
            raise FileError(f"{path}: damaged: its tensors are not the state of the run")
        self.main.set_state(found.state)
        self.active = self.main
        self.epoch, self.history, self.stopped = found.epoch, found.history, found.stopped
        self._start_epoch()
        self.done = found.done
        self.totals.update(found.totals)
        for callback, state in zip(callbacks, found.callbacks, strict=True):
            callback.load_state(state)


def fit(
    model: Module,
    x: Any,
    y: Any,
    *,
    loss: str | Loss = "cross_entropy",
    optimizer: Optimizer | None = None,
    epochs: int = 10,
    batch_size: int = 128,
    seed: int = 0,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float = 0.0,
    metrics: Mapping[str, Metric] | None = None,
    callbacks: Sequence[Callback | Callable[[Run], None]] = (),
    clip: Clip | None = None,
    drop_last: bool = False,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Train a model in place, on the executor in use, and return the history.

    The same model, data and arguments give the same bits everywhere, also when the run was killed at any moment and resumed.

    Args:
        model: initialised with `model.init(seed)` here when it has no values yet; else training goes on from its values.
        x, y: rows on their first axis: x f32 (or i32) [rows, ...]; y i32 [rows] for "cross_entropy", f32 else.
        loss: a name from `losses.LOSSES`, or a function (output, target) -> f32 scalar that is a mean over the rows.
        optimizer: Adam() when None; its `lr` may be a schedule (see `paragon.schedules`).
        seed: of the initial values, the order of the rows, and dropout.
        validation_data: (x, y) to evaluate after each epoch; or `validation_split`: that fraction of the rows, the last ones.
        metrics: name -> function (output, target) -> sum over the batch; the accuracy for classifiers when None.
        callbacks: called at the end of each epoch; see `Callback` and `EarlyStopping`.
        clip: for instance `optim.clip_by_global_norm(1.0)`.
        drop_last: leave out the smaller last batch of an epoch.
        checkpoint: a file, written after each epoch, and every `checkpoint_every` steps.
        resume: go on from the checkpoint file, when there is one.
        progress: print a line an epoch.

    Raises:
        ShapeError: the data, the model and the loss do not fit, or an argument is out of range.
        FileError: the checkpoint is damaged, or of a run with other data, program or arguments.

    >>> x = pg.random.uniform((64, 2), seed=1).numpy()
    >>> y = (x[:, 0] > x[:, 1]).astype(np.int32)
    >>> model = pg.nn.Dense(2, 2)
    >>> history = pg.fit(model, x, y, epochs=20, batch_size=16, optimizer=pg.optim.SGD(0.5), progress=False)
    >>> history["accuracy"][-1], history.fingerprint[:16]
    (0.921875, '66aef27aa3ddf836')
    """
    x, y, objective = as_array(x), as_array(y), Objective.of(loss, metrics)
    x, y, validation = _split(x, y, validation_data, validation_split)
    _check_arguments(len(x), epochs, batch_size, drop_last, checkpoint, checkpoint_every, resume)
    watching = [c if isinstance(c, Callback) else Function(c) for c in callbacks]
    if not model.initialised:
        model.init(seed)
    trainer = Trainer(model, x, y, objective, optimizer or Adam(), clip, min(batch_size, len(x)), seed, drop_last)
    validate = Evaluator(model, *validation, objective, EVALUATION_ROWS) if validation else None
    trainer.epochs = epochs
    identity: dict[str, Any] = {}
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None:
        identity = _identity(trainer, x, y, validation, watching)
        remove_leftovers(path)
        if resume and path.exists():
            trainer.restore(path, identity, watching)
    with Progress(progress, epochs, trainer.steps) as bar:
        while trainer.epoch < epochs and not trainer.stopped:
            while trainer.done < trainer.steps:
                trainer.advance(_next_stop(trainer, bar.every, checkpoint_every))
                bar.step(trainer.epoch, trainer.done)
                if path is not None and checkpoint_every and _finished(trainer) % checkpoint_every == 0:
                    trainer.save(path, identity, watching)
            bar.epoch(trainer.epoch + 1, trainer.finish_epoch(validate, watching))
            if path is not None:
                trainer.save(path, identity, watching)
    for callback in watching:
        callback.on_end(trainer)
    state = trainer.state()
    model.load_state_dict(trainer.chosen or {name: state[name] for name in model.state_dict()})
    return History(trainer.history, trainer.epoch, trainer.epoch * trainer.steps, trainer.stopped, fingerprint(state))


def _finished(trainer: Trainer) -> int:
    """Steps since the beginning of the run."""
    return trainer.epoch * trainer.steps + trainer.done


def _next_stop(trainer: Trainer, every: int, checkpoint_every: int | None) -> int:
    """The step of this epoch at which to look up: for the progress bar, or a checkpoint."""
    stop = min(trainer.done + every, trainer.steps)
    if checkpoint_every:
        stop = min(stop, trainer.done + checkpoint_every - _finished(trainer) % checkpoint_every)
    return stop


def _split(
    x: Array, y: Array, data: tuple[Any, Any] | None, fraction: float
) -> tuple[Array, Array, tuple[Array, Array] | None]:
    """The rows to train on, and those to validate with."""
    rows = rows_of(x=x, y=y)
    if data is not None:
        if fraction:
            raise ShapeError("give validation_data or validation_split, not both")
        held = as_array(data[0]), as_array(data[1])
        rows_of(validation_x=held[0], validation_y=held[1])
        return x, y, held
    if not fraction:
        return x, y, None
    cut = rows - int(rows * fraction)
    if not 0 < cut < rows:
        raise ShapeError(f"validation_split {fraction}: leaves {cut} of {rows} rows to train on")
    return x[:cut], y[:cut], (x[cut:], y[cut:])


def _check_arguments(
    rows: int, epochs: int, batch_size: int, drop_last: bool, checkpoint: object, every: int | None, resume: bool
) -> None:
    if epochs < 1 or batch_size < 1:
        raise ShapeError(f"epochs ({epochs}) and batch_size ({batch_size}) must be at least 1")
    if drop_last and rows < batch_size:
        raise ShapeError(f"drop_last: {rows} rows make no whole batch of {batch_size}")
    if checkpoint is None and (every or resume):
        raise ParagonError("checkpoint_every and resume need checkpoint=FILE")
    if every is not None and every < 1:
        raise ParagonError(f"checkpoint_every must be at least 1, got {every}")


def _identity(
    trainer: Trainer, x: Array, y: Array, validation: tuple[Array, Array] | None, callbacks: Sequence[Callback]
) -> dict[str, Any]:
    """What must be the same for a run to go on from a checkpoint. The number of epochs may grow."""
    held = {} if validation is None else {"validation x": validation[0], "validation y": validation[1]}
    constants = {name: value for name, value in trainer.program.values.items() if _is_constant(name)}
    return {
        "data": data_hash({"x": x, "y": y, **held}),
        "seed": int(trainer.seed),
        "batch_size": trainer.batch,
        "steps an epoch": trainer.steps,
        "callbacks": ", ".join(type(c).__name__ for c in callbacks),
        "program (model, loss, optimiser, metrics)": hashlib.sha256(trainer.program.to_json().encode()).hexdigest(),
        "constants": fingerprint(constants),
    }
