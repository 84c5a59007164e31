"""Exports of runs, read back with the other tools' own readers: every point is there, to the word where they keep binary64."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT, Terminal, skip_or_fail
from paragon import nn
from paragon.apps.runs import Recorder, Store
from small_run import quiet

EPOCHS = 1500  # more than any tool's usual sample


@pytest.fixture
def runs(paragon: Terminal) -> Store:
    quiet(nn.Dense(3, 2), epochs=EPOCHS, callbacks=[Recorder(label="long")])
    with pytest.raises(pg.ParagonError), Recorder(label="failed"):
        raise pg.ParagonError("no")
    return Store("artifacts")


def test_tensorboard(paragon: Terminal, runs: Store) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    pytest.importorskip("tensorboardX")
    assert paragon("runs", "export", "--tensorboard", "events") == 0 and "2 runs -> events" in paragon.out
    assert paragon("runs", "export", "--tensorboard", "events") == 0 and "0 runs -> events" in paragon.out
    folder = runs.find("long")
    found = accumulator.EventAccumulator(str(Path("events") / folder.id), {"scalars": 0, "tensors": 0})
    found.Reload()
    points = found.Scalars("loss")
    want = folder.read().history["loss"]
    assert [p.step for p in points] == list(range(1, EPOCHS + 1))
    assert [p.value for p in points] == [float(np.float32(v)) for v in want]  # type: ignore[arg-type]
    text = found.Tensors("record/text_summary")[0].tensor_proto.string_val[0].decode()
    assert folder.read().work_id in text and "optimizer.beta2" in text  # type: ignore[operator]


READ_BACK = """
import json, struct, sys
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
runs = client.search_runs([client.get_experiment_by_name("paragon").experiment_id])
for run in runs:
    history = client.get_metric_history(run.info.run_id, "loss") if run.data.metrics else []
    points = sorted((m.step, struct.pack("<d", m.value).hex()) for m in history)
    files = sorted(f.path for f in client.list_artifacts(run.info.run_id))
    print(json.dumps([run.info.run_name, run.info.status, run.data.params, run.data.tags, points, files]))
"""


@pytest.mark.slow
def test_mlflow(paragon: Terminal, runs: Store, tmp_path: Path) -> None:
    """MLflow is heavy, so it lives in an environment of its own: build/peers/mlflow, made by tools/peer_environment.sh."""
    made = subprocess.run([ROOT / "tools" / "peer_environment.sh", "mlflow"], capture_output=True, text=True)
    if made.returncode:
        skip_or_fail(f"mlflow cannot be installed: {made.stderr[-300:]}")
    python = made.stdout.strip().splitlines()[-1]
    where = f"sqlite:///{tmp_path / 'mlflow.db'}"
    for count in (2, 0):
        script = "from paragon.apps.runs.cli import app; app()"
        command = [python, "-c", script, "export", "--mlflow", where]
        path = {"PYTHONPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, env=path)
        assert done.returncode == 0 and f"{count} runs" in done.stdout, done.stderr
    read = subprocess.run([python, "-c", READ_BACK, where], capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    found = {name: rest for name, *rest in map(json.loads, read.stdout.splitlines())}
    record = runs.find("long").read()
    status, params, tags, points, files = found[record.id]
    assert status == "FINISHED" and tags["paragon.work_id"] == record.work_id and params["optimizer.lr"] == "0.001"
    want = [[epoch, struct.pack("<d", value).hex()] for epoch, value in enumerate(record.history["loss"], 1)]
    assert points == want
    assert "run_summary.json" in files and "initial.safetensors" in files
    assert found[runs.find("failed").id][0] == "FAILED"


def test_what_is_missing_is_said(paragon: Terminal, runs: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    assert paragon("runs", "export", "--tensorboard", "events") == 3 and "pip install" in paragon.err
    assert (
        paragon("runs", "export") == 2
        and paragon("runs", "export", "-o", "x.html") == 2
        and not Path("x.html").exists()
    )
