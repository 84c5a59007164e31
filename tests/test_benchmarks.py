"""The benchmarks: wrong results are refused, goals are judged, the report says so, small runs of both commands work as a whole."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from benchmarks import report
from benchmarks.harness import OURS, Call, Case, Contest, Figures, Goal, Settings, error, run_case
from benchmarks.test_workloads import checked_call, parameters
from benchmarks.workloads import Setting, settings
from benchmarks.workloads.gemm import Product

import paragon as pg
from conftest import ROOT, available, skip_or_fail

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


SMOKE = "(gemm and 128x10x128-) or inference or (training and 4-8-3) or (fft and 64_x_16-)"
PEERS = ("torch", "scipy", "pyfftw", "sklearn", "jax")


def run_pytest(*arguments: str) -> str:
    """The output of `pytest benchmarks`, in a process that writes last which peers it has imported."""
    code = f"status = pytest.main(sys.argv[1:]); print('peers', [m for m in {PEERS} if m in sys.modules]); sys.exit(status)"
    command = [sys.executable, "-c", f"import pytest, sys; {code}", "benchmarks", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment() -> dict[str, str]:
    """Ours, and the modules of this process for another one."""
    path = os.pathsep.join(p for p in (*sys.path, os.environ.get("PYTHONPATH", "")) if p)
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.slow
def test_workloads_run_under_pytest_benchmark() -> None:
    """Some of each kind, once each, on every executor and instruction set; their results are checked, and no peer is needed."""
    if importlib.util.find_spec("pytest_benchmark") is None:
        skip_or_fail("pytest-benchmark is missing: pip install --group test")
    output = run_pytest("--benchmark-disable", "-v", "-k", SMOKE)
    for setting in (setting for name in pg.executors() if name in available() for setting in settings(name)):
        for family in ("gemm", "inference", "training", "fft"):
            assert re.search(rf"test_{family}\[.*-{re.escape(str(setting))}\] PASSED", output), (family, setting)
    assert output.endswith("peers []\n")


def test_an_unavailable_executor_is_skipped_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = SimpleNamespace(available=False, reason="install it")
    monkeypatch.setattr(pg, "executors", lambda: {"absent": absent})
    (only,) = parameters("gemm", None)
    assert only.id == "absent"
    assert only.marks[0].kwargs["reason"] == "the executor absent is not available: install it"


def test_a_wrong_result_fails_under_pytest_benchmark() -> None:
    workload = Product(2, 3, 4)
    problem = workload.problem()
    with pytest.raises(AssertionError, match="of the largest element"):
        checked_call(replace(problem, wanted=problem.wanted * 1.01), Setting("reference"))
    assert checked_call(problem, Setting("reference")).result().shape == (2, 3)


@pytest.mark.slow
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
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    records = json.loads((tmp_path / "results.json").read_text())["records"]
    assert records
    for record in records:
        assert record["values"][OURS] > 0
        assert record["goals"]
