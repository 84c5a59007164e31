"""The scikit-learn estimators: scikit-learn's own conformance checks, and what ours add to them."""

from __future__ import annotations

from typing import Any
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import paragon as pg
from conftest import skip_or_fail
from paragon.data.feed import Feeder
from paragon.sklearn import MLPClassifier, MLPRegressor, held_back


@parametrize_with_checks([MLPClassifier(random_state=0), MLPRegressor(random_state=0)])
def test_conventions(estimator: Any, check: Any) -> None:
    try:
        check(estimator)
    except SkipTest as error:
        skip_or_fail(f"scikit-learn's check: {error}")


def test_classifier_learns_and_repeats_itself() -> None:
    x, y = load_iris(return_X_y=True)
    labels = np.array(["setosa", "versicolor", "virginica"])[y]
    estimator = make_pipeline(
        StandardScaler(), MLPClassifier((16,), epochs=60, batch_size=16, learning_rate=0.01, random_state=1)
    )
    assert cross_val_score(estimator, x, labels, cv=3).mean() > 0.93
    first, second = (pg.fingerprint(estimator.fit(x, labels)[-1].model_) for _ in range(2))
    assert first == second
    proba = estimator.predict_proba(x)
    assert proba.shape == (150, 3) and np.allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert (estimator.classes_[proba.argmax(axis=1)] == estimator.predict(x)).all()


def test_regressor_learns_several_targets() -> None:
    x, y = load_diabetes(return_X_y=True)
    x, y = x / x.std(axis=0), (y - y.mean()) / y.std()
    both = np.stack([y, -2 * y], axis=1)
    estimator = MLPRegressor((16,), learning_rate=0.005, epochs=60, batch_size=32, random_state=3)
    assert estimator.fit(x, both).score(x, both) > 0.5
    assert estimator.predict(x).shape == both.shape and estimator.fit(x, y).predict(x).shape == y.shape


def test_early_stopping_and_search() -> None:
    x, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    estimator = MLPClassifier((8,), early_stopping=True, patience=3, learning_rate=0.05, epochs=200, random_state=0)
    estimator.fit(x, y)
    assert estimator.n_iter_ < 200 and len(estimator.loss_curve_) == estimator.n_iter_
    grid = {"hidden": [(4,), (8, 8)], "optimizer": ["sgd", "adamw"]}
    search = GridSearchCV(MLPClassifier(epochs=5, random_state=0, clip_norm=1.0), grid, cv=2, error_score="raise")
    assert search.fit(x, y).best_params_["hidden"] in grid["hidden"]


@pytest.mark.parametrize(
    "wrong", [{"activation": "sin"}, {"optimizer": "magic"}, {"epochs": 0}, {"hidden": (0,)}, {"learning_rate": -1.0}]
)
def test_bad_parameters_are_named(wrong: dict[str, Any]) -> None:
    x, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MLPClassifier(**wrong).fit(x, y)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 2.5}, {"epochs": True}, {"batch_size": "all"}, {"patience": None}, {"hidden": (2.5,)},
        {"learning_rate": "0.1"}, {"learning_rate": np.nan}, {"weight_decay": np.inf}, {"clip_norm": 0}, {"clip_norm": "1"},
        {"early_stopping": True, "validation_fraction": 1}, {"early_stopping": True, "validation_fraction": 0.0},
    ],
)  # fmt: skip
def test_numbers_that_are_none_are_named(wrong: dict[str, Any]) -> None:
    x, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=list(wrong)[-1]):
        MLPClassifier(**wrong).fit(x, y)


def test_sorted_labels_are_kept_back_in_their_shares() -> None:
    for counts, fraction in [((50, 50, 50), 0.1), ((90, 9, 3), 0.34), ((2, 2, 40), 0.5), ((1000, 10), 0.1)]:
        classes = np.repeat(np.arange(len(counts)), counts)
        held = held_back(classes, fraction, seed=3)
        assert len(set(held)) == len(held) == int(len(classes) * fraction)
        for k, count in enumerate(counts):
            assert abs((classes[held] == k).sum() - count * fraction) < 1
        assert (held_back(classes, fraction, seed=4) != held).any()
    for classes, fraction in [(np.array([0] * 9 + [1]), 0.5), (np.array([0, 1, 0, 1]), 0.1)]:
        with pytest.raises(ValueError, match="validation_fraction"):
            for seed in range(20):
                held_back(classes, fraction, seed)


def test_early_stopping_learns_sorted_classes() -> None:
    digits = pg.data.digits()
    order = np.argsort(digits.y_train, kind="stable")
    estimator = MLPClassifier((32,), early_stopping=True, epochs=30, batch_size=32, learning_rate=0.01, random_state=0)
    estimator.fit(digits.x_train[order], digits.y_train[order])
    found = estimator.predict(digits.x_test)
    assert min((found[digits.y_test == k] == k).mean() for k in range(10)) > 0.8
    x, y = load_diabetes(return_X_y=True)
    order = np.argsort(y)
    regressor = MLPRegressor((16,), early_stopping=True, learning_rate=0.01, epochs=300, batch_size=32, random_state=0)
    y = (y - y.mean()) / y.std()
    assert regressor.fit(x[order] / x.std(axis=0), y[order]).score(x / x.std(axis=0), y) > 0.4


def stopping_after(steps: int, error: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the feeder raises after so many steps."""
    run = Feeder.run

    def interrupted(self: Feeder, *arguments: Any) -> Any:
        nonlocal steps
        for out in run(self, *arguments):
            yield out
            steps -= 1
            if steps <= 0:
                raise error

    monkeypatch.setattr(Feeder, "run", interrupted)


@pytest.mark.parametrize("make", [MLPClassifier, MLPRegressor])
def test_an_error_leaves_the_estimator_unfitted(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = load_iris(return_X_y=True)
    fitted = make(epochs=2, random_state=0).fit(x, y)
    for estimator in (make(epochs=2, random_state=0), fitted):
        with monkeypatch.context() as patch:
            stopping_after(1, RuntimeError, patch)
            with pytest.raises(RuntimeError):
                estimator.fit(x, y)
        with pytest.raises(NotFittedError):
            estimator.predict(x)
    with monkeypatch.context() as patch:  # before anything was learnt
        stopping_after(0, KeyboardInterrupt, patch)
        patch.setattr("paragon.training.trainer.Trainer.finished_steps", 0)
        with pytest.raises(KeyboardInterrupt):
            fitted.fit(x, y)
    with pytest.raises(NotFittedError):
        fitted.predict(x)


@pytest.mark.parametrize("make", [MLPClassifier, MLPRegressor])
def test_an_interruption_keeps_what_was_learnt(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = load_iris(return_X_y=True)
    whole = make(epochs=2, batch_size=50, random_state=0)
    partial = clone(whole).set_params(epochs=9)
    with monkeypatch.context() as patch:
        stopping_after(6, KeyboardInterrupt, patch)
        with pytest.warns(UserWarning, match="interrupted"):
            partial.fit(x, y)
    whole.fit(x, y)
    assert (partial.predict(x) == whole.predict(x)).all()
    assert pg.fingerprint(partial.model_) == pg.fingerprint(whole.model_)
    assert (
        partial.history_.stopped_early and partial.history_.steps == 6 and partial.n_iter_ == len(partial.loss_curve_)
    )


def test_numbers_that_no_network_can_learn_are_value_errors() -> None:
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="y: row 3, column 0 is 1e.39, beyond f32"):
        MLPRegressor().fit(x, np.where(np.arange(len(y)) == 3, 1e39, y))
    with pytest.raises(ValueError, match="loss is"):
        MLPRegressor(optimizer="sgd", learning_rate=1e30, epochs=3).fit(x, y)
    with pytest.raises(ValueError, match="NaN"):
        MLPRegressor().fit(np.where(np.arange(len(y))[:, None] == 3, np.nan, x), y)
