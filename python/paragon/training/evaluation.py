"""The loss and the metrics of a model on data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..data.batches import as_array, rows_of
from ..data.feed import Feeder
from ..ir.errors import ShapeError
from ..ir.spec import Array, spec_of, with_rows
from ..nn.losses import Loss
from ..nn.module import Module
from .step import Metric, Objective, evaluation_program

EVALUATION_ROWS = 1000


class Totals:
    """Sums over batches in f64: of the loss times the rows, and of each metric."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.sums = dict.fromkeys(("loss", *metrics), 0.0)

    def add(self, rows: int, out: Mapping[str, Array]) -> None:
        """Add what one batch of so many rows gave."""
        for name in self.sums:
            self.sums[name] += float(out[name]) * rows if name == "loss" else float(out[name])

    def figures(self, rows: int, y: Array) -> dict[str, float]:
        """The mean loss over rows, and each metric's sum divided by the number of target elements of these rows."""
        elements = rows * (y.size // len(y))
        return {name: total / (rows if name == "loss" else elements) for name, total in self.sums.items()}


class Evaluator:
    """The loss and the metrics of a model over fixed data, in batches, for any parameters."""

    def __init__(self, model: Module, x: Array, y: Array, objective: Objective, batch_size: int) -> None:
        self.y, self.size, self.metrics = y, min(batch_size, len(x)), objective.metrics
        specs = spec_of(x), spec_of(y)
        self.feeder = Feeder(
            lambda n: evaluation_program(model, with_rows(specs[0], n), with_rows(specs[1], n), objective),
            {"x": x, "y": y},
        )
        for rows in {self.size, len(x) % self.size} - {0}:  # what does not fit is said before anything is trained
            self.feeder.program(rows)

    def __call__(self, state: Mapping[str, Array] | None = None) -> dict[str, float]:
        if state is not None:
            self.feeder.set_state(self.size, state)
        totals = Totals(self.metrics)
        for rows, out in self.feeder.run(self.size, range(-(-len(self.y) // self.size))):
            totals.add(rows, out)
        return totals.figures(len(self.y), self.y)


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

    >>> model = pg.nn.Dense(2, 2).init(seed=0)
    >>> pg.evaluate(model, np.eye(2, dtype=np.float32), np.array([0, 1]))
    {'loss': 1.1563876867294312, 'accuracy': 0.0}
    """
    x, y, objective = as_array(x), as_array(y), Objective.of(loss, metrics)
    rows_of(x=x, y=y)
    if batch_size < 1:
        raise ShapeError(f"batch_size must be at least 1, got {batch_size}")
    return Evaluator(model, x, y, objective, batch_size)()
