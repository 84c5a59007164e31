"""What a training run promises of its data, its metrics, the rows it keeps back, and its arguments."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon import nn
from small_run import X, Y, f32, quiet

# --- data at the boundary -----------------------------------------------------------------------------------------------


def changed(array: Any, place: Any, value: Any) -> Any:
    array = array.copy()
    array[place] = value
    return array


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_data_that_are_not_finite_are_refused(value: float) -> None:
    bad, model = changed(X, (5, 1), value), nn.Dense(3, 2)
    for call in (
        lambda: quiet(model, bad),
        lambda: pg.Training.of(model, bad, Y),
        lambda: pg.save_job("unwritten", model, bad, Y, steps=1, batch_size=4),
        lambda: pg.evaluate(nn.Dense(3, 2).init(0), bad, Y),
        lambda: nn.Dense(3, 2).init(0).predict(bad, batch_size=4),
    ):
        with pytest.raises(pg.ShapeError, match=rf"x: row 5, column 1 is {value}"):
            call()
    with pytest.raises(pg.ShapeError, match=r"validation x: row 5, column 1"):
        quiet(model, validation_data=(bad, Y))
    targets = changed(X[:, 0], 7, value)
    with pytest.raises(pg.ShapeError, match=r"y: row 7 is"):
        quiet(model, X, targets, loss="mse")
    with pytest.raises(pg.ShapeError, match=r"validation y: row 7, column 0 is"):
        quiet(nn.Dense(3, 1), X, X[:, :1], loss="mse", validation_data=(X, targets.reshape(-1, 1)))
    images = changed(np.zeros((4, 1, 2, 2), f32), (3, 0, 1, 1), value)
    with pytest.raises(pg.ShapeError, match=r"x: row 3, at \[0, 1, 1\]"):
        quiet(nn.Sequential(nn.Flatten(), nn.Dense(4, 2)), images, Y[:4])


def test_predict_takes_other_numbers_when_asked() -> None:
    """A model may have been made for them."""
    model = nn.Sequential(lambda x: pg.where(x == x, x, 0.0), nn.Dense(3, 2)).init(0)
    bad = changed(X, (5, 1), np.nan)
    found = model.predict(bad, batch_size=4, check_finite=False)
    assert (found == model.predict(changed(X, (5, 1), 0), batch_size=4)).all()
    with pytest.raises(pg.ShapeError, match=r"row 1, column 2 is 1e\+39, beyond f32"):
        model.predict(changed(X.astype(np.float64), (1, 2), 1e39))


def test_targets_beyond_f32_are_refused() -> None:
    targets = changed(X[:, :1].astype(np.float64), (9, 0), 1e39)
    with pytest.raises(pg.ShapeError, match=r"y: row 9, column 0 is 1e\+39, beyond f32"):
        quiet(nn.Dense(3, 1), X, targets, loss="mse")
    large = changed(changed(X, (0, 0), 3e38), (1, 0), 3e38)  # finite, though their sum is not
    pg.evaluate(nn.Dense(3, 2).init(0), large * f32(1e-38), Y)
    pg.Training.of(nn.Dense(3, 2), large, Y)


@pytest.mark.parametrize("wrong,what", [(2, "class 2 is outside 0 ... 1.*row 6"), (-1, "class -1 is outside.*row 6")])
def test_labels_outside_are_refused_everywhere(wrong: int, what: str) -> None:
    bad = changed(Y, 6, wrong)
    with pytest.raises(pg.ShapeError, match=f"^y: {what}"):
        quiet(nn.Dense(3, 2), X, bad)
    with pytest.raises(pg.ShapeError, match=f"^y: {what}"):
        pg.evaluate(nn.Dense(3, 2).init(0), X, bad, batch_size=7)
    with pytest.raises(pg.ShapeError, match=f"^validation y: {what}"):
        quiet(nn.Dense(3, 2), validation_data=(X, bad))


@pytest.mark.parametrize("loss", ["bce", "bce_with_logits"])
@pytest.mark.parametrize("value", [-1.0, 1.5, 2.0])
def test_targets_of_binary_cross_entropies_are_probabilities(loss: str, value: float) -> None:
    good = Y.reshape(-1, 1).astype(f32)
    bad = changed(good, (8, 0), value)
    for call in (
        lambda: quiet(nn.Dense(3, 1, "sigmoid"), X, bad, loss=loss),
        lambda: pg.evaluate(nn.Dense(3, 1, "sigmoid").init(0), X, bad, loss=loss),
        lambda: pg.evaluate(nn.Dense(3, 1, "sigmoid").init(0), X, bad, loss="mse", metrics=[loss]),
    ):
        with pytest.raises(pg.ShapeError, match=rf"y: target {value} is outside 0 \.\.\. 1.*row 8"):
            call()
    quiet(nn.Dense(3, 1, "sigmoid"), X, good * f32(0.9), loss=loss)


class TwoTables(nn.Module):
    """A small and a large embedding, of the first and the second column."""

    def __init__(self) -> None:
        self.small, self.large, self.head = nn.Embedding(3, 4), nn.Embedding(50, 4), nn.Dense(8, 2)

    def forward(self, i: pg.Tensor) -> pg.Tensor:
        parts = [self.small(i[:, 0]), self.large(i[:, 1:2]).reshape((i.shape[0], 4))]
        return self.head(pg.concat(parts, axis=1))


def test_indices_outside_a_table_are_refused_everywhere(tmp_path: Path) -> None:
    good = np.stack([np.arange(40) % 3, np.arange(40)], axis=1).astype(np.int32)
    quiet(model := TwoTables(), good, Y)
    pg.save_job(tmp_path / "job", TwoTables(), good, Y, steps=2, batch_size=16)
    for place, value, limit in [((11, 0), 3, 2), ((11, 0), -1, 2), ((12, 1), 50, 49)]:
        bad = changed(good, place, value)
        what = rf"x: the index {value} in row {place[0]} is outside 0 \.\.\. {limit}"
        for call in (
            lambda bad=bad: quiet(TwoTables(), bad, Y),
            lambda bad=bad: quiet(TwoTables(), good, Y, validation_data=(bad, Y)),
            lambda bad=bad: pg.evaluate(model, bad, Y),
            lambda bad=bad: model.predict(bad, batch_size=7),
        ):
            with pytest.raises(pg.ShapeError, match=what):
                call()


def test_a_run_that_diverges_says_so() -> None:
    model = nn.Dense(3, 1)
    wild: dict[str, Any] = {"loss": "mse", "optimizer": pg.optim.SGD(1e30), "epochs": 2}
    with pytest.raises(
        pg.DivergenceError, match=r"loss is (inf|nan) in step 2 \(epoch 1\).*smaller learning rate.*clip"
    ):
        quiet(model, X, X[:, :1], **wild)
    history = quiet(nn.Dense(3, 1), X, X[:, :1], **wild, terminate_on_nan=False)
    assert not np.isfinite(history["loss"]).any() and len(history["loss"]) == 2
    one_step: dict[str, Any] = {**wild, "epochs": 1, "batch_size": 40, "optimizer": pg.optim.SGD(3e38)}
    with pytest.raises(pg.DivergenceError, match=r"parameter 'weight' is not finite after step 1"):
        quiet(nn.Dense(3, 1), X, 100 * X[:, :1], **one_step)


# --- metrics ------------------------------------------------------------------------------------------------------------


def test_a_metric_is_a_mean_as_a_loss_is_or_a_count() -> None:
    model, targets = nn.Dense(3, 2).init(1), X[:, :2] * f32(2)
    metrics = {
        "mean": lambda o, t: pg.mean(pg.abs(o - t)),
        "count": lambda o, t: pg.sum(pg.abs(o - t) < 1.0),
        "name": "mae",
    }
    d = np.abs(model.predict(X).astype(np.float64) - targets)
    for batch_size in (40, 16, 1):
        found = pg.evaluate(model, X, targets, loss="mae", metrics=metrics, batch_size=batch_size)
        assert found["mean"] == pytest.approx(d.mean(), rel=1e-6) and found["count"] == (d < 1).mean()
        assert found["name"] == pytest.approx(found["loss"], rel=1e-15) and found["name"] == found["mean"]
    history = quiet(nn.Dense(3, 2), X, targets, loss="mae", metrics=metrics, validation_data=(X, targets))
    assert history["mean"] == pytest.approx(history["loss"]) and history["val_name"] == history["val_mean"]


def test_metrics_by_name() -> None:
    labels = Y.reshape(-1, 1).astype(f32)
    logits = nn.Dense(3, 1).init(1)
    signs = ((logits.predict(X) > 0) == (labels > 0.5)).mean()
    probabilities = nn.Sequential(nn.Dense(3, 1, "sigmoid"))
    probabilities.load_state_dict({f"0.{name}": x for name, x in logits.state_dict().items()})
    assert pg.evaluate(logits, X, labels, loss="bce_with_logits")["accuracy"] == signs
    assert pg.evaluate(probabilities, X, labels, loss="bce")["accuracy"] == signs
    assert 0 < signs < 1
    classes = nn.Dense(3, 2).init(1)
    found = pg.evaluate(classes, X, Y, metrics=["accuracy", "cross_entropy", near_zero])
    assert list(found) == ["loss", "accuracy", "cross_entropy", "near_zero"]
    assert found["accuracy"] == (classes.predict(X).argmax(axis=1) == Y).mean()
    assert found["cross_entropy"] == found["loss"]
    assert pg.evaluate(classes, X, Y, metrics="accuracy")["accuracy"] == found["accuracy"]
    assert list(pg.evaluate(classes, X, Y, metrics=[])) == ["loss"]


def near_zero(output: pg.Tensor, target: pg.Tensor) -> pg.Tensor:
    return pg.mean(pg.abs(output)) + 0.0 * pg.sum(target.cast("f32"))


@pytest.mark.parametrize(
    "metrics,what",
    [
        (["acuracy"], "no metric 'acuracy'; known are accuracy, cross_entropy, mse"),
        (["accuracy", "accuracy"], '"accuracy"'),
        ({"loss": "mae"}, '"loss"'),
        ({"val_loss": near_zero}, '"val_loss"'),
        ([lambda o, t: pg.mean(o)], "has no name"),
        ({"rows": lambda o, t: pg.sum(o, 1)}, "metric 'rows' must be a scalar"),
        (["mae"], "mae: the output"),
    ],
)
def test_metrics_that_do_not_fit_are_named(metrics: Any, what: str) -> None:
    with pytest.raises(pg.ParagonError, match=what):
        quiet(nn.Dense(3, 2), metrics=metrics)
    with pytest.raises(pg.ParagonError, match="accuracy: needs outputs"):
        quiet(nn.Dense(3, 2), X, X[:, :2], loss="mse", metrics=["accuracy"])
    with pytest.raises(pg.ParagonError, match="scalar"):
        pg.evaluate(nn.Dense(3, 2).init(0), X, X[:, :2], loss=lambda o, t: o - t)


@dataclass
class Scaled:
    """A loss that is an object without a hash."""

    factor: float

    def __call__(self, output: pg.Tensor, target: pg.Tensor) -> pg.Tensor:
        return pg.losses.cross_entropy(output, target) * self.factor


def test_a_loss_may_be_any_object_that_can_be_called() -> None:
    history = quiet(nn.Dense(3, 2), loss=Scaled(1.0), metrics={"own": Scaled(2.0), "accuracy": "accuracy"})
    assert history["own"] == pytest.approx(2 * np.array(history["loss"]))
    assert history["loss"] == quiet(nn.Dense(3, 2))["loss"]


# --- rows that are kept back --------------------------------------------------------------------------------------------


def test_validation_split_of_sorted_labels() -> None:
    order = np.argsort(Y, kind="stable")
    x, y = X[order], Y[order]
    kept, held = pg.Training.of(nn.Dense(3, 2), x, y, seed=3).split(0.25)
    assert held is not None and set(held[1]) == {0, 1} and len(held[1]) == 10
    both = np.concatenate([kept.x, held[0]])
    assert sorted(map(tuple, both)) == sorted(map(tuple, x))  # every row once
    _, other = pg.Training.of(nn.Dense(3, 2), x, y, seed=4).split(0.25)
    assert other is not None and (other[0] != held[0]).any()
    last, tail = pg.Training.of(nn.Dense(3, 2), x, y).split(0.25, shuffle=False)
    assert tail is not None and (tail[0] == x[30:]).all() and (last.x == x[:30]).all()
    first, second = (quiet(nn.Dense(3, 2), x, y, validation_split=0.25).fingerprint for _ in range(2))
    assert first == second != quiet(nn.Dense(3, 2), x, y, validation_split=0.25, validation_shuffle=False).fingerprint


# --- descriptions copy ----------------------------------------------------------------------------------------------------


def test_a_training_can_be_copied_and_pickled() -> None:
    made: dict[str, Any] = {
        "optimizer": pg.optim.AdamW(pg.schedules.cosine(0.1, 9)),
        "clip": pg.optim.clip_by_value(0.5),
    }
    training = pg.Training.of(nn.Sequential(nn.Dense(3, 4, "gelu"), nn.Dense(4, 2)), X, Y, **made, batch_size=16)
    copies = [copy.deepcopy(training), pickle.loads(pickle.dumps(training)), training]
    assert len({pg.train(t, epochs=2, progress=False).fingerprint for t in copies}) == 1


# --- arguments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong,what",
    [
        ({"epochs": 2.5}, "epochs"),
        ({"epochs": "3"}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"batch_size": 16.0}, "batch_size"),
        ({"batch_size": None}, "batch_size"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"validation_split": "0.1"}, "validation_split"),
        ({"validation_split": np.nan}, "validation_split"),
        ({"validation_split": -0.1}, "validation_split"),
        ({"checkpoint": "unwritten", "checkpoint_every": 2.5}, "checkpoint_every"),
        ({"checkpoint": "unwritten", "checkpoint_every": 0}, "checkpoint_every"),
        ({"checkpoint": "unwritten", "resume": "yes"}, "resume"),
        ({"checkpoint": "unwritten", "resume": True, "overwrite": True}, "not both"),
        ({"overwrite": True}, "overwrite"),
        ({"optimizer": "adam"}, "optimizer.*optim.Adam"),
        ({"optimizer": pg.optim.Adam}, "optimizer.*optim.Adam"),
        ({"clip": 1.0}, "clip.*clip_by_global_norm"),
        ({"clip": pg.optim.clip_by_value}, "clip must"),
        ({"model": pg.relu}, "model must be a Module"),
        ({"loss": None}, "no loss None"),
        ({"optimizer": pg.optim.SGD(lambda step: pg.ones((2,)))}, "learning rate.*scalar"),
        ({"optimizer": pg.optim.SGD(lambda step: pg.cast(step, "i32"))}, "learning rate.*scalar"),
        ({"optimizer": pg.optim.SGD(lambda step: -0.1)}, "learning rate.*at least 0"),
        ({"optimizer": pg.optim.Adam(lambda step: np.nan)}, "learning rate.*finite"),
        ({"optimizer": pg.optim.Adam(lambda step: None)}, "learning rate"),
        ({"checkpoint": 3}, "checkpoint must be a path"),
        ({"checkpoint": b"x"}, "checkpoint must be a path"),
        ({"callbacks": [pg.EarlyStopping]}, "callbacks"),
        ({"callbacks": [3]}, "callbacks"),
        ({"validation_data": X}, "pair"),
    ],
)
def test_arguments_out_of_range_are_named(wrong: dict[str, Any], what: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pg.ParagonError, match=what):
        quiet(**{"model": nn.Dense(3, 2), **wrong})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", [{"patience": 1.5}, {"patience": 0}, {"min_delta": np.nan}, {"min_delta": -1}])
def test_arguments_of_early_stopping(wrong: dict[str, Any]) -> None:
    with pytest.raises(pg.ParagonError, match=next(iter(wrong))):
        pg.EarlyStopping(**wrong)


def test_numbers_of_numpy_are_numbers() -> None:
    plain = quiet(nn.Dense(3, 2), epochs=2, batch_size=16, seed=3, validation_split=0.25)
    given = {
        "epochs": np.int64(2),
        "batch_size": np.int32(16),
        "seed": np.uint32(3),
        "validation_split": np.float32(0.25),
    }
    assert quiet(nn.Dense(3, 2), **given).fingerprint == plain.fingerprint


def test_there_may_be_no_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = quiet(nn.Dense(3, 2))
    monkeypatch.setattr("sys.stdout", None)
    assert quiet(nn.Dense(3, 2), progress=True).fingerprint == plain.fingerprint
