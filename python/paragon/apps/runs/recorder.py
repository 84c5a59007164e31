"""The recorder: makes a run of whatever happens within it, or of a training that it is a callback of."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from paragon import Callback, FileError, Program, fingerprint
from paragon.executors import Executor, resolve
from paragon.ir.errors import ParagonError
from paragon.ir.program import CONTRACT
from paragon.ir.spec import Array, Spec
from paragon.ir.tensor_files import write_atomic
from paragon.nn import Module
from paragon.training.callbacks import Run
from paragon.training.description import Training

from . import pages, replay
from .environment import code, environment, memory
from .files import SUMMARY, read_bytes
from .record import (
    Artifact,
    Data,
    Executed,
    Failure,
    Fingerprints,
    Programs,
    RunSummary,
    Sizes,
    Timing,
    Trace,
    Versioned,
    dump,
)
from .store import RunFolder, Store

MOST_KEPT = 64 * 2**20  # bytes of rows that are kept without being asked for


class Recorder(Callback):
    """Keeps a run: a folder with a record, what is needed to run it again, and artifacts.

    As a callback of `fit` each training is a run of its own. As a context manager the run lasts as long as the block: a training
    within it may have the recorder as a callback, and the block adds what else there is to keep.

    Args:
        root: where runs lie.
        label: becomes part of the folder's name.
        kind: what it is a run of.
        config: settings, which are completed by those of the training.
        data_name, source, licence: what the rows are called, and from what they can be made again (`sources`).
        keep_data: keep the rows below the root, once for all runs. By default when no source is named and they have at most 64 MiB.
        trace_every: steps between two hashes of the state; an epoch when None.
        parent, tags: what the run belongs to.

    >>> x, y = np.eye(4, dtype=np.float32), np.arange(4)
    >>> from paragon.apps.runs import Recorder
    >>> with Recorder("artifacts", label="eye") as run:
    ...     _ = pg.fit(pg.nn.Dense(4, 4), x, y, epochs=2, callbacks=[run], progress=False)
    >>> run.summary.status, run.summary.steps
    ('finished', 2)
    """

    def __init__(
        self,
        root: str | Path = "artifacts",
        *,
        label: str | None = None,
        kind: str = "train",
        config: Mapping[str, Any] | None = None,
        data_name: str = "arrays",
        source: Mapping[str, Any] | None = None,
        licence: str | None = None,
        split: Mapping[str, Any] | None = None,
        keep_data: bool | None = None,
        trace_every: int | None = None,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.store = Store(root)
        self.label, self.kind, self.config = label, kind, dict(config or {})
        self.data_name, self.licence, self.keep_data = data_name, licence, keep_data
        self.source = None if source is None else dict(source)
        self.split = dict(split or {})
        self.step_every = trace_every
        self.parent, self.tags = parent, dict(tags or {})
        self._folder: RunFolder | None = None
        self._summary: RunSummary | None = None
        self._within_block = False

    # --- the run ------------------------------------------------------------------------------------------------------

    @property
    def summary(self) -> RunSummary:
        """The record so far. Raises ParagonError before there is a run."""
        if self._summary is None:
            raise ParagonError("the recorder has no run yet: use it in a `with` block, or as a callback of fit")
        return self._summary

    @property
    def folder(self) -> Path:
        """The run's directory. Raises ParagonError before there is a run."""
        if self._folder is None:
            raise ParagonError("the recorder has no run yet: use it in a `with` block, or as a callback of fit")
        return self._folder.path

    def __enter__(self) -> Recorder:
        self._within_block = True
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._within_block = False
        self._end(error)

    def _begin(self) -> None:
        self._folder = self.store.create(self.label)
        self._clock = time.perf_counter()
        self._summary = RunSummary(
            id=self._folder.id,
            kind=self.kind,
            label=self.label,
            command=list(sys.argv),
            config=plain(self.config),
            timing=Timing(started=datetime.now(timezone.utc).isoformat(timespec="milliseconds")),
            environment=environment(),
            code=code(),
            parent=self.parent,
            tags=self.tags,
        )
        self._save()

    def _save(self) -> None:
        assert self._folder is not None
        self._folder.write(self.summary)
        self.store.update(self.summary.id)

    def _end(self, error: BaseException | None) -> None:
        """The run is over: with the error that ended it, if one did."""
        assert self._folder is not None
        summary = self.summary
        summary.timing.seconds = round(time.perf_counter() - self._clock, 6)
        summary.memory = memory()
        if error is None:
            summary.status = "finished"
        else:
            summary.status = "failed" if isinstance(error, Exception) else "interrupted"
            summary.failure = Failure(type=type(error).__name__, message=str(error))
        summary.work_id = work_id(summary)
        self._folder.write(summary)
        pages.write_run(self._folder.path, summary)
        self._folder.release()
        self.store.update(self.summary.id)

    # --- what a block adds --------------------------------------------------------------------------------------------

    def write(self, name: str, content: Versioned | bytes, kind: str | None = None) -> Path:
        """Keep an artifact: a document of a registered kind, or bytes. A second one of the same name replaces the first.

        Raises FileError for a name that is no plain file name, or one that the record itself needs.
        """
        if name != Path(name).name or name.startswith(".") or name == SUMMARY:
            raise FileError(f"the artifact {name!r} needs a plain file name, and not {SUMMARY}")
        if isinstance(content, Versioned):
            data, kind, version = dump(content), kind or content.KIND, content.schema_version
        else:
            data, kind, version = content, kind or "file", None
        write_atomic(self.folder / name, data)
        self._register(name, kind, version, data)
        return self.folder / name

    def add(self, name: str, kind: str) -> None:
        """Make a file of the folder, which was written there already, an artifact. Raises FileError when it is not there."""
        self._register(name, kind, None, read_bytes(self.folder / name))

    def _register(self, name: str, kind: str, version: str | None, data: bytes) -> None:
        found = Artifact(
            name=name, kind=kind, schema_version=version, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
        )
        self.summary.artifacts = [*(a for a in self.summary.artifacts if a.name != name), found]

    def note(self, **metrics: float) -> None:
        """Add figures to the record's metrics."""
        self.summary.metrics.update({name: figure(value) for name, value in metrics.items()})

    def note_predictions(self, arrays: Mapping[str, Array]) -> None:
        """Add the fingerprint of predictions."""
        self.summary.fingerprints.predictions = fingerprint(arrays)

    def note_program(self, name: str, program: Program) -> None:
        """Add the hash of a program: `predict`, or any other name."""
        programs = self.summary.program or Programs(contract=CONTRACT)
        if name == "predict":
            programs.predict = replay.program_hash(program)
        else:
            programs.others[name] = replay.program_hash(program)
        self.summary.program = programs

    # --- a training ---------------------------------------------------------------------------------------------------

    def on_begin(self, run: Run) -> None:
        if not self._within_block:
            self._begin()
        elif self.summary.fingerprints.initial is not None:
            raise ParagonError(
                "a run records one training; use another recorder for a second one, with parent= if you like"
            )
        try:
            self._describe(run)
        except BaseException as error:
            self._end_training(error)
            raise

    def _describe(self, run: Run) -> None:
        assert self._folder is not None
        training, summary = run.training, self.summary
        arrays = {"x": training.x, "y": training.y}
        words = fingerprint(arrays)
        step, rest = run.step_program(training.batch_size), training.rest
        summary.config = plain({**describe(training), "epochs": run.epochs, **self.config})
        summary.data = Data(
            name=self.data_name,
            rows=training.rows,
            sha256=words,
            arrays={name: f"{x.dtype}{list(x.shape)}" for name, x in arrays.items()},
            split=plain(self.split),
            source=plain(self.source) if self.source is not None else None,
            licence=self.licence,
        )
        summary.program = Programs(
            step=replay.program_hash(step),
            rest=replay.program_hash(run.step_program(rest)) if rest else None,
            contract=CONTRACT,
        )
        summary.order, summary.seed, summary.batch_size = replay.ORDER, int(training.seed), training.batch_size
        summary.executor = executed(*resolve(None, {}))
        summary.fingerprints = Fingerprints(initial=fingerprint(run.state()))
        summary.sizes = Sizes(
            parameters=sum(step.state[name].size for name in training.model.trainable),
            state=sum(spec.size for spec in step.state.values()),
            operations=len(step.operations),
        )
        summary.trace = Trace(every=self.step_every or training.steps)
        for name, kind in replay.keep(self._folder, run).items():
            self._register(name, kind, None, read_bytes(self.folder / name))
        if self.keep_data or (self.keep_data is None and self.source is None and _bytes(arrays) <= MOST_KEPT):
            replay.keep_arrays(self.store, arrays, words)
        self._epoch_clock = time.perf_counter()
        self._save()

    def on_steps(self, run: Run) -> None:
        self._trace(run)

    def on_epoch_end(self, run: Run) -> None:
        if self.step_every is None:
            self._trace(run)
        now = time.perf_counter()
        self.summary.timing.epoch_seconds.append(round(now - self._epoch_clock, 6))
        self._epoch_clock = now
        self._progress(run)

    def _trace(self, run: Run) -> None:
        assert self.summary.trace is not None
        self.summary.trace.states.append(fingerprint(run.state()))

    def _progress(self, run: Run) -> None:
        """How far the training is, into the record."""
        summary = self.summary
        summary.history = {name: [figure(v) for v in values] for name, values in run.history.items()}
        summary.epochs, summary.steps = run.epoch, run.finished_steps

    def on_end(self, run: Run) -> None:
        summary = self.summary
        self._progress(run)
        summary.fingerprints.final = fingerprint(run.state())
        summary.fingerprints.history = history_fingerprint(run.history)
        summary.metrics.update({name: figure(values[-1]) for name, values in run.history.items() if values})
        self._end_training(None)

    def on_error(self, run: Run, error: BaseException) -> None:
        if self._summary is not None and self.summary.status == "running":
            self._progress(run)
            self._end_training(error)

    def _end_training(self, error: BaseException | None) -> None:
        if not self._within_block:
            self._end(error)

    # --- checkpoints: a run that is resumed goes on in its own folder --------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {"id": self.summary.id, "record": self.summary.model_dump(mode="json")}

    def load_state(self, state: dict[str, Any]) -> None:
        before = RunFolder(self.store.root / str(state["id"]))
        if not before.path.is_dir() or before.held or self._within_block:
            self.summary.parent = str(state["id"])
            self._take_over(RunSummary.model_validate(state["record"]))
            return
        assert self._folder is not None
        begun = self._folder
        before.hold()
        started = self.summary
        self._folder, self._summary = before, RunSummary.model_validate(state["record"])
        self.summary.environment, self.summary.code, self.summary.executor = (
            started.environment,
            started.code,
            started.executor,
        )
        begun.release()
        self.store.delete([begun.id])
        self._save()

    def _take_over(self, before: RunSummary) -> None:
        """Go on from the beginning and the trace of another record."""
        summary = self.summary
        summary.fingerprints.initial, summary.trace = before.fingerprints.initial, before.trace
        summary.timing.epoch_seconds = before.timing.epoch_seconds
        self._save()


def work_id(summary: RunSummary) -> str | None:
    """What makes equal work recognisable: a hash of kind, programs, rows, order, seed, steps, first state; None without."""
    if summary.program is None or summary.data is None or summary.fingerprints.initial is None:
        return None
    programs = summary.program.model_dump(mode="json")
    parts = {
        "kind": summary.kind,
        "programs": programs,
        "data": summary.data.sha256,
        "order": summary.order,
        "seed": summary.seed,
        "batch_size": summary.batch_size,
        "steps": summary.steps,
        "initial": summary.fingerprints.initial,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def history_fingerprint(history: Mapping[str, list[float]]) -> str:
    """The fingerprint of figures: each list as u32 [figures, 2], the words of the binary64 numbers, low words first."""
    arrays = {name: np.asarray(v, "<f8").view("<u4").reshape(-1, 2) for name, v in history.items()}
    return fingerprint(arrays)


def figure(value: float) -> float | None:
    """A number as a record holds it: None unless it is finite."""
    return float(value) if math.isfinite(value) else None


def executed(executor: Executor, options: Mapping[str, Any]) -> Executed:
    """What a session tells of itself on this executor, asked of one that has nothing to compute."""
    session = executor.load(Program({"x": Spec("f32", ())}, {}, [], {"y": 0}), **options)
    isa = getattr(session, "isa", None)
    return Executed(
        name=executor.name,
        options=plain(dict(options)),
        isa=isa if isinstance(isa, str) else None,
        threads=options.get("threads") or getattr(executor, "threads", None),
        device=getattr(getattr(session, "device", None), "adapter", None),
    )


def _bytes(arrays: Mapping[str, Array]) -> int:
    return sum(x.nbytes for x in arrays.values())


# --- settings in plain words ------------------------------------------------------------------------------------------


def describe(training: Training) -> dict[str, Any]:
    """Every setting of a training, defaults included."""
    model = training.model
    return {
        "model": {
            "type": type(model).__name__,
            "layers": repr(model),
            "parameters": {name: list(x.shape) for name, x in model.state_dict().items()},
        },
        "loss": _name(training.objective.loss),
        "metrics": {name: _name(metric) for name, metric in training.objective.metrics.items()},
        "optimizer": training.optimizer,
        "clip": training.clip,
        "batch_size": training.batch_size,
        "seed": int(training.seed),
        "drop_last": training.drop_last,
    }


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def plain(value: Any) -> Any:
    """A setting as JSON has it: dataclasses by their fields, functions by their names, arrays by their shape and fingerprint."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [plain(item) for item in items]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, (Path, Module)):
        return str(value)
    return _name(value) if callable(value) else type(value).__name__
