"""Elementary functions and the composites made of them, on 2^20 elements; rows of 1024 where there are rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import paragon as pg

from . import peers
from .harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer

N, ROW = 1 << 20, 1024


@dataclass(frozen=True)
class Function:
    """One function in every library; a peer that has no such function has None. `wide` computes it in float64."""

    name: str
    ours: Callable[[Any], Any]
    wide: Callable[[Array], Array]
    torch: Callable[[Any], Any]  # (module) -> function of a tensor
    jax: Callable[[Any], Any]  # (module) -> function of an array
    numpy: Callable[[Array], Array] | None = None
    scipy: str | None = None  # in scipy.special
    positive: bool = False  # takes positive arguments
    rows: bool = False
    goal: bool = False


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def _layer_norm(x: Array) -> Array:
    d = x - x.mean(-1, keepdims=True)
    return np.asarray(d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5))


def _jax_layer_norm(jax: Any) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        d = x - x.mean(-1, keepdims=True)
        return d / jax.numpy.sqrt((d * d).mean(-1, keepdims=True) + 1e-5)

    return function


_erf = np.vectorize(math.erf, otypes=[np.float64])

FUNCTIONS = [
    Function("exp", pg.exp, np.exp, lambda t: t.exp, lambda j: j.numpy.exp, np.exp, goal=True),
    Function("expm1", pg.expm1, np.expm1, lambda t: t.expm1, lambda j: j.numpy.expm1, np.expm1),
    Function("log", pg.log, np.log, lambda t: t.log, lambda j: j.numpy.log, np.log, positive=True, goal=True),
    Function("log1p", pg.log1p, np.log1p, lambda t: t.log1p, lambda j: j.numpy.log1p, np.log1p, positive=True),
    Function("tanh", pg.tanh, np.tanh, lambda t: t.tanh, lambda j: j.numpy.tanh, np.tanh, goal=True),
    Function("erf", pg.erf, _erf, lambda t: t.erf, lambda j: j.scipy.special.erf, scipy="erf", goal=True),
    Function(
        "sigmoid", pg.sigmoid, lambda x: 1 / (1 + np.exp(-x)), lambda t: t.sigmoid, lambda j: j.nn.sigmoid,
        scipy="expit", goal=True,
    ),
    Function(
        "gelu", pg.gelu, lambda x: x * (0.5 + 0.5 * _erf(x / math.sqrt(2))), lambda t: t.nn.functional.gelu,
        lambda j: lambda x: j.nn.gelu(x, approximate=False),
    ),
    Function(
        "softmax", lambda x: pg.softmax(x), _softmax, lambda t: lambda x: t.softmax(x, -1), lambda j: j.nn.softmax,
        rows=True, goal=True,
    ),
    Function(
        "layer norm", lambda x: pg.layer_norm(x, pg.ones(ROW), pg.zeros(ROW)), _layer_norm,
        lambda t: lambda x: t.nn.functional.layer_norm(x, (ROW,), t.ones(ROW), t.zeros(ROW)), _jax_layer_norm,
        rows=True, goal=True,
    ),
]  # fmt: skip


def cases(settings: Settings) -> Iterator[Case]:
    for function in FUNCTIONS:
        goals = [Goal("ratio", 1.0, peers=("torch",))] if function.goal else []
        yield Case("elementary", function.name, lambda f=function: contest(f), "element", N, goals)


def contest(function: Function) -> Contest:
    rng = np.random.default_rng(0)
    x = (rng.uniform(0.01, 10, N) if function.positive else 3 * rng.standard_normal(N)).astype(np.float32)
    if function.rows:
        x = x.reshape(-1, ROW)
    contestants: dict[str, Timer | None] = {OURS: peers.ours(function.ours, x)}
    if (numpy := function.numpy) is not None:
        contestants["NumPy"] = Call(lambda: numpy(x))
    if function.scipy and peers.load("scipy"):
        from scipy import special

        special_function = getattr(special, function.scipy)
        contestants["SciPy"] = Call(lambda: special_function(x))
    if (torch := peers.load("torch")) is not None:
        on_torch, tensor = function.torch(torch), torch.from_numpy(x)
        contestants["torch"] = Call(lambda: on_torch(tensor), lambda: on_torch(tensor).numpy())
    if (jax := peers.load("jax")) is not None:
        contestants["JAX"] = peers.jax_call(function.jax(jax), x)
    return Contest(peers.present(contestants), function.wide(x.astype(np.float64)))
