"""Callbacks of `fit`: what may happen at the end of an epoch, and the progress that people see."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..ir.errors import ParagonError
from ..ir.float_modes import in_plain_modes
from ..ir.program import Program
from ..ir.spec import Array
from ..nn.checks import need_count, need_number
from .description import Training


class Run(Protocol):
    """The training run as a callback sees it."""

    epochs: int
    training: Training

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that each epoch adds to the history."""

    @property
    def epoch(self) -> int:
        """Finished epochs."""

    @property
    def history(self) -> Mapping[str, list[float]]:
        """The figures so far, one an epoch, under "loss", "accuracy", "val_loss", ..."""

    @property
    def finished_steps(self) -> int:
        """Steps since the beginning of the run."""

    def step_program(self, rows: int) -> Program:
        """The program of a step on so many rows: a whole batch, or the smaller last one of an epoch."""

    def state(self) -> dict[str, Array]:
        """A copy of the present state of the step program: parameters, the optimiser's slots, the step counter."""

    def weights(self) -> dict[str, Array]:
        """A copy of the model's present parameters."""

    def use_weights(self, weights: Mapping[str, Array]) -> None:
        """Give the model these parameters when the run ends, instead of the last ones."""

    def stop(self) -> None:
        """End the run after this epoch."""


class Callback:
    """Subclass and override. `state` and `load_state` make a callback part of the checkpoint.

    The model holds the present weights whenever a callback is called. What a callback changes in it lasts until the next step;
    `Run.use_weights` is for good.

    >>> class StopBelow(pg.Callback):
    ...     def on_epoch_end(self, run):
    ...         if run.history["loss"][-1] < 0.5:
    ...             run.stop()
    >>> x, y = np.eye(2, dtype=np.float32), np.arange(2)
    >>> pg.fit(pg.nn.Dense(2, 2), x, y, epochs=1000, callbacks=[StopBelow()], progress=False).stopped_early
    True
    """

    step_every: int | None = None
    """After how many steps, counted from the beginning of the run, `on_steps` is called; never when None."""

    def on_begin(self, run: Run) -> None:
        """Before the first step. One callback may serve several runs: each begins with fresh state, made here.

        A run that is resumed calls `load_state` after it. What is wrong with a run is best said here, before it costs anything.
        """

    def on_steps(self, run: Run) -> None:
        """After every `step_every` steps."""

    def on_epoch_end(self, run: Run) -> None:
        """After each epoch and its validation, before the checkpoint."""

    def on_end(self, run: Run) -> None:
        """After the last epoch."""

    def on_error(self, run: Run, error: BaseException) -> None:
        """When the run ends by an error, or by Ctrl-C (KeyboardInterrupt), which is raised again afterwards."""

    def state(self) -> dict[str, Any]:
        """What must survive an interruption, by name: arrays (f32, i32, u32), numbers, and what else JSON can hold."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""


@dataclass
class Function(Callback):
    """A plain function of the run, called at the end of each epoch."""

    fn: Callable[[Run], None]

    def on_epoch_end(self, run: Run) -> None:
        self.fn(run)


@dataclass
class EarlyStopping(Callback):
    """Stops after `patience` epochs in a row in which `monitor` was not better than its best by more than `min_delta`.

    Args:
        monitor: a key of the history. An accuracy should grow, everything else fall, unless `mode` is "max" or "min".
        restore_best: at the end the model gets the parameters of the best epoch.

    Raises ParagonError for arguments out of range, and before the first step when the history will have no `monitor`.

    >>> x, y = np.eye(2, dtype=np.float32), np.arange(2)
    >>> stopping = pg.EarlyStopping(monitor="loss", patience=3, min_delta=0.1)
    >>> pg.fit(pg.nn.Dense(2, 2), x, y, epochs=1000, callbacks=[stopping], progress=False).epochs
    4
    """

    monitor: str = "val_loss"
    patience: int = 5
    min_delta: float = 0.0
    mode: str = "auto"
    restore_best: bool = False
    best: float | None = field(default=None, init=False)
    best_epoch: int = field(default=0, init=False)
    waited: int = field(default=0, init=False)
    kept: dict[str, Array] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.mode not in ("auto", "min", "max"):
            raise ParagonError(f'EarlyStopping: mode must be "auto", "min" or "max", got {self.mode!r}')
        need_count("EarlyStopping: patience", self.patience)
        need_number("EarlyStopping: min_delta", self.min_delta, 0)

    def on_begin(self, run: Run) -> None:
        if self.monitor not in run.figures:
            unvalidated = self.monitor.startswith("val_") and "val_loss" not in run.figures
            remedy = "; give validation_data or validation_split" if unvalidated else ""
            raise ParagonError(
                f"EarlyStopping: there will be no {self.monitor!r} in the history, only {', '.join(run.figures)}{remedy}"
            )
        self.best, self.best_epoch, self.waited, self.kept = None, 0, 0, {}

    @in_plain_modes  # another callback may have changed them
    def on_epoch_end(self, run: Run) -> None:
        value = run.history[self.monitor][-1]
        grows = self.mode == "max" or (self.mode == "auto" and self.monitor.endswith("accuracy"))
        gain = math.inf if self.best is None else value - self.best if grows else self.best - value
        if gain > self.min_delta and not math.isnan(value):
            self.best, self.best_epoch, self.waited = value, run.epoch, 0
            if self.restore_best:
                self.kept = run.weights()
        else:
            self.waited += 1
            if self.waited >= self.patience:
                run.stop()

    def on_end(self, run: Run) -> None:
        if self.kept:
            run.use_weights(self.kept)

    def state(self) -> dict[str, Any]:
        kept = {f"kept.{name}": array for name, array in self.kept.items()}
        return {"best": self.best, "best_epoch": self.best_epoch, "waited": self.waited, **kept}

    def load_state(self, state: dict[str, Any]) -> None:
        self.best, self.best_epoch, self.waited = (state[name] for name in ("best", "best_epoch", "waited"))
        self.kept = {name.removeprefix("kept."): x for name, x in state.items() if name.startswith("kept.")}


class Progress:
    """One line an epoch, and a bar within it where the output is a terminal."""

    def __init__(self, shown: bool, epochs: int, steps: int) -> None:
        self.shown, self.epochs, self.steps = shown, epochs, steps
        self._bar: Any = None
        if shown and sys.stdout is not None and sys.stdout.isatty():  # None in a windowed program
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, transient=True)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self.steps)
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def every(self) -> int:
        """After how many steps to call `step`."""
        return max(1, self.steps // 50) if self._bar is not None else max(1, self.steps)

    def step(self, epoch: int, done: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, description=f"epoch {epoch + 1}/{self.epochs}")

    def epoch(self, number: int, figures: Mapping[str, float]) -> None:
        if self.shown:
            text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
            line = f"epoch {number:{len(str(self.epochs))}d}/{self.epochs}  {text}"
            if self._bar is not None:
                self._bar.console.print(line, highlight=False)
            else:
                print(line, flush=True)
