"""The report of a run: results.json (everything), results.md (tables, goals, reasons), and plots.

The reasons for missed goals are written by hand in reasons.toml, after a profile: a pattern of "family/case", or of
"family/case @THREADS", and the reason.
"""

from __future__ import annotations

import fnmatch
import json
import os
import platform
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paragon

from . import plots
from .harness import OURS

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
REASONS = HERE / "reasons.toml"
NOT_EXPLAINED = "not yet explained"
BUSY = 0.5  # of the processors, by the load average before the run

TITLES = {
    "gemm": "Matrix products",
    "elementary": "Elementary functions and composites",
    "reductions": "Reductions",
    "fft": "Fourier transforms, from Python",
    "fft_native": "Fourier transforms, through C interfaces",
    "fft_accuracy": "Accuracy of Fourier transforms",
    "training": "Training",
    "inference": "Inference",
    "startup": "Start",
}

Record = Mapping[str, Any]


@dataclass
class Report:
    """A run: the machine, what each process was about, its records, and families that could not be measured."""

    machine: dict[str, Any]
    about: list[dict[str, Any]]
    records: list[dict[str, Any]]
    absent: dict[str, str]

    @classmethod
    def of(cls, lines: Sequence[dict[str, Any]], load: float, seconds: float, quick: bool) -> Report:
        """From the lines of the measuring processes."""
        return cls(
            {**machine(), "load_before": round(load, 2), "seconds": round(seconds), "quick": quick},
            [line["about"] for line in lines if "about" in line],
            [line for line in lines if "case" in line],
            {line["absent"]: line["reason"] for line in lines if "absent" in line},
        )


def machine() -> dict[str, Any]:
    """What it was measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    named = [line.split(":", 1)[1].strip() for line in _lines(cpuinfo) if line.startswith("model name")]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return {
        "processor": named[0] if named else platform.processor() or platform.machine(),
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "paragon": paragon.__version__,
        "commit": commit.stdout.strip() or None,
        "date": time.strftime("%Y-%m-%d"),
    }


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def write(folder: Path, found: Report) -> None:
    """results.json, results.md and the plots, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"machine": found.machine, "runs": found.about, "absent": found.absent, "records": found.records}
    (folder / "results.json").write_text(json.dumps(content, indent=1) + "\n")
    drawn = plots.draw(folder, found.records)
    (folder / "results.md").write_text("\n".join(markdown(found, drawn, reasons())) + "\n")


def reasons() -> dict[str, str]:
    """Patterns of cases, and why their goals are missed."""
    return tomllib.loads(REASONS.read_text()) if REASONS.exists() else {}


def reason_for(record: Record, known: Mapping[str, str]) -> str:
    key = f"{record['family']}/{record['case']}"
    for pattern, text in known.items():
        if fnmatch.fnmatchcase(key, pattern) or fnmatch.fnmatchcase(f"{key} @{record['threads']}", pattern):
            return text
    return NOT_EXPLAINED


# --- Markdown ---------------------------------------------------------------------------------------------------------


def markdown(found: Report, drawn: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Iterator[str]:
    m = found.machine
    yield "# Results of `make bench`"
    yield ""
    yield "Written by the command; [benchmarks.md](../benchmarks.md) says how it measures. A ratio above 1 means that Paragon is"
    yield "better: faster, smaller, or of smaller error. The share is that of the peak measured between the timings."
    if m["quick"]:
        yield ""
        yield "**A quick run, on small cases: its figures say little.**"
    if m["load_before"] > BUSY * m["processors"]:
        yield ""
        yield "**The machine was busy with something else before the run: its figures may say little.**"
    yield ""
    yield (
        f"{m['processor']}, {m['processors']} processors, {m['memory_gib']} GiB, {m['system']}; Python {m['python']}, "
        f"Paragon {m['paragon']} ({m['commit']}); {m['date']}, load before {m['load_before']}, {m['seconds']} s."
    )
    yield ""
    for about in found.about:
        limits = "; ".join(f"{name} {rate:.1f}" for name, rate in about["peaks"].items()) or "no C++ compiler, no peaks"
        yield f"- {_threads(about['threads'])}: {limits}. BLAS: {'; '.join(about['blas']) or 'unknown'}."
    if found.about:
        yield f"- Peers: {', '.join(_peer(*item) for item in found.about[0]['peers'].items())}."
    for family, reason in found.absent.items():
        yield f"- {TITLES[family]}: not measured: {reason}."
    yield ""
    yield from goals(found.records, known)
    for family, title in TITLES.items():
        mine = [record for record in found.records if record["family"] == family]
        if not mine:
            continue
        yield f"## {title}"
        yield ""
        for threads in sorted({record["threads"] for record in mine}):
            yield from table([r for r in mine if r["threads"] == threads and "refused" not in r], threads)
        for record in mine:
            if "refused" in record:
                yield f"Refused: {record['case']}, {_threads(record['threads'])}: {record['refused']}"
                yield ""
        for plot in drawn.get(family, ()):
            yield f"![{title}]({plot})"
            yield ""


def goals(records: Sequence[Record], known: Mapping[str, str]) -> Iterator[str]:
    judged = [(record, goal) for record in records for goal in record.get("goals", ())]
    met, missed, open_ = ([pair for pair in judged if pair[1]["met"] is verdict] for verdict in (True, False, None))
    yield "## Goals"
    yield ""
    yield f"{len(met)} met, {len(missed)} missed" + (
        f", {len(open_)} without the peer to compare with" if open_ else ""
    )
    yield ""
    if missed:
        yield "| missed | threads | goal | measured | reason |"
        yield "|---|---:|---|---:|---|"
        for record, goal in missed:
            what = f"{record['family']}: {record['case']} | {record['threads']} | {_limit(record, goal)}"
            yield f"| {what} | {_measured(record, goal)} | {reason_for(record, known)} |"
        yield ""


def table(records: Sequence[Record], threads: int) -> Iterator[str]:
    if not records:
        return
    names = list(dict.fromkeys(peer for record in records for peer in record["ratios"]))
    shares = any(record["share"] is not None for record in records)
    yield f"{_threads(threads).capitalize()}:"
    yield ""
    yield "| | Paragon |" + " share |" * shares + "".join(f" {name} |" for name in names) + " goals |"
    yield "|---|---:|" + "---:|" * (shares + len(names)) + "---|"
    for record in records:
        cells = [record["case"], quantity(record, record["values"][OURS])]
        if shares:
            cells.append("" if record["share"] is None else f"{record['share']:.2f}")
        cells += [f"{record['ratios'][name]:.2f}" if name in record["ratios"] else "" for name in names]
        cells.append("; ".join(_verdict(record, goal) for goal in record["goals"]))
        yield "| " + " | ".join(cells) + " |"
    yield ""


def quantity(record: Record, value: float) -> str:
    """A value in the unit that the field uses."""
    work = record["work"]
    return {
        "flop": lambda: f"{work / value / 1e9:.1f} GFLOP/s",
        "byte": lambda: f"{work / value / 1e9:.1f} GB/s",
        "element": lambda: f"{value / work * 1e9:.2f} ns an element",
        "row": lambda: f"{value:.3f} s",
        "call": lambda: f"{value * 1e6:.1f} µs",
        "s": lambda: f"{value * 1e3:.0f} ms",
        "B": lambda: f"{value / 1e6:.2f} MB",
        "error": lambda: f"{value:.2e}",
    }[record["unit"]]()


def _measured(record: Record, goal: Record) -> str:
    if goal["measured"] is None:
        return "no such peer"
    return quantity(record, goal["measured"]) if goal["figure"] == "value" else f"{goal['measured']:.2f}"


def _limit(record: Record, goal: Record) -> str:
    """The goal, a value in the unit of its case."""
    return f"{goal['goal'][0]} {quantity(record, goal['limit'])}" if goal["figure"] == "value" else str(goal["goal"])


def _verdict(record: Record, goal: Record) -> str:
    verdict = {True: "met", False: f"**missed**: {_measured(record, goal)}", None: "no such peer"}[goal["met"]]
    return f"{_limit(record, goal)} {verdict}"


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count > 1 else ''}"


def _peer(name: str, version: str | None) -> str:
    return f"{name} {version}" if version else f"{name} (absent)"
