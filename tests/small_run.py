"""A small run for tests of what `fit` promises: 40 rows of 3 numbers, two classes."""

from __future__ import annotations

from typing import Any

import numpy as np

import paragon as pg
from paragon import nn

f32 = np.float32
X = np.random.default_rng(23).standard_normal((40, 3)).astype(f32)
Y = (X[:, 0] > 0).astype(np.int32)


def quiet(model: nn.Module, x: Any = X, y: Any = Y, **arguments: Any) -> pg.History:
    """`fit` without a word, for three epochs."""
    return pg.fit(model, x, y, **{"progress": False, "epochs": 3, "batch_size": 16, **arguments})
