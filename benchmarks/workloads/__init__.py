"""What is measured, each thing declared once: its name, its inputs, our function, and the right result in float64.

`benchmarks.contests` times it beside peers (`make bench`), `benchmarks/test_workloads.py` on every executor (pytest-benchmark).
Nothing here knows a peer or a clock, and of paragon only public names are used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

import numpy as np

import paragon as pg

from ..harness import Array, Call

Size = Literal["full", "quick", "tiny"]
"""How large workloads are: for good figures, for a minute's run, or for an interpreter in Python."""
SIZES: tuple[Size, ...] = get_args(Size)


@dataclass(frozen=True)
class Setting:
    """An executor and its options. Its text is the name of a parameter: "cpu-avx2-threads1"."""

    executor: str = "cpu"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        words = (value if isinstance(value, str) else f"{key}{value}" for key, value in self.options.items())
        return "-".join((self.executor, *words))

    def load(self, program: pg.Program) -> Any:
        """The session of a program. Raises ExecutorError when the executor cannot be used so."""
        return pg.executors()[self.executor].load(program, **self.options)


def settings(name: str) -> list[Setting]:
    """Every way in which an executor can compute here: its instruction sets, best last, with one thread and with all."""
    return [Setting(name, options) for options in pg.executors()[name].settings()]


def isas() -> list[str]:
    """The instruction sets of this machine, best last."""
    return list(dict.fromkeys(setting.options["isa"] for setting in settings("cpu")))


@dataclass(frozen=True)
class Problem:
    """A workload with its numbers: a program of ours, the inputs of a run, and what the output must be.

    tolerance: the largest difference allowed, as a part of the largest wanted element.
    read: from the array of the output to the shape and dtype of `wanted`.
    """

    program: pg.Program
    inputs: Mapping[str, Array]
    wanted: Array
    tolerance: float = 1e-5
    output: str = "output"
    read: Callable[[Array], Array] = np.asarray

    @classmethod
    def of(cls, fn: Callable[..., Any], *arrays: Array, wanted: Array, **rest: Any) -> Problem:
        """A function of ours on arrays."""
        program = pg.trace(fn, *arrays)
        return cls(program, dict(zip(program.inputs, arrays, strict=True)), wanted, **rest)

    def on(self, setting: Setting) -> Call:
        """Runs of the program in a session of its own. The outputs are fresh arrays, as everybody gets them."""
        session, inputs = setting.load(self.program), dict(self.inputs)
        return Call(lambda: session.run(inputs), lambda: self.read(session.run(inputs)[self.output]))


class Workload(ABC):
    """Something that we compute. Making its numbers is left to `problem`."""

    family: ClassVar[str]
    unit: ClassVar[str]
    """What `work` counts: flop, byte, element, row, call."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What tells it from the others of its family."""

    @property
    @abstractmethod
    def work(self) -> float:
        """How much one run does."""

    @abstractmethod
    def problem(self) -> Problem:
        """The same numbers each time."""
