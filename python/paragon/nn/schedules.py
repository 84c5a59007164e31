"""Learning rates that change: functions of the step number, made of contract operations and so part of the program.

A schedule maps the number of finished steps (an f32 scalar tensor, 0 at the first step) to the learning rate (an f32 scalar).
Any function of that kind will do. Nothing is computed outside the program, so that every executor sees the same rate.
"""

from __future__ import annotations

from collections.abc import Callable

from ..tensor import functions as F
from ..tensor.tensor import Tensor
from .checks import need_steps

Schedule = Callable[[Tensor], Tensor]


def _number(step: Tensor, value: float) -> Tensor:
    """`value` as a scalar that belongs to the program of `step`."""
    scalar = F.full((), value)
    return scalar if step.trace is None else step.trace.lift(scalar)


def constant(rate: float) -> Schedule:
    """Always `rate`."""
    return lambda step: _number(step, rate)


def step_decay(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """rate * factor^k with k = floor(step / every), as rate * exp(k * log(factor))."""
    length = need_steps("step_decay every", every)

    def schedule(step: Tensor) -> Tensor:
        k = F.cast(F.cast(step / length, "i32"), "f32")
        return F.exp(k * F.log(_number(step, factor))) * rate

    return schedule


def exponential(rate: float, factor: float) -> Schedule:
    """rate * factor^step, as rate * exp(step * log(factor))."""
    return lambda step: F.exp(step * F.log(_number(step, factor))) * rate


def cosine(rate: float, steps: int, end: float = 0.0) -> Schedule:
    """From `rate` to `end` along half a cosine in `steps` steps, then `end`. (Loshchilov & Hutter, 2017)"""
    length = need_steps("cosine steps", steps)
    return lambda step: F.fma(F.cospi(F.minimum(step / length, 1.0)) + 1.0, 0.5 * (rate - end), end)


def warm_up(steps: int, then: Schedule | float) -> Schedule:
    """(step+1)/steps of the rate of `then` (a schedule, or a rate) during the first `steps` steps; `then` counts from step 0."""
    length = need_steps("warm_up steps", steps)
    following = then if callable(then) else constant(then)
    return lambda step: F.minimum((step + 1.0) / length, 1.0) * following(step)
