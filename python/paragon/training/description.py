"""The description of a training: everything that determines its bits.

`fit`, jobs, the estimators and the command line each build one and pass it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..data.batches import as_array, rows_of
from ..data.feed import Feeder
from ..ir.errors import ShapeError
from ..ir.program import Program
from ..ir.spec import Array, spec_of, with_rows
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Adam, Clip, Optimizer
from ..tensor.random import seed_words
from .step import Metric, Objective, step_program


@dataclass(frozen=True, kw_only=True, eq=False)
class Training:
    """A model, the rows it learns from, what is asked of it, and how its parameters move.

    Attributes:
        model: with values, from which training goes on.
        x, y: rows on their first axis.
        objective: the loss, and metrics beside it.
        optimizer: how a step moves the parameters. clip: what is done to the gradients before, or None.
        batch_size: rows a step, at most all.
        seed: of the order of the rows, and of dropout.
        drop_last: leave out the smaller last batch of an epoch.

    >>> x = np.eye(4, dtype=np.float32)
    >>> training = pg.Training.of(pg.nn.Dense(4, 2), x, np.array([0, 1, 0, 1], np.int32), batch_size=3, seed=1)
    >>> training.steps, training.rest
    (2, 1)
    >>> pg.train(training, epochs=2, progress=False).steps
    4
    """

    model: Module
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    objective: Objective
    optimizer: Optimizer
    clip: Clip | None
    batch_size: int
    seed: int
    drop_last: bool

    @classmethod
    def of(
        cls,
        model: Module,
        x: Any,
        y: Any,
        *,
        loss: str | Loss = "cross_entropy",
        metrics: Mapping[str, Metric] | None = None,
        optimizer: Optimizer | None = None,
        clip: Clip | None = None,
        batch_size: int = 128,
        seed: int = 0,
        drop_last: bool = False,
    ) -> Training:
        """A description from what users give; the arguments are those of `fit`. A model without values gets its first ones.

        Raises:
            ShapeError: the rows do not fit each other, the loss is unknown, or the batch size out of range.
        """
        x, y = as_array(x), as_array(y)
        rows = rows_of(x=x, y=y)
        if batch_size < 1:
            raise ShapeError(f"batch_size ({batch_size}) must be at least 1")
        if drop_last and rows < batch_size:
            raise ShapeError(f"drop_last: {rows} rows make no whole batch of {batch_size}")
        if not model.initialised:
            model.init(seed)
        objective = Objective.of(loss, metrics)
        return cls(
            model=model,
            x=x,
            y=y,
            objective=objective,
            optimizer=optimizer or Adam(),
            clip=clip,
            batch_size=min(batch_size, rows),
            seed=seed,
            drop_last=drop_last,
        )

    @property
    def rows(self) -> int:
        """The rows to train on."""
        return len(self.x)

    @property
    def rest(self) -> int:
        """The rows of the smaller last batch of an epoch; 0 when there is none."""
        return 0 if self.drop_last else self.rows % self.batch_size

    @property
    def steps(self) -> int:
        """The steps of an epoch."""
        return self.rows // self.batch_size + (self.rest > 0)

    def split(self, fraction: float) -> tuple[Training, tuple[Array, Array] | None]:
        """The same training without the last `fraction` of the rows, and those rows. Raises ShapeError when none are left."""
        if not fraction:
            return self, None
        cut = self.rows - int(self.rows * fraction)
        if not 0 < cut < self.rows:
            raise ShapeError(f"validation_split {fraction}: leaves {cut} of {self.rows} rows to train on")
        if self.drop_last and cut < self.batch_size:
            raise ShapeError(f"drop_last: {cut} rows make no whole batch of {self.batch_size}")
        kept = replace(self, x=self.x[:cut], y=self.y[:cut], batch_size=min(self.batch_size, cut))
        return kept, (self.x[cut:], self.y[cut:])

    def program(self, rows: int) -> Program:
        """The program of a step on so many rows. Raises ShapeError when model, rows and loss do not fit."""
        x, y = (with_rows(spec_of(array), rows) for array in (self.x, self.y))
        program, output = step_program(self.model, x, y, self.objective, self.optimizer, self.clip)
        self.objective.check_targets(self.y, output)
        return program

    def feeder(self) -> Feeder:
        """The rows and the step programs, on the executor in use. What does not fit is said here, before anything is trained."""
        feeder = Feeder(self.program, {"x": self.x, "y": self.y}, {"seed": seed_words(self.seed).numpy()})
        for rows in {self.batch_size, self.rest} - {0}:
            feeder.program(rows)
        return feeder
