"""The same bits in every language and on every processor: vectors, programs, random programs, training jobs, bad files."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
import toolchains
from conftest import ROOT, published
from paragon import data, nn
from paragon.conformance import Contender, External, contenders
from paragon.conformance.fuzz import fuzz
from paragon.conformance.programs import standard_programs
from paragon.conformance.report import pair
from paragon.conformance.run import check_vectors, run_program
from paragon.ir.tensor_files import read_tensors, write_tensors
from paragon.nn.optim import SGD
from paragon.training.job import run_job, save_job

pytestmark = pytest.mark.slow

VECTORS = ROOT / "bindings_tests" / "vectors"
EVERYONE: dict[str, Callable[[], list[str]]] = {
    **toolchains.IMPLEMENTATIONS,
    **{name: partial(toolchains.emulated, name) for name in toolchains.PROCESSORS},
}


@pytest.fixture(scope="session", params=toolchains.each(EVERYONE))
def other(request: pytest.FixtureRequest) -> Contender:
    """An implementation in another language, or the compiled core on another processor."""
    return Contender(request.param, External(request.param, EVERYONE[request.param]()))


def test_vectors(other: Contender) -> None:
    count, failures = check_vectors(other, VECTORS)
    assert count > 1000
    assert not failures, "\n".join(failures[:20])


def test_standard_programs(other: Contender) -> None:
    reference = Contender("cpu", pg.executors()["cpu"])
    for name, (program, inputs, steps) in standard_programs().items():
        row = pair(program, name, *(run_program(c, program, inputs, steps) for c in (reference, other)))
        assert row["match"], row


@cache
def _digits_job(folder: Path) -> Path:
    """One epoch of the digit MLP."""
    path = folder / "digits.job.safetensors"
    found = data.digits()
    model = nn.Sequential(nn.Dense(64, 32, activation="relu"), nn.Dense(32, 10)).init(0)
    save_job(path, model, found.x_train, found.y_train, steps=len(found.x_train) // 32, batch_size=32, seed=3)
    return path


@cache
def _mnist_job(folder: Path) -> Path:
    """784-128-10, 100 steps of batch 64."""
    path = folder / "mnist.job.safetensors"
    found = published("mnist")
    model = nn.Sequential(nn.Dense(784, 128, activation="relu"), nn.Dense(128, 10)).init(1)
    rows = slice(0, 6400)
    save_job(
        path,
        model,
        found.x_train[rows],
        found.y_train[rows],
        steps=100,
        batch_size=64,
        seed=9,
        optimizer=SGD(0.1, momentum=0.9),
    )
    return path


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


def _train(who: Contender, job: Path, tmp_path: Path) -> str:
    """The fingerprint of a training in another implementation: as it prints it, and as its file has it."""
    assert isinstance(who.executor, External)
    out = tmp_path / "out.safetensors"
    done = who.executor.call("train", job, out)
    assert done.returncode == 0, done.stderr[-2000:]
    state = {name: x for name, x in read_tensors(out)[0].items() if not name.startswith("output.")}
    fingerprint = pg.fingerprint(state)
    write_tensors(tmp_path / "state.safetensors", state, {})
    printed = who.executor.call("fingerprint", tmp_path / "state.safetensors").stdout
    assert fingerprint in printed
    return fingerprint


def test_digits_training_has_the_same_fingerprint(other: Contender, jobs: Path, tmp_path: Path) -> None:
    job = _digits_job(jobs)
    assert _train(other, job, tmp_path) == run_job(job, executor="cpu").fingerprint


@pytest.mark.parametrize("name", toolchains.each(toolchains.IMPLEMENTATIONS))
def test_mnist_training_has_the_same_fingerprint(name: str, jobs: Path, tmp_path: Path) -> None:
    job = _mnist_job(jobs)
    who = Contender(name, External(name, EVERYONE[name]()))
    assert _train(who, job, tmp_path) == run_job(job, executor="cpu").fingerprint


def test_random_programs_on_all_executors_and_languages() -> None:
    others = [Contender(name, External(name, command())) for name, command in toolchains.IMPLEMENTATIONS.items()]
    who = [*contenders(), *others]
    found = fuzz(
        [(c.name, c.executor, dict(c.options)) for c in who],
        examples=1,
        start=int(os.environ.get("PARAGON_FUZZ_SEED", "1")),
    )
    assert found is None, str(found)


def test_a_bad_file_is_an_error_that_names_it(other: Contender, tmp_path: Path) -> None:
    assert isinstance(other.executor, External)
    model, inputs, out = (tmp_path / f"{name}.safetensors" for name in ("model", "inputs", "out"))
    program = pg.trace(lambda x: pg.exp(x), np.ones(4, np.float32))
    program.save(model)
    write_tensors(inputs, {"x": np.ones(4, np.float32)}, {})
    content = model.read_bytes()
    for bad in (b"", content[:9], content[:-40], content.replace(b'\\"exp\\"', b'\\"exq\\"'), b"\xff" * 64):
        model.write_bytes(bad)
        done = other.executor.call("run", model, inputs, out)
        assert done.returncode not in (0, 101) and done.returncode > 0, (bad[:20], done)  # 101: a Rust panic
        assert done.stderr.strip()
        assert "panic" not in done.stderr and "goroutine" not in done.stderr and "    at " not in done.stderr
        assert not out.exists()


@pytest.mark.parametrize(
    "old,new,said",
    [
        (b'\\"exp\\"', b'\\"exq\\"', "exq"),
        (b'\\"contract\\":1', b'\\"contract\\":7', "contract"),
        (b'\\"version\\":1', b'\\"version\\":7', "version"),
    ],
)
def test_what_a_reader_does_not_know_is_named(
    other: Contender, tmp_path: Path, old: bytes, new: bytes, said: str
) -> None:
    """docs/contract.md, section 10."""
    assert isinstance(other.executor, External)
    model, inputs, out = (tmp_path / f"{name}.safetensors" for name in ("model", "inputs", "out"))
    pg.trace(lambda x: pg.exp(x), np.ones(4, np.float32)).save(model)
    write_tensors(inputs, {"x": np.ones(4, np.float32)}, {})
    assert other.executor.call("run", model, inputs, out).returncode == 0
    out.unlink()
    content = model.read_bytes()
    assert content.count(old) == 1
    model.write_bytes(content.replace(old, new))
    done = other.executor.call("run", model, inputs, out)
    assert done.returncode != 0 and said in done.stderr and (said == "exq" or "7" in done.stderr), done.stderr
    assert not out.exists()
