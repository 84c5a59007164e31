"""Figures of merit of predictions. They are numbers for people: no fingerprint holds them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import auc, classification_report, confusion_matrix, log_loss, roc_curve

import paragon as pg
from paragon.ir.spec import Array

from .artifacts import Bucket, ClassReport, ConfidenceBuckets, Interval, Metrics, RocCurve, RocCurves

BUCKETS = 10
BOOTSTRAP_STREAM = 2**32 - 4
LEVEL = 95.0  # per cent


def metrics(y: Array, probabilities: Array, classes: Sequence[str], bootstrap: int, seed: int) -> Metrics:
    """The figures of `metrics.json`. y i32 [rows]; probabilities f32 [rows, classes]."""
    prediction = probabilities.argmax(axis=1)
    numbers = list(range(len(classes)))
    report = classification_report(y, prediction, labels=numbers, output_dict=True, zero_division=0.0)
    confusion = confusion_matrix(y, prediction, labels=numbers)
    figures = _figures(confusion[None])[0]
    return Metrics(
        rows=len(y),
        classes=list(classes),
        accuracy=figures["accuracy"],
        balanced_accuracy=figures["balanced_accuracy"],
        macro_f1=figures["macro_f1"],
        weighted_f1=report["weighted avg"]["f1-score"],
        log_loss=float(log_loss(y, normalised(probabilities), labels=numbers)),
        calibration_error=buckets(y, probabilities).calibration_error,
        intervals=intervals(y, probabilities, bootstrap, seed) if bootstrap else {},
        bootstrap=bootstrap,
        report=[_class_report(name, report[str(number)]) for number, name in enumerate(classes)],
        confusion=confusion.tolist(),
        data_fingerprint=pg.fingerprint({"label": y.astype(np.int32), "probabilities": probabilities}),
    )


def normalised(probabilities: Array) -> Array:
    """f64 with rows that add up to 1, as scikit-learn wants them."""
    wide = probabilities.astype(np.float64)
    return np.asarray(wide / wide.sum(axis=1, keepdims=True))


def _class_report(name: str, found: dict[str, float]) -> ClassReport:
    return ClassReport(
        label=name,
        precision=found["precision"],
        recall=found["recall"],
        f1=found["f1-score"],
        support=int(found["support"]),
    )


def _figures(confusion: Array) -> list[dict[str, float]]:
    """Accuracy, balanced accuracy (of the classes that occur) and macro F1 of confusion matrices [resamples, classes, classes]."""
    hits = np.diagonal(confusion, axis1=1, axis2=2).astype(np.float64)
    rows, said = confusion.sum(axis=2), confusion.sum(axis=1)
    accuracy = hits.sum(axis=1) / rows.sum(axis=1)
    recall = np.divide(hits, rows, out=np.zeros_like(hits), where=rows > 0)
    balanced = recall.sum(axis=1) / (rows > 0).sum(axis=1)
    f1 = np.divide(2 * hits, rows + said, out=np.zeros_like(hits), where=rows + said > 0).mean(axis=1)
    columns = zip(accuracy, balanced, f1, strict=True)
    return [{"accuracy": float(a), "balanced_accuracy": float(b), "macro_f1": float(c)} for a, b, c in columns]


def resamples(rows: int, count: int, seed: int) -> Array:
    """int64 [count, rows]: numbers of rows drawn with replacement: the upper words of random bits times rows. (Lemire, 2019)"""
    words = pg.random.bits((count, rows), seed, BOOTSTRAP_STREAM).numpy().astype(np.uint64)
    return ((words * np.uint64(rows)) >> np.uint64(32)).astype(np.int64)


def intervals(y: Array, probabilities: Array, count: int, seed: int) -> dict[str, Interval]:
    """Percentile intervals of the figures over bootstrap resamples of the rows. (Efron, 1979)"""
    classes = probabilities.shape[1]
    pairs = y.astype(np.int64) * classes + probabilities.argmax(axis=1)
    losses = -np.log(np.maximum(normalised(probabilities)[np.arange(len(y)), y], np.finfo(np.float64).tiny))
    confusion = np.empty((count, classes * classes), np.int64)
    loss = np.empty(count)
    for k, chosen in enumerate(resamples(len(y), count, seed)):
        confusion[k] = np.bincount(pairs[chosen], minlength=classes * classes)
        loss[k] = losses[chosen].mean()
    columns = _figures(confusion.reshape(count, classes, classes))
    found = {name: [figures[name] for figures in columns] for name in columns[0]} | {"log_loss": loss.tolist()}
    tail = (100 - LEVEL) / 2
    return {name: _interval(np.percentile(values, [tail, 100 - tail])) for name, values in found.items()}


def _interval(pair: Array) -> Interval:
    return float(pair[0]), float(pair[1])


def buckets(y: Array, probabilities: Array) -> ConfidenceBuckets:
    """How often predictions of a confidence are right, and the expected calibration error. (Naeini et al., 2015)"""
    confidence, right = probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == y
    place = np.clip(np.ceil(confidence * BUCKETS).astype(int) - 1, 0, BUCKETS - 1)
    found, error = [], 0.0
    for k in range(BUCKETS):
        inside = place == k
        rows = int(inside.sum())
        mean = float(confidence[inside].mean()) if rows else None
        accuracy = float(right[inside].mean()) if rows else None
        if mean is not None and accuracy is not None:
            error += rows / len(y) * abs(mean - accuracy)
        found.append(Bucket(low=k / BUCKETS, high=(k + 1) / BUCKETS, rows=rows, confidence=mean, accuracy=accuracy))
    return ConfidenceBuckets(buckets=found, calibration_error=error)


def roc_curves(y: Array, probabilities: Array, classes: Sequence[str]) -> RocCurves:
    """One curve a class, against the rest."""
    curves = []
    for number, name in enumerate(classes):
        positive = y == number
        if positive.all() or not positive.any():
            curves.append(RocCurve(label=name, false_positive_rate=[], true_positive_rate=[], auc=None))
            continue
        x, t, _ = roc_curve(positive, probabilities[:, number])
        curves.append(
            RocCurve(label=name, false_positive_rate=x.tolist(), true_positive_rate=t.tolist(), auc=float(auc(x, t)))
        )
    areas = [curve.auc for curve in curves if curve.auc is not None]
    return RocCurves(curves=curves, macro_auc=sum(areas) / len(areas) if areas else None)
