"""Every derivative of the operation table against f64 central differences, and its structure against the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import float64
import paragon as pg
from paragon.ir.operations import TABLE
from paragon.ir.shapes import NORMS

rng = np.random.default_rng(7)
X, Y, Z = (rng.uniform(0.3, 1.7, (3, 4)).astype(np.float32) for _ in range(3))
SIGNED = (X * np.where(rng.random((3, 4)) < 0.5, -1, 1)).astype(np.float32)
ROW = rng.uniform(0.5, 1.5, 4).astype(np.float32)
IMAGE = rng.standard_normal((2, 2, 5, 4)).astype(np.float32)
BATCH = rng.standard_normal((2, 3, 4)).astype(np.float32)
I = np.array([[2, 0], [1, 2]], np.int32)
WINDOW: dict[str, Any] = {"stride": (2, 1), "padding": (1, 0, 1, 2), "dilation": (1, 2)}

# operation -> functions of f32 arrays, each called with the arrays beside it
CASES: dict[str, list[tuple[Callable[..., Any], tuple[np.ndarray, ...]]]] = {
    "add": [(pg.add, (X, ROW)), (pg.add, (X, np.array(2, np.float32)))],
    "sub": [(pg.sub, (ROW, X))],
    "mul": [(pg.mul, (X, ROW)), (pg.mul, (X[:, :1], ROW))],
    "div": [(pg.div, (X, ROW))],
    "fma": [(pg.fma, (X, ROW, Z))],
    "neg": [(pg.neg, (X,))],
    "abs": [(pg.abs, (SIGNED,))],
    "sqrt": [(pg.sqrt, (X,))],
    "exp": [(pg.exp, (SIGNED,))],
    "expm1": [(pg.expm1, (SIGNED,))],
    "log": [(pg.log, (X,))],
    "log1p": [(pg.log1p, (X,))],
    "tanh": [(pg.tanh, (SIGNED,))],
    "erf": [(pg.erf, (SIGNED,))],
    "sinpi": [(pg.sinpi, (SIGNED,))],
    "cospi": [(pg.cospi, (SIGNED,))],
    "maximum": [(pg.maximum, (X, Y)), (pg.maximum, (X, ROW))],
    "minimum": [(pg.minimum, (X, Y))],
    "select": [(lambda x, y: pg.where(SIGNED > 0, x, y), (X, ROW))],
    "cast": [(lambda x: pg.cast(x, "f32") * pg.cast(pg.cast(x, "i32"), "f32"), (X,))],
    "sum": [(lambda x: pg.sum(x, 0), (X,)), (lambda x: pg.sum(x, (0, 2), keepdims=True, panel=3), (BATCH,))],
    "max": [(lambda x: pg.max(x, 1), (X,)), (lambda x: pg.max(x, (0, 2), keepdims=True), (BATCH,))],
    "matmul": [
        (lambda a, b, ta=ta, tb=tb: pg.matmul(a, b, transpose_a=ta, transpose_b=tb), (X.T.copy() if ta else X, ROWS))
        for ta in (False, True)
        for tb in (False, True)
        for ROWS in [Y if tb else Y.T.copy()]
    ]
    + [(pg.matmul, (BATCH, Y.T.copy())), (pg.matmul, (X, BATCH.transpose(0, 2, 1).copy())), (pg.dot, (X, Y))],
    "reshape": [(lambda x: pg.reshape(x, (2, -1)), (X,))],
    "transpose": [(lambda x: pg.transpose(x, (2, 0, 1)), (BATCH,))],
    "broadcast": [(lambda x: pg.broadcast(x, (2, 3, 4)), (X,)), (lambda x: pg.broadcast(x, (3, 4)), (X[:, :1],))],
    "slice": [(lambda x: x[1:, ::3], (X,)), (lambda x: x[:, 1:1], (X,)), (lambda x: x[2], (X,))],
    "pad": [(lambda x: pg.pad(x, (1, 0), (2, 3), (0, 2), value=4.5), (X,))],
    "concat": [(lambda x, y, z: pg.concat([x, y, z], axis=1), (X, Y, Z[:, :1]))],
    "gather": [(lambda x: pg.gather(x, I), (X,)), (lambda x: pg.gather(x, I, axis=1), (X,))],
    "scatter_add": [(lambda x: pg.scatter_add(x, I, axis=0, size=4), (rng.random((2, 2, 3)).astype(np.float32),))],
    "unfold": [(lambda x: pg.unfold(x, (2, 2), **WINDOW), (IMAGE,))],
    "fold": [(lambda x: pg.fold(x, (5, 4), (2, 2), **WINDOW), (rng.random((2, 3, 5, 8)).astype(np.float32),))],
    "scan": [
        (lambda a, b, h, axis=axis, reverse=reverse: pg.scan(a, b, h, axis=axis, reverse=reverse), (BATCH, BATCH[::-1].copy(), h0))
        for axis, h0 in ((0, X), (1, BATCH[:, 0].copy()))
        for reverse in (False, True)
    ],
    "fft": [(lambda x, n=norm: pg.fft(x, norm=n), (rng.standard_normal((2, 6, 2)).astype(np.float32),)) for norm in NORMS],
    "ifft": [(lambda x, n=norm: pg.ifft(x, norm=n), (rng.standard_normal((2, 5, 2)).astype(np.float32),)) for norm in NORMS],
    "rfft": [
        (lambda x, n=norm: pg.rfft(x, norm=n), (rng.standard_normal((2, points)).astype(np.float32),))
        for norm in NORMS
        for points in (1, 2, 7, 8)
    ],
    "irfft": [
        (lambda x, n=norm, p=points: pg.irfft(x, p, norm=n), (rng.standard_normal((2, points // 2 + 1, 2)).astype(np.float32),))
        for norm in NORMS
        for points in (1, 2, 7, 8)
    ],
}  # fmt: skip
NOT_DIFFERENTIABLE = {"compare", "argmax", "one_hot", "bits", "constant"}
STRAIGHT_THROUGH = {"round_to"}  # by decree another derivative than that of the function


def test_every_operation_is_covered() -> None:
    assert set(CASES) | NOT_DIFFERENTIABLE | STRAIGHT_THROUGH == set(TABLE)
    assert all(row.doc for row in TABLE.values())


@pytest.mark.parametrize("op,number", [(op, i) for op, cases in CASES.items() for i in range(len(cases))])
def test_derivative(op: str, number: int) -> None:
    fn, arrays = CASES[op][number]
    with pg.use("reference"):
        out = fn(*map(pg.tensor, arrays))
        weights = rng.uniform(0.5, 1.5, out.shape).astype(np.float32)

        def loss(*xs: pg.Tensor) -> pg.Tensor:
            return pg.sum(fn(*xs) * weights)

        got = pg.grad(loss, tuple(range(len(arrays))))(*map(pg.tensor, arrays))
    program = pg.trace(loss, *arrays)
    assert op in {node.op for node in program.operations}
    names = list(program.inputs)
    for i, array in enumerate(arrays):
        want = np.empty(array.shape)
        for at in np.ndindex(array.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = array.astype(np.float64)
                moved[at] += step
                # float64.run takes f64 arrays as they are
                ends.append(
                    float64.run(program, dict(zip(names, (*arrays[:i], moved, *arrays[i + 1 :]), strict=True)))[
                        "output"
                    ]
                )
            want[at] = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(
            got[i].numpy(), want, rtol=2e-4, atol=2e-4, err_msg=f"{op} case {number}, operand {i}"
        )


@pytest.mark.parametrize("format", TABLE["round_to"].choices["format"])
def test_rounding_passes_the_gradient_straight_through(format: str) -> None:
    x, weights = np.float32([1.03, -2.7, 1e-9, 0, 1e38, np.inf, np.nan]), np.float32([1, 2, 3, 4, 5, 6, 7])
    with pg.use("reference"):
        slope = pg.grad(lambda t: pg.sum(pg.round_to(t, format) * weights))(pg.tensor(x))
    assert slope.numpy().tolist() == weights.tolist()


def test_gradient_of_gradient() -> None:
    with pg.use("reference"):
        x = pg.tensor([0.5, -1.25, 2.0])
        slope = pg.grad(lambda t: pg.sum(pg.tanh(t)))
        curve = pg.grad(lambda t: pg.sum(slope(t)))(x).numpy()
    t = np.tanh(np.array([0.5, -1.25, 2.0]))
    np.testing.assert_allclose(curve, -2 * t * (1 - t * t), rtol=1e-5)


def test_arguments_are_independent() -> None:
    """Inside a trace an argument may be computed from another: their gradients do not mix."""

    def outer(x: pg.Tensor) -> Any:
        return pg.grad(lambda a, b: pg.sum(a * b), (0, 1))(x, x * 3.0)

    with pg.use("reference"):
        a, b = pg.jit(outer)(pg.tensor([1.0, 2.0]))
    assert a.numpy().tolist() == [3.0, 6.0] and b.numpy().tolist() == [1.0, 2.0]


def test_unused_argument_has_zero_gradient_and_nested_structures_are_kept() -> None:
    with pg.use("reference"):
        tree = {"w": pg.tensor([1.0, 2.0]), "rest": [pg.tensor(3.0), pg.tensor([[4.0]])]}
        slopes = pg.grad(lambda p: pg.sum(p["w"] * p["w"]) * p["rest"][0])(tree)
    assert slopes["w"].numpy().tolist() == [6.0, 12.0]
    assert slopes["rest"][0].item() == 5.0 and slopes["rest"][1].numpy().tolist() == [[0.0]]


def test_stop_gradient_and_custom_gradient() -> None:
    double = pg.custom_gradient(lambda x: x * 2.0, lambda g, out, x: (g * 10.0,))
    with pg.use("reference"):
        x = pg.tensor([1.0, -2.0])
        assert pg.grad(lambda t: pg.sum(t * pg.stop_gradient(t)))(x).numpy().tolist() == [1.0, -2.0]
        assert pg.grad(lambda t: pg.sum(double(t)))(x).numpy().tolist() == [10.0, 10.0]
        assert double(x).numpy().tolist() == [2.0, -4.0]


def test_errors() -> None:
    with pg.use("reference"):
        with pytest.raises(pg.ProgramError, match="f32 scalar"):
            pg.grad(lambda t: t * 2.0)(pg.tensor([1.0]))
        with pytest.raises(pg.ProgramError, match="not f32"):
            pg.grad(lambda t: pg.sum(pg.cast(t, "f32")))(pg.tensor([1]))
        with pytest.raises(pg.ProgramError, match="no elements"):
            pg.grad(lambda t: pg.sum(t) if t.item() > 0 else pg.sum(-t))(pg.tensor([1.0]))
