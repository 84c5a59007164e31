"""Learning rates that change: functions of the step number, made of contract operations and so part of the program.

A schedule maps the number of finished steps (an f32 scalar tensor, 0 at the first step) to the learning rate (an f32 scalar).
Any function of that kind will do. Nothing is computed outside the program, so that every executor sees the same rate.
"""

from __future__ import annotations

from collections.abc import Callable

from ..ir.errors import ShapeError
from ..tensor import functions as F
from ..tensor.tensor import Tensor

Schedule = Callable[[Tensor], Tensor]


def _positive(what: str, steps: int) -> float:
    if steps < 1:
        raise ShapeError(f"{what}: must be at least 1 step, got {steps}")
    return float(steps)


def _number(step: Tensor, value: float) -> Tensor:
    """`value` as a scalar that belongs to the program of `step`."""
    scalar = F.full((), value)
    return scalar if step.trace is None else step.trace.lift(scalar)


def constant(rate: float) -> Schedule:
    """Always `rate`."""
    return lambda step: _number(step, rate)


def step_decay(rate: float, every: int, factor: float = 0.1) -> Schedule:
    """rate * factor^k with k = floor(step / every), as rate * exp(k * log(factor))."""
    length = _positive("step_decay every", every)

    def schedule(step: Tensor) -> Tensor:
        k = F.cast(F.cast(step / length, "i32"), "f32")
        return F.exp(k * F.log(_number(step, factor))) * rate

    return schedule


def exponential(rate: float, factor: float) -> Schedule:
    """rate * factor^step, as rate * exp(step * log(factor))."""
    return lambda step: F.exp(step * F.log(_number(step, factor))) * rate


def cosine(rate: float, steps: int, end: float = 0.0) -> Schedule:
    """From `rate` to `end` along half a cosine in `steps` steps, then `end`. (Loshchilov & Hutter, 2017)"""
    length = _positive("cosine steps", steps)
    return lambda step: F.fma(F.cospi(F.minimum(step / length, 1.0)) + 1.0, 0.5 * (rate - end), end)


def warm_up(steps: int, then: Schedule | float) -> Schedule:
    """(step+1)/steps of the rate of `then` (a schedule, or a rate) during the first `steps` steps; `then` counts from step 0."""
    length = _positive("warm_up steps", steps)
    following = then if callable(then) else constant(then)
    return lambda step: F.minimum((step + 1.0) / length, 1.0) * following(step)


SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": lambda rate, steps: constant(rate),
    "cosine": cosine,
    "step": lambda rate, steps: step_decay(rate, max(1, steps // 3)),
    "exponential": lambda rate, steps: exponential(rate, 0.01 ** (1 / steps)),
}
"""Schedules by name, as functions of the first rate and the number of steps of the run: "step" divides the rate by ten after
each third of them, "exponential" by a hundred on the whole. The command line reads them here."""


def schedule(name: str, rate: float, steps: int, warm_up_steps: int = 0) -> Schedule:
    """The schedule of that name for a run of `steps` steps, the first `warm_up_steps` of them rising.

    Raises:
        ShapeError: there is no such schedule, or a number is out of range.
    """
    if name not in SCHEDULES:
        raise ShapeError(f"there is no schedule {name!r}; known are {', '.join(SCHEDULES)}")
    following = SCHEDULES[name](rate, steps)
    return warm_up(warm_up_steps, following) if warm_up_steps else following
