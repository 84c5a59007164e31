"""The record of a run: what it holds, what ends it, running it again, and what sets two runs apart."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT, available
from paragon import nn
from paragon.apps.runs import Recorder, RunFolder, Store, compare, reproduce
from paragon.apps.runs.files import SUMMARY
from paragon.apps.runs.record import RunSummary
from paragon.apps.runs.recorder import executed
from paragon.apps.runs.replay import INITIAL
from paragon.apps.runs.validate import validate
from paragon.executors import resolve
from paragon.executors.reference import ReferenceSession
from paragon.executors.reference.kernels import KERNELS
from paragon.executors.registry import _registry
from paragon.ir.program import Program
from paragon.ir.spec import Array
from paragon.ir.tensor_files import read_tensors, write_tensors
from small_run import ReadsOutside, X, Y, quiet


def network(dropout: float = 0.2) -> nn.Sequential:
    return nn.Sequential(nn.Dense(3, 8, activation="tanh"), nn.Dropout(dropout), nn.Dense(8, 2))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "artifacts")


def recorded(
    store: Store, label: str, recorder: Mapping[str, Any] | None = None, dropout: float = 0.2, **arguments: Any
) -> RunFolder:
    quiet(network(dropout), callbacks=[Recorder(store.root, label=label, **(recorder or {}))], **arguments)
    return store.find(label)


# --- what a record holds ----------------------------------------------------------------------------------------------


def test_a_training_is_recorded_with_everything_that_determines_its_bits(store: Store) -> None:
    states: list[str] = []

    class Watch(pg.Callback):
        def on_epoch_end(self, run: Any) -> None:
            states.append(pg.fingerprint(run.state()))

    history = quiet(network(), seed=5, callbacks=[Recorder(store.root, label="one"), Watch()])
    run = store.find("one").read()
    assert run.status == "finished" and run.kind == "train" and run.failure is None
    assert run.fingerprints.final == history.fingerprint == states[-1]
    assert run.trace is not None and (run.trace.every, run.trace.states) == (3, states)
    assert run.seed == 5 and run.steps == 9 and run.epochs == 3 and run.batch_size == 16
    assert run.history["loss"] == history["loss"] and run.metrics["loss"] == history["loss"][-1]
    assert run.data is not None and run.data.sha256 == pg.fingerprint({"x": X, "y": Y}) and run.data.rows == 40
    assert run.config["optimizer"]["type"] == "Adam" and run.config["optimizer"]["beta2"] == 0.999
    assert run.program is not None and run.program.step != run.program.rest
    assert (
        run.sizes is not None
        and run.sizes.parameters == 3 * 8 + 8 + 8 * 2 + 2
        and run.sizes.state > 3 * run.sizes.parameters
    )
    assert run.executor is not None and run.executor.name == "cpu" and run.executor.isa
    assert validate(store, store.find("one")) == []


def test_equal_work_is_recognised_and_other_work_told_apart(store: Store) -> None:
    one, same, seed, longer = (
        recorded(store, label, **arguments).read()
        for label, arguments in (("a", {}), ("b", {}), ("c", {"seed": 1}), ("d", {"epochs": 4}))
    )
    assert one.work_id == same.work_id and one.id != same.id
    assert len({one.work_id, seed.work_id, longer.work_id}) == 3
    entries = {entry.label: entry for entry in store.entries()}
    assert entries["a"].group == entries["c"].group != entries["d"].group


@pytest.mark.parametrize("executor", available())
def test_what_a_run_was_computed_on_is_said_in_words(executor: str) -> None:
    found = executed(*resolve(executor, {}))
    assert found.name == executor and (executor != "cpu" or found.isa) and (executor != "webgpu" or found.device)
    assert " object at 0x" not in found.model_dump_json()


def test_a_finer_trace_has_the_state_after_every_so_many_steps(store: Store) -> None:
    trace = recorded(store, "fine", {"trace_every": 2}).read().trace
    assert trace is not None and trace.every == 2 and len(trace.states) == 4
    coarse = recorded(store, "coarse").read().trace
    assert coarse is not None and coarse.states[1] == recorded(store, "six", {"trace_every": 6}).read().trace.states[0]  # type: ignore[union-attr]


def test_a_block_adds_artifacts_and_figures(store: Store) -> None:
    with Recorder(store.root, kind="cell", config={"width": 3, "rate": np.float32(0.5)}, tags={"grid": "g"}) as run:
        quiet(network(), callbacks=[run])
        run.note(score=0.25, lost=float("nan"))
        run.write("notes.txt", b"hello")
        run.note_predictions({"labels": Y})
    found = store.find("latest").read()
    assert found.kind == "cell" and found.metrics["score"] == 0.25 and found.metrics["lost"] is None
    assert found.config["rate"] == 0.5 and found.config["width"] == 3 and found.config["batch_size"] == 16
    assert found.fingerprints.predictions == pg.fingerprint({"labels": Y})
    assert {a.name: a.bytes for a in found.artifacts}["notes.txt"] == 5
    for name in ("../x", ".hidden", SUMMARY, "a/b"):
        with Recorder(store.root) as run, pytest.raises(pg.FileError, match="plain file name"):
            run.write(name, b"")


def test_nothing_is_kept_that_cannot_be_found_again(store: Store) -> None:
    folder = recorded(store, "one")
    assert sorted(p.name for p in folder.path.iterdir()) == sorted(
        ["page-data.js", "initial.safetensors.js", SUMMARY, *(a.name for a in folder.read().artifacts)]
    )


# --- how a run ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("error", "status"), [(ValueError("no"), "failed"), (KeyboardInterrupt(), "interrupted")])
def test_an_error_ends_a_run_and_is_kept(store: Store, error: BaseException, status: str) -> None:
    def fail(run: Any) -> None:
        if run.epoch == 2:
            raise error

    with pytest.raises(type(error)):
        quiet(network(), callbacks=[Recorder(store.root), fail])
    with pytest.raises(type(error)), Recorder(store.root):
        raise error
    for folder in map(RunFolder, (store.root / i for i in store.ids())):
        found = folder.read()
        assert found.status == status and found.failure is not None and found.failure.type == type(error).__name__
    assert store.index().runs[0].status == status


def test_a_diverged_run_is_recorded_as_failed(store: Store) -> None:
    with pytest.raises(pg.DivergenceError):
        quiet(nn.Dense(3, 2), optimizer=pg.optim.SGD(3e38), callbacks=[Recorder(store.root)])
    assert store.find("latest").read().status == "failed"


KILLED = """
import sys, time, paragon as pg
from paragon.apps.runs import Recorder
with Recorder(sys.argv[1], label="killed"):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_run_stays_visible_as_interrupted(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED, store.root], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        assert store.entries()[0].status == "running"
        with pytest.raises(pg.FileError, match="goes on"):
            store.delete(store.ids())
        process.send_signal(signal.SIGKILL)
    assert store.entries()[0].status == "interrupted"
    assert store.find("killed").read().status == "interrupted"


def test_a_resumed_run_goes_on_in_its_own_folder(store: Store, tmp_path: Path) -> None:
    whole = recorded(store, "whole", {"trace_every": 2}, epochs=4).read()
    checkpoint = tmp_path / "run.safetensors"

    def stop(run: Any) -> None:
        if run.epoch == 2:
            raise KeyboardInterrupt

    for resume in (False, "auto"):
        callbacks = [Recorder(store.root, label="parts", trace_every=2), stop if not resume else lambda run: None]
        try:
            quiet(network(), epochs=4, callbacks=callbacks, checkpoint=checkpoint, resume=resume)
        except KeyboardInterrupt:
            assert not resume
    parts = store.find("parts").read()
    assert parts.status == "finished" and parts.failure is None
    assert parts.trace == whole.trace and parts.work_id == whole.work_id
    assert parts.fingerprints == whole.fingerprints
    assert reproduce(store, store.find("parts")).equal


# --- running again ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [("reference", {}), *(("cpu", {"isa": i}) for i in pg.executors()["cpu"].isas)])  # type: ignore[attr-defined]
def test_a_record_is_run_again_to_the_bit(store: Store, executor: tuple[str, dict[str, str]]) -> None:
    finding = reproduce(store, recorded(store, "one", {"trace_every": 4}), *executor)
    assert finding.equal and finding.steps == 9 and finding.compared == 3
    assert str(finding).startswith("equal: 3 of 3 states over 9 steps, on ")


def test_what_a_model_reads_from_outside_is_kept_for_whole_and_smaller_batches(store: Store) -> None:
    quiet(ReadsOutside(), callbacks=[Recorder(store.root, label="scaled")])
    assert reproduce(store, store.find("scaled")).equal


class Faulty:
    """The reference executor with some kernels replaced."""

    name, available, reason = "faulty", True, ""

    def __init__(self, faults: Mapping[str, Callable[..., Array]]) -> None:
        self.faults = faults

    def settings(self) -> list[dict[str, Any]]:
        return [{}]

    def load(self, program: Program, **options: Any) -> ReferenceSession:
        faults = self.faults

        class Session(ReferenceSession):
            def _evaluate(self, inputs: Mapping[str, Array]) -> list[Any]:
                right = {name: KERNELS[name] for name in faults}
                KERNELS.update(faults)
                try:
                    return super()._evaluate(inputs)
                finally:
                    KERNELS.update(right)

        return Session(program)


def from_step(step: int, kernel: Callable[..., Array]) -> Callable[..., Array]:
    """The kernel of `tanh` with its first word changed from the given step on (it is called once a step)."""
    calls = [0]

    def planted(x: Array) -> Array:
        calls[0] += 1
        y = np.array(kernel(x))
        if calls[0] >= step:
            y.view(np.uint32).flat[0] ^= 1 << 16
        return y

    return planted


def test_a_changed_word_is_traced_to_its_span_step_and_operation(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recorded(store, "right", dropout=0.0)
    monkeypatch.setitem(_registry(), "faulty", Faulty({"tanh": from_step(1, KERNELS["tanh"])}))
    finding = reproduce(store, folder, "faulty")
    assert not finding.equal and finding.span == (1, 3) and finding.step == 1
    assert finding.divergence is not None and finding.divergence.op == "tanh"
    assert finding.divergence.difference.mismatched == 1 and finding.blames == "faulty"
    assert "the record agrees with cpu" in str(finding) and "(tanh, value" in str(finding)


def test_a_record_made_by_a_faulty_executor_is_not_believed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_registry(), "faulty", Faulty({"tanh": from_step(5, KERNELS["tanh"])}))
    with pg.use("faulty"):
        folder = recorded(store, "wrong", dropout=0.0)
    monkeypatch.setitem(_registry(), "faulty", Faulty({"tanh": from_step(2, KERNELS["tanh"])}))
    finding = reproduce(store, folder, "cpu")
    assert not finding.equal and finding.span == (4, 6)
    assert finding.step == 5 and finding.divergence is not None and finding.divergence.op == "tanh"


def edited(folder: RunFolder, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder.path / SUMMARY
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_an_edited_record_is_not_equal(store: Store) -> None:
    folder = recorded(store, "one")
    edited(folder, lambda d: d["trace"]["states"].__setitem__(1, "0" * 64))
    finding = reproduce(store, folder)
    assert not finding.equal and finding.span == (4, 6) and "agree with each other" in finding.why
    edited(folder, lambda d: d["trace"].__setitem__("states", []))
    assert not reproduce(store, folder).equal or folder.read().fingerprints.final
    edited(folder, lambda d: d["fingerprints"].__setitem__("final", "1" * 64))
    assert not reproduce(store, folder).equal


def test_what_cannot_be_run_again_is_said(store: Store) -> None:
    folder = recorded(store, "one")
    state, metadata = read_tensors(folder.path / INITIAL)
    changed = {**state, "0.bias": state["0.bias"] + np.float32(1)}
    write_tensors(folder.path / INITIAL, changed, metadata)
    with pytest.raises(pg.FileError, match="is not the first state of the run"):
        reproduce(store, folder)
    write_tensors(folder.path / INITIAL, state, metadata)
    for path in (store.root / "data").iterdir():
        path.unlink()
    with pytest.raises(pg.FileError, match="were not kept"):
        reproduce(store, folder)
    with Recorder(store.root, label="empty"):
        pass
    with pytest.raises(pg.FileError, match="no result to reproduce"):
        reproduce(store, store.find("empty"))


def test_rows_of_a_built_in_set_come_from_their_source(store: Store) -> None:
    pytest.importorskip("sklearn")
    digits = pg.data.digits()
    recorder = Recorder(
        store.root,
        data_name="digits",
        source={"loader": "builtin", "set": "digits", "validation_split": 0.25, "seed": 3},
    )
    pg.fit(
        nn.Dense(64, 10),
        digits.x_train,
        digits.y_train,
        epochs=1,
        seed=3,
        validation_split=0.25,
        callbacks=[recorder],
        progress=False,
    )
    assert not (store.root / "data").exists()
    assert reproduce(store, store.find("latest")).equal


# --- what sets runs apart ---------------------------------------------------------------------------------------------


def test_compare_says_what_differs_and_only_that(store: Store) -> None:
    a = recorded(store, "a")
    assert compare(a, recorded(store, "b")).verdict == "same bits"
    other_rows = compare(a, recorded(store, "rows", x=X * np.float32(2)))
    assert other_rows.verdict == "same program, other data" and not other_rows.config and other_rows.metrics
    seed = compare(a, recorded(store, "seed", seed=1))
    assert seed.verdict == "other configuration" and seed.config == {"seed": (0, 1)} and not seed.program
    rate = compare(a, recorded(store, "rate", optimizer=pg.optim.Adam(0.5)))
    assert rate.verdict == "other program" and rate.config == {"optimizer.lr": (0.001, 0.5)}
    assert rate.operations and all("constant" in line for line in rate.operations)
    assert not compare(a, store.find("b")).metrics


def test_a_changed_artifact_is_found(store: Store) -> None:
    folder = recorded(store, "one")
    (folder.path / INITIAL).write_bytes(b"x")
    assert any("changed since" in line for line in validate(store, folder))
    edited(folder, lambda d: d.__setitem__("seed", 7))
    assert any(line.startswith("work_id") for line in validate(store, folder))
    edited(folder, lambda d: d.__setitem__("sneed", 7))
    assert any("sneed" in line for line in validate(store, folder))


def test_one_block_records_one_training(store: Store) -> None:
    with pytest.raises(pg.ParagonError, match="one training"), Recorder(store.root) as run:
        quiet(network(), callbacks=[run])
        quiet(network(), callbacks=[run])
    with pytest.raises(pg.ParagonError, match="no run yet"):
        _ = Recorder(store.root).summary


def test_the_core_does_not_need_the_extra() -> None:
    code = "import sys, paragon; sys.exit(any(m.split('.')[0] in ('pydantic', 'filelock') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ).returncode == 0
    assert RunSummary.model_fields["schema_version"].default == "paragon.run/1"
