"""The arguments of layers: out of range they are refused when the layer is made, in one line that names layer and argument."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon import nn

NO_SIZES = [0, -1, 2.5, "3", None, True, 2**31, np.nan]
NO_NUMBERS = ["0.1", None, True, np.nan, np.inf, -np.inf, np.zeros(2), 1e39]

MAKERS: list[tuple[str, str, Callable[[Any], nn.Module], list[Any]]] = [
    ("Dense", "inputs", lambda v: nn.Dense(v, 2), NO_SIZES),
    ("Dense", "outputs", lambda v: nn.Dense(2, v), NO_SIZES),
    ("Dense", "bias", lambda v: nn.Dense(2, 2, bias=v), [0.1, 1, "no", None]),
    ("", "activation", lambda v: nn.Dense(2, 2, v), ["sin", 3, ["relu"], True]),
    ("", "initialiser", lambda v: nn.Dense(2, 2, init=v), ["orthogonal", None, 0.1, ["x"]]),
    ("Conv2d", "channels", lambda v: nn.Conv2d(v, 2, 3), NO_SIZES),
    ("Conv2d", "outputs", lambda v: nn.Conv2d(2, v, 3), NO_SIZES),
    ("Conv2d", "bias", lambda v: nn.Conv2d(2, 2, 3, bias=v), [0.1, np.zeros(2)]),
    ("LayerNorm", "shape", lambda v: nn.LayerNorm(v), [*NO_SIZES, (2, 0), (2, 2.5), (), ("a",)]),
    ("LayerNorm", "eps", lambda v: nn.LayerNorm(2, eps=v), [*NO_NUMBERS, -1e-5]),
    ("BatchNorm", "channels", lambda v: nn.BatchNorm(v), NO_SIZES),
    ("BatchNorm", "eps", lambda v: nn.BatchNorm(2, eps=v), [*NO_NUMBERS, -1e-5]),
    ("BatchNorm", "momentum", lambda v: nn.BatchNorm(2, momentum=v), [*NO_NUMBERS, -0.1, 1.5]),
    ("Dropout", "rate", lambda v: nn.Dropout(v), [*NO_NUMBERS, -0.1, 1, 1 - 1e-12]),
    ("Embedding", "count", lambda v: nn.Embedding(v, 2), NO_SIZES),
    ("Embedding", "width", lambda v: nn.Embedding(2, v), NO_SIZES),
    ("Sequential", "layer 1", lambda v: nn.Sequential(nn.Flatten(), v), [nn.Flatten, "relu", [nn.Flatten()], None]),
]  # fmt: skip

NO_PAIRS = [0, -1, 2.5, "3", (1, 0), (1, 2, 3), (1, 1.5), (True, 1), True, 2**31]
NO_PADDINGS = [-1, (0, -1), 0.5, "full", (1, 2, 3), (0, 0, 0, -1), None, 2**31, True, "1"]
for layer, windowed in {
    "Conv2d": lambda kernel=3, **more: nn.Conv2d(2, 2, kernel, **more),
    "MaxPool2d": lambda kernel=3, **more: nn.MaxPool2d(kernel, **more),
    "AvgPool2d": lambda kernel=3, **more: nn.AvgPool2d(kernel, **more),
}.items():
    for argument, wrong in (("kernel", NO_PAIRS), ("stride", NO_PAIRS), ("padding", NO_PADDINGS)):
        MAKERS.append((layer, argument, lambda v, w=windowed, a=argument: w(**{a: v}), wrong))  # type: ignore[misc]
MAKERS.append(("Conv2d", "dilation", lambda v: nn.Conv2d(2, 2, 3, dilation=v), NO_PAIRS))


@pytest.mark.parametrize("layer,argument,make,wrong", MAKERS, ids=[f"{m[0]}-{m[1]}" for m in MAKERS])
def test_refused(layer: str, argument: str, make: Callable[[Any], nn.Module], wrong: list[Any]) -> None:
    for value in wrong:
        with pytest.raises(pg.ShapeError, match=f"{layer}.*{argument}") as found:
            make(value)
        assert "\n" not in str(found.value)


def test_what_is_in_range_is_taken() -> None:
    for n, zero in product((2, np.int64(2)), (0, 0.0, np.float32(0))):
        nn.Dense(n, n, bias=bool(n)), nn.Embedding(n, n), nn.Dropout(zero)
        nn.LayerNorm((n, n), eps=zero), nn.BatchNorm(n, momentum=1, eps=zero)
        nn.Conv2d(n, n, (n, 1), stride=(n, 1), padding=(0, n), dilation=[1, n])
    for padding in (0, "same", "valid", (1, 0), [1, 0, 0, 1], np.int32(1)):
        image = np.zeros((1, 1, 5, 5), np.float32)
        for made in (
            nn.Conv2d(1, 1, 2, padding=padding),
            nn.MaxPool2d(2, padding=padding),
            nn.AvgPool2d(2, padding=padding),
        ):
            assert made.init(0)(image).ndim == 4
    model = nn.Sequential(nn.relu, lambda x: x * 2.0, nn.Dense(3, 2, pg.exp)).init(np.int64(1))
    assert model(np.zeros((1, 3), np.float32)).shape == (1, 2)


@pytest.mark.parametrize("seed", [1.5, "0", None, -1, 2**64])
def test_seeds_of_initial_values(seed: Any) -> None:
    for model in (nn.Dense(2, 2), nn.Flatten()):
        with pytest.raises(pg.ShapeError, match="seed"):
            model.init(seed)
