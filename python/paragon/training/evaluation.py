"""The loss and the metrics of a model on data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.batches import rows_of
from ..data.boundary import finite_array
from ..data.feed import Feeder
from ..ir.float_modes import in_plain_modes
from ..ir.spec import Array, Spec, spec_of, with_rows
from ..nn.checks import need_count
from ..nn.losses import Loss
from ..nn.module import Module
from .step import Metric, Metrics, Objective, evaluation_program

EVALUATION_ROWS = 1000


class Totals:
    """Sums over batches in f64: of the loss times the rows, and of each metric over the elements of the target `y`."""

    def __init__(self, metrics: Mapping[str, Metric], y: Array) -> None:
        self.sums = dict.fromkeys(("loss", *metrics), 0.0)
        self._elements = y.size // len(y)

    @in_plain_modes
    def add(self, rows: int, out: Mapping[str, Array]) -> None:
        """Add what one batch of so many rows gave: a mean counts as often as there are rows or elements, a count as it is."""
        for name in self.sums:
            mean = out[name].dtype == np.float32
            weight = rows if name == "loss" else rows * self._elements if mean else 1
            self.sums[name] += float(out[name]) * weight

    @in_plain_modes
    def figures(self, rows: int) -> dict[str, float]:
        """The mean loss over so many rows, and the mean of each metric over the target elements of these rows."""
        return {name: total / (rows if name == "loss" else rows * self._elements) for name, total in self.sums.items()}


class Evaluator:
    """The loss and the metrics of a model over fixed data, in batches, for any parameters. `what` they are, for errors."""

    def __init__(
        self, model: Module, x: Array, y: Array, objective: Objective, batch_size: int, what: str = ""
    ) -> None:
        self.y, self.size, self.metrics = y, min(batch_size, len(x)), objective.metrics
        specs = spec_of(x), spec_of(y)

        def check(output: Spec) -> None:
            objective.check_targets(f"{what}y", y, output)

        self.feeder = Feeder(
            lambda n: evaluation_program(model, with_rows(specs[0], n), with_rows(specs[1], n), objective, check),
            {"x": x, "y": y},
        )
        for rows in {self.size, len(x) % self.size} - {0}:  # what does not fit is said before anything is trained
            self.feeder.program(rows)

    def __call__(self, state: Mapping[str, Array] | None = None) -> dict[str, float]:
        if state is not None:
            self.feeder.set_state(self.size, state)
        totals = Totals(self.metrics, self.y)
        for rows, out in self.feeder.run(self.size, range(-(-len(self.y) // self.size))):
            totals.add(rows, out)
        return totals.figures(len(self.y))


@in_plain_modes
def evaluate(
    model: Module,
    x: Any,
    y: Any,
    *,
    loss: str | Loss = "cross_entropy",
    metrics: Metrics | None = None,
    batch_size: int = EVALUATION_ROWS,
) -> dict[str, float]:
    """The loss and the metrics of a model on data, by name, on the executor in use.

    Args: as for `fit`. The loss is the mean of the batches' means, weighted by their rows, in f64.

    Raises:
        ShapeError: the data, the model and the loss do not fit, or the data are not finite, or a class is out of range.

    >>> model = pg.nn.Dense(2, 2).init(seed=0)
    >>> pg.evaluate(model, np.eye(2, dtype=np.float32), np.array([0, 1]))
    {'loss': 1.1563876867294312, 'accuracy': 0.0}
    """
    x, y, objective = finite_array("x", x), finite_array("y", y), Objective.of(loss, metrics)
    rows_of(x=x, y=y)
    return Evaluator(model, x, y, objective, need_count("batch_size", batch_size))()
