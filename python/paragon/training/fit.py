"""`fit`: trains a model by running its step program over batches, epoch after epoch, and can be interrupted anywhere.

All arithmetic is in the programs; what happens here is choosing rows, adding up metrics in f64, and writing checkpoints. The
order of an epoch is the contract's permutation, so nothing depends on the machine, the executor, or where a run was resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data.batches import as_array, rows_of
from ..ir.errors import ParagonError, ShapeError
from ..ir.fingerprint import fingerprint
from ..ir.spec import Array
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Clip, Optimizer
from .callbacks import Callback, Function, Progress, Run
from .checkpoint import remove_leftovers
from .description import Training
from .evaluation import EVALUATION_ROWS, Evaluator
from .lock import one_run_a_checkpoint
from .step import Metric
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


@one_run_a_checkpoint
def train(
    training: Training,
    *,
    epochs: int = 10,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float = 0.0,
    callbacks: Sequence[Callback | Callable[[Run], None]] = (),
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Carry out a training, on the executor in use, and return the history. Arguments and errors are those of `fit`."""
    _check_arguments(epochs, checkpoint, checkpoint_every, resume)
    training, validation = _held_back(training, validation_data, validation_split)
    model, watching = training.model, [c if isinstance(c, Callback) else Function(c) for c in callbacks]
    trainer = Trainer(training, epochs)
    validate = Evaluator(model, *validation, training.objective, EVALUATION_ROWS) if validation else None
    identity: dict[str, Any] = {}
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None:
        identity = trainer.identity(validation, watching)
        remove_leftovers(path)
        if resume and path.exists():
            trainer.restore(path, identity, watching)
    with Progress(progress, epochs, training.steps) as bar:
        while trainer.epoch < epochs and not trainer.at.stopped:
            while trainer.at.done < training.steps:
                trainer.advance(_next_stop(trainer, bar.every, checkpoint_every))
                bar.step(trainer.epoch, trainer.at.done)
                if path is not None and checkpoint_every and trainer.finished_steps % checkpoint_every == 0:
                    trainer.save(path, identity, watching)
            bar.epoch(trainer.epoch + 1, trainer.finish_epoch(validate, watching))
            if path is not None:
                trainer.save(path, identity, watching)
    for callback in watching:
        callback.on_end(trainer)
    state = trainer.state()
    model.load_state_dict(trainer.chosen or {name: state[name] for name in model.state_dict()})
    return History(
        trainer.history, trainer.epoch, trainer.epoch * training.steps, trainer.at.stopped, fingerprint(state)
    )


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
        callbacks=callbacks,
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        resume=resume,
        progress=progress,
    )


def _held_back(
    training: Training, data: tuple[Any, Any] | None, fraction: float
) -> tuple[Training, tuple[Array, Array] | None]:
    """The training on the rows that are left for it, and the rows to validate with."""
    if data is None:
        return training.split(fraction)
    if fraction:
        raise ShapeError("give validation_data or validation_split, not both")
    held = as_array(data[0]), as_array(data[1])
    rows_of(validation_x=held[0], validation_y=held[1])
    return training, held


def _next_stop(trainer: Trainer, every: int, checkpoint_every: int | None) -> int:
    """The step of this epoch at which to look up: for the progress bar, or a checkpoint."""
    done = trainer.at.done
    stop = min(done + every, trainer.training.steps)
    if checkpoint_every:
        stop = min(stop, done + checkpoint_every - trainer.finished_steps % checkpoint_every)
    return stop


def _check_arguments(epochs: int, checkpoint: object, every: int | None, resume: bool) -> None:
    if epochs < 1:
        raise ShapeError(f"epochs ({epochs}) must be at least 1")
    if checkpoint is None and (every or resume):
        raise ParagonError("checkpoint_every and resume need checkpoint=FILE")
    if every is not None and every < 1:
        raise ParagonError(f"checkpoint_every must be at least 1, got {every}")
