"""Elementary functions and the composites made of them, in full size on 2^20 elements; rows of 1024 where there are rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import paragon as pg

from ..harness import Array
from . import Problem, Size, Workload

ROW = 1024
# Quick: within the second level of cache, where neighbours and page faults disturb least.
EXPONENTS: dict[Size, int] = {"full": 20, "quick": 16, "tiny": 12}


@dataclass(frozen=True)
class Function(Workload):
    """One function; `wide` computes it in float64."""

    title: str
    ours: Callable[[Any], Any]
    wide: Callable[[Array], Array]
    positive: bool = False  # takes positive arguments
    rows: bool = False
    exponent: int = EXPONENTS["full"]

    family = "elementary"
    unit = "element"

    @property
    def name(self) -> str:
        return self.title if self.exponent == EXPONENTS["full"] else f"{self.title}, 2^{self.exponent} elements"

    @property
    def work(self) -> float:
        return 1 << self.exponent

    def problem(self) -> Problem:
        rng, n = np.random.default_rng(0), 1 << self.exponent
        x = (rng.uniform(0.01, 10, n) if self.positive else 3 * rng.standard_normal(n)).astype(np.float32)
        if self.rows:
            x = x.reshape(-1, ROW)
        return Problem.of(self.ours, x, wanted=self.wide(x.astype(np.float64)))


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def _layer_norm(x: Array) -> Array:
    d = x - x.mean(-1, keepdims=True)
    return np.asarray(d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5))


_erf = np.vectorize(math.erf, otypes=[np.float64])

FUNCTIONS = [
    Function("exp", pg.exp, np.exp),
    Function("expm1", pg.expm1, np.expm1),
    Function("log", pg.log, np.log, positive=True),
    Function("log1p", pg.log1p, np.log1p, positive=True),
    Function("tanh", pg.tanh, np.tanh),
    Function("erf", pg.erf, _erf),
    Function("sigmoid", pg.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    Function("gelu", pg.gelu, lambda x: x * (0.5 + 0.5 * _erf(x / math.sqrt(2)))),
    Function("softmax", lambda x: pg.softmax(x), _softmax, rows=True),
    Function("layer norm", lambda x: pg.layer_norm(x, pg.ones(ROW), pg.zeros(ROW)), _layer_norm, rows=True),
]


def workloads(size: Size) -> list[Function]:
    return [replace(function, exponent=EXPONENTS[size]) for function in FUNCTIONS]
