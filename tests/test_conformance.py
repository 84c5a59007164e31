"""The harness holds good executors to the contract, and catches and names bad ones."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT
from paragon.conformance import (
    Case,
    Contender,
    External,
    Outcome,
    contenders,
    load_vectors,
    run_case,
    run_conformance,
    write_report,
)  # fmt: skip
from paragon.conformance.fuzz import GENERATORS, fuzz
from paragon.conformance.programs import standard_programs
from paragon.conformance.report import pair
from paragon.conformance.run import check_vectors
from paragon.conformance.vectors import run_cases
from paragon.executors.reference import ReferenceSession
from paragon.executors.reference.kernels import KERNELS, reduce_panels
from paragon.ir.operations import TABLE
from paragon.ir.program import Program
from paragon.ir.spec import Array, Spec
from paragon.ir.tensor_files import read_tensors, write_tensors

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
            def _evaluate(self, inputs: Mapping[str, Array]) -> list[Array | Spec]:
                with mock.patch.dict(KERNELS, faults):
                    return super()._evaluate(inputs)

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


# --- commands: their words are compared here, whatever they say of themselves -----------------------------------------------


@pytest.fixture
def few_vectors(tmp_path: Path) -> Path:
    """Two files of vectors: `add`, and `program`, whose cases have state."""
    folder = tmp_path / "vectors"
    folder.mkdir()
    for name in ("add", "programs"):
        shutil.copy(VECTORS / f"{name}.safetensors", folder)
    return folder


def script(path: Path, body: str) -> External:
    """A command in Python: `body` sees the program, its inputs, what the reference makes of them, and the file to write."""
    path.write_text(
        f"#!{sys.executable}\n"
        "import sys, paragon as pg\n"
        "from paragon.ir.tensor_files import read_tensors, write_tensors\n"
        "command, model, given, out, *flags = sys.argv[1:]\n"
        "assert command == 'run', command\n"
        "program, inputs = pg.load(model), read_tensors(given)[0]\n"
        "found = {f'output.{k}': v for k, v in program.run(inputs, executor='reference').items()}\n"
        "found |= {f'state.{k}': program.values[k] for k in program.updates}\n" + body
    )
    path.chmod(0o755)
    return External(path.stem, [str(path)])


@pytest.mark.parametrize("command", ["/bin/true", "echo all right"])
def test_a_command_that_only_says_that_all_is_right_passes_no_vector(few_vectors: Path, command: str) -> None:
    count, failures = check_vectors(Contender("liar", External("liar", command)), few_vectors)
    assert count > 20 and len(failures) == count
    assert all("writes no results" in line for line in failures)


def test_a_command_that_is_right_passes_every_vector(few_vectors: Path, tmp_path: Path) -> None:
    good = script(tmp_path / "good", "write_tensors(out, found, {})\n")
    assert check_vectors(Contender("good", good), few_vectors) == (len(list(load_vectors(few_vectors))), [])


@pytest.mark.parametrize(
    "body,said",
    [
        ("found = {k: v if v.size == 0 else -v for k, v in found.items()}\nwrite_tensors(out, found, {})\n", "words differ"),
        ("found.popitem()\nwrite_tensors(out, found, {})\n", "lacks"),
        ("write_tensors(out, {**found, 'output.extra': found.popitem()[1]}, {})\n", "extra"),
        ("write_tensors(out, {k: v[None] for k, v in found.items()}, {})\n", "needs"),
        ("write_tensors(out, found, {})\nsys.exit(3)\n", "exit code 3"),
    ],
)  # fmt: skip
def test_a_command_that_is_wrong_is_caught(few_vectors: Path, tmp_path: Path, body: str, said: str) -> None:
    (few_vectors / "programs.safetensors").unlink()
    bad = script(tmp_path / "bad", body)
    cases = list(load_vectors(few_vectors))[:3]
    failures = run_cases(cases, bad)
    assert len(failures) == 3
    assert all(said in what for _, what in failures), failures


def test_one_wrong_word_in_a_batch_names_its_case(few_vectors: Path, tmp_path: Path) -> None:
    body = "k = next(k for k in found if '/' in k and found[k].size)\nfound[k] = found[k].copy()\n"
    body += "found[k].reshape(-1).view('u4')[0] ^= 1\nwrite_tensors(out, found, {})\n"
    (few_vectors / "programs.safetensors").unlink()
    failures = run_cases(list(load_vectors(few_vectors)), script(tmp_path / "off", body))
    assert len(failures) == 1 and "1 of" in failures[0][1] and str(failures[0][0]).startswith("add: ")


def test_an_output_and_a_state_of_one_name_are_both_compared() -> None:
    one = np.ones(1, np.float32)
    program = pg.trace(lambda state, x: ({"w": x * 2.0}, {"w": state["w"] + x}), one, state={"w": one})
    case = Case("f", "n", program, {"x": one}, {"w": one * 3}, {"w": one * 2})  # the output is 2, the state is right
    assert "words differ" in run_case(case, pg.executors()["reference"])


def test_a_run_that_compares_nothing_is_refused() -> None:
    alone = contenders(["reference"])
    assert [c.name for c in alone] == ["reference"]
    for wanted in ({}, {"vectors": VECTORS, "fuzz_examples": 1}):
        with pytest.raises(pg.ExecutorError, match="nothing to compare"):
            run_conformance(alone, **wanted)
    assert [c.name for c in contenders(["cpu baseline"])] == ["reference", "cpu baseline"]


def test_results_that_one_executor_lacks_are_no_match() -> None:
    program = pg.trace(lambda x: x * 2.0, np.ones(1, np.float32))
    runs = [Outcome(name, results, [], 0.0) for name, results in (("a", {}), ("b", {"output": np.ones(1, np.float32)}))]
    assert not pair(program, "p", *runs)["match"]


def test_vectors_that_leave_something_unsaid_are_refused(few_vectors: Path) -> None:
    path = few_vectors / "programs.safetensors"
    tensors, metadata = read_tensors(path)
    new = next(name for name in tensors if "/new/" in name)
    for kept in (
        {k: v for k, v in tensors.items() if k != new},
        {**tensors, "0/outs/y": tensors[new]},
        {**tensors, "99999/out/y": tensors[new]},
        {**tensors, "y": tensors[new]},
    ):
        write_tensors(path, kept, metadata)
        with pytest.raises(pg.FileError, match="programs.safetensors"):
            list(load_vectors(few_vectors))
