"""`paragon digits`: its settings, its rows, its figures of merit, and everything that it keeps."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

import paragon as pg
from conftest import Terminal, published
from paragon.apps.digits import metrics
from paragon.apps.digits.artifacts import ConfidenceBuckets, LossCurve, Metrics, Predictions, RocCurves
from paragon.apps.digits.config import Config, read_config
from paragon.apps.digits.folds import fold_of
from paragon.apps.digits.model import Scaler
from paragon.apps.digits.rows import divide, load_rows, read_csv, stratified
from paragon.apps.runs import RunFolder, Store, reproduce
from paragon.apps.runs.validate import validate

QUICK = ("--epochs", "2", "--hidden-sizes", "16", "--bootstrap", "50", "--no-figures")


@pytest.fixture(scope="module")
def rows() -> Any:
    return load_rows("digits")


def document(folder: RunFolder, model: Any) -> Any:
    return folder.document(model, f"{model.KIND.removeprefix('paragon.')}.json")


# --- the command ------------------------------------------------------------------------------------------------------


def test_everything_that_is_asked_for_is_kept_and_nothing_else(paragon: Terminal) -> None:
    everything = ("--roc-per-class", "--learning-rate-trace", "--timing-stats", "--figures", "--run-label", "all")
    assert paragon("digits", *QUICK, *everything) == 0, paragon.err
    said = json.loads(paragon.out)
    store = Store("artifacts")
    folder = store.find("all")
    assert said["run"] == folder.id and said["fingerprints"]["final"] == folder.read().fingerprints.final
    assert validate(store, folder) == []
    figures = {
        "sample_gallery",
        "confusion_matrix",
        "loss_curve",
        "roc_curves",
        "learning_rate_trace",
        "timing_stats",
        "calibration",
    }
    names = {artifact.name for artifact in folder.read().artifacts}
    assert {f"{name}.png" for name in figures} <= names
    assert {
        "metrics.json",
        "roc_curves.json",
        "training_dynamics.json",
        "timing_stats.json",
        "model.safetensors",
    } <= names
    for name in figures:
        assert (folder.path / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    assert paragon("digits", *QUICK, "--run-label", "few") == 0
    kept = {artifact.name for artifact in store.find("few").read().artifacts}
    assert not {n for n in kept if n.endswith(".png")} and not {"roc_curves.json", "timing_stats.json"} & kept
    assert store.find("few").read().fingerprints == folder.read().fingerprints


def test_the_documents_agree_with_each_other_and_with_the_model(paragon: Terminal, rows: Any) -> None:
    assert paragon("digits", *QUICK, "--roc-per-class", "--seed", "4") == 0
    folder = Store("artifacts").find("latest")
    predictions, found = document(folder, Predictions), document(folder, Metrics)
    split = divide(rows, None, 0.1, 4)
    x, y = rows.x[split.test], rows.y[split.test]
    assert predictions.label == y.tolist() and predictions.id == rows.ids[split.test].tolist()
    program = pg.load(folder.path / "model.safetensors")
    logits = np.concatenate([program.run({"x": x[k : k + 1]}, executor="reference")["logits"] for k in range(len(x))])
    words = {"prediction": np.array(predictions.prediction, np.int32), "logits": logits}
    assert pg.fingerprint(words) == predictions.fingerprint == folder.read().fingerprints.predictions
    probabilities = np.array(predictions.probabilities, np.float32)
    assert pg.fingerprint(probabilities) == pg.fingerprint(pg.softmax(pg.tensor(logits), axis=-1))
    assert found.accuracy == accuracy_score(y, predictions.prediction)
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(y, predictions.prediction))
    assert found.macro_f1 == pytest.approx(f1_score(y, predictions.prediction, average="macro"))
    assert found.weighted_f1 == pytest.approx(f1_score(y, predictions.prediction, average="weighted"))
    assert found.log_loss == pytest.approx(log_loss(y, metrics.normalised(probabilities)))
    assert sum(map(sum, found.confusion)) == found.rows == len(y)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "log_loss"):
        low, high = found.intervals[name]
        assert low <= getattr(found, name) <= high and low < high
    pixels = np.frombuffer(base64.b64decode(predictions.pixels), np.uint8).reshape(len(y), 64)
    assert np.array_equal(pixels.astype(np.float32) / np.float32(16), x)
    curve = document(folder, LossCurve)
    assert curve.epoch == [1, 2] and len(curve.val_loss) == 2
    buckets = document(folder, ConfidenceBuckets)
    assert sum(b.rows for b in buckets.buckets) == len(y) and buckets.calibration_error == found.calibration_error
    assert [c.label for c in document(folder, RocCurves).curves] == list(rows.classes)


def test_a_run_is_the_same_on_every_executor_and_is_run_again(paragon: Terminal) -> None:
    settings = (("reference", ()), ("cpu", ("--threads", "2")), ("cpu", ("--isa", pg.executors()["cpu"].isas[0])))  # type: ignore[attr-defined]
    small = ("--epochs", "1", "--model", "logistic", "--no-figures", "--bootstrap", "0")
    for executor, options in settings:
        assert paragon("digits", *small, "--executor", executor, *options) == 0
    store = Store("artifacts")
    records = [RunFolder(store.root / i).read() for i in store.ids()]
    assert len(records) == 3 and len({record.work_id for record in records}) == 1
    assert all(record.fingerprints == records[0].fingerprints for record in records)
    for path in (store.root / "data").glob("*.safetensors"):
        path.unlink()  # the rows come from their source then
    assert reproduce(store, store.find("latest")).equal


def test_settings_come_from_the_file_and_flags_override_them(paragon: Terminal) -> None:
    Path("config.yaml").write_text("epochs: 1\nmodel: logistic\nbootstrap: 0\nfigures: false\n")
    assert paragon("digits", "--seed", "9", "--lr-decay", "0.5") == 0
    config = Store("artifacts").find("latest").read().config
    assert (config["epochs"], config["model"], config["seed"], config["lr_decay"]) == (1, "logistic", 9, 0.5)
    assert config["learning_rate"] == 0.003 and config["test_size"] is None
    Path("other.yaml").write_text("epochs: 2\nhidden_sizes: [8, 4]\nbootstrap: 0\nfigures: false\n")
    assert paragon("digits", "--config", "other.yaml", "--test-split", "0.5", "--random-state", "1") == 0
    config = Store("artifacts").find("latest").read().config
    assert (config["epochs"], config["hidden_sizes"], config["test_size"], config["seed"]) == (2, [8, 4], 0.5, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch: 3", "config.yaml: epoch: Extra inputs"),
        ("epochs: 0", "config.yaml: epochs"),
        ("epochs: [", "config.yaml: is no YAML"),
        ("- 3", "should be a list of settings"),
        ("learning_rate: .nan", "learning_rate"),
        ("hidden_sizes: 8,x", "hidden_sizes.1"),
    ],
)
def test_wrong_settings_are_named(paragon: Terminal, text: str, said: str) -> None:
    Path("config.yaml").write_text(text)
    assert paragon("digits") == 2 and said in paragon.err, paragon.err
    assert not Path("artifacts").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "tree"), "model"),
        (("--test-size", "1.5"), "test_size"),
        (("--dataset", "letters"), "'letters' is none of"),
        (("--dataset", "none.csv"), "none.csv: cannot be read"),
        (("--config", "none.yaml"), "none.yaml: cannot be read"),
        (("--hidden-sizes", "0"), "hidden_sizes"),
        (("--executor", "gpu"), "no executor 'gpu'"),
        (("--run-label", "a/b"), "label"),
        (("--test-size", "0.0001"), "no rows on one side"),
    ],
)
def test_wrong_arguments_are_named(paragon: Terminal, arguments: tuple[str, ...], said: str) -> None:
    assert paragon("digits", *QUICK, *arguments) == 2 and said in paragon.err, paragon.err
    assert not Store("artifacts").ids()


def test_samples_that_no_model_made_are_valid_and_say_so(paragon: Terminal) -> None:
    assert paragon("digits", "seed-sample") == 0 and len(paragon.out.splitlines()) == 2
    assert paragon("digits", "seed-sample") == 0
    store = Store("artifacts")
    assert [entry.tags for entry in store.entries()] == [{"synthetic": "true"}] * 2
    assert [validate(store, RunFolder(store.root / i)) for i in store.ids()] == [[], []]
    assert document(store.find("sample-a"), Predictions).image is not None


def test_many_rows_have_their_pixels_in_a_file_of_their_own(paragon: Terminal) -> None:
    published("mnist")
    small = ("--model", "logistic", "--epochs", "1", "--batch-size", "1000", "--bootstrap", "20", "--no-figures")
    assert paragon("digits", "--dataset", "mnist", *small) == 0, paragon.err
    folder = Store("artifacts").find("latest")
    predictions = document(folder, Predictions)
    assert len(predictions.id) == 10_000 and predictions.id[0] == 60_000
    assert predictions.pixels is None and (folder.path / "pixels.bin").stat().st_size == 7_840_000
    assert (folder.path / "pixels.bin.js").exists() and not (folder.path / "predictions.json.js").exists()
    assert document(folder, Metrics).accuracy > 0.85


# --- rows -------------------------------------------------------------------------------------------------------------


def test_shares_of_classes_are_kept(rows: Any) -> None:
    every = np.arange(len(rows.y))
    for fraction in (0.1, 0.2, 0.5):
        kept, held = stratified(rows.y, every, fraction, 3, 7)
        assert np.array_equal(np.sort(np.concatenate([kept, held])), every) and len(held) == round(
            fraction * len(every)
        )
        for c in range(10):
            assert abs((rows.y[held] == c).sum() - fraction * (rows.y == c).sum()) <= 1
    assert not np.array_equal(stratified(rows.y, every, 0.2, 4, 7)[1], stratified(rows.y, every, 0.2, 3, 7)[1])
    fold = fold_of(rows.y, 10, 0)
    counts = np.array([[((fold == f) & (rows.y == c)).sum() for c in range(10)] for f in range(10)])
    assert np.ptp(counts, axis=0).max() <= 1 and np.ptp(counts.sum(axis=1)) <= 1


def test_the_scaler_sees_training_rows_only(rows: Any) -> None:
    split = divide(rows, 0.2, 0.1, 0)
    scaler = Scaler(rows.x[split.train]).init(0)
    mean = rows.x[split.train].astype(np.float64).mean(axis=0)
    deviation = rows.x[split.train].astype(np.float64).std(axis=0)
    assert np.abs(scaler.mean.numpy() - mean).max() < 1e-6
    assert np.abs(scaler.scale.numpy() - 1 / np.maximum(deviation, 0.1)).max() < 1e-4
    assert scaler.trainable == [] and not set(split.train) & (set(split.test) | set(split.validation))


def test_csv_files(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,label,b\n1.5,cat,2\n-1,dog,3e2\n0,cat,1\n")
    found = read_csv(path)
    assert found.classes == ("cat", "dog") and found.y.tolist() == [0, 1, 0] and found.image is None
    assert found.x.tolist() == [[1.5, 2], [-1, 300], [0, 1]]
    path.write_text("p,q,r,s,digit\n0,16,3,4,10\n1,2,3,4,9\n1,2,3,4,10\n")
    found = read_csv(path)
    assert found.classes == ("9", "10") and found.image is not None and found.image.most == 16 and found.x.max() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs a header"),
        ("a,label\n1,x\n", "at least two rows"),
        ("a,label\n1,x\n2\n", "line 3 has 1 columns"),
        ("a,label\none,x\n2,y\n", "line 2: could not convert"),
        ("a,label\nnan,x\n2,y\n", "line 2 holds a number that is not finite"),
        ("a,label\n1,x\n2,x\n", "all rows are of the class 'x'"),
    ],
)
def test_bad_csv_files_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(pg.FileError, match=said):
        read_csv(path)


def test_a_csv_file_is_trained_on(paragon: Terminal, rows: Any) -> None:
    lines = [",".join([*(f"p{k}" for k in range(64)), "label"])]
    pixels = np.rint(rows.x[:300] * 16).astype(int)
    lines += [",".join(map(str, [*row, label])) for row, label in zip(pixels, rows.y[:300], strict=True)]
    Path("mine.csv").write_text("\n".join(lines))
    assert paragon("digits", "--dataset", "mine.csv", *QUICK) == 0, paragon.err
    folder = Store("artifacts").find("latest")
    assert document(folder, Predictions).image.most == 16 and reproduce(Store("artifacts"), folder).equal


# --- figures of merit -------------------------------------------------------------------------------------------------


def test_resamples_are_the_contracts_and_even() -> None:
    drawn = metrics.resamples(7, 2000, seed=1)
    assert drawn.min() == 0 and drawn.max() == 6 and np.array_equal(drawn, metrics.resamples(7, 2000, seed=1))
    counts = np.bincount(drawn.ravel(), minlength=7)
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(2000)


def test_intervals_cover_what_they_promise() -> None:
    """Of 200 samples of a classifier that is right with probability 0.9, 95 % of the intervals hold 0.9."""
    rng = np.random.default_rng(5)
    covered = 0
    for seed in range(200):
        y = rng.integers(0, 2, 300).astype(np.int32)
        right = rng.random(300) < 0.9
        probabilities = np.where((np.arange(2) == y[:, None]) == right[:, None], 0.9, 0.1).astype(np.float32)
        low, high = metrics.intervals(y, probabilities, 200, seed)["accuracy"]
        covered += low <= 0.9 <= high
    assert 180 <= covered <= 198


def test_calibration_of_a_known_case() -> None:
    y = np.array([0, 0, 1, 1], np.int32)
    probabilities = np.array([[0.95, 0.05], [0.95, 0.05], [0.55, 0.45], [0.45, 0.55]], np.float32)
    found = metrics.buckets(y, probabilities)
    assert [b.rows for b in found.buckets] == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]
    assert found.calibration_error == pytest.approx(0.5 * abs(0.55 - 0.5) + 0.5 * abs(0.95 - 1), abs=1e-6)


def test_classes_that_do_not_occur_have_no_curve() -> None:
    curves = metrics.roc_curves(np.array([0, 0, 1]), np.eye(3, dtype=np.float32), ["a", "b", "c"])
    assert curves.curves[2].auc is None and curves.macro_auc is not None


@pytest.mark.slow
@pytest.mark.parametrize(("model", "least"), [("logistic", 0.955), ("mlp", 0.978)])
def test_accuracy_in_cross_validation(paragon: Terminal, model: str, least: float) -> None:
    assert paragon("digits", "cross-validate", "--model", model) == 0
    assert json.loads(paragon.out)["accuracy"] >= least


def test_settings_of_a_record_give_the_settings(tmp_path: Path) -> None:
    config = read_config(None, {"hidden_sizes": "32, 16", "model": "logistic"})
    assert config.hidden_sizes == (32, 16) and Config.model_validate(config.model_dump(mode="json")) == config
