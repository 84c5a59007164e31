"""`fit`: trains a model by running its step program over batches, epoch after epoch, and can be interrupted anywhere.

All arithmetic is in the programs; what happens here is choosing rows, adding up metrics in f64, and writing checkpoints. The
order of an epoch is the contract's permutation, so nothing depends on the machine, the executor, or where a run was resumed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data.batches import rows_of
from ..data.boundary import finite_array
from ..ir.errors import ParagonError, ShapeError
from ..ir.fingerprint import fingerprint
from ..ir.float_modes import in_plain_modes
from ..ir.spec import Array
from ..nn.checks import need_count
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Clip, Optimizer
from .callbacks import Callback, Function, Progress, Run
from .checkpoint import remove_leftovers, to_resume
from .description import Training
from .evaluation import EVALUATION_ROWS, Evaluator
from .lock import one_run_a_checkpoint
from .step import Metrics
from .trainer import Trainer


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

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)


@in_plain_modes
@one_run_a_checkpoint
def train(
    training: Training,
    *,
    epochs: int = 10,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float = 0.0,
    validation_shuffle: bool = True,
    callbacks: Sequence[Callback | Callable[[Run], None]] = (),
    terminate_on_nan: bool = True,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    resume: bool | str = False,
    overwrite: bool = False,
    progress: bool = True,
) -> History:
    """Carry out a training, on the executor in use, and return the history. Arguments and errors are those of `fit`.

    >>> x = np.eye(4, dtype=np.float32)
    >>> training = pg.Training.of(pg.nn.Dense(4, 2), x, np.array([0, 1, 0, 1], np.int32))
    >>> pg.train(training, epochs=3, progress=False).epochs
    3
    """
    epochs = need_count("epochs", epochs)
    _check_arguments(checkpoint, checkpoint_every, resume, overwrite)
    watching = [_as_callback(c) for c in callbacks]
    training, validation = _held_back(training, validation_data, validation_split, validation_shuffle)
    model = training.model
    validate = Evaluator(model, *validation, training.objective, EVALUATION_ROWS, "validation ") if validation else None
    trainer = Trainer(training, epochs, validate, terminate_on_nan)
    file = None if checkpoint is None else _File(Path(checkpoint), trainer.identity(validation, watching), watching)
    resumed = file is not None and to_resume(file.path, resume, overwrite)
    with _told_of_errors(trainer, watching), trainer.shown_when_interrupted():
        _begin(trainer, watching, file, resumed)
        with Progress(progress, epochs, training.steps) as bar:
            _run_epochs(trainer, watching, file, checkpoint_every, bar)
        state = trainer.state()
        trainer.check_weights(state)
        trainer.show(state)
        for callback in watching:
            callback.on_end(trainer)
    if trainer.chosen:
        model.load_state_dict(trainer.chosen)
    return History(
        figures=trainer.history,
        epochs=trainer.epoch,
        steps=trainer.epoch * training.steps,
        stopped_early=trainer.at.stopped,
        fingerprint=fingerprint(state),
    )


@contextmanager
def _told_of_errors(trainer: Trainer, callbacks: Sequence[Callback]) -> Iterator[None]:
    """Within: the callbacks hear of an error before it goes on."""
    try:
        yield
    except BaseException as error:
        for callback in callbacks:
            callback.on_error(trainer, error)
        raise


class _File:
    """The checkpoint file of a run."""

    def __init__(self, path: Path, identity: dict[str, Any], callbacks: Sequence[Callback]) -> None:
        self.path, self.identity, self.callbacks = path, identity, callbacks

    def save(self, trainer: Trainer) -> None:
        trainer.save(self.path, self.identity, self.callbacks)


def _begin(trainer: Trainer, callbacks: Sequence[Callback], file: _File | None, resumed: bool) -> None:
    """Go to where the checkpoint stands, or write the first one: a run that is killed at once can be resumed, too."""
    kept: list[dict[str, Any]] = []
    if file is not None:
        remove_leftovers(file.path)
        if resumed:
            kept = trainer.restore(file.path, file.identity, callbacks)
    trainer.show()
    for callback in callbacks:
        callback.on_begin(trainer)
    for callback, state in zip(callbacks, kept, strict=False):  # none are kept when the run is new
        callback.load_state(state)
    if file is not None and not resumed:
        file.save(trainer)


def _run_epochs(
    trainer: Trainer, callbacks: Sequence[Callback], file: _File | None, every: int | None, bar: Progress
) -> None:
    stepwise = [callback for callback in callbacks if callback.step_every]
    while trainer.epoch < trainer.epochs and not trainer.at.stopped:
        while trainer.at.done < trainer.training.steps:
            trainer.advance(_next_stop(trainer, bar.every, [every, *(callback.step_every for callback in stepwise)]))
            bar.step(trainer.epoch, trainer.at.done)
            for callback in stepwise:
                if callback.step_every and trainer.finished_steps % callback.step_every == 0:
                    trainer.show()
                    callback.on_steps(trainer)
            if file is not None and every and trainer.finished_steps % every == 0:
                file.save(trainer)
        bar.epoch(trainer.epoch + 1, trainer.finish_epoch(callbacks))
        if file is not None:
            file.save(trainer)


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
    validation_shuffle: bool = True,
    metrics: Metrics | None = None,
    callbacks: Sequence[Callback | Callable[[Run], None]] = (),
    clip: Clip | None = None,
    drop_last: bool = False,
    terminate_on_nan: bool = True,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    resume: bool | str = False,
    overwrite: bool = False,
    progress: bool = True,
) -> History:
    """Train a model in place, on the executor in use, and return the history.

    The same model, data and arguments give the same bits everywhere, also when the run was killed at any moment and resumed.
    An error or Ctrl-C on the way leaves the model with the parameters of the last finished step.

    Args:
        model: initialised with `model.init(seed)` here when it has no values yet; else training goes on from its values.
        x, y: rows on their first axis, finite numbers: x f32 (or i32) [rows, ...]; y i32 [rows] for "cross_entropy", f32 else.
        loss: a name from `losses.LOSSES`, or a function (output, target) -> f32 scalar that is a mean over the rows.
        optimizer: Adam() when None; its `lr` may be a schedule (see `paragon.schedules`).
        seed: of the initial values, the order of the rows, and dropout.
        validation_data: (x, y) to evaluate after each epoch; or `validation_split`: that fraction of the rows, which the seed
            chooses, or the last ones with validation_shuffle=False.
        metrics: names ("accuracy", or of a loss), or name -> function (output, target) -> scalar: an f32 is a mean over the
            batch, as a loss is, an integer a count of target elements. The accuracy for classifiers when None.
        callbacks: called at the end of each epoch; see `Callback` and `EarlyStopping`.
        clip: for instance `optim.clip_by_global_norm(1.0)`.
        drop_last: leave out the smaller last batch of an epoch.
        terminate_on_nan: raise DivergenceError after a step whose loss is not finite; False to go on all the same.
        checkpoint: a file, written at the beginning, after each epoch, and every `checkpoint_every` steps.
        resume: go on from the checkpoint file, which must be there; "auto" begins anew where there is none.
        overwrite: begin anew although there is a file.
        progress: print a line an epoch.

    Raises:
        ShapeError: the data, the model and the loss do not fit, or an argument is out of range.
        DivergenceError: the loss or the parameters are no longer finite.
        FileError: the checkpoint is damaged, or of a run with other data, program or arguments; it is there although the run
            is new, or not there although it is resumed; or it cannot be written.

    >>> x = pg.random.uniform((64, 2), seed=1).numpy()
    >>> y = (x[:, 0] > x[:, 1]).astype(np.int32)
    >>> model = pg.nn.Dense(2, 2)
    >>> history = pg.fit(model, x, y, epochs=20, batch_size=16, optimizer=pg.optim.SGD(0.5), progress=False)
    >>> history["accuracy"][-1], history.fingerprint[:16]
    (0.921875, '66aef27aa3ddf836')
    """
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
        drop_last=drop_last,
    )
    return train(
        training,
        epochs=epochs,
        validation_data=validation_data,
        validation_split=validation_split,
        validation_shuffle=validation_shuffle,
        callbacks=callbacks,
        terminate_on_nan=terminate_on_nan,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        overwrite=overwrite,
        progress=progress,
    )


def _held_back(
    training: Training, data: tuple[Any, Any] | None, fraction: float, shuffle: bool
) -> tuple[Training, tuple[Array, Array] | None]:
    """The training on the rows that are left for it, and the rows to validate with."""
    if data is None:
        return training.split(fraction, shuffle)
    if fraction:
        raise ShapeError("give validation_data or validation_split, not both")
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        raise ShapeError("validation_data must be a pair (x, y)")
    held = finite_array("validation x", data[0]), finite_array("validation y", data[1])
    rows_of(validation_x=held[0], validation_y=held[1])
    return training, held


def _next_stop(trainer: Trainer, bar_every: int, counted: Sequence[int | None]) -> int:
    """The step of this epoch at which to look up: for the progress bar, or because a multiple of `counted` steps is finished."""
    done = trainer.at.done
    stops = [done + n - trainer.finished_steps % n for n in counted if n]
    return min(done + bar_every, trainer.training.steps, *stops)


def _as_callback(given: Callback | Callable[[Run], None]) -> Callback:
    if isinstance(given, type) or not (isinstance(given, Callback) or callable(given)):
        raise ParagonError(f"callbacks: {given!r} is neither a Callback nor a function of the run")
    return given if isinstance(given, Callback) else Function(given)


def _check_arguments(checkpoint: object, every: int | None, resume: bool | str, overwrite: bool) -> None:
    if checkpoint is not None and not isinstance(checkpoint, (str, os.PathLike)):
        raise ParagonError(f"checkpoint must be a path, got {checkpoint!r}")
    if every is not None:
        need_count("checkpoint_every", every)
    if resume not in (True, False, "auto"):
        raise ParagonError(f'resume must be True, False or "auto", got {resume!r}')
    if checkpoint is None and (every or resume or overwrite):
        raise ParagonError("checkpoint_every, resume and overwrite need checkpoint=FILE")
    if resume and overwrite:
        raise ParagonError("give resume or overwrite, not both")
