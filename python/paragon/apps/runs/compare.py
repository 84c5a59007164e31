"""What sets runs apart: the bits, the rows, the program, or the configuration. Only what differs is said."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paragon import ParagonError, Program
from paragon.ir.program import Node

from .files import read_bytes
from .record import RunSummary
from .replay import STEP
from .store import RunFolder

ABSENT = None


@dataclass(frozen=True)
class Difference:
    """How two runs differ.

    Attributes:
        same_bits: their last states, histories and predictions are equal, as far as both have them.
        data: they work on other rows. seed: another seed.
        operations: how their step programs differ, a line each as in `diff`; empty when they are one.
        config: setting -> (first, second), only what differs.
        metrics: figure -> second minus first, where both have it.
    """

    first: str
    second: str
    same_bits: bool
    same_work: bool
    data: bool
    program: bool
    operations: tuple[str, ...] = ()
    config: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    metrics: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """One line."""
        if self.same_bits:
            return "same bits"
        if self.program:
            return "other program"
        if self.data:
            return "same program, other data"
        if self.config:
            return "other configuration"
        return "same work, other bits" if self.same_work else "other bits"


def compare(first: RunFolder, second: RunFolder) -> Difference:
    """Compare two runs by their records. Raises FileError for one that cannot be read."""
    a, b = first.read(), second.read()
    other_program = (a.program.step if a.program else None) != (b.program.step if b.program else None)
    return Difference(
        first=a.id,
        second=b.id,
        same_bits=same_bits(a, b),
        same_work=a.work_id is not None and a.work_id == b.work_id,
        data=(a.data.sha256 if a.data else None) != (b.data.sha256 if b.data else None),
        program=other_program,
        operations=tuple(_operations(first, second)) if other_program else (),
        config=differing([a, b]),
        metrics={
            name: (x, y)
            for name, x in a.metrics.items()
            if x is not None and (y := b.metrics.get(name)) is not None and x != y
        },
    )


def same_bits(a: RunSummary, b: RunSummary) -> bool:
    """Whether what came out is the same: every fingerprint that both have, and the last state or the predictions among them."""
    x, y = a.fingerprints, b.fingerprints
    pairs = {name: (getattr(x, name), getattr(y, name)) for name in ("final", "predictions", "history")}
    both = {name: pair for name, pair in pairs.items() if None not in pair}
    return bool({"final", "predictions"} & set(both)) and all(p == q for p, q in both.values())


def differing(records: Sequence[RunSummary]) -> dict[str, tuple[Any, ...]]:
    """The settings in which records differ, by dotted name: the value of each, None where it has none."""
    flat = [flatten(record.config) for record in records]
    names = dict.fromkeys(name for settings in flat for name in settings)
    values = {name: tuple(settings.get(name, ABSENT) for settings in flat) for name in names}
    return {name: found for name, found in values.items() if any(v != found[0] for v in found)}


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted names."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found |= flatten(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _operations(first: RunFolder, second: RunFolder) -> list[str]:
    """The operations of two step programs that differ, with "-" and "+", whatever their numbers; none where one was not kept."""
    try:
        programs = [Program.from_json(read_bytes(f.path / STEP).decode()) for f in (first, second)]
    except ParagonError as error:
        return [f"(the programs cannot be compared: {error})"]
    before, after = ([_line(node) for node in program.operations] for program in programs)
    return [line for line in difflib.unified_diff(before, after, lineterm="", n=0) if line.startswith(("- ", "+ "))]


def _line(node: Node) -> str:
    attributes = ", ".join(f"{name}={value}" for name, value in node.attributes.items())
    return f" {node.op} {node.spec}{'; ' * bool(attributes)}{attributes}"
