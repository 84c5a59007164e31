"""The harness holds good executors to the contract, and catches and names bad ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT
from paragon.conformance import Contender, contenders, load_vectors, run_case, run_conformance, write_report
from paragon.conformance.fuzz import GENERATORS, fuzz
from paragon.conformance.programs import standard_programs
from paragon.executors.reference import ReferenceSession
from paragon.executors.reference.kernels import KERNELS, reduce_panels
from paragon.ir.operations import TABLE
from paragon.ir.program import Program
from paragon.ir.spec import Array

VECTORS = ROOT / "bindings_tests" / "vectors"
Kernel = Callable[..., Array]


def setting(contender: Contender) -> str:
    return contender.name


CONTENDERS = contenders()


def test_vectors_cover_every_operation() -> None:
    seen = {node.op for case in load_vectors(VECTORS) for node in case.program.operations}
    assert seen == set(TABLE) == set(GENERATORS)


@pytest.mark.parametrize("contender", CONTENDERS, ids=setting)
def test_vectors(contender: Contender) -> None:
    wrong = [
        f"{case}: {w}"
        for case in load_vectors(VECTORS)
        if (w := run_case(case, contender.executor, **contender.options))
    ]
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.slow
def test_standard_programs_agree(tmp_path: Path) -> None:
    findings = run_conformance(CONTENDERS)
    assert findings.passed, "\n".join(findings.failures[:20])
    names = {row["program"] for row in findings.report["pairs"]}
    assert names == set(standard_programs())
    report, summary = write_report(findings.report, tmp_path)
    assert json.loads(report.read_text())["match"] is True
    rows = list(csv.DictReader(summary.open()))
    assert len(rows) == len(findings.report["pairs"])
    assert {row["match"] for row in rows} == {"True"}


@pytest.mark.slow
def test_fuzzing_finds_no_disagreement() -> None:
    found = fuzz([(c.name, c.executor, dict(c.options)) for c in CONTENDERS], examples=12)
    assert found is None, str(found)


# --- planted faults ---------------------------------------------------------------------------------------------------


class Faulty:
    """The reference executor with some kernels replaced."""

    available, reason = True, ""

    def __init__(self, name: str, faults: Mapping[str, Kernel]) -> None:
        self.name, self.faults = name, faults

    def load(self, program: Program, **options: Any) -> ReferenceSession:
        faults = self.faults

        class Session(ReferenceSession):
            def values(self, inputs: Mapping[str, Array]) -> list[Array]:
                with mock.patch.dict(KERNELS, faults):
                    return super().values(inputs)

        return Session(program)


def _truncating_div(x: Array, y: Array) -> Array:
    exact = np.divide(x, y, dtype=np.float64)
    near = exact.astype(np.float32)
    return np.where(np.abs(near.astype(np.float64)) > np.abs(exact), np.nextafter(near, np.float32(0)), near)


def _unfused(a: Array, b: Array, c: Array) -> Array:
    return a * b + c


def _unfused_matmul(x: Array, y: Array, *, transpose_a: bool, transpose_b: bool, panel: int | None) -> Array:
    a = np.swapaxes(x, -1, -2) if transpose_a else x
    b = np.swapaxes(y, -1, -2) if transpose_b else y
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])

    def chain(start: int, stop: int) -> Array:
        total = np.zeros(shape, np.float32)
        for k in range(start, stop):
            total = a[..., :, k, None] * b[..., None, k, :] + total
        return total

    return reduce_panels(a.shape[-1], panel, chain)


def _swapped_panels(x: Array, *, axes: tuple[int, ...], keepdims: bool, panel: int | None) -> Array:
    """The last panel is added first."""
    n = int(np.prod([x.shape[a] for a in axes], dtype=np.int64))
    if panel is None or n <= panel or x.dtype != np.float32:
        return KERNELS_SUM(x, axes=axes, keepdims=keepdims, panel=panel)
    kept = [a for a in range(x.ndim) if a not in axes]
    rows = x.transpose([*kept, *axes]).reshape((*(x.shape[a] for a in kept), n))
    last = (n - 1) // panel * panel
    swapped = np.concatenate([rows[..., last:], rows[..., :last]], axis=-1)
    total = KERNELS_SUM(swapped[..., : n - last], axes=(rows.ndim - 1,), keepdims=False, panel=panel)
    for start in range(n - last, n, panel):
        total = total + KERNELS_SUM(
            swapped[..., start : start + panel], axes=(rows.ndim - 1,), keepdims=False, panel=panel
        )
    return np.asarray(total)


KERNELS_SUM = KERNELS["sum"]


def _flushing(kernel: Kernel) -> Kernel:
    def flushed(*xs: Array, **attributes: Any) -> Array:
        out = np.asarray(kernel(*xs, **attributes))
        if out.dtype != np.float32:
            return out
        return np.where(np.abs(out) < np.float32(2.0**-126), np.copysign(np.float32(0), out), out)

    return flushed


FAULTS: dict[str, tuple[dict[str, Kernel], str]] = {
    "wrong rounding": ({"div": _truncating_div}, "div"),
    "unfused fma": ({"fma": _unfused}, "fma"),
    "unfused matmul": ({"matmul": _unfused_matmul}, "matmul"),
    "swapped panel": ({"sum": _swapped_panels}, "sum"),
    "flushed subnormal": ({"mul": _flushing(KERNELS["mul"])}, "mul"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught_by_the_vectors_and_named(name: str) -> None:
    faults, op = FAULTS[name]
    bad = Faulty(name, faults)
    cases = [case for case in load_vectors(VECTORS) if {n.op for n in case.program.operations} & {op}]
    caught = [case for case in cases if run_case(case, bad)]
    assert caught
    from paragon.conformance.vectors import explain

    assert any(f"({op}, value" in explain(case, bad, pg.executors()["reference"]) for case in caught)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught_by_the_fuzzer_and_shrunk(name: str) -> None:
    faults, op = FAULTS[name]
    who = [("reference", pg.executors()["reference"], {}), (name, Faulty(name, faults), {})]
    found = next((f for start in range(20) if (f := fuzz(who, examples=50, operations=(op,), start=start))), None)
    assert found is not None
    assert f"({op}, value" in found.what
    assert len(found.sample.program.operations) <= 2


@pytest.mark.slow
def test_a_planted_fault_fails_the_run_and_the_report_names_the_operation(tmp_path: Path) -> None:
    who = [
        Contender("reference", pg.executors()["reference"]),
        Contender("bad", Faulty("bad", FAULTS["unfused matmul"][0])),
    ]
    findings = run_conformance(who, VECTORS)
    assert not findings.passed
    assert findings.vectors["reference"][0] == findings.vectors["reference"][1] > findings.vectors["bad"][0]
    rows = {row["program"]: row for row in findings.report["pairs"]}
    assert "(matmul, value" in rows["mlp forward"]["first_differing_operation"]
    assert rows["mlp forward"]["mismatched"] > 0
    assert rows["mlp forward"]["ulps"] >= 1
    assert json.loads(write_report(findings.report, tmp_path)[0].read_text())["match"] is False
