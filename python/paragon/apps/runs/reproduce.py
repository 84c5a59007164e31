"""Run a record again and say "equal", or where it leaves the record: the first span of the trace, the step, the operation.

A kind of run that is no training brings a function of its own, as an entry point of the group `paragon.run_kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from typing import Any

from paragon import FileError, fingerprint
from paragon.data.feed import Feeder
from paragon.executors import Setting, executors, resolve
from paragon.ir.distance import Divergence, first_divergence
from paragon.ir.errors import ExecutorError
from paragon.ir.spec import Array

from .record import RunSummary
from .replay import Replay
from .store import RunFolder, Store

GROUP = "paragon.run_kinds"
Tell = Callable[[int, int], None]
"""(steps done, steps in all), called on the way."""


@dataclass(frozen=True)
class Finding:
    """What running a record again has shown.

    Attributes:
        equal: every state of the trace, and the last one, are those of the record.
        steps: how many were run. compared: how many hashes were compared.
        executor: what it was run on.
        span: the first and the last step (counted from 1) of the first span that ends in another state.
        step: the step (counted from 1) at which two executors part within the span.
        divergence: the operation at which they part there. between: their names.
        blames: the one of them that the record does not agree with.
    """

    equal: bool
    steps: int
    compared: int
    executor: str
    span: tuple[int, int] | None = None
    step: int | None = None
    divergence: Divergence | None = None
    between: tuple[str, str] | None = None
    blames: str | None = None
    why: str = ""

    def __str__(self) -> str:
        if self.equal:
            return f"equal: {self.compared} of {self.compared} states over {self.steps} steps, on {self.executor}"
        if self.span is None:
            return f"differs: {self.why}"
        lines = [f"differs: steps {self.span[0]} to {self.span[1]} end in another state on {self.executor}"]
        if self.divergence is not None and self.between is not None:
            lines.append(f"step {self.step}, {self.between[0]} against {self.between[1]}: {self.divergence}")
            if self.blames:
                lines.append(
                    f"the record agrees with {next(n for n in self.between if n != self.blames)}, not with {self.blames}"
                )
        if self.why:
            lines.append(self.why)
        return "\n".join(lines)


Reproduce = Callable[[Store, RunFolder, "str | None", Mapping[str, Any], Tell], Finding]
"""What a kind of run brings: the arguments of `reproduce` -> what running the record again has shown."""


def reproduce(
    store: Store,
    folder: RunFolder,
    executor: str | None = None,
    options: Mapping[str, Any] | None = None,
    tell: Tell = lambda done, all: None,
) -> Finding:
    """Run a record again, on the executor in use, or the named one.

    Raises:
        FileError: the record is damaged, unfinished, or keeps nothing to run again.
        ExecutorError: the executor is not available.
    """
    kind = folder.read().kind
    chosen: Reproduce = next((e.load() for e in entry_points(group=GROUP) if e.name == kind), reproduce_training)
    return chosen(store, folder, executor, options or {}, tell)


def reproduce_training(
    store: Store, folder: RunFolder, executor: str | None, options: Mapping[str, Any], tell: Tell
) -> Finding:
    """Train again from what the record kept, and compare each state of its trace. Arguments and errors are those of `reproduce`."""
    summary = folder.read()
    if summary.status in ("running", "failed") or summary.trace is None:
        state = "goes on" if summary.status == "running" else f"has the status {summary.status}"
        raise FileError(f"{folder.path}: the run {state} and has no result to reproduce")
    return _compare_trace(summary, Replay.load(folder, store), _setting(executor, options), tell)


def _setting(executor: str | None, options: Mapping[str, Any]) -> Setting:
    chosen, merged = resolve(executor, options)
    return Setting(chosen.name, chosen, merged)


def _compare_trace(summary: RunSummary, replay: Replay, here: Setting, tell: Tell) -> Finding:
    trace = summary.trace
    assert trace is not None
    points = [((k + 1) * trace.every, state) for k, state in enumerate(trace.states)]
    if summary.fingerprints.final is not None and (not points or points[-1][0] != replay.steps):
        points.append((replay.steps, summary.fingerprints.final))
    feeder = replay.feeder(here.executor, here.options)
    done, before = 0, replay.initial
    for number, (step, expected) in enumerate(points):
        for _ in replay.run(feeder, done, step):
            pass
        state = feeder.state(replay.batch_size)
        if fingerprint(state) != expected:
            return _locate(summary, replay, here, done, step, before, expected, number + 1)
        done, before = step, state
        tell(done, replay.steps)
    if summary.fingerprints.final is not None and points[-1][1] != summary.fingerprints.final:
        return Finding(
            False, done, len(points), str(here), why="the record's last state is not the last one of its trace"
        )
    if not points:
        return Finding(False, 0, 0, str(here), why="the record's trace is empty: nothing can be compared")
    return Finding(True, done, len(points), str(here))


def _locate(
    summary: RunSummary,
    replay: Replay,
    here: Setting,
    first: int,
    last: int,
    before: dict[str, Array],
    expected: str,
    compared: int,
) -> Finding:
    """Run the span from the last equal state on two executors, and find where they part."""
    other = _other(summary, here)
    one, two = (_at(replay, setting, before) for setting in (here, other))
    found = Finding(False, last, compared, str(here), span=(first + 1, last))
    names = (str(here), str(other))
    state = before
    for step in range(first, last):
        for feeder in (one, two):
            rows = next(iter(replay.run(feeder, step, step + 1)))[1]
        after = one.state(replay.batch_size)
        if fingerprint(after) == fingerprint(two.state(replay.batch_size)):
            state = after
            continue
        divergence = _first_operation(replay, here, other, state, step, rows)
        for _ in replay.run(two, step + 1, last):
            pass
        agrees = fingerprint(two.state(replay.batch_size)) == expected
        why = "" if agrees else f"the record agrees with neither {here} nor {other}"
        return replace(
            found, step=step + 1, divergence=divergence, between=names, blames=str(here) if agrees else None, why=why
        )
    return replace(
        found, why=f"{here} and {other} agree with each other here: the record was made, or changed, otherwise"
    )


def _other(summary: RunSummary, here: Setting) -> Setting:
    """What to compare with: the recorded executor with its settings where it is here, else the reference."""
    known = executors()
    recorded = summary.executor
    if recorded is not None and recorded.name in known and known[recorded.name].available:
        options = {**recorded.options, **({"isa": recorded.isa} if recorded.name == "cpu" and recorded.isa else {})}
        found = Setting(recorded.name, known[recorded.name], options)
        same = found.executor is here.executor and options.get("isa") == here.options.get("isa")
        if not same and _usable(found):
            return found
    return _setting("reference" if here.name != "reference" else "cpu", {})


def _usable(setting: Setting) -> bool:
    isas = getattr(setting.executor, "isas", None)
    return isas is None or setting.options.get("isa") in (None, *isas)


def _at(replay: Replay, setting: Setting, state: Mapping[str, Array]) -> Feeder:
    feeder = replay.feeder(setting.executor, setting.options)
    feeder.set_state(replay.batch_size, state)
    return feeder


def _first_operation(
    replay: Replay, here: Setting, other: Setting, state: Mapping[str, Array], step: int, rows: int
) -> Divergence | None:
    """The first operation of a step at which two executors part, both beginning with the same state."""
    program, inputs = replay.program(rows), replay.batch(step)
    values = []
    for setting in (here, other):
        session = setting.executor.load(program, **setting.options)
        session.set_state(
            {name: x for name, x in state.items() if name in program.state and name not in program.captured}
        )
        values.append(session.values(inputs))
    found = first_divergence(program, values[0], values[1])
    if found is None:
        raise ExecutorError(f"step {step + 1} differs between {here} and {other}, but none of its kept values does")
    return found
