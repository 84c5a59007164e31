"""The registry of executors: what can run a program, and which one is in use.

An executor is a plug-in: an object with the interface of `Executor`, registered under the entry-point group
`paragon.executors`. docs/executors.md shows how to write one, with the reference executor as the example.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, runtime_checkable

from ..ir.errors import ExecutorError
from ..ir.program import Program
from ..ir.spec import Array

GROUP = "paragon.executors"


@runtime_checkable
class Session(Protocol):
    """A program loaded into an executor, with its own copy of the state. Ours may be used from any thread."""

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run once on inputs of the declared dtypes and shapes: update the state, return the outputs (fresh arrays)."""

    def state(self) -> dict[str, Array]:
        """A copy of the state."""

    def set_state(self, values: Mapping[str, Array]) -> None:
        """Replace the named states."""

    def values(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Every value of a run, by value number, without updating the state."""


@runtime_checkable
class Planned(Protocol):
    """A session that tells how it runs its program; an executor's sessions may."""

    def plan(self) -> str:
        """The steps of a run in words, a line each."""


@runtime_checkable
class OnDevices(Protocol):
    """An executor that can tell hardware from a driver which does its work on the processor; an executor may."""

    def software(self, **options: Any) -> bool:
        """Whether sessions with these options of `load` run on such a driver: for checking, not for speed."""


@runtime_checkable
class Executor(Protocol):
    """Something that can run programs."""

    name: str

    @property
    def available(self) -> bool:
        """Whether it can be used on this machine."""

    @property
    def reason(self) -> str:
        """Why it is not available, and the remedy; empty when it is."""

    def settings(self) -> list[dict[str, Any]]:
        """The options of `load` that make a difference on this machine, every combination worth comparing; [{}] when none do."""

    def load(self, program: Program, **options: Any) -> Session:
        """Prepare a program, its state taken from `program.values`. Raises ExecutorError when that cannot be done."""


class Unavailable:
    """Stands for a plug-in that could not be imported."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason, self.available = name, reason, False

    def settings(self) -> list[dict[str, Any]]:
        """None: there is nothing to run."""
        return []

    def load(self, program: Program, **options: Any) -> Session:
        """Raises ExecutorError, with the reason."""
        raise ExecutorError(f"the executor {self.name!r} is not available: {self.reason}")


def _whole(executor: Executor) -> Executor:
    """The executor itself. Raises ExecutorError, naming what it lacks. (Nothing is evaluated: `available` may look for devices.)"""
    known = dir(executor)
    if lacking := [name for name in ("name", "available", "reason", "settings", "load") if name not in known]:
        raise ExecutorError(f"{type(executor).__name__} is no executor: it has no {', '.join(lacking)}")
    return executor


@cache
def _registry() -> dict[str, Executor]:
    from importlib.metadata import entry_points  # here: it takes as long to import as all of paragon

    found: dict[str, Executor] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            found[entry.name] = _whole(entry.load()())
        except Exception as error:  # a broken plug-in must not take the others with it
            found[entry.name] = Unavailable(entry.name, f"{type(error).__name__}: {error}")
    if not found:
        raise ExecutorError(
            "no executors are registered: install the package (pip install .) instead of importing its folder"
        )
    return found


def executors() -> dict[str, Executor]:
    """Every registered executor by name, whether `available` or not (`reason` says why).

    >>> pg.executors()["reference"].available
    True
    """
    return dict(_registry())


@dataclass(frozen=True)
class Setting:
    """An executor and the options it is used with."""

    name: str
    executor: Executor
    options: Mapping[str, Any]

    @property
    def software(self) -> bool:
        """Whether it is a driver that computes on the processor in place of a device."""
        return isinstance(self.executor, OnDevices) and self.executor.software(**self.options)

    def __str__(self) -> str:
        shown = (f"{v} thread{'s' * (v > 1)}" if k == "threads" else str(v) for k, v in self.options.items())
        return " ".join([self.name, *shown])


def settings() -> list[Setting]:
    """Every setting of every available executor: for cpu each instruction set, with one thread and with all."""
    known = {name: executor for name, executor in _registry().items() if executor.available}
    return [Setting(name, executor, options) for name, executor in known.items() for options in executor.settings()]


_in_use: ContextVar[tuple[str, dict[str, Any]]] = ContextVar("paragon_executor", default=("cpu", {}))


def resolve(executor: str | Executor | None, options: Mapping[str, Any]) -> tuple[Executor, dict[str, Any]]:
    """The executor to use and its options: the one named, or the one in use.

    Raises:
        ExecutorError: there is none of that name, or it is not available. Nothing else is tried in its place.
    """
    merged = {k: v for k, v in options.items() if v is not None}
    if executor is None:
        executor, used = _in_use.get()
        merged = {**used, **merged}
    if not isinstance(executor, str):
        return executor if hasattr(executor, "load") else _whole(executor), merged
    known = _registry()
    if executor not in known:
        raise ExecutorError(f"there is no executor {executor!r}; registered are {', '.join(known)}")
    found = known[executor]
    if not found.available:
        raise ExecutorError(f"the executor {executor!r} is not available: {found.reason}")
    return found, merged


def loaded(program: Program, executor: Executor, options: Mapping[str, Any]) -> Session:
    """The session of a program on an executor with these options: the one in `program.sessions`, or a new one, kept there."""
    key = (id(executor), tuple((name, type(value), value) for name, value in sorted(options.items())))
    try:
        hash(key)
    except TypeError:  # options that are no keys: whether they are any good the executor says
        return executor.load(program, **options)
    # The executor is kept beside its session, so that its id stays taken.
    session: Session = program.sessions.get(key, lambda: (executor, executor.load(program, **options)))[1]
    return session


def run(
    program: Program, inputs: Mapping[str, Any], executor: str | Executor | None, options: Mapping[str, Any]
) -> dict[str, Array]:
    """What `Program.run` does: run once on checked inputs, and bring `program.values` forward."""
    session = loaded(program, *resolve(executor, options))
    with program.lock:  # a run reads the values that the one before it left
        if program.state:
            session.set_state(program.values)
        outputs = session.run(inputs)
        if program.updates:
            program.values.update(session.state())
    return outputs


Program.runner = staticmethod(run)


@contextmanager
def use(executor: str, **options: Any) -> Iterator[Executor]:
    """Run what stands in the `with` block on an executor, for instance `with paragon.use("cpu", isa="avx2", threads=1):`.

    `options` are those of its `load`. Raises ExecutorError when there is none of that name, or it is not available.

    >>> with pg.use("reference") as executor:
    ...     print(executor.name, pg.exp(1.0))
    reference Tensor(2.7182817, f32)
    """
    found, merged = resolve(executor, options)
    token = _in_use.set((executor, merged))
    try:
        yield found
    finally:
        _in_use.reset(token)
