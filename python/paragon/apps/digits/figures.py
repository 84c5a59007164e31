"""The figures of a run: matplotlib, 300 dpi, the colours of Okabe and Ito. A figure says which data it shows."""

from __future__ import annotations

import base64
import io
from typing import Any

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from .artifacts import ConfidenceBuckets, LossCurve, Metrics, Predictions, RocCurves, TimingStats, TrainingDynamics

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
OKABE_ITO = (BLUE, ORANGE, GREEN, RED, "#CC79A7", "#56B4E9", "#F0E442", "#000000")
STYLE: dict[Any, Any] = {"axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25}
STYLE["font.size"] = 9


def png(figure: Figure, note: str) -> bytes:
    """The bytes of a figure with a note at its foot (a line or two), and the figure closed."""
    lines = note.count("\n") + 1
    foot = (0.09 * lines + 0.05) / figure.get_figheight()
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, foot, 1, 1 - foot))
    figure.text(0.02, 0.03 / figure.get_figheight(), note, fontsize=5, color=GREY, family="monospace", va="bottom")
    content = io.BytesIO()
    figure.savefig(content, dpi=300, format="png", metadata={"Software": "paragon"})
    plt.close(figure)
    return content.getvalue()


def _axes(x: str, y: str, size: tuple[float, float] = (5.2, 3.4)) -> tuple[Figure, Any]:
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.set(xlabel=x, ylabel=y)
    return figure, axes


def loss_curve(curve: LossCurve) -> Figure:
    """The loss of each epoch, on a logarithmic scale."""
    figure, axes = _axes("epoch", "mean cross-entropy (nats)")
    for name, values, colour in (("training", curve.loss, BLUE), ("validation", curve.val_loss, ORANGE)):
        if values:
            numbers = [np.nan if v is None else v for v in values]
            axes.plot(curve.epoch, numbers, color=colour, linewidth=1.4)
            axes.annotate(name, (curve.epoch[-1], numbers[-1]), xytext=(3, 0), textcoords="offset points", color=colour)
    axes.set_yscale("log")
    axes.margins(x=0.12)
    return figure


def confusion_matrix(found: Metrics) -> Figure:
    """Counts; the shade is the share of the row, the diagonal muted so that errors stand out."""
    counts = np.array(found.confusion, float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shade = share.copy()
    np.fill_diagonal(shade, 0)
    side = 2.2 + 0.42 * len(found.classes)
    figure, axes = _axes("predicted", "true", (side, side))
    axes.grid(False)
    axes.imshow(shade, cmap="Oranges", vmin=0, vmax=max(0.05, float(shade.max())))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(
                column,
                row,
                f"{int(count)}",
                ha="center",
                va="center",
                color=GREY if row == column else "black",
                fontsize=7,
            )
    ticks = range(len(found.classes))
    axes.set_xticks(ticks, found.classes, rotation=45 if max(map(len, found.classes)) > 2 else 0, ha="center")
    axes.set_yticks(ticks, found.classes)
    return figure


def calibration(found: ConfidenceBuckets) -> Figure:
    """Confidence against accuracy; the area of a point is its share of the rows."""
    figure, axes = _axes("mean confidence", "accuracy", (4.0, 4.0))
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
    used = [b for b in found.buckets if b.rows]
    total = sum(b.rows for b in used)
    sizes = [12 + 400 * b.rows / total for b in used]
    axes.scatter(
        [b.confidence for b in used], [b.accuracy for b in used], s=sizes, color=BLUE, alpha=0.75, clip_on=False
    )
    axes.set(xlim=(0, 1), ylim=(0, 1), title=f"expected calibration error {found.calibration_error:.4f}")
    return figure


def roc_curves(found: RocCurves) -> Figure:
    """A curve a class, on a scale on which good classifiers can be told apart."""
    figure, axes = _axes("false positive rate", "true positive rate", (5.2, 4.0))
    for number, curve in enumerate(found.curves):
        if curve.auc is not None:
            style = "-" if number < len(OKABE_ITO) else "--"
            axes.plot(
                curve.false_positive_rate,
                curve.true_positive_rate,
                color=OKABE_ITO[number % len(OKABE_ITO)],
                linestyle=style,
                linewidth=1.2,
                label=f"{curve.label}  {curve.auc:.4f}",
            )
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set(xlim=(0, 1), ylim=(0, 1.01))
    axes.legend(title="class  AUC", fontsize=7, frameon=False)
    return figure


def learning_rate_trace(found: TrainingDynamics) -> Figure:
    """The learning rate of each epoch."""
    figure, axes = _axes("finished steps", "learning rate")
    axes.plot(found.steps, found.learning_rate, color=BLUE, linewidth=1.4)
    axes.set_ylim(bottom=0)
    return figure


def timing_stats(found: TimingStats) -> Figure:
    """Seconds of each epoch, with the median."""
    figure, axes = _axes("epoch", "seconds")
    axes.plot(range(1, len(found.epoch_seconds) + 1), found.epoch_seconds, ".", color=BLUE, markersize=4)
    axes.axhline(found.median_epoch_seconds, color=ORANGE, linewidth=1)
    axes.set_title(f"median {found.median_epoch_seconds:.4f} s, {found.rows_per_second:,.0f} rows a second")
    axes.set_ylim(bottom=0)
    return figure


def sample_gallery(found: Predictions, pixels: bytes, count: int) -> Figure | None:
    """Test rows: the least sure ones first. None where rows are no pictures."""
    if found.image is None or not count:
        return None
    shape = (len(found.id), found.image.height, found.image.width)
    pictures = np.frombuffer(pixels, np.uint8).reshape(shape)
    chosen = np.argsort(found.confidence, kind="stable")[:count]
    columns = min(len(chosen), max(1, round(len(chosen) ** 0.5)))
    lines = -(-len(chosen) // columns)
    size = 1.1 * columns + 0.4, 1.35 * lines + 0.4
    figure, grid = plt.subplots(lines, columns, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, k in zip(grid.flat, chosen, strict=False):
        wrong = found.prediction[k] != found.label[k]
        axes.imshow(pictures[k], cmap="gray_r", vmin=0, vmax=found.image.most)
        text = f"{found.classes[found.label[k]]} → {found.classes[found.prediction[k]]}  {found.confidence[k]:.0%}"
        axes.set_title(text, fontsize=6, color=RED if wrong else "black")
    return figure


def pixels_of(found: Predictions) -> bytes:
    """The pixels that lie within the document."""
    return base64.b64decode(found.pixels or "")
