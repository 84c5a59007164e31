"""The scikit-learn estimators: scikit-learn's own conformance checks, and what ours add to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import paragon as pg
from paragon.sklearn import MLPClassifier, MLPRegressor


@parametrize_with_checks([MLPClassifier(random_state=0), MLPRegressor(random_state=0)])
def test_conventions(estimator: Any, check: Any) -> None:
    check(estimator)


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
