"""The run of a training: its position, and the steps from there."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..data.batches import epoch_order
from ..ir.errors import DivergenceError, FileError
from ..ir.fingerprint import fingerprint
from ..ir.program import Program
from ..ir.spec import Array, spec_of
from .callbacks import Callback, Run
from .checkpoint import Checkpoint, Position, data_hash
from .description import Training
from .evaluation import Evaluator, Totals

REMEDY = "; take a smaller learning rate or clip=, or go on all the same with terminate_on_nan=False"


class Trainer(Run):
    """A run in progress: the feeder of the step program, and the position. Callbacks see it as a `Run`.

    Args:
        validate: gives the figures "val_..." of an epoch.
        finite: raise DivergenceError when the loss or the weights are no longer finite.
    """

    def __init__(self, training: Training, epochs: int, validate: Evaluator | None = None, finite: bool = True) -> None:
        self.training, self.epochs, self.validate, self.finite = training, epochs, validate, finite
        self.feeder = training.feeder()
        self.program = self.feeder.program(training.batch_size)
        self.at = Position()
        self.chosen: Mapping[str, Array] | None = None
        self._order: tuple[int, Array] | None = None
        self._start_epoch()

    # --- what a callback may use --------------------------------------------------------------------------------------

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that each epoch adds to the history."""
        names = ("loss", *self.training.objective.metrics)
        return names + tuple(f"val_{name}" for name in names if self.validate is not None)

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return self.at.epoch

    @property
    def history(self) -> dict[str, list[float]]:
        """The figures so far, one an epoch."""
        return self.at.history

    def weights(self) -> dict[str, Array]:
        """A copy of the model's present parameters."""
        return self._weights_in(self.state())

    def _weights_in(self, state: Mapping[str, Array]) -> dict[str, Array]:
        return {name: state[name] for name in self.training.model.state_dict()}

    def use_weights(self, weights: Mapping[str, Array]) -> None:
        """Give the model these parameters when the run ends, instead of the last ones."""
        self.chosen = weights

    def stop(self) -> None:
        """End the run after this epoch."""
        self.at.stopped = True

    # --- the model ----------------------------------------------------------------------------------------------------

    def show(self, state: Mapping[str, Array] | None = None) -> None:
        """Give the model the present parameters; `state` is the present state where it is at hand."""
        self.training.model.load_state_dict(self.weights() if state is None else self._weights_in(state))

    @contextmanager
    def shown_when_interrupted(self) -> Iterator[None]:
        """Within: an error, or Ctrl-C, leaves the model with the parameters of the last finished step."""
        try:
            yield
        except BaseException:
            self.show()
            raise

    def check_weights(self, state: Mapping[str, Array]) -> None:
        """Raises DivergenceError when a trained parameter is not finite."""
        if self.finite:
            for name in self.training.model.trainable:
                if not np.isfinite(state[name]).all():
                    raise DivergenceError(
                        f"the parameter {name!r} is not finite after step {self.finished_steps}{REMEDY}"
                    )

    # --- steps --------------------------------------------------------------------------------------------------------

    @property
    def finished_steps(self) -> int:
        """Steps since the beginning of the run."""
        return self.at.epoch * self.training.steps + self.at.done

    def state(self) -> dict[str, Array]:
        """A copy of the present state of the step program for whole batches."""
        return self.feeder.state(self.training.batch_size)

    def step_program(self, rows: int) -> Program:
        """The program of a step on so many rows."""
        return self.feeder.program(rows)

    def order(self) -> Array:
        """The order of the rows in this epoch."""
        if self._order is None or self._order[0] != self.at.epoch:
            self._order = self.at.epoch, epoch_order(self.training.rows, self.training.seed, self.at.epoch)
        return self._order[1]

    def advance(self, stop: int) -> None:
        """Run the steps up to number `stop` of this epoch."""
        for rows, out in self.feeder.run(self.training.batch_size, range(self.at.done, stop), self.order()):
            self._totals.add(rows, out)
            self.at.done += 1
            if self.finite and not math.isfinite(self._totals.sums["loss"]):
                where = f"in step {self.finished_steps} (epoch {self.at.epoch + 1})"
                raise DivergenceError(f"the loss is {out['loss'].item()} {where}{REMEDY}")

    def finish_epoch(self, callbacks: Sequence[Callback]) -> dict[str, float]:
        """Figures of the epoch into the history, callbacks, and on to the next epoch."""
        training = self.training
        rows = training.rows if training.rest else training.steps * training.batch_size
        figures = self._totals.figures(rows)
        state = self.state() if self.validate is not None or callbacks else {}
        if self.validate is not None:
            figures.update({f"val_{name}": value for name, value in self.validate(self._weights_in(state)).items()})
        for name, value in figures.items():
            self.at.history.setdefault(name, []).append(value)
        self.at.epoch += 1
        self._start_epoch()
        if callbacks:
            self.show(state)
        for callback in callbacks:
            callback.on_epoch_end(self)
        return figures

    def _start_epoch(self) -> None:
        self._totals = Totals(self.training.objective.metrics, self.training.y)
        self.at.done, self.at.totals = 0, self._totals.sums

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def identity(self, validation: tuple[Array, Array] | None, callbacks: Sequence[Callback]) -> dict[str, Any]:
        """What must be the same for a run to go on from a checkpoint. The number of epochs may grow."""
        training, program = self.training, self.program
        held = {} if validation is None else {"validation x": validation[0], "validation y": validation[1]}
        return {
            "data": data_hash({"x": training.x, "y": training.y, **held}),
            "seed": int(training.seed),
            "batch_size": training.batch_size,
            "steps an epoch": training.steps,
            "callbacks": ", ".join(type(c).__name__ for c in callbacks),
            "program (model, loss, optimiser, metrics)": hashlib.sha256(program.to_json().encode()).hexdigest(),
            "constants": fingerprint({name: program.values[name] for name in program.captured}),
        }

    def save(self, path: Path, identity: dict[str, Any], callbacks: Sequence[Callback]) -> None:
        """Write where the run stands, atomically."""
        state = self.state()
        self.check_weights(state)  # a checkpoint of a run that diverged would replace the last good one
        kept = [callback.state() for callback in callbacks]
        Checkpoint(identity=identity, state=state, position=self.at, callbacks=kept).save(path)

    def restore(self, path: Path, identity: dict[str, Any], callbacks: Sequence[Callback]) -> list[dict[str, Any]]:
        """Go to where a checkpoint stands; what the callbacks kept. Raises FileError when it is damaged or of another run."""
        found = Checkpoint.load(path)
        found.check_identity(path, identity)
        specs = {name: spec_of(array) for name, array in found.state.items()}
        if specs != self.program.state or len(found.callbacks) != len(callbacks):
            raise FileError(f"{path}: damaged: its tensors are not the state of the run")
        self.feeder.set_state(self.training.batch_size, found.state)
        self.at = found.position
        self._totals.sums.update(self.at.totals)
        self.at.totals = self._totals.sums
        return found.callbacks
