"""The benchmarks' harness: wrong results are refused, goals are judged, the report says so, one small run works as a whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import report
from benchmarks.harness import OURS, Call, Case, Contest, Figures, Goal, Settings, error, run_case

from conftest import ROOT

QUICK = Settings(threads=1, quick=True)
X = np.arange(1, 257, dtype=np.float32)


def case(ours: Any, peer: Any, *goals: Goal, name: str = "squares") -> Case:
    wanted = X.astype(np.float64) ** 2
    return Case(
        "elementary", name, lambda: Contest({OURS: Call(ours), "peer": Call(peer)}, wanted), "element", X.size, goals
    )


def squares() -> Any:
    return X * X


def slow() -> Any:
    for _ in range(200):
        squares()
    return squares()


def test_a_right_case_is_timed() -> None:
    record = run_case(case(squares, slow, Goal("ratio", 2.0), Goal("value", 1e-12, at_least=False)), QUICK)
    assert record["ratios"]["peer"] > 2
    assert 0 < record["values"][OURS] < record["values"]["peer"]
    assert [goal["met"] for goal in record["goals"]] == [True, False]


def one_word_off() -> Any:
    y = squares()
    y[100] *= np.float32(1.01)
    return y


@pytest.mark.parametrize("wrong", [one_word_off, lambda: squares()[:-1], lambda: squares() * np.float32(np.nan)])
def test_a_wrong_result_is_refused(wrong: Any) -> None:
    assert OURS in run_case(case(wrong, squares), QUICK)["refused"]
    refused = run_case(case(squares, wrong), QUICK)
    assert "peer" in refused["refused"]
    assert "values" not in refused


def test_error_is_a_part_of_the_largest_element() -> None:
    assert error([1.0, 99.0], [1.0, 100.0]) == pytest.approx(0.01)
    assert error([1.0 + 1.0j], [1.0 + 0.0j]) == pytest.approx(1.0)
    assert error([1.0], [1.0, 1.0]) == float("inf")


def test_goals_without_their_peer_are_neither_met_nor_missed() -> None:
    judged = Goal("ratio", 1.0, peers=("torch",)).judge(Figures({OURS: 1.0, "NumPy": 2.0}))
    assert judged["measured"] is None
    assert judged["met"] is None
    assert Goal("ratio", 2.0).judge(Figures({OURS: 1.0, "a": 3.0, "b": 1.5}))["measured"] == 1.5


def test_the_report_names_missed_goals_and_their_reasons(tmp_path: Path) -> None:
    missed = case(slow, squares, Goal("ratio", 1.0), name="slow squares")
    lines = [run_case(c, QUICK) for c in (case(squares, slow, Goal("ratio", 1.0)), missed, case(one_word_off, squares))]
    about = {"threads": 1, "peaks": {"memory read, GB/s": 10.0}, "peers": {"torch": None, "numpy": "2"}, "blas": []}
    found = report.Report.of([{"about": about}, *lines, {"absent": "fft", "reason": "none"}], 0.0, 3.0, True)
    report.write(tmp_path, found)
    content = json.loads((tmp_path / "results.json").read_text())
    assert set(content) == {"machine", "runs", "absent", "records"}
    assert [("refused" in record) for record in content["records"]] == [False, False, True]
    text = (tmp_path / "results.md").read_text()
    assert "1 met, 1 missed" in text
    assert "torch (absent)" in text
    assert "was busy" not in text
    assert "was busy" in "\n".join(
        report.markdown(replace(found, machine={**found.machine, "load_before": 99.0}), {}, {})
    )
    assert "Refused: squares" in text
    assert report.NOT_EXPLAINED in text
    assert "because" in "\n".join(report.markdown(found, {}, {"elementary/slow*": "because"}))
    assert report.reason_for({**lines[1]}, {"*/slow* @2": "other threads", "*": "any"}) == "any"


def test_a_small_run(tmp_path: Path) -> None:
    """The command as a whole: processes, records, report. Inference is the smallest family."""
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "--quick",
        "--only",
        "inference",
        "--threads",
        "1",
        "--out",
        str(tmp_path),
    ]
    path = os.pathsep.join(p for p in (*sys.path, os.environ.get("PYTHONPATH", "")) if p)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
    records = json.loads((tmp_path / "results.json").read_text())["records"]
    assert records
    for record in records:
        assert record["values"][OURS] > 0
        assert record["goals"]
