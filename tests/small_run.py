"""A small run for tests of what `fit` promises: 40 rows of 3 numbers, two classes."""

from __future__ import annotations

from typing import Any

import numpy as np

import paragon as pg
from paragon import nn

f32 = np.float32
X = np.random.default_rng(23).standard_normal((40, 3)).astype(f32)
Y = (X[:, 0] > 0).astype(np.int32)


OUTSIDE = pg.tensor([1.0, 2.0, 3.0])


class ReadsOutside(nn.Module):
    """Reads constants that are no parameters, other ones for the smaller last batch of an epoch."""

    def __init__(self) -> None:
        self.dense = nn.Dense(3, 2)

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        y: pg.Tensor = self.dense(x * OUTSIDE * pg.tensor(np.full(x.shape, 0.5, f32)))
        return y


def quiet(model: nn.Module, x: Any = X, y: Any = Y, **arguments: Any) -> pg.History:
    """`fit` without a word, for three epochs."""
    return pg.fit(model, x, y, **{"progress": False, "epochs": 3, "batch_size": 16, **arguments})
