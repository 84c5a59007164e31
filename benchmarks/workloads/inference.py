"""One sample through 784-128-10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import Problem, Size, Workload
from .training import MNIST, Training


@dataclass(frozen=True)
class Inference(Workload):
    """A prediction of a perceptron for some rows."""

    widths: tuple[int, int, int] = MNIST
    rows: int = 1

    family = "inference"
    unit = "call"

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.widths))}, {'one sample' if self.rows == 1 else f'{self.rows} samples'}"

    @property
    def work(self) -> float:
        return 1

    def problem(self) -> Problem:
        model = Training(self.widths, 1).network()
        x = np.random.default_rng(0).random((self.rows, self.widths[0]), np.float32)
        w1, b1, w2, b2 = (value.numpy().astype(np.float64) for value in model.state_dict().values())
        return Problem(model.program(x), {"x": x}, np.maximum(x @ w1 + b1, 0) @ w2 + b2)


def workloads(size: Size) -> list[Inference]:
    return [Inference()]
