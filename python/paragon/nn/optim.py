"""Optimisers and gradient clipping as pure functions, to be traced into the step program (docs/contract.md, section 6).

An optimiser is a value: `init` gives its slots for some parameters, `update` maps (gradients, parameters, slots, rate) to new
parameters and slots. All are dicts of tensors by name; a slot of the parameter "w" is called "m.w". Constants are rounded to
f32 first; every operation is elementwise and rounded as written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Protocol

import numpy as np

from ..ir.errors import ShapeError
from ..tensor import functions as F
from ..tensor.tensor import Tensor
from .checks import named, need_limit, need_number
from .schedules import Schedule

Tensors = dict[str, Tensor]
"""Tensors by the names of parameters or slots."""

Clip = Callable[[Tensors], Tensors]
"""A function of the gradients that runs before the optimiser, such as `clip_by_global_norm(1.0)`."""


class Optimizer(Protocol):
    """What `fit` asks of an optimiser: a learning rate, its slots before the first step, and one step."""

    @property
    def lr(self) -> float | Schedule:
        """The learning rate, or a schedule of it."""

    def init(self, parameters: Mapping[str, Tensor]) -> Tensors:
        """The slots before the first step."""

    def update(self, gradients: Tensors, parameters: Tensors, slots: Tensors, rate: Tensor) -> tuple[Tensors, Tensors]:
        """(new parameters, new slots) after one step at the learning rate `rate`, an f32 scalar."""


def _check_rate(what: str, lr: Any, weight_decay: Any = 0.0) -> None:
    """Raises ShapeError, naming the setting of the optimiser `what`."""
    if not callable(lr):
        need_number(f"{what}: lr", lr, 0)
    need_number(f"{what}: weight_decay", weight_decay, 0)


def _zeros(prefix: str, parameters: Mapping[str, Tensor]) -> Tensors:
    return {f"{prefix}.{name}": F.zeros(p.shape) for name, p in parameters.items()}


@dataclass(frozen=True)
class SGD:
    """w = fma(-lr, g, w); with momentum v = fma(momentum, v, g), w = fma(-lr, v, w). (Polyak, 1964)

    `weight_decay` adds that multiple of w to the gradient first: g = fma(weight_decay, w, g). The slots are v, with momentum.

    >>> w, g = {"w": pg.tensor([1.0, 2.0])}, {"w": pg.tensor([8.0, 0.0])}
    >>> pg.optim.SGD(momentum=0.9).update(g, w, {"v.w": pg.zeros(2)}, pg.tensor(0.125))
    ({'w': Tensor([0., 2.], f32)}, {'v.w': Tensor([8., 0.], f32)})
    """

    lr: float | Schedule = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        _check_rate("SGD", self.lr, self.weight_decay)
        need_number("SGD: momentum", self.momentum, 0, 1)

    def init(self, parameters: Mapping[str, Tensor]) -> Tensors:
        """A v of zeros for each parameter, with momentum; else none."""
        return _zeros("v", parameters) if self.momentum else {}

    def update(self, gradients: Tensors, parameters: Tensors, slots: Tensors, rate: Tensor) -> tuple[Tensors, Tensors]:
        """(new parameters, new slots) after one step at the rate `rate`, an f32 scalar."""
        new: Tensors = {}
        changed: Tensors = {}
        for name, w in parameters.items():
            g = gradients[name]
            if self.weight_decay:
                g = F.fma(self.weight_decay, w, g)
            if self.momentum:
                g = changed[f"v.{name}"] = F.fma(self.momentum, slots[f"v.{name}"], g)
            new[name] = F.fma(-rate, g, w)
        return new, changed


@dataclass(frozen=True)
class Adam:
    """m = fma(b1, m, (1-b1)*g), s = fma(b2, s, ((1-b2)*g)*g), w = fma(-lr, (m/c1) / (sqrt(s/c2) + eps), w).

    c1 = 1 - beta1^t and c2 = 1 - beta2^t; the powers are slots, multiplied once a step. (Kingma & Ba, 2015)

    >>> optimizer = pg.optim.Adam(lr=pg.schedules.cosine(1e-2, steps=1000))
    >>> list(optimizer.init({"w": pg.zeros(2)}))
    ['beta1_power', 'beta2_power', 'm.w', 's.w']
    """

    lr: float | Schedule = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        what = type(self).__name__
        _check_rate(what, self.lr)
        need_number(f"{what}: beta1", self.beta1, 0, 1, below=True)  # a beta of 1 would divide 0 by 0
        need_number(f"{what}: beta2", self.beta2, 0, 1, below=True)
        need_number(f"{what}: eps", self.eps, 0, above=True)

    def init(self, parameters: Mapping[str, Tensor]) -> Tensors:
        """Zeros m and s for each parameter, and the powers of the betas, 1."""
        powers = {"beta1_power": F.ones(()), "beta2_power": F.ones(())}
        return {**powers, **_zeros("m", parameters), **_zeros("s", parameters)}

    def update(self, gradients: Tensors, parameters: Tensors, slots: Tensors, rate: Tensor) -> tuple[Tensors, Tensors]:
        """(new parameters, new slots) after one step at the rate `rate`, an f32 scalar."""
        b1, b2 = np.float32(self.beta1), np.float32(self.beta2)
        rest1, rest2 = np.float32(1) - b1, np.float32(1) - b2
        changed = {"beta1_power": slots["beta1_power"] * b1, "beta2_power": slots["beta2_power"] * b2}
        c1, c2 = 1.0 - changed["beta1_power"], 1.0 - changed["beta2_power"]
        new: Tensors = {}
        for name, w in parameters.items():
            g = gradients[name]
            m = changed[f"m.{name}"] = F.fma(b1, slots[f"m.{name}"], g * rest1)
            s = changed[f"s.{name}"] = F.fma(b2, slots[f"s.{name}"], (g * rest2) * g)
            new[name] = F.fma(-rate, (m / c1) / (F.sqrt(s / c2) + self.eps), w)
        return new, changed


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam after w = fma(-(lr*weight_decay), w, w). (Loshchilov & Hutter, 2019)"""

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_rate("AdamW", self.lr, self.weight_decay)

    def update(self, gradients: Tensors, parameters: Tensors, slots: Tensors, rate: Tensor) -> tuple[Tensors, Tensors]:
        """(new parameters, new slots) after one step at the rate `rate`, an f32 scalar."""
        decay = -(rate * self.weight_decay)
        return super().update(gradients, {name: F.fma(decay, w, w) for name, w in parameters.items()}, slots, rate)


@dataclass(frozen=True)
class ClipByValue:
    """A clip that takes every gradient element into -limit ... limit; a NaN stays. Raises ShapeError unless limit > 0."""

    limit: float

    def __post_init__(self) -> None:
        need_limit("clip_by_value", self.limit)

    def __call__(self, gradients: Tensors) -> Tensors:
        return {name: F.minimum(F.maximum(g, -self.limit), self.limit) for name, g in gradients.items()}


# Squares of elements beyond these would overflow, or lose their bits; a power of two brings such gradients into the middle.
_HUGE, _TINY = 2.0**48, 2.0**-50
_SHRINK, _GROW = 2.0**-80, 2.0**96


def _scaled(gradients: Mapping[str, Tensor]) -> tuple[Tensors, Tensor, Tensor]:
    """(gradients times a power of two, their global norm, that power): 1 unless the largest element is huge or tiny."""
    tops = [F.max(F.abs(g)).reshape((1,)) for g in gradients.values()]
    top = F.max(F.concat(tops))
    power = F.where(top >= _HUGE, _SHRINK, F.where(top < _TINY, _GROW, 1.0))
    scaled = {name: g * power for name, g in gradients.items()}
    squares = [F.dot(flat, flat).reshape((1,)) for flat in (g.reshape((g.size,)) for g in scaled.values())]
    return scaled, F.sqrt(F.sum(F.concat(squares))), power


def global_norm(gradients: Mapping[str, Tensor]) -> Tensor:
    """f32 scalar: sqrt(sum over the tensors, in order, of dot(g, g)), both by the reduction rule.

    Where the largest element is at least 2^48 or below 2^-50, so that squares might overflow or underflow, all are multiplied
    by 2^-80 or 2^96 first, and the norm is divided by it.
    """
    _, norm, power = _scaled(gradients)
    return norm / power


@dataclass(frozen=True)
class ClipByGlobalNorm:
    """A clip that multiplies all gradients by limit/norm where their `global_norm` is above `limit`. (Pascanu et al., 2013)

    Raises ShapeError unless limit > 0.

    >>> pg.optim.clip_by_global_norm(1.0)({"w": pg.tensor([3.0, 4.0])})
    {'w': Tensor([0.6, 0.8], f32)}
    """

    limit: float

    def __post_init__(self) -> None:
        need_limit("clip_by_global_norm", self.limit)

    def __call__(self, gradients: Tensors) -> Tensors:
        scaled, norm, power = _scaled(gradients)
        above = norm > power * self.limit
        scale = F.where(above, self.limit / norm, 1.0)
        return {name: F.where(above, scaled[name] * scale, g) for name, g in gradients.items()}


clip_by_value, clip_by_global_norm = ClipByValue, ClipByGlobalNorm

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "momentum": partial(SGD, lr=0.05, momentum=0.9),
    "adam": Adam,
    "adamw": AdamW,
}
"""The optimisers by name, with their usual settings. The command line and the estimators read them here."""


def optimizer(name: str, **settings: Any) -> Optimizer:
    """The optimiser of that name. A setting of None is the usual one.

    Raises:
        ShapeError: there is no such optimiser, or it has no such setting.
    """
    make = named("optimiser", OPTIMIZERS, name)
    known = {field.name for field in fields(make())}  # type: ignore[arg-type]
    given = {key: value for key, value in settings.items() if value is not None}
    if unknown := sorted(set(given) - known):
        raise ShapeError(f"the optimiser {name!r} has no {unknown[0]!r}; it has {', '.join(sorted(known))}")
    return make(**given)
