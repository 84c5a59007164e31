"""The drift report: every executor against every other, program by program, as JSON, CSV and a table."""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ..ir.distance import Difference, Divergence, compare_tensors, difference, first_divergence
from ..ir.errors import ProgramError
from ..ir.fingerprint import fingerprint
from ..ir.program import CONTRACT, Program
from ..ir.spec import Array
from ..ir.tensor_files import write_atomic

COLUMNS = (
    "program", "first", "second", "match", "words", "mismatched",
    "max_abs_diff", "mean_abs_diff", "l2_diff", "ulps", "first_differing_operation",
)  # fmt: skip


@dataclass
class Outcome:
    """What one executor made of one program: all outputs and the state after some steps, and all values of the first step."""

    executor: str
    results: dict[str, Array]
    values: Sequence[Array | None]
    seconds: float
    error: str = ""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the results; empty after an error."""
        return "" if self.error else fingerprint(self.results)


def _whole(results: Mapping[str, Array]) -> Array:
    """All results in one row, so that two runs have one distance."""
    rows = [np.asarray(results[name]).astype(np.float32).ravel() for name in sorted(results)]
    return np.concatenate(rows) if rows else np.zeros(0, np.float32)


def pair(program: Program, name: str, a: Outcome, b: Outcome) -> dict[str, Any]:
    """One row of the report: two executors on one program."""
    row: dict[str, Any] = {"program": name, "first": a.executor, "second": b.executor}
    if a.error or b.error:
        return row | {"match": False, "first_differing_operation": a.error or b.error}
    try:
        exact = list(compare_tensors(a.results, b.results).values())
    except ProgramError as error:
        return row | {"match": False, "first_differing_operation": str(error)}
    spread = difference(_whole(a.results), _whole(b.results))
    divergence: Divergence | None = None
    if not all(d.same for d in exact):
        divergence = first_divergence(program, a.values, b.values)
    total = Difference(
        sum(d.words for d in exact),
        sum(d.mismatched for d in exact),
        max((d.max_abs_diff for d in exact), default=0.0),
        spread.mean_abs_diff,
        spread.l2_diff,
        max((d.ulps for d in exact), default=0),
    )
    return row | total.row() | {"first_differing_operation": str(divergence or "")}


def drift_report(programs: Mapping[str, Program], outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, Any]:
    """The whole report as a document: what ran, every pair, and whether all agree."""
    rows = [pair(programs[name], name, a, b) for name, runs in outcomes.items() for a, b in combinations(runs, 2)]
    runs = [
        {
            "program": name,
            "executor": o.executor,
            "fingerprint": o.fingerprint,
            "seconds": round(o.seconds, 4),
            "error": o.error,
        }
        for name, found in outcomes.items()
        for o in found
    ]
    machine = {"machine": platform.machine(), "system": platform.system(), "python": platform.python_version()}
    return {
        "contract": CONTRACT,
        "machine": machine,
        "match": all(r["match"] for r in rows),
        "runs": runs,
        "pairs": rows,
    }


def write_report(report: Mapping[str, Any], folder: str | Path) -> tuple[Path, Path]:
    """Write `drift_report.json` and `drift_summary.csv`, atomically; returns their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(report["pairs"])
    paths = folder / "drift_report.json", folder / "drift_summary.csv"
    write_atomic(paths[0], json.dumps(report, indent=1).encode())
    write_atomic(paths[1], text.getvalue().encode())
    return paths
