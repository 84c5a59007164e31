"""Composites against the contract spelled out, their derivatives against finite differences, and the layers."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import float64
import paragon as pg
from conftest import assert_words
from paragon import nn
from paragon.ir.spec import Spec
from paragon.tensor import composites

rng = np.random.default_rng(11)
f32 = np.float32
EDGES = np.array(
    [0.0, -0.0, 1e-45, -1e-40, 0.5, -0.5, 3, -3, 20, -20, 90, -90, 110, -110, 3e38, -3e38, np.inf, -np.inf, np.nan], f32
)
X = np.concatenate([EDGES, rng.standard_normal(40).astype(f32) * 3])
ROWS = rng.standard_normal((3, 5)).astype(f32)
IMAGE = rng.standard_normal((2, 3, 6, 5)).astype(f32)


def op(name: str) -> Callable[..., np.ndarray]:
    """A contract operation on NumPy arrays."""
    return lambda *xs, **attributes: getattr(pg, name)(*map(pg.tensor, xs), **attributes).numpy()


def exp(x: np.ndarray) -> np.ndarray:
    return op("exp")(x)


# --- composites, each step as section 4 of the contract writes it --------------------------------------------------------


def literal_sigmoid(x: np.ndarray) -> np.ndarray:
    e = exp(x)
    return np.where(x >= 0, f32(1) / (f32(1) + exp(-x)), e / (f32(1) + e))


def literal_softmax(x: np.ndarray) -> np.ndarray:
    e = exp(x - x.max(axis=-1, keepdims=True))
    total = np.zeros(x.shape[:-1], f32)
    for i in range(x.shape[-1]):
        total = total + e[..., i]
    return e / total[..., None]


def literal_log_softmax(x: np.ndarray) -> np.ndarray:
    shifted = x - x.max(axis=-1, keepdims=True)
    total = np.zeros(x.shape[:-1], f32)
    for i in range(x.shape[-1]):
        total = total + exp(shifted)[..., i]
    return shifted - op("log")(total)[..., None]


LITERAL: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda x: np.where(x <= 0, f32(0), x),
    "leaky_relu": lambda x: np.where((x > 0) | np.isnan(x), x, f32(0.01) * x),
    "elu": lambda x: np.where(x > 0, x, f32(1) * op("expm1")(x)),
    "sigmoid": literal_sigmoid,
    "softplus": lambda x: op("maximum")(x, f32(0)) + op("log1p")(exp(-np.abs(x))),
    "gelu": lambda x: (f32(0.5) * x) * (f32(1) + op("erf")(x * f32(0.70710678))),
    "silu": lambda x: x * literal_sigmoid(x),
    "rsqrt": lambda x: f32(1) / np.sqrt(x),
    "softmax": literal_softmax,
    "log_softmax": literal_log_softmax,
}


@pytest.mark.parametrize("name", LITERAL)
def test_composite_is_the_contract(name: str, each_executor: str) -> None:
    x = np.stack([X[19:], X[19:][::-1]]) if "softmax" in name else X
    with np.errstate(all="ignore"):
        assert_words(getattr(pg, name)(pg.tensor(x)), LITERAL[name](x), name)


def test_softmax_of_extremes(each_executor: str) -> None:
    x = pg.tensor([[1e38, -1e38, 1e38], [-np.inf, 0, 0], [np.inf, 0, 0]])
    got = pg.softmax(x).numpy()
    assert got[0].tolist() == [0.5, 0, 0.5] and got[1].tolist() == [0, 0.5, 0.5] and np.isnan(got[2]).all()
    assert_words(pg.softmax(x, axis=0)[:, 1], pg.softmax(x[:, 1]))


def chain(a: np.ndarray, b: np.ndarray) -> np.float32:
    """The dot product of two short rows, by its definition."""
    total = pg.tensor(0.0)
    for p, q in zip(a.tolist(), b.tolist(), strict=True):
        total = pg.fma(pg.tensor(p), pg.tensor(q), total)
    return f32(total.item())


def test_layer_norm_is_the_contract() -> None:
    gamma, beta = rng.standard_normal((2, 5)).astype(f32)
    want = np.empty_like(ROWS)
    for i, x in enumerate(ROWS):
        total = f32(0)
        for v in x:
            total = total + v
        d = x - total / f32(5)
        r = f32(1) / np.sqrt(chain(d, d) / f32(5) + f32(1e-5))
        want[i] = op("fma")(d * r, gamma, beta)
    for name in ("reference", "cpu"):
        with pg.use(name):
            assert_words(pg.layer_norm(ROWS, gamma, beta), want, name)
    assert_words(pg.layer_norm(ROWS.reshape(3, 5, 1), gamma[:, None], beta[:, None]), want.reshape(3, 5, 1))


@pytest.mark.parametrize(
    "padding,sides", [(0, (0, 0, 0, 0)), (1, (1, 1, 1, 1)), ("same", (0, 1, 1, 1)), ((0, 1, 2, 0), (0, 1, 2, 0))]
)
def test_conv2d_is_one_dot_a_pixel(padding: Any, sides: tuple[int, ...], each_executor: str) -> None:
    weight, bias = rng.standard_normal((4, 3, 3, 3)).astype(f32), rng.standard_normal(4).astype(f32)
    stride, kernel = (2, 1), 3
    got = pg.conv2d(IMAGE, weight, bias, stride=stride, padding=padding).numpy()
    padded = np.pad(IMAGE, ((0, 0), (0, 0), sides[:2], sides[2:]))
    if padding == "same":
        assert got.shape == (2, 4, 3, 5)
    for n, o, i, j in [(0, 0, 0, 0), (1, 3, got.shape[2] - 1, got.shape[3] - 1), (0, 2, 1, 1)]:
        window = padded[n, :, i * 2 : i * 2 + kernel, j : j + kernel].ravel()
        assert_words(got[n, o, i, j], chain(window, weight[o].ravel()) + bias[o])


def test_pooling(each_executor: str) -> None:
    x = IMAGE.copy()
    x[0, 0, 1, 1] = np.nan
    top = pg.max_pool2d(x, 2).numpy()
    mean = pg.avg_pool2d(x, (2, 1), stride=(1, 2)).numpy()
    assert top.shape == (2, 3, 3, 2) and mean.shape == (2, 3, 5, 3)
    assert_words(top, np.maximum.reduce([x[:, :, r:6:2, c:4:2] for r in (0, 1) for c in (0, 1)]))
    assert_words(mean, ((f32(0) + x[:, :, :-1, ::2]) + x[:, :, 1:, ::2]) / f32(2))
    negative = pg.max_pool2d(-np.abs(IMAGE), 3, stride=1, padding=1).numpy()
    assert negative.shape == IMAGE.shape and (negative < 0).all()  # outside the image is -inf, not 0
    assert pg.avg_pool2d(np.ones((1, 1, 2, 2), f32), 2, padding=1).numpy().ravel().tolist() == [0.25] * 4


def test_the_first_maximum_of_a_window_gets_the_gradient(each_executor: str) -> None:
    x = pg.tensor(np.array([[[[1, 7, 7], [7, 7, 0], [0, 0, 7]]]], f32))
    slope = pg.grad(lambda t: pg.sum(pg.max_pool2d(t, 2, stride=1) * pg.tensor([[[[1.0, 2.0], [4.0, 8.0]]]])))(
        x
    ).numpy()
    assert slope.tolist() == [[[[0, 3, 0], [4, 8, 0], [0, 0, 0]]]]


def test_shape_errors_name_the_operation() -> None:
    for call, what in [
        (lambda: pg.conv2d(IMAGE, np.zeros((2, 4, 3, 3), f32)), "conv2d"),
        (lambda: pg.max_pool2d(ROWS, 2), "max_pool2d"),
        (lambda: pg.layer_norm(ROWS, np.ones(3, f32), np.ones(3, f32)), "layer_norm"),
        (lambda: pg.dropout(ROWS, 1.0, seed=0, step=0, stream=0), "dropout"),
        (lambda: pg.conv2d(IMAGE, np.zeros((2, 3, 3, 3), f32), padding="full"), "padding"),
    ]:
        with pytest.raises(pg.ShapeError, match=what):
            call()


# --- derivatives ------------------------------------------------------------------------------------------------------

WEIGHT, BIAS = rng.standard_normal((2, 3, 2, 2)).astype(f32), rng.standard_normal(2).astype(f32)
GAMMA, BETA = rng.uniform(0.5, 1.5, (2, 3)).astype(f32)
DISTINCT = rng.permutation(2 * 3 * 6 * 5).reshape(2, 3, 6, 5).astype(f32) / 10
SLOPES: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...]]] = {
    **{name: (getattr(pg, name), (ROWS,)) for name in LITERAL if name != "rsqrt"},
    "rsqrt": (pg.rsqrt, (np.abs(ROWS) + 1,)),
    "layer_norm": (pg.layer_norm, (ROWS, rng.uniform(0.5, 1.5, 5).astype(f32), ROWS[0])),
    "batch_norm": (lambda x, g, b: pg.batch_norm(x, *composites.batch_moments(x), g, b), (IMAGE, GAMMA, BETA)),
    "conv2d": (
        lambda x, w, b: pg.conv2d(x, w, b, stride=(2, 1), padding=(1, 0, 0, 1), dilation=(1, 2)),
        (IMAGE, WEIGHT, BIAS),
    ),
    "max_pool2d": (lambda x: pg.max_pool2d(x, 3, stride=2, padding=1), (DISTINCT,)),
    "avg_pool2d": (lambda x: pg.avg_pool2d(x, 3, stride=2, padding=1), (DISTINCT,)),
}


@pytest.mark.parametrize("name", SLOPES)
def test_derivative(name: str) -> None:
    fn, arrays = SLOPES[name]
    weights = rng.uniform(0.5, 1.5, fn(*map(pg.tensor, arrays)).shape).astype(f32)
    check_slopes(lambda *xs: pg.sum(fn(*xs) * weights), arrays)


def check_slopes(loss: Callable[..., Any], arrays: tuple[np.ndarray, ...], samples: int = 12) -> None:
    """pg.grad against central differences of the program in f64, at some elements of every operand."""
    got = pg.grad(loss, tuple(range(len(arrays))))(*map(pg.tensor, arrays))
    program = pg.trace(loss, *arrays)

    def value(operands: list[np.ndarray]) -> float:
        return float(float64.run(program, dict(zip(program.inputs, operands, strict=True)))["output"])

    for k, array in enumerate(arrays):
        for at in rng.choice(array.size, min(samples, array.size), replace=False):
            ends = []
            for step in (1e-6, -1e-6):
                moved = array.astype(np.float64)
                moved.ravel()[at] += step
                ends.append(value([*arrays[:k], moved, *arrays[k + 1 :]]))
            want = (ends[0] - ends[1]) / 2e-6
            assert got[k].numpy().ravel()[at] == pytest.approx(want, rel=5e-4, abs=5e-4), f"operand {k} at {at}"


def test_derivatives_at_the_edges() -> None:
    """Where a naive composition would give 0 or NaN."""
    x = pg.tensor([0.0, -200.0, 200.0])
    for fn, want in [
        (pg.sigmoid, [0.25, 0, 0]),
        (pg.softplus, [0.5, 0, 1]),
        (pg.elu, [1, 0, 1]),
        (pg.relu, [0, 0, 1]),
        (pg.leaky_relu, [0.01, 0.01, 1]),
        (pg.silu, [0.5, 0, 1]),
    ]:
        got = pg.grad(lambda t, fn=fn: pg.sum(fn(t)))(x).numpy()
        assert got.tolist() == [f32(v) for v in want], fn.__name__


# --- layers -----------------------------------------------------------------------------------------------------------


def small() -> nn.Sequential:
    return nn.Sequential(nn.Dense(5, 4, "relu"), nn.Dropout(0.25), nn.LayerNorm(4), nn.Dense(4, 3))


def test_names_and_initial_values(each_executor: str) -> None:
    model = small().init(42)
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.gamma", "2.beta", "3.weight", "3.bias"]
    assert_words(model.state_dict()["0.weight"], pg.random.glorot_uniform((5, 4), 5, 4, 42, 0))
    assert_words(model.state_dict()["3.weight"], pg.random.glorot_uniform((4, 3), 4, 3, 42, 4))
    assert pg.fingerprint(model) == "b342ad13a590cc9dba1334cdd47b1d7aba1c75764d209c87c50705b5af23dc7a"


def test_state_dict_goes_round_and_is_checked() -> None:
    model, other = small().init(1), small()
    with pytest.raises(pg.ParagonError, match=r"'0.weight' has no value yet.*init"):
        other.state_dict()
    other.load_state_dict(model.state_dict())
    assert pg.fingerprint(other) == pg.fingerprint(model) != pg.fingerprint(small().init(2))
    values = model.state_dict()
    with pytest.raises(pg.ShapeError, match="missing.*3.bias"):
        other.load_state_dict({k: v for k, v in values.items() if k != "3.bias"})
    with pytest.raises(pg.ShapeError, match="3.bias"):
        other.load_state_dict({**values, "3.bias": pg.zeros(4)})
    assert pg.fingerprint(pickle.loads(pickle.dumps(model))) == pg.fingerprint(model)


def test_dense_eager_traced_and_jitted_agree() -> None:
    model = small().init(3)
    y = model(ROWS)
    hidden = pg.relu(pg.matmul(ROWS, model.state_dict()["0.weight"]) + model.state_dict()["0.bias"])
    normed = pg.layer_norm(hidden, np.ones(4, f32), np.zeros(4, f32))
    assert_words(y, pg.matmul(normed, model.state_dict()["3.weight"]) + model.state_dict()["3.bias"])
    assert_words(pg.jit(lambda p, x: model.apply(p, x)[0])(model.state_dict(), ROWS), y)
    assert_words(model.predict(ROWS, batch_size=2), y)
    plain = nn.Sequential(nn.Dense(5, 4, bias=False), pg.tanh).init(3)
    assert_words(plain(ROWS), pg.tanh(pg.matmul(ROWS, model.state_dict()["0.weight"])))


def test_saved_model_runs_anywhere(tmp_path: Path) -> None:
    model = small().init(3)
    model.save(tmp_path / "m.safetensors", ROWS, batch=2, output="logits")
    program = pg.load(tmp_path / "m.safetensors")
    assert program.inputs == {"x": Spec("f32", (2, 5))} and program.fingerprint() == pg.fingerprint(model)
    assert not any(node.op == "bits" for node in program.operations)  # dropout is for training
    for name in ("reference", "cpu"):
        assert_words(program.run({"x": ROWS[:2]}, executor=name)["logits"], model(ROWS[:2]), name)


def test_rows_do_not_depend_on_the_batch() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, "gelu", padding="same"),
        nn.BatchNorm(4),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dense(24, 300, "tanh"),
        nn.Dense(300, 2),
    ).init(5)
    x = rng.standard_normal((9, 3, 6, 5)).astype(f32)
    whole = model.predict(x)
    for size in (1, 2, 7):
        assert_words(model.predict(x, batch_size=size), whole, f"batches of {size}")


def test_dropout() -> None:
    layer = nn.Dropout(0.25)
    x = np.ones((100, 40), f32)
    assert_words(layer(x), x)

    def masks(seed: int, step: int) -> tuple[np.ndarray, np.ndarray]:
        def twice(x: pg.Tensor) -> pg.Tensor:
            return pg.concat([layer(x).reshape((1, -1)), layer(x).reshape((1, -1))])

        model = nn.Sequential(twice)
        both = model.apply(
            {}, pg.tensor(x), training=True, seed=pg.random.seed_words(seed), step=pg.tensor(step, "u32")
        )[0].numpy()
        return both[0], both[1]

    first, second = masks(1, 0)
    words = pg.random.bits(4000, 1, pg.random.DROPOUT_STREAM, step=0).numpy()
    assert_words(first, np.where(words >= 2**30, f32(1) / f32(0.75), f32(0)))
    assert abs((first == 0).mean() - 0.25) < 0.03
    for other in (second, masks(2, 0)[0], masks(1, 1)[0]):
        assert (first != other).mean() > 0.2
    assert_words(masks(1, 0)[0], first)
    with pytest.raises(pg.ParagonError, match="seed"):
        layer_in_training = nn.Sequential(layer)
        layer_in_training.apply({}, pg.tensor(x), training=True)
    with pytest.raises(pg.ShapeError, match="rate"):
        nn.Dropout(1.0)


def test_batch_norm(each_executor: str) -> None:
    layer = nn.BatchNorm(3, momentum=0.25).init()
    y, new = layer.apply(layer.state_dict(), pg.tensor(IMAGE), training=True)
    assert set(new) == {"running_mean", "running_variance"} and set(layer.trainable) == {"gamma", "beta"}
    wide = IMAGE.astype(np.float64)
    mean, var = wide.mean((0, 2, 3)), wide.var((0, 2, 3))
    np.testing.assert_allclose(y.numpy(), (wide - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5), atol=1e-5)
    np.testing.assert_allclose(new["running_mean"].numpy(), 0.25 * mean, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(new["running_variance"].numpy(), 0.75 + 0.25 * var * 60 / 59, rtol=1e-5)
    before = pg.fingerprint(layer)
    np.testing.assert_allclose(layer(IMAGE).numpy(), wide / np.sqrt(1 + 1e-5), rtol=1e-5)  # inference: running moments
    assert pg.fingerprint(layer) == before
    with pytest.raises(pg.ShapeError, match="drop_last"):
        layer.apply(layer.state_dict(), pg.zeros((1, 3)), training=True)


def test_embedding() -> None:
    layer = nn.Embedding(6, 4).init(3)
    i = np.array([[0, 5], [2, 2]], np.int32)
    assert_words(layer(i), layer.state_dict()["weight"].numpy()[i])
    slope = pg.grad(lambda p: pg.sum(layer.apply(p, pg.tensor(i))[0]))(layer.state_dict())["weight"].numpy()
    assert slope[:, 0].tolist() == [1, 0, 2, 0, 0, 1]
    with pytest.raises(pg.ShapeError, match="6"):
        layer(np.array([6], np.int32))


class Tower(nn.Module):
    """A model of a user's own: a residual block, a list of layers, and a layer that stands in two places."""

    scale: pg.Tensor

    def __init__(self) -> None:
        self.parameter("scale", (1,), lambda shape, seed, stream: pg.ones(shape))
        self.stem = nn.Dense(5, 4)
        self.blocks = [nn.Dense(4, 4, "tanh") for _ in range(2)]
        self.again = self.stem

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        h = self.stem(x)
        for block in self.blocks:
            h = h + block(h) * self.scale
        return h + self.again(x)


def test_own_module() -> None:
    model = Tower().init(1)
    dense = [f"{place}.{name}" for place in ("stem", "blocks.0", "blocks.1") for name in ("weight", "bias")]
    assert list(model.state_dict()) == ["scale", *dense]
    values = model.state_dict()
    arrays = tuple(v.numpy() for v in values.values())
    check_slopes(
        lambda *xs: pg.mean(model.apply(dict(zip(values, xs, strict=True)), pg.tensor(ROWS))[0]), arrays, samples=4
    )
    assert_words(model.state_dict()["stem.weight"], values["stem.weight"])  # the tracing left nothing behind


def test_a_failed_forward_leaves_the_parameters() -> None:
    model = small().init(1)
    before = pg.fingerprint(model)
    with pytest.raises(pg.ShapeError):
        pg.jit(lambda p: model.apply(p, pg.zeros((2, 7)))[0])(model.state_dict())
    assert pg.fingerprint(model) == before


def test_mistakes_are_named() -> None:
    for build, what in [
        (lambda: nn.Dense(3, 4, "sin"), "activation 'sin'.*relu"),
        (lambda: nn.Dense(3, 4, init="orthogonal"), "initialiser 'orthogonal'"),
        (lambda: nn.Dense(0, 4), "Dense"),
        (lambda: nn.Sequential("relu"), "layer 0"),  # type: ignore[arg-type]
    ]:
        with pytest.raises(pg.ShapeError, match=what):
            build()
    with pytest.raises(NotImplementedError, match="forward"):
        nn.Module()(ROWS)
    assert set(nn.ACTIVATIONS) >= {"relu", "leaky_relu", "elu", "sigmoid", "tanh", "gelu", "silu", "softmax", "linear"}
    assert math.isclose(float(nn.activation("gelu")(pg.tensor(1.0))), 0.8413447, rel_tol=1e-6)
