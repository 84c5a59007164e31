"""The documents of a classifier's run, as the workbench reads them. Importing this makes them known to `paragon.apps.runs`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from paragon.apps.runs.record import HASH, Figure, Part, Versioned, register

Interval = tuple[float, float]


class ClassReport(Part):
    """One class: precision, recall and F1 in 0 ... 1, and its rows in the test set."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int = Field(ge=0)


@register
class Metrics(Versioned):
    """`metrics.json`: figures of merit on the test rows. Shares in 0 ... 1; the loss in nats."""

    KIND: ClassVar[str] = "paragon.metrics"
    schema_version: Literal["paragon.metrics/1"] = "paragon.metrics/1"
    rows: int = Field(ge=1)
    classes: list[str]
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    weighted_f1: float
    log_loss: float
    calibration_error: float = Field(description="Expected calibration error over ten equal buckets of confidence.")
    intervals: dict[str, Interval] = Field(description="95 % bootstrap intervals (percentiles) of figures above.")
    bootstrap: int = Field(ge=0, description="Resamples, drawn with the contract's random numbers.")
    report: list[ClassReport]
    confusion: list[list[int]] = Field(description="Rows: the true class; columns: the predicted one.")
    data_fingerprint: str = Field(
        pattern=HASH, description="Of the labels and probabilities that the figures are made of."
    )


class Image(Part):
    """How a row is a picture: its pixels row by row, each a byte in 0 ... most."""

    height: int = Field(ge=1)
    width: int = Field(ge=1)
    most: int = Field(ge=1, le=255)


@register
class Predictions(Versioned):
    """`predictions.json`: every test row, column by column; entry k of each column is row k of the test set."""

    KIND: ClassVar[str] = "paragon.predictions"
    schema_version: Literal["paragon.predictions/1"] = "paragon.predictions/1"
    classes: list[str]
    id: list[int] = Field(description="The row's number in the whole data set.")
    order: list[int] = Field(description="Its place in the test set.")
    label: list[int]
    prediction: list[int]
    confidence: list[float] = Field(description="The probability of the predicted class.")
    probabilities: list[list[float]]
    image: Image | None = None
    pixels: str | None = Field(default=None, description="Base64 of all pixels; None where they lie in `pixels_file`.")
    pixels_file: str | None = Field(default=None, description="A file of bytes, and NAME.js beside it for pages.")
    fingerprint: str = Field(
        pattern=HASH, description="Of the tensors prediction i32 [rows] and logits f32 [rows, classes]."
    )


@register
class LossCurve(Versioned):
    """`loss_curve.json`: one figure an epoch."""

    KIND: ClassVar[str] = "paragon.loss_curve"
    schema_version: Literal["paragon.loss_curve/1"] = "paragon.loss_curve/1"
    epoch: list[int]
    loss: list[Figure]
    accuracy: list[Figure]
    val_loss: list[Figure] = Field(default=[])
    val_accuracy: list[Figure] = Field(default=[])


class Bucket(Part):
    """The rows whose confidence lies in low ... high (low excluded)."""

    low: float
    high: float
    rows: int = Field(ge=0)
    confidence: float | None = Field(description="Their mean confidence; None for no rows.")
    accuracy: float | None


@register
class ConfidenceBuckets(Versioned):
    """`confidence_buckets.json`: how sure the model is, and how often it is right."""

    KIND: ClassVar[str] = "paragon.confidence_buckets"
    schema_version: Literal["paragon.confidence_buckets/1"] = "paragon.confidence_buckets/1"
    buckets: list[Bucket]
    calibration_error: float


class RocCurve(Part):
    """One class against the rest."""

    label: str
    false_positive_rate: list[float]
    true_positive_rate: list[float]
    auc: float | None = Field(description="The area below; None when the class, or its rest, has no rows.")


@register
class RocCurves(Versioned):
    """`roc_curves.json`."""

    KIND: ClassVar[str] = "paragon.roc_curves"
    schema_version: Literal["paragon.roc_curves/1"] = "paragon.roc_curves/1"
    curves: list[RocCurve]
    macro_auc: float | None


@register
class TrainingDynamics(Versioned):
    """`training_dynamics.json`: what moved, after each epoch."""

    KIND: ClassVar[str] = "paragon.training_dynamics"
    schema_version: Literal["paragon.training_dynamics/1"] = "paragon.training_dynamics/1"
    epoch: list[int]
    steps: list[int] = Field(description="Finished steps.")
    learning_rate: list[float] = Field(description="Of the last step of the epoch.")
    weight_norm: list[float] = Field(description="Euclidean norm of all trained parameters.")


@register
class TimingStats(Versioned):
    """`timing_stats.json`: seconds, by the machine's clock."""

    KIND: ClassVar[str] = "paragon.timing_stats"
    schema_version: Literal["paragon.timing_stats/1"] = "paragon.timing_stats/1"
    epoch_seconds: list[float]
    median_epoch_seconds: float
    rows_per_second: float = Field(description="Training rows, by the median epoch.")
    stages: dict[str, float] = Field(description="Seconds of loading, training, evaluation, figures.")
