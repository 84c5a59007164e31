"""Derivatives where f32 is hardest: far from 0, at infinities, zeros and subnormals, against f64 formulas without cancellation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import paragon as pg

INF = math.inf
MAGNITUDES = [0, 1e-45, 1e-40, 1.2e-38, 1e-20, 1e-4, 0.25, 0.7, 1, 1.7, 2.9999, 3, 3.1, 4.4, 6, 7.3, 9.31, 10, 12.7, 15, 17, 20, 33,
              44, 60, 87, 88, 90, 100, 104, 1e4, 3e6, 1e10, 2e19, 3e38, INF]  # fmt: skip
POINTS = np.float32([sign * m for m in MAGNITUDES for sign in (1, -1)])


def exp(x: float) -> float:
    return math.exp(x) if x < 700 else INF


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


def bell(x: float) -> float:
    """sigmoid's derivative."""
    e = exp(-abs(x))
    return e / (1 + e) ** 2


def gelu(x: float) -> float:
    t = max(-40.0, min(x, 40.0))
    return math.erfc(-t / math.sqrt(2)) / 2 + t * exp(-t * t / 2) / math.sqrt(2 * math.pi)


def silu(x: float) -> float:
    t = max(-800.0, min(x, 800.0))
    return sigmoid(t) + t * bell(t)


SLOPES: dict[str, tuple[Callable[..., pg.Tensor], Callable[[float], float]]] = {
    "sqrt": (pg.sqrt, lambda x: 0.5 / math.sqrt(x) if x > 0 else INF if x == 0 else math.nan),
    "exp": (pg.exp, exp),
    "expm1": (pg.expm1, exp),
    "log": (pg.log, lambda x: 1 / x if x else INF),
    "log1p": (pg.log1p, lambda x: 1 / (1 + x) if x != -1 else INF),
    "tanh": (pg.tanh, lambda x: 4 * bell(2 * x)),
    "erf": (pg.erf, lambda x: 2 / math.sqrt(math.pi) * exp(-x * x)),
    "abs": (pg.abs, lambda x: (x > 0) - (x < 0)),
    "square": (lambda x: x * x, lambda x: 2 * x),
    "reciprocal": (lambda x: 1.0 / x, lambda x: -1 / x / x if x else -INF),
    "clip": (lambda x: pg.minimum(pg.maximum(x, -1.0), 1.0), lambda x: abs(x) <= 1),
    "relu": (pg.relu, lambda x: x > 0),
    "leaky_relu": (lambda x: pg.leaky_relu(x, 0.25), lambda x: 1 if x > 0 else 0.25),
    "elu": (lambda x: pg.elu(x, 2.0), lambda x: 1 if x > 0 else 2 * exp(x)),
    "sigmoid": (pg.sigmoid, bell),
    "softplus": (pg.softplus, sigmoid),
    "gelu": (pg.gelu, gelu),
    "silu": (pg.silu, silu),
}
UNSIGNED_ZERO = {"sqrt", "log"}  # -0 gives -inf, as 1/x does


def narrow(x: float) -> np.float32:
    with np.errstate(over="ignore", under="ignore"):
        return np.float32(x)


@pytest.mark.parametrize("name", SLOPES)
def test_far_and_special_points(name: str) -> None:
    fn, slope = SLOPES[name]
    with pg.use("reference"):
        got = pg.grad(lambda x: pg.sum(fn(x)))(pg.tensor(POINTS)).numpy()
    for x, found in zip(POINTS, got, strict=True):
        want = narrow(slope(float(x)))
        if name in UNSIGNED_ZERO and x == 0:
            want = np.copysign(want, x)
        if np.isfinite(want):
            # 8 words; and a subnormal factor has an error of half its word, times x.
            assert abs(float(found) - float(want)) <= 2.0**-20 * abs(float(want)) + 104 * 2.0**-150, (x, found, want)
        else:
            assert np.isnan(want) or found == want, (x, found, want)


def test_quotients_where_a_factor_of_the_derivative_is_beyond_f32() -> None:
    """Wherever the quotient itself and its derivative are finite: g/y or g*x/y may not be."""
    sizes = [0, 1e-45, 1e-40, 1.2e-38, 1e-30, 1e-10, 0.3, 1, 1e10, 1e30, 3e38]
    signed = np.float32([sign * m for m in sizes for sign in (1, -1)])
    g, x, y = (a.ravel() for a in np.meshgrid(signed, signed, np.append(signed, [INF, -INF]), indexing="ij"))
    with np.errstate(all="ignore"):
        wide = [a.astype(np.float64) for a in (g, x, y)]
        factors = np.abs(wide[0] / wide[2]) + np.abs(wide[1] / wide[2])
        want = -(wide[0] / wide[2]) * (wide[1] / wide[2])
        chosen = np.isfinite(np.float32(want)) & np.isfinite(np.float32(wide[1] / wide[2]))
    assert chosen.sum() > 5000
    found = pg.grad(lambda y: pg.sum(pg.div(x, y) * g))(y).numpy().astype(np.float64)
    error = np.abs(found[chosen] - want[chosen])
    # Each factor may be a subnormal, half a word off.
    assert (error <= 2.0**-20 * np.abs(want[chosen]) + 2.0**-149 * (1 + factors[chosen])).all()


def test_second_derivative_of_a_large_quotient() -> None:
    """The order that was not chosen would overflow here: g*x/y, with g and x/y of 1e20."""
    g, x, y = 1e20, 1e30, 1e10
    first = pg.grad(lambda y: pg.sum(x / y * g))
    found = pg.grad(lambda y: pg.sum(first(y)))(pg.tensor([y])).numpy()
    np.testing.assert_allclose(found, [2 * g * x / y**3], rtol=1e-6)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "expm1", "erf"])
def test_everywhere_between(name: str) -> None:
    fn, slope = SLOPES[name]
    x = np.linspace(-30, 30, 40001).astype(np.float32)
    got = pg.grad(lambda x: pg.sum(fn(x)))(pg.tensor(x)).numpy().astype(np.float64)
    want = np.array([slope(float(v)) for v in x])
    crossing = {"gelu": -0.7518, "silu": -1.2785}.get(
        name, INF
    )  # where a derivative is 0 its relative error is not small
    # The terms that make up the value are at most as large as this.
    scale = np.where(np.abs(x - crossing) < 0.5, 0.5, np.abs(want))
    worst = np.max(np.abs(got - want) / (scale + 2.0**-125))
    assert worst < 2.0**-20


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "gelu", "silu", "erf", "expm1"])
def test_second_derivatives(name: str) -> None:
    fn, slope = SLOPES[name]
    x = np.array([-12, -5, -3.5, -2, -0.3, 0.0, 0.4, 2.5, 6, 12], np.float64)
    first = pg.grad(lambda x: pg.sum(fn(x)))
    got = pg.grad(lambda x: pg.sum(first(x)))(pg.tensor(x)).numpy()
    want = np.array([(slope(v + 1e-5) - slope(v - 1e-5)) / 2e-5 for v in x])
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-7)
    ends = pg.grad(lambda x: pg.sum(first(x)))(pg.tensor([INF, 3e38, 150.0])).numpy()
    assert name == "expm1" or (ends == 0).all()


@pytest.mark.parametrize("padding", [1, "same", (0, 1, 1, 0), (2, 2, 2, 2)])
def test_outside_the_image_a_max_pool_gives_no_gradient(padding: Any) -> None:
    image = np.full((1, 1, 4, 4), -INF, np.float32)
    image[0, 0, 2, 3] = 1.0

    y = pg.max_pool2d(image, 3, stride=2, padding=padding)
    pulled = pg.custom_gradient(lambda y: pg.sum(pg.where(y > 0, y, 0.0)), lambda g, out, y: (g * pg.ones(y.shape),))
    slope = pg.grad(lambda x: pulled(pg.max_pool2d(x, 3, stride=2, padding=padding)))(pg.tensor(image)).numpy()
    # Every window has one place, within the image: the largest, or the first.
    assert slope.sum() == y.size and slope[0, 0, 2, 3] == (y.numpy() == 1).sum()


def test_a_gradient_that_is_infinite_stays_where_it_belongs() -> None:
    slope = pg.grad(lambda x: pg.sum(pg.max(x, 1) * INF))(pg.tensor([[1.0, 3.0, 2.0]]))
    assert slope.numpy().tolist() == [[0, INF, 0]]
