"""Runs of a digit classifier for tests of the workbench: small, but with every document, and trained for good.

python tests/apps/sample_runs.py ROOT
"""

from __future__ import annotations

import base64
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

import paragon as pg
from paragon import nn
from paragon.apps.digits import artifacts as documents
from paragon.apps.runs import Recorder
from paragon.apps.runs.files import replace_quickly
from paragon.apps.runs.pages import script
from paragon.ir.spec import Array

EPOCHS, TRAIN, TEST = 6, 500, 150


class Scaled(nn.Module):
    """What the model does before its first layer: a scaler that no training changes."""

    mean: pg.Tensor

    def __init__(self, rows: Array) -> None:
        def mean(shape: tuple[int, ...], seed: int, stream: int) -> pg.Tensor:
            return pg.mean(rows, axis=0)

        self.parameter("mean", (rows.shape[1],), mean, trainable=False)

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        return x - self.mean


def softmax(logits: Array) -> Array:
    e = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    found: Array = e / e.sum(1, keepdims=True)
    return found


def metrics(labels: Array, p: Array, classes: tuple[str, ...]) -> documents.Metrics:
    n, k = len(labels), len(classes)
    predicted = p.argmax(1)
    confusion = np.zeros((k, k), int)
    np.add.at(confusion, (labels, predicted), 1)
    right, truth, said = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
    precision, recall = right / np.maximum(said, 1), right / np.maximum(truth, 1)
    f1 = 2 * right / np.maximum(truth + said, 1)
    accuracy = float(right.sum() / n)
    half = 1.96 * math.sqrt(accuracy * (1 - accuracy) / n)
    interval = (accuracy - half, min(1.0, accuracy + half))
    return documents.Metrics(
        rows=n,
        classes=list(classes),
        accuracy=accuracy,
        balanced_accuracy=float(recall.mean()),
        macro_f1=float(f1.mean()),
        weighted_f1=float((f1 * truth).sum() / n),
        log_loss=float(-np.log(p[np.arange(n), labels]).mean()),
        calibration_error=calibration(labels, p).calibration_error,
        intervals={"accuracy": interval, "macro_f1": interval},
        bootstrap=0,
        report=[
            documents.ClassReport(
                label=name,
                precision=float(precision[i]),
                recall=float(recall[i]),
                f1=float(f1[i]),
                support=int(truth[i]),
            )
            for i, name in enumerate(classes)
        ],
        confusion=confusion.tolist(),
        data_fingerprint=pg.fingerprint({"labels": labels.astype(np.int32), "p": p.astype(np.float32)}),
    )


def calibration(labels: Array, p: Array) -> documents.ConfidenceBuckets:
    sure, right = p.max(1), p.argmax(1) == labels
    buckets, error = [], 0.0
    for k in range(10):
        chosen = (sure > k / 10) & (sure <= (k + 1) / 10)
        rows = int(chosen.sum())
        mean, share = (float(sure[chosen].mean()), float(right[chosen].mean())) if rows else (None, None)
        error += 0 if mean is None or share is None else rows / len(labels) * abs(mean - share)
        buckets.append(documents.Bucket(low=k / 10, high=(k + 1) / 10, rows=rows, confidence=mean, accuracy=share))
    return documents.ConfidenceBuckets(buckets=buckets, calibration_error=error)


def roc(labels: Array, p: Array, classes: tuple[str, ...]) -> documents.RocCurves:
    curves = []
    for k, name in enumerate(classes):
        order = np.argsort(-p[:, k], kind="stable")
        hit = (labels[order] == k).astype(float)
        x = np.concatenate([[0], np.cumsum(1 - hit) / (1 - hit).sum()])
        y = np.concatenate([[0], np.cumsum(hit) / hit.sum()])
        area = float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())
        curves.append(
            documents.RocCurve(
                label=name, false_positive_rate=x.tolist(), true_positive_rate=y.tolist(), auc=min(area, 1.0)
            )
        )
    return documents.RocCurves(curves=curves, macro_auc=float(np.mean([c.auc for c in curves])))


def digits_run(
    root: Path, label: str, seed: int = 0, hidden: int = 16, epochs: int = EPOCHS, dropout: float = 0.1
) -> str:
    """Train, predict, and keep every document; the run's id."""
    digits = pg.data.digits()
    x, y = digits.x_train[:TRAIN], digits.y_train[:TRAIN]
    x_test, labels = digits.x_test[:TEST], digits.y_test[:TEST]
    model = nn.Sequential(Scaled(x), nn.Dense(64, hidden, activation="relu"), nn.Dropout(dropout), nn.Dense(hidden, 10))
    config = {"dataset": "digits", "hidden_sizes": [hidden], "dropout": dropout}
    split = {"test": TEST}
    with Recorder(root, label=label, kind="digits", data_name="digits", config=config, split=split) as run:
        history = pg.fit(
            model,
            x,
            y,
            epochs=epochs,
            batch_size=32,
            optimizer=pg.optim.Adam(0.01),
            seed=seed,
            validation_data=(x_test, labels),
            progress=False,
            callbacks=[run],
        )
        keep(run, model, history, x_test, labels, digits.classes)
        return run.summary.id


def keep(
    run: Recorder, model: nn.Module, history: pg.History, x_test: Array, labels: Array, classes: tuple[str, ...]
) -> None:
    logits = model.predict(x_test)
    p = softmax(logits)
    found = metrics(labels, p, classes)
    arrays = {"prediction": logits.argmax(1).astype(np.int32), "logits": logits}
    run.note(**{f"test_{name}": getattr(found, name) for name in ("accuracy", "macro_f1", "log_loss")})
    run.note_predictions(arrays)
    run.write("metrics.json", found)
    run.write("confidence_buckets.json", calibration(labels, p))
    run.write("roc_curves.json", roc(labels, p, classes))
    number = list(range(1, len(history["loss"]) + 1))
    run.write(
        "loss_curve.json",
        documents.LossCurve(
            epoch=number,
            loss=history["loss"],
            accuracy=history["accuracy"],
            val_loss=history["val_loss"],
            val_accuracy=history["val_accuracy"],
        ),
    )
    each = -(-TRAIN // 32)
    run.write(
        "training_dynamics.json",
        documents.TrainingDynamics(
            epoch=number,
            steps=[each * e for e in number],
            learning_rate=[1e-2] * len(number),
            weight_norm=[4 + 0.1 * e for e in number],
        ),
    )
    predictions = documents.Predictions(
        classes=list(classes),
        id=[1000 + k for k in range(len(labels))],
        order=list(range(len(labels))),
        label=labels.tolist(),
        prediction=p.argmax(1).tolist(),
        confidence=p.max(1).tolist(),
        probabilities=p.tolist(),
        image=documents.Image(height=8, width=8, most=16),
        pixels=base64.b64encode((x_test * 16).astype(np.uint8).tobytes()).decode(),
        fingerprint=pg.fingerprint(arrays),
    )
    run.write("predictions.json", predictions)
    model.save(run.folder / "model.safetensors", x_test[:1], output="logits")
    run.write("model.safetensors", (run.folder / "model.safetensors").read_bytes(), kind="model")


def large_run(root: Path, rows: int = 10_000) -> str:
    """A run without a training, whose test set has as many pictures as that of MNIST, in a file of their own."""
    generator = np.random.default_rng(5)
    classes = tuple(map(str, range(10)))
    labels = generator.integers(0, 10, rows).astype(np.int32)
    logits = generator.standard_normal((rows, 10)).astype(np.float32)
    logits[np.arange(rows), labels] += 4
    p = softmax(logits)
    pixels = np.zeros((rows, 28, 28), np.uint8)
    pixels[:, 6:22, 12:16] = 40 + 20 * labels[:, None, None]
    with Recorder(root, label="large", kind="digits", config={"dataset": "mnist"}) as run:
        found = metrics(labels, p, classes)
        run.note(test_accuracy=found.accuracy, test_macro_f1=found.macro_f1)
        run.write("metrics.json", found)
        run.write("pixels.bin", pixels.tobytes(), kind="pixels")
        predictions = documents.Predictions(
            classes=list(classes),
            id=list(range(rows)),
            order=list(range(rows)),
            label=labels.tolist(),
            prediction=p.argmax(1).tolist(),
            confidence=p.max(1).tolist(),
            probabilities=np.round(p, 6).tolist(),
            image=documents.Image(height=28, width=28, most=255),
            pixels_file="pixels.bin",
            fingerprint=pg.fingerprint({"prediction": logits.argmax(1).astype(np.int32), "logits": logits}),
        )
        run.write("predictions.json", predictions)
        return run.summary.id


def many_in_index(root: Path, count: int) -> None:
    """An index of many runs, at a root of its own, made from the first entry that is there."""
    index: dict[str, Any] = json.loads((root / "index.json").read_text())
    first = index["runs"][0]
    index["runs"] = [
        {
            **first,
            "id": f"20260101-{k // 3600:02}{k // 60 % 60:02}{k % 60:02}-many-{k:08x}",
            "seed": k,
            "group": f"g{k // 10}",
        }
        for k in range(count)
    ] + index["runs"]
    replace_quickly(root / "page-data.js", script({"index.json": index}))


def sample_root(root: Path) -> dict[str, str]:
    """Runs as the tests of the workbench want them; their ids by label."""
    return {
        label: digits_run(root, label, **settings)
        for label, settings in {
            "small": {"seed": 0},
            "small-again": {"seed": 0},
            "small-seed1": {"seed": 1},
            "wide": {"seed": 0, "hidden": 32},
        }.items()
    }


if __name__ == "__main__":
    print(sample_root(Path(sys.argv[1])))
    print(large_run(Path(sys.argv[1])))
