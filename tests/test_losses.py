"""Losses: values against f64, gradients against what the contract writes out, and the errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon import losses
from test_nn import check_slopes

rng = np.random.default_rng(3)
f32 = np.float32
N, C = 300, 7  # more rows than a panel holds
LOGITS = (rng.standard_normal((N, C)) * 4).astype(f32)
CLASSES = rng.integers(0, C, N).astype(np.int32)
OUTPUT, TARGET = (rng.standard_normal((40, 3)).astype(f32) * 2 for _ in range(2))
P, T = rng.uniform(0.01, 0.99, (40, 3)).astype(f32), rng.integers(0, 2, (40, 3)).astype(f32)


def wide_cross_entropy(x: np.ndarray, t: np.ndarray) -> float:
    x = x.astype(np.float64)
    return float(np.mean(np.log(np.exp(x).sum(axis=1)) - x[np.arange(len(x)), t]))


def wide_huber(x: np.ndarray, t: np.ndarray) -> float:
    d = np.abs(x.astype(np.float64) - t)
    return float(np.mean(np.where(d <= 1, d * d / 2, d - 0.5)))


def wide_bce(p: np.ndarray, t: np.ndarray) -> float:
    p = p.astype(np.float64)
    return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))


CASES: dict[str, tuple[np.ndarray, np.ndarray, Callable[..., float]]] = {
    "cross_entropy": (LOGITS, CLASSES, wide_cross_entropy),
    "mse": (OUTPUT, TARGET, lambda x, t: float(np.mean((x.astype(np.float64) - t) ** 2))),
    "mae": (OUTPUT, TARGET, lambda x, t: float(np.mean(np.abs(x.astype(np.float64) - t)))),
    "huber": (OUTPUT, TARGET, wide_huber),
    "bce": (P, T, wide_bce),
    "bce_with_logits": (OUTPUT, T, lambda x, t: wide_bce(1 / (1 + np.exp(-x.astype(np.float64))), t)),
}


def test_every_loss_is_here() -> None:
    assert set(CASES) == set(losses.LOSSES)


@pytest.mark.parametrize("name", CASES)
def test_value_and_derivative(name: str, each_executor: str) -> None:
    output, target, wide = CASES[name]
    loss = losses.LOSSES[name]
    assert loss(output, target).item() == pytest.approx(wide(output, target), rel=1e-5)
    check_slopes(lambda x: loss(x, pg.tensor(target)), (output,))


def literal_mean(terms: np.ndarray) -> np.float32:
    """The reduction rule on one row: panels of 256, then one division."""
    sums = []
    for start in range(0, len(terms), 256):
        total = f32(0)
        for term in terms[start : start + 256]:
            total = total + term
        sums.append(total)
    total = sums[0]
    if len(sums) > 1:
        total = f32(0)
        for s in sums:
            total = total + s
    return total / f32(len(terms))


def test_cross_entropy_is_the_contract(each_executor: str) -> None:
    picked = pg.log_softmax(LOGITS).numpy()[np.arange(N), CLASSES]
    assert_words(losses.cross_entropy(LOGITS, CLASSES), np.array(literal_mean(-picked)))
    onehot = np.eye(C, dtype=f32)[CLASSES]
    slope = pg.grad(losses.cross_entropy)(pg.tensor(LOGITS), pg.tensor(CLASSES))
    assert_words(slope, (pg.softmax(LOGITS).numpy() - onehot) / f32(N))
    scaled = pg.grad(lambda x: losses.cross_entropy(x, CLASSES) * 2.5)(pg.tensor(LOGITS))
    assert_words(scaled, (pg.softmax(LOGITS).numpy() - onehot) / f32(N) * f32(2.5))


def test_mean_squared_error_is_the_rule(each_executor: str) -> None:
    d = (LOGITS - LOGITS[::-1]).ravel()
    assert_words(losses.mse(LOGITS, LOGITS[::-1]), np.array(literal_mean(d * d)))


def test_cross_entropy_of_extremes() -> None:
    x = np.array([[1e4, 0, 0], [0, 1e4, 0], [-np.inf, 0, 0]], f32)
    sure, wrong, absent = (losses.cross_entropy(x[i : i + 1], np.array([0], np.int32)).item() for i in range(3))
    assert sure == 0 and wrong == 1e4 and absent == np.inf
    assert losses.cross_entropy(x[:1], np.array([3], np.int32)).item() == np.inf
    slope = pg.grad(losses.cross_entropy)(pg.tensor(x[1:2]), pg.tensor(np.array([0], np.int32)))
    assert slope.numpy().tolist() == [[-1, 1, 0]]


def test_binary_cross_entropies_agree_and_stay_finite() -> None:
    x = np.array([-200, -5, 0, 5, 200], f32)
    for t in (np.zeros(5, f32), np.ones(5, f32)):
        assert np.isfinite(losses.bce_with_logits(x, t).item())
        slope = pg.grad(losses.bce_with_logits)(pg.tensor(x), pg.tensor(t))
        assert_words(slope, (pg.sigmoid(x).numpy() - t) / f32(5))
    hard = pg.value_and_grad(losses.bce)(pg.tensor([0.0, 1.0]), pg.tensor([1.0, 0.0]))
    assert hard[0].item() == 100 and np.isfinite(hard[1].numpy()).all()
    easy = pg.value_and_grad(losses.bce)(pg.tensor([0.0, 1.0]), pg.tensor([0.0, 1.0]))
    assert easy[0].item() == 0 and easy[1].numpy().tolist() == [0, 0]


def test_metrics() -> None:
    x = pg.tensor([[0.0, 1, 1], [5, 0, 0], [np.nan, 0, 1]])
    assert losses.correct_classes(x, pg.tensor([1, 2, 0])).item() == 2
    assert losses.correct_signs(pg.tensor([0.5, 0.0, -1]), pg.tensor([1.0, 0, 1])).item() == 2


@pytest.mark.parametrize(
    "name,output,target",
    [
        ("cross_entropy", LOGITS, CLASSES[:-1]),
        ("cross_entropy", LOGITS, CLASSES.astype(f32)),
        ("mse", OUTPUT, TARGET[:, :2]),
        ("mse", OUTPUT, TARGET[:, 0]),
        ("mae", OUTPUT.astype(np.int32), TARGET),
        ("bce", P, T[0]),
    ],
)
def test_what_does_not_fit_is_refused(name: str, output: Any, target: Any) -> None:
    with pytest.raises(pg.ShapeError, match=name):
        losses.LOSSES[name](output, target)


def test_hubers_derivative_far_from_zero() -> None:
    output = np.array([np.inf, -np.inf, 3e38, -0.25, 0.0, 2.0, np.nan], np.float32)
    slope = pg.grad(lambda x: pg.losses.huber(x, np.zeros(7, np.float32), 1.5))(output).numpy()
    wanted = np.array([1.5, -1.5, 1.5, -0.25, 0.0, 1.5, np.nan], np.float32) * np.float32(1 / 7)
    assert_words(slope, wanted)
