"""A checkpoint file that is damaged, edited or in use: refused by name, never a run that goes another way."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon import nn
from paragon.ir.tensor_files import read_tensors, write_tensors
from paragon.training.checkpoint import Checkpoint, content_hash
from paragon.training.lock import locking

X, Y = np.eye(8, dtype=np.float32), np.arange(8) % 4


def train(path: Path, **arguments: Any) -> pg.History:
    defaults: dict[str, Any] = {"epochs": 3, "batch_size": 2, "checkpoint_every": 3, "progress": False}
    callbacks = [pg.EarlyStopping(monitor="loss", patience=9, restore_best=True)]
    return pg.fit(nn.Dense(8, 4), X, Y, checkpoint=path, callbacks=callbacks, **{**defaults, **arguments})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint in the middle of an epoch: after two whole ones and one of four steps."""
    file, kept = tmp_path / "run.safetensors", b""

    class Stop(Exception):
        pass

    save = Checkpoint.save

    def saving(self: Checkpoint, where: str | Path) -> None:
        save(self, where)
        if self.position.epoch == 2 and self.position.done:
            raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "save", saving)
        with pytest.raises(Stop):
            train(file)
    kept = file.read_bytes()
    assert kept and os.listdir(tmp_path) == [file.name]
    return file


def test_every_flipped_bit_is_found(path: Path) -> None:
    content, whole = path.read_bytes(), Checkpoint.load(path)
    bits = random.Random(3).sample(range(8 * len(content)), 400)
    bits += range(8 * len(content) - 64, 8 * len(content))  # the last words of the last tensor
    refused = 0
    for bit in bits:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            found = Checkpoint.load(path)
        except pg.FileError as error:
            assert str(path) in str(error)
            refused += 1
        else:  # a bit that means nothing, such as one between two blanks of the header
            assert found.position == whole.position and found.identity == whole.identity
            assert pg.fingerprint(found.state) == pg.fingerprint(whole.state)
    assert refused >= len(bits) - 5


EDITS: list[dict[str, Any]] = [
    {"epoch": -1}, {"epoch": True}, {"epoch": 1.0}, {"epoch": "1"}, {"epoch": 2**63}, {"epoch": 1}, {"epoch": None},
    {"done": -1}, {"done": 5}, {"done": 0.5}, {"done": None},
    {"stopped": "no"}, {"stopped": 0}, {"stopped": None},
    {"totals": []}, {"totals": {"loss": "1"}}, {"totals": {"loss": True}},
    {"history": []}, {"history": {"loss": 1.0}}, {"history": {"loss": ["1"]}}, {"history": {"loss": [1.0] * 9}},
    {"identity": []}, {"callbacks": {}}, {"callbacks": [1]}, {"callbacks": []}, {"version": 1}, {"further": 1},
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_an_edited_position_is_refused(path: Path, edit: dict[str, Any]) -> None:
    """Also with a hash that fits: every field is looked at."""
    tensors, metadata = read_tensors(path)
    for text in (
        json.dumps({**json.loads(metadata["position"]), **edit}),
        json.dumps({k: v for k, v in json.loads(metadata["position"]).items() if k not in edit} | {"x": 1}),
    ):
        write_tensors(path, tensors, {**metadata, "position": text, "hash": content_hash(tensors, text)})
        with pytest.raises(pg.FileError, match=f"{path}: damaged"):
            train(path, resume=True)


@pytest.mark.parametrize("edit", [{"done": 2}, {"epoch": 3}, {"totals": {}}, {"stopped": True}], ids=str)
def test_an_edited_position_that_a_run_could_have_is_refused_by_the_hash(path: Path, edit: dict[str, Any]) -> None:
    tensors, metadata = read_tensors(path)
    text = json.dumps({**json.loads(metadata["position"]), **edit})
    write_tensors(path, tensors, {**metadata, "position": text})
    with pytest.raises(pg.FileError, match=f"{path}: damaged.*hash"):
        train(path, resume=True)


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"version": 2}', "[" * 100_000, '{"a":' * 100_000, "nul"])
def test_other_text_for_the_position_is_refused(path: Path, text: str) -> None:
    tensors, metadata = read_tensors(path)
    write_tensors(path, tensors, {**metadata, "position": text, "hash": content_hash(tensors, text)})
    with pytest.raises(pg.FileError, match=f"{path}: damaged"):
        Checkpoint.load(path)


@pytest.mark.parametrize("name", ["callback.-1.best.weight", "callback.7.x", "callback.x.y", "callback", "other.x", ""])
def test_a_tensor_of_nothing_is_refused(path: Path, name: str) -> None:
    tensors, metadata = read_tensors(path)
    tensors[name] = np.zeros(1, np.float32)
    write_tensors(path, tensors, {**metadata, "hash": content_hash(tensors, metadata["position"])})
    with pytest.raises(pg.FileError, match=f"{path}: damaged"):
        Checkpoint.load(path)


# --- two runs, one file -----------------------------------------------------------------------------------------------


def test_a_second_run_is_refused_and_names_the_first(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    link = tmp_path / "link"
    link.symlink_to(path)
    script = f"""
        import sys, time
        from pathlib import Path
        from paragon.training.lock import locking
        with locking(Path({str(path)!r})):
            print("held", flush=True)
            time.sleep(60)
    """
    first = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        half_written = tmp_path / f".{path.name}.0a1b2c3d"
        half_written.write_bytes(b"the first run is writing this")
        for name in (path, link):
            with pytest.raises(pg.FileError, match=f"{path}: another run, process {first.pid} on "):
                train(name)
        assert half_written.exists() and not path.exists()
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    train(path)  # the lock went with its holder, and what that one left is removed
    assert sorted(os.listdir(tmp_path)) == ["link", path.name]


def test_two_runs_in_one_process_are_told_apart(tmp_path: Path) -> None:
    refused = pytest.raises(pg.FileError, match=f"another run, process {os.getpid()} on ")
    with locking(tmp_path / "a"), locking(tmp_path / "b"), refused:
        train(tmp_path / "a")
    train(tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]


def test_an_error_releases_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"

    def broken(run: object) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError) as kept:  # whose traceback keeps every frame of the run alive
        pg.fit(nn.Dense(8, 4), X, Y, epochs=1, checkpoint=path, callbacks=[broken], progress=False)
    assert kept.value
    with locking(path):
        pass
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_many_runs_that_begin_at_once_leave_one_at_a_time(tmp_path: Path) -> None:
    """Eight processes take the lock as often as they can; none meets another one inside."""
    inside = tmp_path / "inside"
    script = f"""
        import os, time
        from pathlib import Path
        import paragon as pg
        from paragon.training.lock import locking
        taken, end = 0, time.monotonic() + 1.5
        while time.monotonic() < end:
            try:
                with locking(Path({str(tmp_path / "run")!r})):
                    os.close(os.open({str(inside)!r}, os.O_CREAT | os.O_EXCL))
                    taken += 1
                    os.unlink({str(inside)!r})
            except pg.FileError:
                pass
        print(taken)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
        assert int(out) >= 0
    assert os.listdir(tmp_path) == []
