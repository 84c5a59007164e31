"""Elementary functions and composites beside NumPy, SciPy, PyTorch and JAX."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import peers
from ..harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer
from ..workloads import Setting
from ..workloads.elementary import ROW, Function, workloads


@dataclass(frozen=True)
class Peers:
    """The same function in the other libraries; None where there is no such function."""

    torch: Callable[[Any], Any]  # (module) -> function of a tensor
    jax: Callable[[Any], Any]  # (module) -> function of an array
    numpy: Callable[[Array], Array] | None = None
    scipy: str | None = None  # in scipy.special
    goal: bool = False  # to be as fast as PyTorch


def _jax_layer_norm(jax: Any) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        d = x - x.mean(-1, keepdims=True)
        return d / jax.numpy.sqrt((d * d).mean(-1, keepdims=True) + 1e-5)

    return function


PEERS = {
    "exp": Peers(lambda t: t.exp, lambda j: j.numpy.exp, np.exp, goal=True),
    "expm1": Peers(lambda t: t.expm1, lambda j: j.numpy.expm1, np.expm1),
    "log": Peers(lambda t: t.log, lambda j: j.numpy.log, np.log, goal=True),
    "log1p": Peers(lambda t: t.log1p, lambda j: j.numpy.log1p, np.log1p),
    "tanh": Peers(lambda t: t.tanh, lambda j: j.numpy.tanh, np.tanh, goal=True),
    "erf": Peers(lambda t: t.erf, lambda j: j.scipy.special.erf, scipy="erf", goal=True),
    "sigmoid": Peers(lambda t: t.sigmoid, lambda j: j.nn.sigmoid, scipy="expit", goal=True),
    "gelu": Peers(lambda t: t.nn.functional.gelu, lambda j: lambda x: j.nn.gelu(x, approximate=False)),
    "softmax": Peers(lambda t: lambda x: t.softmax(x, -1), lambda j: j.nn.softmax, goal=True),
    "layer norm": Peers(
        lambda t: lambda x: t.nn.functional.layer_norm(x, (ROW,), t.ones(ROW), t.zeros(ROW)),
        _jax_layer_norm,
        goal=True,
    ),
}


def cases(settings: Settings) -> Iterator[Case]:
    for function in workloads(settings.size):
        goals = [Goal("ratio", 1.0, peers=("torch",))] if PEERS[function.title].goal else []
        yield Case("elementary", function.name, lambda f=function: contest(f), function.unit, function.work, goals)


def contest(function: Function) -> Contest:
    problem, others = function.problem(), PEERS[function.title]
    (x,) = problem.inputs.values()
    contestants: dict[str, Timer | None] = {OURS: problem.on(Setting())}
    if (numpy := others.numpy) is not None:
        contestants["NumPy"] = Call(lambda: numpy(x))
    if others.scipy and peers.load("scipy"):
        from scipy import special

        special_function = getattr(special, others.scipy)
        contestants["SciPy"] = Call(lambda: special_function(x))
    if (torch := peers.load("torch")) is not None:
        on_torch, tensor = others.torch(torch), torch.from_numpy(x)
        contestants["torch"] = Call(lambda: on_torch(tensor), lambda: on_torch(tensor).numpy())
    if (jax := peers.load("jax")) is not None:
        contestants["JAX"] = peers.jax_call(others.jax(jax), x)
    return Contest(peers.present(contestants), problem.wanted)
