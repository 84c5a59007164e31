"""Interruptions: runs killed with SIGKILL at chosen and at random moments, resumed, and compared with one that never stopped."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon import nn, optim, schedules
from paragon.ir.tensor_files import read_tensors, write_tensors
from paragon.training.checkpoint import VERSION, Checkpoint, Position

DIGITS = pg.data.digits()
X, Y = DIGITS.x_train[:230], DIGITS.y_train[:230]
HELD = DIGITS.x_test[:50], DIGITS.y_test[:50]


def train(path: Path | None, **arguments: Any) -> tuple[str, str, str]:
    """(fingerprint of the run, of the model, history): everything that can carry state is in play."""
    model = nn.Sequential(nn.Dense(64, 12, "gelu"), nn.BatchNorm(12), nn.Dropout(0.2), nn.Dense(12, 10))
    defaults: dict[str, Any] = {
        "epochs": 4,
        "batch_size": 32,
        "seed": 5,
        "optimizer": optim.AdamW(lr=schedules.warm_up(4, schedules.cosine(0.01, 40))),
        "validation_data": HELD,
        "callbacks": [pg.EarlyStopping(patience=2, min_delta=0.2, restore_best=True)],
        "progress": False,
    }
    if path is not None:
        defaults.update(checkpoint=path, checkpoint_every=3, resume="auto")
    history = pg.fit(model, X, Y, **{**defaults, **arguments})
    return history.fingerprint, pg.fingerprint(model), json.dumps(history.figures)


@pytest.fixture(scope="module")
def uninterrupted() -> tuple[str, str, str]:
    return train(None)


# --- kills at chosen points of a checkpoint's writing -------------------------------------------------------------------


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def in_child(work: Callable[[], None]) -> int:
    """Run in a forked process; returns its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return os.waitpid(child, 0)[1]


def dying_at(point: str, count: int) -> None:
    """From now on, the `count`-th time that this process comes to `point` of writing a file, it is killed."""
    left = [count]

    def due() -> bool:
        left[0] -= 1
        return left[0] == 0

    fdopen, replace, fsync = os.fdopen, os.replace, os.fsync

    class HalfWritten:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> HalfWritten:
            return self

        def __exit__(self, *error: object) -> None:
            self.file.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

        def write(self, data: bytes) -> None:
            if due():
                self.file.write(data[: len(data) // 2])
                self.file.flush()
                die()
            self.file.write(data)

    def before(fn: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *a: die() if due() else fn(*a)

    def after(fn: Callable[..., Any]) -> Callable[..., Any]:
        def call(*a: Any) -> None:
            fn(*a)
            if due():
                die()

        return call

    if point == "half written":
        os.fdopen = lambda *a: HalfWritten(fdopen(*a))  # type: ignore[assignment]
    elif point == "not synced":
        os.fsync = before(fsync)
    elif point == "not renamed":
        os.replace = before(replace)
    else:
        os.replace = after(replace)


@pytest.mark.parametrize("point", ["half written", "not synced", "not renamed", "just renamed"])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_killed_while_writing(point: str, count: int, tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    path = tmp_path / "run.safetensors"

    def work() -> None:
        dying_at(point, count)
        train(path)

    status = in_child(work)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if path.exists():
        Checkpoint.load(path)  # whole, whatever happened
    assert train(path) == uninterrupted
    assert [p.name for p in tmp_path.iterdir()] == [path.name]  # what the killed run left is gone


def test_killed_at_every_checkpoint(tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    """Each attempt gets one checkpoint further."""
    path = tmp_path / "run.safetensors"
    attempts = 0
    while True:
        attempts += 1

        def work() -> None:
            dying_at("just renamed", 1)
            train(path)

        if not os.WIFSIGNALED(in_child(work)):
            break
    assert attempts > 8
    assert train(path) == uninterrupted


# --- kills at random moments --------------------------------------------------------------------------------------------


def test_killed_at_random_moments(tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    chance = random.Random(20)
    path = tmp_path / "run.safetensors"
    begin = time.monotonic()
    in_child(lambda: train(tmp_path / "whole.safetensors", checkpoint_every=1))
    whole = time.monotonic() - begin
    kills = 0
    for attempt in range(200):
        child = os.fork()
        if child == 0:
            try:
                train(path, checkpoint_every=1 + attempt % 3)
            finally:
                os._exit(0)
        time.sleep(whole * (chance.uniform(0, 0.3) + attempt * 0.02))
        os.kill(child, signal.SIGKILL)
        kills += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        if path.exists() and (Checkpoint.load(path).position.stopped or Checkpoint.load(path).position.epoch == 4):
            if kills >= 3:
                break
            path.unlink()  # the machine was faster than before: once more from the start
    assert kills >= 3
    assert train(path) == uninterrupted


def test_a_new_process_resumes(tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    """Whole interpreters: one is killed after its first checkpoint, the next one finishes."""
    path, out = tmp_path / "run.safetensors", tmp_path / "out.json"
    script = textwrap.dedent(f"""
        import json, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_checkpoint import train
        found = train(Path({str(path)!r}), checkpoint_every=1)
        Path({str(out)!r}).write_text(json.dumps(found))
    """)
    for _ in range(5):  # on a busy machine the run may be over before the kill
        path.unlink(missing_ok=True)
        out.unlink(missing_ok=True)
        first = subprocess.Popen([sys.executable, "-c", script])
        limit = time.monotonic() + 120
        while not path.exists() and first.poll() is None and time.monotonic() < limit:
            time.sleep(0.001)
        first.kill()
        if first.wait() == -signal.SIGKILL and not out.exists():
            break
    assert path.exists() and not out.exists()
    subprocess.run([sys.executable, "-c", script], check=True, timeout=240)
    assert tuple(json.loads(out.read_text())) == uninterrupted


# --- what a checkpoint is for -------------------------------------------------------------------------------------------


def test_more_epochs_later(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    plain = train(None, callbacks=[], epochs=5)
    train(path, callbacks=[], epochs=2)
    assert train(path, callbacks=[], epochs=5) == plain
    assert train(path, callbacks=[], epochs=5) == plain  # nothing left to do
    assert train(path, callbacks=[], epochs=5, resume=False, overwrite=True) == plain  # from the beginning


def test_a_run_that_diverges_resumes_too(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    wild = optim.SGD(lr=1e37)
    plain = train(None, optimizer=wild, terminate_on_nan=False)
    assert "NaN" in plain[2]
    train(path, optimizer=wild, epochs=1, terminate_on_nan=False)
    assert train(path, optimizer=wild, terminate_on_nan=False) == plain


# --- no work is lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resume", [False, "auto"])
def test_a_run_that_diverges_leaves_the_last_good_checkpoint(tmp_path: Path, resume: Any) -> None:
    path = tmp_path / "run.safetensors"
    with pytest.raises(pg.DivergenceError, match=r"loss is (nan|inf).*step \d+ .*learning rate"):
        train(path, optimizer=optim.SGD(lr=1e37), checkpoint_every=1, resume=resume)
    found = Checkpoint.load(path)
    assert all(np.isfinite(found.state[name]).all() for name in ("0.weight", "0.bias", "3.weight", "3.bias"))


def test_another_run_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    train(path, epochs=2, resume=False)
    content = path.read_bytes()
    for change in ({}, {"seed": 6}, {"epochs": 5}):
        with pytest.raises(pg.FileError, match="run.safetensors: is there already.*resume=True.*overwrite=True"):
            train(path, **{"epochs": 2, "resume": False, **change})
    assert path.read_bytes() == content
    train(path, epochs=1, seed=6, resume=False, overwrite=True)
    assert Checkpoint.load(path).identity["seed"] == 6
    other = tmp_path / "notes.txt"
    other.write_text("not a checkpoint")
    with pytest.raises(pg.FileError, match="is there already"):
        train(other, resume=False)
    assert other.read_text() == "not a checkpoint"


def test_resume_needs_the_file(tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    with pytest.raises(pg.FileError, match="mistyped.safetensors: there is no such checkpoint.*without resume"):
        train(tmp_path / "mistyped.safetensors", resume=True)
    assert not list(tmp_path.iterdir())
    assert train(tmp_path / "new.safetensors", resume="auto") == uninterrupted


def test_a_run_killed_before_its_first_step_resumes(tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    path = tmp_path / "run.safetensors"

    def work() -> None:
        dying_at("just renamed", 1)
        train(path, checkpoint_every=None, resume=False)

    assert os.WIFSIGNALED(in_child(work))
    assert Checkpoint.load(path).position == Position(totals={"loss": 0.0, "accuracy": 0.0})
    assert train(path, resume=True) == uninterrupted


def test_numbers_of_numpy_in_the_state_of_a_callback(tmp_path: Path) -> None:
    class Watching(pg.Callback):
        kept: Any = None

        def state(self) -> dict[str, Any]:
            return {
                "a": np.float32(0.1), "b": np.int64(3), "c": np.bool_(True), "d": [np.float64(0.2)], "e": {"f": np.int8(1)},
                "g": pg.tensor([1.0, 2.0]), "h": np.arange(3, dtype=np.int32),
            }  # fmt: skip

        def load_state(self, state: dict[str, Any]) -> None:
            self.kept = state

    path, resumed = tmp_path / "run.safetensors", Watching()
    train(path, epochs=1, callbacks=[Watching()])
    train(path, epochs=2, callbacks=[resumed])
    kept = resumed.kept
    assert [kept[key] for key in "abcde"] == [np.float32(0.1), 3, True, [0.2], {"f": 1}]
    assert kept["g"].tolist() == [1, 2] and kept["h"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("value,what", [({1, 2}, "set"), (np.zeros(2), "'a' is float64"), (object(), "object")])
def test_what_a_checkpoint_cannot_hold_is_said_before_the_first_step(value: Any, what: str, tmp_path: Path) -> None:
    class Keeping(pg.Callback):
        epochs = 0

        def state(self) -> dict[str, Any]:
            return {"a": value}

        def on_epoch_end(self, run: Any) -> None:
            self.epochs += 1

    keeping = Keeping()
    with pytest.raises(pg.ParagonError, match=what):
        train(tmp_path / "run.safetensors", callbacks=[keeping])
    assert keeping.epochs == 0


def test_a_file_that_cannot_be_written_is_said_before_the_first_step(tmp_path: Path) -> None:
    looked: list[int] = []
    (tmp_path / "folder").mkdir()
    for path, what in [
        (tmp_path / "folder", "is a folder"),
        (tmp_path / "nowhere" / "run", "no folder .*nowhere"),
        (tmp_path / ("n" * 300), "cannot be written"),
    ]:
        with pytest.raises(pg.FileError, match=what):
            train(path, callbacks=[lambda run: looked.append(1)])
    assert not looked and [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_another_executor_goes_on(tmp_path: Path, uninterrupted: tuple[str, str, str]) -> None:
    path = tmp_path / "run.safetensors"
    with pg.use("cpu", isa="baseline", threads=1):
        train(path, epochs=1)
    with pg.use("reference"):
        train(path, epochs=2)
    assert train(path) == uninterrupted


@pytest.mark.parametrize(
    "change,what",
    [
        ({"batch_size": 16}, "batch_size .32, now 16."),
        ({"seed": 6}, "seed .5, now 6."),
        ({"optimizer": optim.AdamW(lr=0.02)}, "program"),
        ({"clip": optim.clip_by_value(1.0)}, "program"),
        ({"loss": lambda x, y: pg.losses.cross_entropy(x, y) * 0.5}, "program"),
        ({"validation_data": (HELD[0][:-1], HELD[1][:-1])}, "data"),
        ({"drop_last": True}, "steps an epoch"),
        ({"callbacks": []}, "callbacks"),
    ],
)
def test_another_run_is_refused(change: dict[str, Any], what: str, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    train(path, epochs=1)
    with pytest.raises(pg.FileError, match=f"run.safetensors: is of a run with other .*{what}"):
        train(path, **change)


def test_other_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.safetensors"
    train(path, epochs=1)
    changed = X.copy()
    changed[-1, -1] += 1
    monkeypatch.setattr(sys.modules[__name__], "X", changed)
    with pytest.raises(pg.FileError, match="other data"):
        train(path)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    train(path, epochs=1)
    content = path.read_bytes()
    tensors, metadata = read_tensors(path)
    position = json.loads(metadata["position"])

    def refused(what: str) -> None:
        with pytest.raises(pg.FileError, match=f"run.safetensors.*{what}"):
            train(path)

    for cut in (0, 7, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        refused("not a readable")
    for meta, what in [
        ({"format": "paragon-model"}, "not a checkpoint"),
        ({"position": "{"}, "damaged"),
        ({"position": json.dumps({**position, "version": VERSION + 1})}, "version"),
        ({"position": json.dumps({k: v for k, v in position.items() if k != "identity"})}, "damaged"),
        ({"position": json.dumps({**position, "callbacks": []})}, "damaged"),
    ]:
        write_tensors(path, tensors, {**metadata, **meta})
        refused(what)
    write_tensors(path, {k: v for k, v in tensors.items() if k != "state.step"}, metadata)
    refused("damaged")
    write_tensors(path, {**tensors, "state.step": np.zeros(2, np.uint32)}, metadata)
    refused("damaged")


def test_a_checkpoint_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(pg.FileError, match="no folder"):
        train(tmp_path / "nowhere" / "run.safetensors")
