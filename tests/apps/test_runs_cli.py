"""`paragon runs`: every command on real runs, what it prints, its exit code, and what it says to bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
from conftest import Terminal
from paragon import nn
from paragon.apps.runs import Recorder, Store
from paragon.apps.runs.files import INDEX, SUMMARY
from small_run import X, quiet


@pytest.fixture
def runs(paragon: Terminal, tmp_path: Path) -> Store:
    """Three runs in ./artifacts: a, the same again, and one with another seed."""
    for label, seed in (("a", 0), ("again", 0), ("other", 1)):
        quiet(nn.Dense(3, 2), seed=seed, callbacks=[Recorder(label=label)])
    return Store("artifacts")


def test_list_and_show(paragon: Terminal, runs: Store) -> None:
    assert paragon("runs", "list") == 0
    assert all(run in paragon.out for run in runs.ids()) and paragon.out.count("finished") == 3
    assert paragon("runs", "list", "--json", "--last", "1") == 0
    assert [entry["label"] for entry in json.loads(paragon.out)] == ["other"]
    assert paragon("runs", "list", "--status", "failed") == 0 and "no runs in artifacts" in paragon.out
    assert paragon("runs", "list", "--root", "nowhere") == 0 and not Path("nowhere").exists()
    assert paragon("runs", "show") == 0
    record = runs.find("other").read()
    assert (
        record.fingerprints.final is not None
        and record.fingerprints.final in paragon.out
        and "optimizer.beta2" in paragon.out
    )
    assert paragon("runs", "show", "a", "--json") == 0
    assert json.loads(paragon.out) == json.loads((runs.find("a").path / SUMMARY).read_text())
    assert paragon("runs", "show", "nobody") == 2 and "there is no run 'nobody'" in paragon.err


def test_compare(paragon: Terminal, runs: Store) -> None:
    assert paragon("runs", "compare", "a", "again") == 0 and "same bits" in paragon.out
    assert paragon("runs", "compare", "a", "again", "other") == 1
    assert "other configuration" in paragon.out and "seed" in paragon.out and "optimizer" not in paragon.out
    assert paragon("runs", "compare", "a", "other", "--json") == 1
    assert json.loads(paragon.out)[0]["config"] == {"seed": [0, 1]}
    assert paragon("runs", "compare", "a") == 2 and "at least two" in paragon.err


def test_reproduce(paragon: Terminal, runs: Store) -> None:
    assert paragon("runs", "reproduce", "a", "--executor", "reference") == 0
    assert "equal: 3 of 3 states over 9 steps, on reference" in paragon.out
    path = runs.find("a").path / SUMMARY
    path.write_text(path.read_text().replace(runs.find("a").read().trace.states[0], "0" * 64))  # type: ignore[union-attr]
    assert paragon("runs", "reproduce", "a") == 1 and "differs: steps 1 to 3" in paragon.out
    assert paragon("runs", "reproduce", "a", "--json") == 1
    assert json.loads(paragon.out)["span"] == [1, 3]
    assert paragon("runs", "reproduce", "a", "--executor", "none") == 2


def test_validate_reindex_and_prune(paragon: Terminal, runs: Store) -> None:
    assert paragon("runs", "validate") == 0 and "3 runs, no fault" in paragon.out
    (runs.find("again").path / "initial.safetensors").write_bytes(b"")
    assert paragon("runs", "validate") == 1 and "changed since it was recorded" in " ".join(paragon.out.split())
    (runs.root / INDEX).unlink()
    assert paragon("runs", "reindex") == 0 and "3 runs" in paragon.out and (runs.root / INDEX).exists()
    assert paragon("runs", "reindex", "--root", "nowhere") == 2
    assert paragon("runs", "prune") == 2 and "--keep" in paragon.err
    assert paragon("runs", "prune", "--keep", "1") == 0 and "nothing was deleted" in paragon.out
    assert len(runs.ids()) == 3
    assert paragon("runs", "prune", "--older-than", "1", "--yes") == 0 and len(runs.ids()) == 3
    assert paragon("runs", "prune", "--keep", "1", "--yes") == 0
    assert [e.label for e in runs.entries()] == ["other"] and len(list((runs.root / "data").glob("*.safetensors"))) == 1
    pg.fit(nn.Dense(3, 2), X, np.zeros(40, np.int32), epochs=1, callbacks=[Recorder()], progress=False)
    assert (
        paragon("runs", "prune", "--keep", "1", "--yes") == 0
        and len(list((runs.root / "data").glob("*.safetensors"))) == 1
    )
