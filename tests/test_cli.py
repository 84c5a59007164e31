"""The command line: every command on real files, and what it says to bad input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import paragon as pg
from conftest import Terminal
from paragon import nn
from paragon.executors import registry, settings
from paragon.executors.reference import Reference
from paragon.ir.errors import FileError
from paragon.ir.tensor_files import read_tensors, write_tensors
from paragon.training.checkpoint import Checkpoint


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    network = nn.Sequential(nn.Dense(4, 8, activation="tanh"), nn.Dense(8, 3)).init(5)
    network.save(path, np.zeros((2, 4), np.float32), output="logits")
    write_tensors(tmp_path / "in.safetensors", {"x": np.arange(8, dtype=np.float32).reshape(2, 4)}, {})
    return path


@pytest.mark.slow
def test_demo_trains_on_every_setting_and_agrees(paragon: Terminal) -> None:
    assert paragon("demo", "--epochs", 1, "--all", "--save", "d.safetensors") == 0
    assert paragon.out.count("same bits") == len(settings()) + 1  # and the column's title
    assert "DIFFERENT" not in paragon.out
    assert pg.load("d.safetensors").fingerprint() in paragon.out


def test_demo_leaves_software_devices_out(paragon: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """An executor says which of its settings are a driver that computes on the processor."""

    class Devices(Reference):
        def settings(self) -> list[dict[str, Any]]:
            return [{"device": 0}, {"device": 1}]

        def software(self, **options: Any) -> bool:
            return bool(options["device"] == 1)

        def load(self, program: pg.Program, **options: Any) -> Any:
            return super().load(program)

    known = {"cpu": pg.executors()["cpu"], "gpus": Devices()}
    monkeypatch.setattr(registry, "_registry", lambda: known)
    assert paragon("demo", "--epochs", 1) == 0
    assert "gpus 0" in paragon.out and "gpus 1 is left out" in paragon.out and "--all" in paragon.out
    assert paragon.out.count("same bits") == len(settings()) - 1 + 1
    assert paragon("demo", "--epochs", 1, "--all") == 0
    assert "left out" not in paragon.out and paragon.out.count("same bits") == len(settings()) + 1


def test_demo_fails_when_a_bit_differs(paragon: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def numbered(model: object) -> str:
        calls.append("")
        return f"{len(calls):064x}"

    monkeypatch.setattr("paragon.cli.demo.fingerprint", numbered)
    assert paragon("demo", "--epochs", 1) == 1
    assert "DIFFERENT" in paragon.out


def test_run_checks_indices(paragon: Terminal, tmp_path: Path) -> None:
    """A table has no row for an index outside; the operation itself yields zeros."""
    table = nn.Embedding(3, 2).init(0)
    table.save("table.safetensors", np.zeros((2, 1), np.int32))
    for index, code in ((2, 0), (3, 2), (-1, 2)):
        write_tensors("in.safetensors", {"x": np.array([[0], [index]], np.int32)}, {})
        assert paragon("run", "table.safetensors", "in.safetensors", f"out{index}.safetensors") == code
        assert Path(f"out{index}.safetensors").exists() == (code == 0)
    assert "x: the index -1 in row 1 is outside 0 ... 2" in paragon.err
    assert paragon("run", "table.safetensors", "in.safetensors", "zeros.safetensors", "--any-index") == 0
    assert (read_tensors("zeros.safetensors")[0]["output.output"][1] == 0).all()


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


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["train", "digit"], "'digit' is not one of digits, mnist, fashion-mnist"),
        (["train", "digits", "--optimizer", "lion"], "'lion' is not one of sgd, momentum, adam, adamw"),
        (["train", "digits", "--schedule", "never"], "'never' is not one of constant, cosine, step, exponential"),
        (["train", "digits", "--activation", "rel"], "'rel' is not one of linear, relu"),
        (
            ["train", "digits", "--momentum", 0.5],
            "the optimiser 'adam' has no 'momentum'; it has beta1, beta2, eps, lr",
        ),
    ],
)
def test_train_refuses_what_no_registry_has(paragon: Terminal, arguments: list[object], complaint: str) -> None:
    assert paragon(*arguments) == 2
    assert complaint in paragon.err.replace("│", " ").replace("\n", " ").replace("  ", " ")


def test_train_sets_what_an_optimiser_has(paragon: Terminal) -> None:
    options = ["train", "digits", "--epochs", 1]
    found = set()
    for extra in (["momentum"], ["momentum", "--momentum", 0.9], ["momentum", "--momentum", 0.5], ["sgd"]):
        assert paragon(*options, "--optimizer", *extra) == 0
        found.add(paragon.out.split()[-1])
    assert len(found) == 3  # 0.9 is what "momentum" has by itself


def test_demo_checks_its_file_first(paragon: Terminal) -> None:
    assert paragon("demo", "--save", "nowhere/digits") == 2
    assert "there is no folder nowhere" in paragon.err and "fingerprint" not in paragon.out


def test_train_checks_its_files_before_it_trains(paragon: Terminal, tmp_path: Path) -> None:
    short = ["train", "digits", "--epochs", 1]
    for option in ("--save", "--checkpoint", "--job"):
        assert paragon(*short, option, "nowhere/file") == 2
        assert (
            "nowhere/file: there is no folder nowhere" in paragon.err.replace("\n", " ") and "epoch" not in paragon.out
        )
        assert paragon(*short, option, ".") == 2 and "is a folder" in paragon.err
    assert paragon(*short, "--save", "a", "--checkpoint", "./a") == 2 and "different files" in paragon.err
    for alone in ("--resume", "--force"):
        assert paragon(*short, alone) == 2 and "--checkpoint FILE" in paragon.err
    assert paragon(*short, "--validation-split", 0, "--patience", 3) == 2 and "no 'val_loss'" in paragon.err
    assert not list(tmp_path.iterdir())


def test_train_never_overwrites_another_run(paragon: Terminal, tmp_path: Path) -> None:
    short = ["train", "digits", "--checkpoint", "c", "--epochs"]
    assert paragon(*short, 1, "--resume") == 2
    assert "c: there is no such checkpoint" in paragon.err and "begin without" in paragon.err
    assert paragon(*short, 1) == 0
    content = (tmp_path / "c").read_bytes()
    for command in ([*short, 1], [*short, 2], [*short, 1, "--seed", 4]):
        assert paragon(*command) == 2 and "--resume" in paragon.err and "--force" in paragon.err
    assert (tmp_path / "c").read_bytes() == content
    assert paragon(*short, 2, "--resume") == 0 and Checkpoint.load("c").position.epoch == 2
    assert paragon(*short, 1, "--force") == 0 and Checkpoint.load("c").position.epoch == 1


@dataclass
class Entry:
    """An entry point as importlib.metadata gives it."""

    name: str
    brought: object
    value: str = "package.module:thing"

    def load(self) -> object:
        if isinstance(self.brought, Exception):
            raise self.brought
        return self.brought


def test_commands_of_applications(paragon: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer(help="Looks after runs.")

    @app.command("list")
    def listing(root: str = "artifacts") -> None:
        typer.echo(f"listing {root}")

    @app.command()
    def prune() -> None:
        raise FileError("nothing to prune")

    def greet(name: str) -> None:
        """Says hello."""
        typer.echo(f"hello {name}")

    entries = [Entry("runs", app), Entry("greet", greet), Entry("broken", ImportError("no module named 'x'"))]
    entries += [Entry("number", 7), Entry("run", ImportError("an own command is never replaced"))]
    monkeypatch.setattr("paragon.cli.commands.entry_points", lambda group: entries)
    assert paragon("runs", "list", "--root", "there") == 0 and paragon.out == "listing there\n"
    assert paragon("runs", "prune") == 2 and paragon.err == "error: nothing to prune\n"
    assert paragon("greet", "you") == 0 and paragon.out == "hello you\n"
    assert paragon("greet", "--help") == 0 and "Says hello." in paragon.out
    assert paragon("broken", "--anything") == 3 and "no module named 'x'" in paragon.err
    assert (
        paragon("number") == 2
        and "'number' (package.module:thing) is neither a Typer app nor a function" in paragon.err
    )
    assert paragon("run", "--help") == 0 and "A model file." in paragon.out
    assert paragon("--help") == 0
    for shown in ("Looks after runs.", "Says hello.", "Not available (no module named 'x').", "Run a model file once."):
        assert shown in paragon.out


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


def test_inspect_shows_the_plan(paragon: Terminal, model: Path) -> None:
    assert paragon("inspect", model, "--plan", "--no-operations", "--threads", 1) == 0
    for shown in ("matmul [2,4] . [4,8], panel 256", "tanh", 'state "1.weight"', '-> output "logits"'):
        assert shown in paragon.out
    assert paragon("run", model, "in.safetensors", "run.safetensors") == 0
    assert paragon("inspect", "run.safetensors", "--plan") == 0  # a file without the state
    assert paragon("inspect", model, "--plan", "--executor", "reference") == 2
    assert "the executor 'reference' does not tell" in paragon.err and paragon.out == ""


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
    for shown in ("numpy", "contract 1", "reference", "isa: ", "threads: 1"):
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
        (["inspect", "[/missing].safetensors"], r"\[/missing\].safetensors: there is no such file"),
        (["run", "model.safetensors", "in.safetensors", "o", "--executor", "reference", "--isa", "avx2"], "no options"),
        (["run", "in.safetensors", "in.safetensors", "o"], "not a model file"),
        (["run", "model.safetensors", "model.safetensors", "o"], "missing|unknown"),
        (["run", "model.safetensors", "in.safetensors", "o", "--executor", "abacus"], "there is no executor 'abacus'"),
        (["run", "model.safetensors", "in.safetensors", "o", "--isa", "mmx"], "mmx"),
        (["conformance", "run", "--executor", "abacus"], "there is no executor 'abacus'"),
        (["conformance", "run", "--command", "nonsense"], "must be NAME"),
        (["conformance", "run", "--vectors", "."], "not a file of vectors"),
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
