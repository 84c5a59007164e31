"""Learning rates that change: functions of the step number, made of contract operations and so part of the program.

A schedule maps the number of finished steps (an f32 scalar tensor, 0 at the first step) to the learning rate (an f32 scalar).
Any function of that kind will do; those here are values, which compare, copy and pickle. Nothing is computed outside the
program, so that every executor sees the same rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir.float_modes import in_plain_modes
from ..tensor import functions as F
from ..tensor.tensor import Tensor
from .checks import named, need_count, need_number

Schedule = Callable[[Tensor], Tensor]
"""The number of finished steps, an f32 scalar -> the learning rate, an f32 scalar."""


def _beside(step: Tensor, value: float) -> Tensor:
    """`value` as a scalar that belongs to the program of `step`."""
    scalar = F.full((), value)
    return scalar if step.trace is None else step.trace.lift(scalar)


@dataclass(frozen=True)
class Constant:
    """Always `rate`, however many steps."""

    rate: float

    def __post_init__(self) -> None:
        need_number("constant: the rate", self.rate, 0)

    def __call__(self, step: Tensor) -> Tensor:
        return _beside(step, self.rate)


@dataclass(frozen=True)
class StepDecay:
    """rate * factor^k with k = floor(step / every), as rate * exp(k * log(factor)).

    Raises ShapeError unless every >= 1 and factor > 0.
    """

    rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        need_number("step_decay: the rate", self.rate, 0)
        need_count("step_decay: every", self.every)
        need_number("step_decay: the factor", self.factor, 0, above=True)

    def __call__(self, step: Tensor) -> Tensor:
        k = F.cast(F.cast(step / float(self.every), "i32"), "f32")
        return F.exp(k * F.log(_beside(step, self.factor))) * self.rate


@dataclass(frozen=True)
class Exponential:
    """rate * factor^step, as rate * exp(step * log(factor)). Raises ShapeError unless factor > 0."""

    rate: float
    factor: float

    def __post_init__(self) -> None:
        need_number("exponential: the rate", self.rate, 0)
        need_number("exponential: the factor", self.factor, 0, above=True)

    def __call__(self, step: Tensor) -> Tensor:
        return F.exp(step * F.log(_beside(step, self.factor))) * self.rate


@dataclass(frozen=True)
class Cosine:
    """From `rate` to `end` along half a cosine in `steps` steps, then `end`. (Loshchilov & Hutter, 2017)

    fma(cospi(min(step / steps, 1)) + 1, (rate - end) / 2, end). Raises ShapeError unless steps >= 1.

    >>> rate = pg.schedules.cosine(0.5, steps=2)
    >>> [float(rate(pg.tensor(step))) for step in (0.0, 1.0, 2.0, 3.0)]
    [0.5, 0.25, 0.0, 0.0]
    """

    rate: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        need_number("cosine: the rate", self.rate, 0)
        need_count("cosine: steps", self.steps)
        need_number("cosine: the end", self.end, 0)

    def __call__(self, step: Tensor) -> Tensor:
        turn = F.cospi(F.minimum(step / float(self.steps), 1.0))
        return F.fma(turn + 1.0, 0.5 * (self.rate - self.end), self.end)


@dataclass(frozen=True)
class WarmUp:
    """(step+1)/steps of the rate of `then` (a schedule, or a rate) during the first `steps` steps; `then` counts from step 0.

    Raises ShapeError unless steps >= 1.

    >>> rate = pg.schedules.warm_up(4, then=0.5)
    >>> [float(rate(pg.tensor(step))) for step in (0.0, 1.0, 2.0, 3.0, 4.0)]
    [0.125, 0.25, 0.375, 0.5, 0.5]
    """

    steps: int
    then: Schedule | float

    def __post_init__(self) -> None:
        need_count("warm_up: steps", self.steps)
        if not callable(self.then):
            need_number("warm_up: the rate", self.then, 0)

    def __call__(self, step: Tensor) -> Tensor:
        following = self.then if callable(self.then) else Constant(self.then)
        return F.minimum((step + 1.0) / float(self.steps), 1.0) * following(step)


constant, step_decay, exponential, cosine, warm_up = Constant, StepDecay, Exponential, Cosine, WarmUp

SCHEDULES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": lambda rate, steps: constant(rate),
    "cosine": cosine,
    "step": lambda rate, steps: step_decay(rate, max(1, steps // 3)),
    "exponential": lambda rate, steps: exponential(rate, 0.01 ** (1 / steps)),
}
"""Schedules by name, as functions of the first rate and the number of steps of the run: "step" divides the rate by ten after
each third of them, "exponential" by a hundred on the whole. The command line reads them here."""


@in_plain_modes
def schedule(name: str, rate: float, steps: int, warm_up_steps: int = 0) -> Schedule:
    """The schedule of that name for a run of `steps` steps, the first `warm_up_steps` of them rising.

    Raises:
        ShapeError: there is no such schedule, or a number is out of range.
    """
    need_count("schedule: steps", steps)
    following = named("schedule", SCHEDULES, name)(rate, steps)
    return warm_up(warm_up_steps, following) if warm_up_steps else following
