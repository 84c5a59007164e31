"""Sums, maxima and means: of whole arrays (in full size larger than the caches), of rows and of columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import paragon as pg

from . import Problem, Size, Workload

FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sum": (pg.sum, np.sum),
    "max": (pg.max, np.max),
    "mean": (pg.mean, np.mean),
}
AXES: dict[str, int | None] = {"all": None, "rows": -1, "columns": 0}
EXPONENTS: dict[Size, int] = {"full": 25, "quick": 20, "tiny": 14}
TOLERANCE = 2e-4  # of peers: NumPy adds the rows of a column one after another, an error of about sqrt(rows) roundings


@dataclass(frozen=True)
class Reduction(Workload):
    """A function of an array of 2^exponent elements, 1024 in a row."""

    function: str
    over: str
    exponent: int

    family = "reductions"
    unit = "byte"

    @property
    def name(self) -> str:
        return f"{self.function} {self.over}, 2^{self.exponent} elements"

    @property
    def work(self) -> float:
        return 4.0 * (1 << self.exponent)

    @property
    def axis(self) -> int | None:
        return AXES[self.over]

    def problem(self) -> Problem:
        x = np.random.default_rng(0).random(1 << self.exponent, np.float32).reshape(-1, 1024)
        ours, numpy = FUNCTIONS[self.function]
        wanted = numpy(x.astype(np.float64), self.axis)
        return Problem.of(lambda x: ours(x, self.axis), x, wanted=wanted, tolerance=TOLERANCE)


def workloads(size: Size) -> list[Reduction]:
    return [Reduction(function, over, EXPONENTS[size]) for function in FUNCTIONS for over in AXES]
