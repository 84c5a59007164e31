"""One contest: contestants that compute the same thing are checked against a float64 result, then timed in turns.

A round runs every contestant once for some milliseconds, so that what disturbs the machine disturbs all of them alike. A figure
is the median over the rounds; a ratio (or a share of a peak) is the median of the ratios within the rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

OURS = "paragon"

Array = np.ndarray[Any, np.dtype[Any]]


class WrongResult(Exception):
    """A contestant computed something else: it is refused, with its whole case."""


class Timer(Protocol):
    """Something that can be timed."""

    def result(self) -> Array | None:
        """What is compared with the wanted result; None when there is nothing to compare."""

    def seconds(self, repeats: int) -> float:
        """The seconds of one run, of `repeats` in a row."""


class Call:
    """A function of no arguments as a contestant. `result` is what is checked; what a run returns when absent."""

    def __init__(self, run: Callable[[], Any], result: Callable[[], Any] | None = None) -> None:
        self.run = run
        self.result = result or run

    def seconds(self, repeats: int) -> float:
        run = self.run
        begin = time.perf_counter()
        for _ in range(repeats):
            run()
        return (time.perf_counter() - begin) / repeats


class Peak(Protocol):
    """A limit of the machine, measured between the contestants."""

    def rate(self) -> float:
        """Units of work a second."""


@dataclass
class Contest:
    """Contestants by name, ours among them; what they must compute, in float64; and the limit of the machine, if it is known.

    `tolerance` is the largest difference allowed, as a part of the largest wanted element.
    """

    contestants: Mapping[str, Timer]
    wanted: Any = None
    tolerance: float = 1e-5
    peak: Peak | None = None


@dataclass(frozen=True)
class Goal:
    """A threshold for one figure of a case.

    figure: "ratio" (the smallest of the ratios to `peers`; to every peer when empty), "share" (of the peak), or "value".
    """

    figure: str
    limit: float
    at_least: bool = True
    peers: tuple[str, ...] = ()

    def __str__(self) -> str:
        beside = {"ratio": " or ".join(self.peers) or "best peer", "share": "of the peak", "value": ""}[self.figure]
        times = "x" if self.figure == "ratio" else ""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}{times} {beside}".rstrip()

    def judge(self, found: Figures) -> dict[str, Any]:
        """The goal with the figure measured (None: no such peer, or no peak, in this run) and whether it is met."""
        measured: float | None
        if self.figure == "ratio":
            ratios = [ratio for peer, ratio in found.ratios.items() if not self.peers or peer in self.peers]
            measured = min(ratios) if ratios else None
        else:
            measured = found.share if self.figure == "share" else found.values[OURS]
        met = None if measured is None else (measured >= self.limit) == self.at_least or measured == self.limit
        return {"goal": str(self), "figure": self.figure, "limit": self.limit, "measured": measured, "met": met}


@dataclass
class Figures:
    """What a case yielded: a value for each contestant, where less is better; ratios to ours, above 1 where we are better."""

    values: dict[str, float]
    ratios: dict[str, float] = field(default_factory=dict)
    share: float | None = None
    rounds: int = 1

    def __post_init__(self) -> None:
        if not self.ratios:
            self.ratios = {peer: value / self.values[OURS] for peer, value in self.values.items() if peer != OURS}


@dataclass(frozen=True)
class Case:
    """A row of a table. `build` makes the contest, or measures the figures itself (sizes, errors, import times).

    work, unit: how much of what one run does ("flop", "byte", "element", "row"); values are then seconds. Other units
    name the values themselves ("s", "B", "error").
    """

    family: str
    name: str
    build: Callable[[], Contest | Figures]
    unit: str
    work: float = 1.0
    goals: Sequence[Goal] = ()
    size: int = 0  # the abscissa of a plot

    @property
    def key(self) -> str:
        return f"{self.family}/{self.name}"


@dataclass(frozen=True)
class Settings:
    """How thorough a run is: rounds, seconds of one timing, seconds of a case."""

    threads: int = 1
    quick: bool = False

    @property
    def size(self) -> Literal["full", "quick"]:
        """Of the workloads."""
        return "quick" if self.quick else "full"

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 15

    @property
    def block(self) -> float:
        return 0.001 if self.quick else 0.005

    @property
    def budget(self) -> float:
        return 0.5 if self.quick else 4.0


def error(found: Any, wanted: Any) -> float:
    """The largest difference, as a part of the largest wanted element; infinite for another shape."""
    a, b = np.asarray(found), np.asarray(wanted)
    if a.shape != b.shape:
        return float("inf")
    wide = np.complex128 if np.iscomplexobj(b) else np.float64
    difference = np.max(np.abs(a.astype(wide) - b), initial=0.0)
    return float(difference / max(np.max(np.abs(b), initial=0.0), np.finfo(np.float64).tiny))


def check(contest: Contest) -> None:
    """Raises WrongResult when a contestant's result is not the wanted one."""
    for name, contestant in contest.contestants.items():
        found = contestant.result()
        if contest.wanted is None or found is None:
            continue
        off = error(found, contest.wanted)
        if not off <= contest.tolerance:
            raise WrongResult(f"{name} is off by {off:.1e} of the largest element, allowed is {contest.tolerance:.0e}")


def time_contest(contest: Contest, work: float, settings: Settings) -> Figures:
    """Time the contestants in turns."""
    repeats, blocks = {}, 0.0
    for name, contestant in contest.contestants.items():
        once = min(contestant.seconds(1) for _ in range(2))
        repeats[name] = max(1, int(settings.block / max(once, 1e-9)))
        blocks += (repeats[name] + (repeats[name] > 1)) * once
    rounds = int(min(settings.rounds, max(3, settings.budget / max(blocks, 1e-9))))
    times: dict[str, list[float]] = {name: [] for name in contest.contestants}
    shares: list[float] = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, contestant in contest.contestants.items():
                if settings.threads > 1:
                    time.sleep(0.005)  # the last one's threads go to sleep
                if repeats[name] > 1:
                    contestant.seconds(1)  # its caches
                times[name].append(contestant.seconds(repeats[name]))
            if contest.peak is not None:
                shares.append(work / times[OURS][-1] / contest.peak.rate())
    finally:
        gc.enable()
    ratios = {
        peer: statistics.median(b / a for a, b in zip(times[OURS], found, strict=True))
        for peer, found in times.items()
        if peer != OURS
    }
    values = {name: statistics.median(found) for name, found in times.items()}
    return Figures(values, ratios, statistics.median(shares) if shares else None, rounds)


def run_case(case: Case, settings: Settings) -> dict[str, Any]:
    """The record of a case. A wrong result is recorded as "refused", without any figure."""
    record: dict[str, Any] = {
        "family": case.family,
        "case": case.name,
        "threads": settings.threads,
        "unit": case.unit,
        "work": case.work,
        "size": case.size,
    }
    try:
        built = case.build()
        if isinstance(built, Contest):
            check(built)
            built = time_contest(built, case.work, settings)
    except WrongResult as refused:
        return {**record, "refused": str(refused)}
    return {
        **record,
        "values": built.values,
        "ratios": built.ratios,
        "share": built.share,
        "rounds": built.rounds,
        "goals": [goal.judge(built) for goal in case.goals],
    }
