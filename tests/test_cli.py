"""The command line: every command on real files, and what it says to bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
from paragon import cli, nn
from paragon.cli.demo import settings
from paragon.files import read_tensors, write_tensors


class Terminal:
    """Runs `paragon ...` in this process; keeps the exit code and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch
        self.out = self.err = ""

    def __call__(self, *arguments: object) -> int:
        self.monkeypatch.setattr(sys, "argv", ["paragon", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        self.out, self.err = self.capsys.readouterr()
        return code


@pytest.fixture
def paragon(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(capsys, monkeypatch)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    network = nn.Sequential(nn.Dense(4, 8, activation="tanh"), nn.Dense(8, 3)).init(5)
    network.save(path, np.zeros((2, 4), np.float32), output="logits")
    write_tensors(tmp_path / "in.safetensors", {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}, {})
    return path


@pytest.mark.slow
def test_demo_trains_on_every_setting_and_agrees(paragon: Terminal) -> None:
    assert paragon("demo", "--epochs", 1, "--save", "d.safetensors") == 0
    assert paragon.out.count("same bits") == len(list(settings())) + 1  # and the column's title
    assert "DIFFERENT" not in paragon.out
    assert pg.load("d.safetensors").fingerprint() in paragon.out


def test_demo_fails_when_a_bit_differs(paragon: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def numbered(model: object) -> str:
        calls.append("")
        return f"{len(calls):064x}"

    monkeypatch.setattr("paragon.cli.demo.fingerprint", numbered)
    assert paragon("demo", "--epochs", 1) == 1
    assert "DIFFERENT" in paragon.out


def test_train_checkpoint_resume_and_save(paragon: Terminal) -> None:
    options = [
        "train",
        "digits",
        "--hidden",
        16,
        "--dropout",
        0.1,
        "--batch-size",
        100,
        "--optimizer",
        "adamw",
        "--schedule",
        "cosine",
    ]
    options += ["--warm-up", 5, "--clip", 1.0, "--validation-split", 0.1, "--seed", 3, "--epochs", 3]
    assert paragon(*options, "--save", "whole.safetensors") == 0
    whole = pg.load("whole.safetensors").fingerprint()
    assert whole in paragon.out
    assert paragon(*options, "--checkpoint", "c", "--checkpoint-every", 7, "--patience", 9) == 0
    assert paragon(*options, "--checkpoint", "c", "--checkpoint-every", 7, "--patience", 9, "--resume") == 0
    assert whole in paragon.out
    assert paragon(*options[:-1], 4, "--hidden", 8, "--checkpoint", "c", "--resume") == 2
    assert "error:" in paragon.err


def test_train_writes_a_job(paragon: Terminal) -> None:
    assert paragon("train", "digits", "--epochs", 1, "--job", "job.safetensors") == 0
    metadata = read_tensors("job.safetensors")[1]
    assert metadata["format"] == "paragon-job"
    assert json.loads(metadata["job"])["steps"] == 1437 // 128


def test_inspect(paragon: Terminal, model: Path) -> None:
    assert paragon("inspect", model) == 0
    for shown in ("matmul", "tanh", "f32[2,3]", "logits", pg.load(model).fingerprint(), "paragon-model"):
        assert shown in paragon.out
    assert paragon("inspect", model, "--no-operations") == 0
    assert "matmul" not in paragon.out


def test_run_and_compare(paragon: Terminal, model: Path) -> None:
    assert paragon("run", model, "in.safetensors", "a.safetensors", "--values") == 0
    assert paragon("run", model, "in.safetensors", "b.safetensors", "--values", "--executor", "reference") == 0
    assert paragon("compare", "a.safetensors", "b.safetensors") == 0
    assert "same bits" in paragon.out

    tensors, metadata = read_tensors("b.safetensors")
    program = pg.load(model)
    place = next(i for i, node in enumerate(program.operations, program.first_operation) if node.op == "tanh")
    tensors[f"value.{place}"] = np.nextafter(tensors[f"value.{place}"], np.float32(2))
    tensors["output.logits"] = tensors["output.logits"] + np.float32(1)
    write_tensors("b.safetensors", tensors, metadata)
    assert paragon("compare", "a.safetensors", "b.safetensors") == 1
    assert f"(tanh, value {place})" in paragon.out
    assert "different bits" in paragon.out
    assert paragon("compare", "a.safetensors", model) == 2
    assert "only in the first" in paragon.err


def test_fingerprint_and_doctor(paragon: Terminal, model: Path) -> None:
    assert paragon("fingerprint", model) == 0
    assert paragon.out.strip() == pg.load(model).fingerprint()
    assert paragon("doctor") == 0
    for shown in ("numpy", "contract 1", "reference", "instruction sets"):
        assert shown in paragon.out


def test_conformance_run(paragon: Terminal, tmp_path: Path) -> None:
    assert (
        paragon("conformance", "run", "--fuzz", 1, "--executor", "reference", "--executor", "cpu", "--out", "reports")
        == 0
    )
    assert "same bits" in paragon.out
    assert json.loads((tmp_path / "reports" / "drift_report.json").read_text())["match"] is True


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["inspect", "missing.safetensors"], "missing.safetensors: there is no such file"),
        (["run", "in.safetensors", "in.safetensors", "o"], "holds no 'program'"),
        (["run", "model.safetensors", "model.safetensors", "o"], "missing|unknown"),
        (["run", "model.safetensors", "in.safetensors", "o", "--executor", "abacus"], "there is no executor 'abacus'"),
        (["run", "model.safetensors", "in.safetensors", "o", "--isa", "mmx"], "mmx"),
        (["conformance", "run", "--executor", "abacus"], "there is no executor 'abacus'"),
        (["conformance", "run", "--command", "nonsense"], "must be NAME"),
        (["conformance", "run", "--vectors", "."], "not a readable|holds no|no list"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    paragon: Terminal, model: Path, arguments: list[str], message: str
) -> None:
    assert paragon(*arguments) == 2
    assert paragon.err.startswith("error: ")
    import re

    assert re.search(message, paragon.err.replace("\n", " "))
    assert "Traceback" not in paragon.err
