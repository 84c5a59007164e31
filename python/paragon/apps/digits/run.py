"""One run of the classifier: rows, training, figures of merit, artifacts."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import paragon as pg
from paragon import Callback
from paragon.apps.runs import Recorder, RunSummary, Versioned
from paragon.apps.runs.pages import MOST_ROWS
from paragon.apps.runs.recorder import figure
from paragon.ir.spec import Array
from paragon.training.callbacks import Run
from paragon.training.description import Training

from . import metrics
from .artifacts import LossCurve, Predictions, TimingStats, TrainingDynamics
from .config import Config
from .model import build
from .rows import Rows, Split, divide, load_rows

PIXELS, MODEL = "pixels.bin", "model.safetensors"
MOST_INLINE = 2_000  # rows whose pixels lie within predictions.json


class Dynamics(Callback):
    """Notes the learning rate and the norm of the weights after each epoch."""

    def __init__(self) -> None:
        self.found = TrainingDynamics(epoch=[], steps=[], learning_rate=[], weight_norm=[])

    def on_epoch_end(self, run: Run) -> None:
        rate, found = run.training.optimizer.lr, self.found
        last = pg.tensor(np.float32(run.finished_steps - 1))
        found.epoch.append(run.epoch)
        found.steps.append(run.finished_steps)
        found.learning_rate.append(float(rate(last)) if callable(rate) else float(rate))
        weights = run.weights()
        squares = [float(np.square(weights[name].astype(np.float64)).sum()) for name in run.training.model.trainable]
        found.weight_norm.append(float(np.sqrt(sum(squares))))


class Stages:
    """Seconds of the parts of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 6)


def run(
    config: Config,
    root: str | Path,
    label: str | None = None,
    callbacks: tuple[Callback, ...] = (),
    tags: Mapping[str, str] | None = None,
    parent: str | None = None,
) -> RunSummary:
    """Train and evaluate on the executor in use, and keep the run below the root. Returns its record.

    Raises FileError for a data set that is missing or unfit; what else can go wrong is said before anything is trained.
    """
    stages = Stages()
    with stages("loading"):
        rows = load_rows(config.dataset)
        split = divide(rows, config.test_size, config.val_size, config.seed)
    training = describe(config, rows, split)
    source = {"loader": "digits", "dataset": config.dataset, "test_size": config.test_size, "val_size": config.val_size}
    recorder = Recorder(
        root,
        label=label,
        kind="digits",
        config=config.model_dump(mode="json"),
        data_name=rows.name,
        source={**source, "seed": config.seed},
        licence=rows.licence,
        split={name: len(getattr(split, name)) for name in ("train", "validation", "test")},
        keep_data=training.x.nbytes <= MOST_ROWS,
        tags=tags,
        parent=parent,
    )
    with recorder:
        validation = (rows.x[split.validation], rows.y[split.validation]) if len(split.validation) else None
        dynamics = Dynamics()
        wanted = (dynamics,) if config.learning_rate_trace else ()
        with stages("training"):
            history = pg.train(
                training,
                epochs=config.epochs,
                validation_data=validation,
                callbacks=[recorder, *wanted, *callbacks],
                progress=False,
            )
        documents = _evaluate(recorder, config, rows, split, training.model, stages)
        documents["loss_curve"] = _loss_curve(history)
        if config.learning_rate_trace:
            documents["training_dynamics"] = dynamics.found
        if config.timing_stats:
            documents["timing_stats"] = _timing(recorder.summary, training.rows, stages.seconds)
        for name, document in documents.items():
            recorder.write(f"{name}.json", document)
        if config.figures:
            _draw(recorder, config, documents)
    return recorder.summary


def describe(config: Config, rows: Rows, split: Split) -> Training:
    """The training of the settings on these rows."""
    x, y = rows.x[split.train], rows.y[split.train]
    batch_size = min(config.batch_size, len(x))
    rate: Any = config.rate
    if config.lr_decay != 1:
        rate = pg.schedules.step_decay(rate, every=-(-len(x) // batch_size), factor=config.lr_decay)
    return Training.of(
        build(config, x, len(rows.classes)),
        x,
        y,
        optimizer=pg.optim.Adam(rate),
        batch_size=batch_size,
        seed=config.seed,
    )


def _evaluate(
    recorder: Recorder, config: Config, rows: Rows, split: Split, model: Any, stages: Stages
) -> dict[str, Versioned]:
    """The documents about the test rows; the model file, the pixels of many rows, and the figures go to the recorder."""
    with stages("evaluation"):
        x, y = rows.x[split.test], rows.y[split.test]
        logits = model.predict(x)
        probabilities = pg.softmax(pg.tensor(logits), axis=-1).numpy()
        found = metrics.metrics(y, probabilities, rows.classes, config.bootstrap, config.seed)
        documents: dict[str, Versioned] = {
            "metrics": found,
            "predictions": _predictions(recorder, rows, split, logits, probabilities),
            "confidence_buckets": metrics.buckets(y, probabilities),
        }
        if config.roc_per_class:
            documents["roc_curves"] = metrics.roc_curves(y, probabilities, rows.classes)
    recorder.note(
        test_accuracy=found.accuracy,
        test_balanced_accuracy=found.balanced_accuracy,
        test_macro_f1=found.macro_f1,
        test_log_loss=found.log_loss,
    )
    recorder.note_program("predict", model.program(x[:1], output="logits"))
    model.save(recorder.folder / MODEL, x[:1], output="logits")
    recorder.add(MODEL, "model")
    return documents


def _predictions(recorder: Recorder, rows: Rows, split: Split, logits: Array, probabilities: Array) -> Predictions:
    x, y = rows.x[split.test], rows.y[split.test]
    prediction = probabilities.argmax(axis=1).astype(np.int32)
    words = {"prediction": prediction, "logits": logits}
    recorder.note_predictions(words)
    inline, file = None, None
    if rows.image is not None:
        pixels = np.rint(x.astype(np.float64) * rows.image.most).astype(np.uint8).tobytes()
        if len(x) <= MOST_INLINE:
            inline = base64.b64encode(pixels).decode()
        else:
            file = PIXELS
            recorder.write(PIXELS, pixels, "pixels")
    return Predictions(
        classes=list(rows.classes),
        id=rows.ids[split.test].tolist(),
        order=list(range(len(x))),
        label=y.tolist(),
        prediction=prediction.tolist(),
        confidence=[shortest(p) for p in probabilities.max(axis=1)],
        probabilities=[[shortest(p) for p in row] for row in probabilities],
        image=rows.image,
        pixels=inline,
        pixels_file=file,
        fingerprint=pg.fingerprint(words),
    )


def shortest(value: Any) -> float:
    """An f32 as the number with the fewest digits that is read back as the same word."""
    return float(np.format_float_scientific(np.float32(value), unique=True))


def _loss_curve(history: pg.History) -> LossCurve:
    columns = {name: [figure(v) for v in values] for name, values in history.items()}
    return LossCurve.model_validate({"epoch": list(range(1, history.epochs + 1)), **columns})


def _timing(summary: RunSummary, rows: int, stages: dict[str, float]) -> TimingStats:
    seconds = summary.timing.epoch_seconds
    middle = median(seconds)
    return TimingStats(
        epoch_seconds=seconds,
        median_epoch_seconds=middle,
        rows_per_second=rows / max(middle, 1e-9),
        stages=dict(stages),
    )


def _draw(recorder: Recorder, config: Config, documents: Mapping[str, Any]) -> None:
    """The figures that the documents allow, each under the name of what it shows."""
    from . import figures

    predictions: Predictions = documents["predictions"]
    pixels = (recorder.folder / PIXELS).read_bytes() if predictions.pixels_file else figures.pixels_of(predictions)
    drawn: dict[str, Callable[[], Any]] = {
        "sample_gallery": lambda: figures.sample_gallery(predictions, pixels, config.sample_count),
        "confusion_matrix": lambda: figures.confusion_matrix(documents["metrics"]),
        "loss_curve": lambda: figures.loss_curve(documents["loss_curve"]),
        "calibration": lambda: figures.calibration(documents["confidence_buckets"]),
        "roc_curves": lambda: figures.roc_curves(documents["roc_curves"]),
        "learning_rate_trace": lambda: figures.learning_rate_trace(documents["training_dynamics"]),
        "timing_stats": lambda: figures.timing_stats(documents["timing_stats"]),
    }
    needs = {"roc_curves": "roc_curves", "learning_rate_trace": "training_dynamics", "timing_stats": "timing_stats"}
    note = f"{recorder.summary.id}\npredictions {predictions.fingerprint}"
    for name, draw in drawn.items():
        if needs.get(name, "metrics") in documents and (found := draw()) is not None:
            recorder.write(f"{name}.png", figures.png(found, note), "figure")
