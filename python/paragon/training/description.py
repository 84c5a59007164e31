"""The description of a training: everything that determines its bits.

`fit`, jobs, the estimators and the command line each build one and pass it on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..data.batches import rows_of
from ..data.boundary import finite_array
from ..data.feed import Feeder
from ..ir.errors import ShapeError
from ..ir.float_modes import in_plain_modes
from ..ir.program import Program
from ..ir.spec import Array, spec_of, with_rows
from ..nn.checks import need_count, need_number
from ..nn.losses import Loss
from ..nn.module import Module
from ..nn.optim import Adam, Clip, Optimizer
from ..tensor.random import permutation, seed_words
from .step import Metrics, Objective, check_names, step_program

SPLIT_STREAM = 2**32 - 1
"""The stream of the order in which rows are kept back for validation; no epoch comes so far."""


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
    @in_plain_modes
    def of(
        cls,
        model: Module,
        x: Any,
        y: Any,
        *,
        loss: str | Loss = "cross_entropy",
        metrics: Metrics | None = None,
        optimizer: Optimizer | None = None,
        clip: Clip | None = None,
        batch_size: int = 128,
        seed: int = 0,
        drop_last: bool = False,
    ) -> Training:
        """A description from what users give; the arguments are those of `fit`. A model without values gets its first ones.

        Raises:
            ShapeError: the rows do not fit each other or are not finite, the loss is unknown, or a number is out of range.
            ParagonError: a parameter has a name that the step program needs.
        """
        batch_size, seed = need_count("batch_size", batch_size), need_count("seed", seed, least=0)
        seed_words(seed)
        x, y = finite_array("x", x), finite_array("y", y)
        rows = rows_of(x=x, y=y)
        if not isinstance(model, Module):
            raise ShapeError(f"model must be a Module, got {model!r}")
        if optimizer is not None and (isinstance(optimizer, type) or not hasattr(optimizer, "update")):
            raise ShapeError(f"optimizer must be one of paragon.optim, such as optim.Adam(), got {optimizer!r}")
        if clip is not None and (isinstance(clip, type) or not callable(clip)):
            raise ShapeError(f"clip must be a function such as optim.clip_by_global_norm(1.0), got {clip!r}")
        if drop_last and rows < batch_size:
            raise ShapeError(f"drop_last: {rows} rows make no whole batch of {batch_size}")
        if not model.initialised:
            model.init(seed)
        check_names(model)
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

    def split(self, fraction: float, shuffle: bool = True) -> tuple[Training, tuple[Array, Array] | None]:
        """The same training without a `fraction` of the rows, and those rows: chosen by the seed, else the last ones.

        Raises ShapeError when none are left, or for a fraction that is not in 0 ... 1.
        """
        need_number("validation_split", fraction, 0, 1, below=True)
        if not fraction:
            return self, None
        cut = self.rows - int(self.rows * fraction)
        if not 0 < cut < self.rows:
            raise ShapeError(f"validation_split {fraction}: leaves {cut} of {self.rows} rows to train on")
        if shuffle:
            order = permutation(self.rows, self.seed, SPLIT_STREAM)
            return self.without(np.sort(order[cut:]))
        return self.without(np.arange(cut, self.rows))

    def without(self, held: Array) -> tuple[Training, tuple[Array, Array]]:
        """The same training without the rows of these numbers, and those rows."""
        chosen = np.zeros(self.rows, bool)
        chosen[held] = True
        x, y = self.x[~chosen], self.y[~chosen]
        if self.drop_last and len(x) < self.batch_size:
            raise ShapeError(f"drop_last: {len(x)} rows make no whole batch of {self.batch_size}")
        return replace(self, x=x, y=y, batch_size=min(self.batch_size, len(x))), (self.x[chosen], self.y[chosen])

    def program(self, rows: int) -> Program:
        """The program of a step on so many rows. Raises ShapeError when model, rows and loss do not fit."""
        x, y = (with_rows(spec_of(array), rows) for array in (self.x, self.y))
        program, output = step_program(self.model, x, y, self.objective, self.optimizer, self.clip)
        self.objective.check_targets("y", self.y, output)
        return program

    def feeder(self) -> Feeder:
        """The rows and the step programs, on the executor in use. What does not fit is said here, before anything is trained."""
        feeder = Feeder(self.program, {"x": self.x, "y": self.y}, {"seed": seed_words(self.seed).numpy()})
        for rows in {self.batch_size, self.rest} - {0}:
            feeder.program(rows)
        return feeder
