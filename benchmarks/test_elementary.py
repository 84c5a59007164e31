"""exp, log, tanh, erf and friends, correctly rounded, beside NumPy, SciPy and torch, which are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from peers import Timed, clock, medians

import paragon as pg
from conftest import Record
from paragon.executors import resolve
from paragon.ops import Spec

N = 1 << 20
ROWS = 1024


def _torch(name: str, x: np.ndarray) -> Timed | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    functions: dict[str, Callable[[Any], Any]] = {
        "erf": torch.erf,
        "softmax": lambda t: torch.softmax(t, -1),
        "layer_norm": lambda t: torch.nn.functional.layer_norm(t, t.shape[-1:]),
    }
    fn, data = functions.get(name) or getattr(torch, name), torch.from_numpy(x)
    return clock(lambda: fn(data))


def _numpy(name: str, x: np.ndarray) -> Timed | None:
    if name == "erf":
        try:
            from scipy.special import erf
        except ImportError:
            return None
        return clock(lambda: erf(x))
    fn = getattr(np, name, None)
    return clock(lambda: fn(x)) if fn else None


def _layer_norm(x: pg.Tensor) -> pg.Tensor:
    return pg.layer_norm(x, pg.ones(x.shape[-1]), pg.zeros(x.shape[-1]))


@pytest.mark.parametrize(
    "name", ["exp", "expm1", "log", "log1p", "tanh", "erf", "sigmoid", "softmax", "layer_norm", "sum"]
)
def test_elementary(benchmark: Any, record: Record, name: str) -> None:
    rng = np.random.default_rng(0)
    x = (
        rng.uniform(0.01, 10, N).astype(np.float32)
        if name in ("log", "log1p")
        else (3 * rng.standard_normal(N)).astype(np.float32)
    )
    if name in ("softmax", "layer_norm"):
        x = x.reshape(ROWS, -1)
    fn = _layer_norm if name == "layer_norm" else getattr(pg, name)
    executor, options = resolve("cpu", {})
    session = executor.load(pg.trace(lambda x: fn(x), Spec("f32", x.shape)), **options)
    contestants: dict[str, Timed] = {"ours": clock(lambda: session.run({"x": x}))}
    for peer, measure in (("numpy", _numpy(name, x)), ("torch", _torch(name, x))):
        if measure is not None:
            contestants[peer] = measure
    found = medians(contestants)
    mine = found.pop("ours")
    record(name, mine, f"{mine / N * 1e9:.2f} ns/element", found)
    benchmark.pedantic(lambda: session.run({"x": x}), rounds=5)
