"""The classifier: a scaler that is part of the model, and dense layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import paragon as pg
from paragon import nn
from paragon.ir.spec import Array

from .config import Config

LEAST_DEVIATION = 0.1  # a pixel that hardly ever changes is not blown up


@dataclass(frozen=True)
class Given:
    """The initialiser of a parameter whose values are known."""

    values: tuple[float, ...]

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> pg.Tensor:
        return pg.tensor(np.array(self.values, np.float32).reshape(shape))


class Scaler(nn.Module):
    """(x - mean) * scale, feature by feature: the mean and 1 / max(deviation, 0.1) of the rows it was made from.

    Computed in contract arithmetic, so that they are the same words everywhere; no training changes them.
    """

    mean: pg.Tensor
    scale: pg.Tensor

    def __init__(self, rows: Array) -> None:
        mean = pg.mean(rows, axis=0)
        deviation = pg.sqrt(pg.mean((pg.tensor(rows) - mean) * (pg.tensor(rows) - mean), axis=0))
        scale = 1.0 / pg.maximum(deviation, LEAST_DEVIATION)
        for name, values in (("mean", mean), ("scale", scale)):
            self.parameter(name, values.shape, Given(tuple(values.numpy().tolist())), trainable=False)

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        """f32 [rows, features] -> the same shape."""
        return (x - self.mean) * self.scale


def build(config: Config, rows: Array, classes: int) -> nn.Sequential:
    """The model of the settings for rows like these (those to train on). It yields logits [rows, classes]."""
    layers: list[nn.Module] = [Scaler(rows)]
    features = rows.shape[1]
    for width in config.hidden_sizes if config.model == "mlp" else ():
        layers.append(nn.Dense(features, width, activation="relu"))
        if config.dropout:
            layers.append(nn.Dropout(config.dropout))
        features = width
    return nn.Sequential(*layers, nn.Dense(features, classes))
