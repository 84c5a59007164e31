"""Optimisers, schedules and clipping against section 6 of the contract, written out in NumPy, word for word."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon import losses, optim, schedules
from paragon.executors.reference.arithmetic import fma32

rng = np.random.default_rng(5)
f32 = np.float32
SHAPES = {"w": (3, 4), "b": (4,)}
START = {name: pg.tensor(rng.standard_normal(shape)) for name, shape in SHAPES.items()}
STEPS = [{name: rng.standard_normal(shape).astype(f32) for name, shape in SHAPES.items()} for _ in range(4)]
RATE = f32(0.05)


def run(optimizer: optim.Optimizer) -> tuple[optim.Tensors, optim.Tensors]:
    weights, slots = dict(START), optimizer.init(START)
    for gradients in STEPS:
        weights, changed = optimizer.update(
            {k: pg.tensor(g) for k, g in gradients.items()}, weights, slots, pg.tensor(RATE)
        )
        assert set(changed) == set(slots)
        slots = changed
    return weights, slots


def literal_sgd(w: np.ndarray, gradients: list[np.ndarray], momentum: float, decay: float) -> np.ndarray:
    v = np.zeros_like(w)
    for g in gradients:
        g = fma32(f32(decay), w, g) if decay else g
        v = fma32(f32(momentum), v, g) if momentum else g
        w = fma32(-RATE, v, w)
    return w


def literal_adam(w: np.ndarray, gradients: list[np.ndarray], decay: float = 0.0) -> np.ndarray:
    b1, b2, eps = f32(0.9), f32(0.999), f32(1e-8)
    m, s, p1, p2 = np.zeros_like(w), np.zeros_like(w), f32(1), f32(1)
    for g in gradients:
        if decay:
            w = fma32(-(RATE * f32(decay)), w, w)
        m = fma32(b1, m, (f32(1) - b1) * g)
        s = fma32(b2, s, ((f32(1) - b2) * g) * g)
        p1, p2 = p1 * b1, p2 * b2
        w = fma32(-RATE, (m / (f32(1) - p1)) / (np.sqrt(s / (f32(1) - p2)) + eps), w)
    return w


OPTIMIZERS: dict[str, tuple[optim.Optimizer, Callable[..., np.ndarray]]] = {
    "sgd": (optim.SGD(), lambda w, g: literal_sgd(w, g, 0, 0)),
    "momentum": (optim.SGD(momentum=0.9), lambda w, g: literal_sgd(w, g, 0.9, 0)),
    "decay": (optim.SGD(momentum=0.5, weight_decay=0.01), lambda w, g: literal_sgd(w, g, 0.5, 0.01)),
    "adam": (optim.Adam(), literal_adam),
    "adamw": (optim.AdamW(weight_decay=0.1), lambda w, g: literal_adam(w, g, 0.1)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_the_contract(name: str, each_executor: str) -> None:
    optimizer, literal = OPTIMIZERS[name]
    weights, _ = run(optimizer)
    for key in SHAPES:
        assert_words(weights[key], literal(START[key].numpy(), [g[key] for g in STEPS]), f"{name} {key}")


def test_traced_and_eager_steps_agree() -> None:
    optimizer = optim.AdamW()

    def step(gradients: Any, weights: Any, slots: Any, rate: Any) -> Any:
        return optimizer.update(gradients, weights, slots, rate)

    arguments = ({k: pg.tensor(g) for k, g in STEPS[0].items()}, dict(START), optimizer.init(START), pg.tensor(RATE))
    for eager, traced in zip(step(*arguments), pg.jit(step)(*arguments), strict=True):
        assert pg.fingerprint(eager) == pg.fingerprint(traced)


def rates(schedule: schedules.Schedule, steps: list[int]) -> list[float]:
    return [schedule(pg.tensor(float(s))).item() for s in steps]


def test_schedules(each_executor: str) -> None:
    assert rates(schedules.constant(0.1), [0, 9]) == [f32(0.1)] * 2
    got = rates(schedules.step_decay(0.1, 10, 0.5), [0, 9, 10, 25, 100])
    assert got == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.1 / 1024], rel=1e-5)
    got = rates(schedules.exponential(0.1, 0.99), [0, 1, 200])
    assert got == pytest.approx([0.1, 0.099, 0.1 * 0.99**200], rel=1e-5)
    got = rates(schedules.cosine(0.4, 8, end=0.1), list(range(10)))
    assert got == pytest.approx([0.1 + 0.15 * (1 + math.cos(math.pi * min(s, 8) / 8)) for s in range(10)], rel=1e-6)
    assert got[8:] == [f32(0.1)] * 2
    got = rates(schedules.warm_up(4, schedules.step_decay(0.1, 6)), [0, 1, 3, 4, 6])
    assert got == pytest.approx([0.025, 0.05, 0.1, 0.1, 0.01], rel=1e-6)
    assert rates(schedules.warm_up(2, 0.1), [0, 5]) == pytest.approx([0.05, 0.1])
    with pytest.raises(pg.ShapeError, match="cosine: steps.*at least 1"):
        schedules.cosine(0.1, 0)


def test_a_schedule_is_operations_of_the_program() -> None:
    program = pg.trace(schedules.warm_up(3, schedules.cosine(0.1, 10)), pg.tensor(0.0))
    assert {"cospi", "fma", "div"} <= {node.op for node in program.operations}
    plain = pg.trace(lambda step: -schedules.constant(0.1)(step), pg.tensor(0.0))
    assert [node.op for node in plain.operations] == ["constant", "neg"]


def test_clipping(each_executor: str) -> None:
    gradients = {"a": pg.tensor([3.0, -4.0, np.nan]), "b": pg.tensor([[0.5, -0.5]])}
    clipped = optim.clip_by_value(1.0)(gradients)
    assert_words(clipped["a"], np.array([1, -1, np.nan], f32))
    assert_words(clipped["b"], gradients["b"])
    big = {"a": pg.tensor(rng.standard_normal((30, 20))), "b": pg.tensor(rng.standard_normal(700))}
    norm = np.sqrt(sum((g.numpy().astype(np.float64) ** 2).sum() for g in big.values()))
    assert optim.global_norm(big).item() == pytest.approx(norm, rel=1e-6)
    scale = f32(2.5) / f32(optim.global_norm(big).item())
    small = optim.clip_by_global_norm(2.5)(big)
    for name, g in big.items():
        assert_words(small[name], g.numpy() * scale)
    untouched = optim.clip_by_global_norm(1e6)(big)
    assert pg.fingerprint(untouched) == pg.fingerprint(big)
    for make in (optim.clip_by_value, optim.clip_by_global_norm):
        with pytest.raises(pg.ShapeError, match="positive"):
            make(0.0)


def test_global_norm_is_the_rule(each_executor: str) -> None:
    a, b = rng.standard_normal(5).astype(f32), rng.standard_normal(3).astype(f32)
    squares = []
    for x in (a, b):
        total = f32(0)
        for v in x:
            total = fma32(v, v, total)
        squares.append(total)
    got = optim.global_norm({"x": pg.tensor(a), "y": pg.tensor(b)})
    assert_words(got, np.sqrt((f32(0) + squares[0]) + squares[1]).reshape(()))


@pytest.mark.parametrize(
    "gradients,limit,want",
    [
        ({"a": [3e19, 4e19]}, 1.0, {"a": [0.6, 0.8]}),
        ({"a": [3e38], "b": [0.0, 3e38]}, 2.0, {"a": [2**0.5], "b": [0, 2**0.5]}),
        ({"a": [3e-30, 4e-30]}, 5e-31, {"a": [3e-31, 4e-31]}),
        ({"a": [2.0**-149], "b": [0.0]}, 1.0, {"a": [2.0**-149], "b": [0.0]}),
        ({"a": [0.0, 0.0]}, 1.0, {"a": [0.0, 0.0]}),
    ],
)
def test_clipping_gradients_whose_squares_do_not_fit(
    gradients: dict[str, Any], limit: float, want: dict[str, Any], each_executor: str
) -> None:
    given = {name: pg.tensor(g) for name, g in gradients.items()}
    clipped = optim.clip_by_global_norm(limit)(given)
    for name, values in want.items():
        np.testing.assert_allclose(clipped[name].numpy(), f32(values), rtol=3e-7)
    norm = math.sqrt(sum(float(v) ** 2 for g in gradients.values() for v in f32(g)))
    if norm < 3e38:
        assert optim.global_norm(given).item() == pytest.approx(norm, rel=3e-7)


def test_clipping_keeps_what_is_not_finite() -> None:
    clipped = optim.clip_by_global_norm(1.0)({"a": pg.tensor([np.nan, 1.0]), "b": pg.tensor([2.0])})
    assert np.isnan(clipped["a"].numpy()[0])
    infinite = optim.clip_by_global_norm(1.0)({"a": pg.tensor([np.inf, 1.0])})
    assert not np.isfinite(infinite["a"].numpy()[0])


NUMBERS = [-1, math.nan, math.inf, "0.1", None, True, 1e39, np.zeros(1, f32)]


@pytest.mark.parametrize("bad", NUMBERS, ids=repr)
@pytest.mark.parametrize(
    "make,what",
    [
        (lambda v: optim.SGD(lr=v), "SGD: lr"),
        (lambda v: optim.SGD(momentum=v), "SGD: momentum"),
        (lambda v: optim.SGD(weight_decay=v), "SGD: weight_decay"),
        (lambda v: optim.Adam(lr=v), "Adam: lr"),
        (lambda v: optim.Adam(beta1=v), "Adam: beta1"),
        (lambda v: optim.AdamW(beta2=v), "AdamW: beta2"),
        (lambda v: optim.Adam(eps=v), "Adam: eps"),
        (lambda v: optim.AdamW(weight_decay=v), "AdamW: weight_decay"),
        (lambda v: optim.optimizer("adam", lr="0.1" if v is None else v), "Adam: lr"),
        (lambda v: losses.huber([0.0], [1.0], v), "huber: delta"),
        (lambda v: optim.clip_by_value(0 if v == math.inf else v), "clip_by_value: the limit"),
        (lambda v: optim.clip_by_global_norm(0 if v == math.inf else v), "clip_by_global_norm: the limit"),
        (lambda v: schedules.constant(v), "constant: the rate"),
        (lambda v: schedules.step_decay(v, 3), "step_decay: the rate"),
        (lambda v: schedules.step_decay(0.1, v), "step_decay: every"),
        (lambda v: schedules.step_decay(0.1, 3, v), "step_decay: the factor"),
        (lambda v: schedules.exponential(v, 0.5), "exponential: the rate"),
        (lambda v: schedules.exponential(0.1, v), "exponential: the factor"),
        (lambda v: schedules.cosine(v, 3), "cosine: the rate"),
        (lambda v: schedules.cosine(0.1, v), "cosine: steps"),
        (lambda v: schedules.cosine(0.1, 3, v), "cosine: the end"),
        (lambda v: schedules.warm_up(v, 0.1), "warm_up: steps"),
        (lambda v: schedules.warm_up(3, v), "warm_up: the rate"),
        (lambda v: schedules.schedule("cosine", 0.1, v), "schedule: steps"),
    ],
)
def test_numbers_out_of_range_are_named(make: Callable[[Any], Any], what: str, bad: Any) -> None:
    with pytest.raises(pg.ShapeError, match=what):
        make(bad)


def test_the_edges_of_ranges() -> None:
    for make in (
        lambda: optim.Adam(beta1=1), lambda: optim.Adam(beta2=0.99999999999), lambda: optim.Adam(eps=1e-50),
        lambda: schedules.step_decay(0.1, 2, 0), lambda: schedules.exponential(0.1, 0), lambda: optim.SGD(momentum=1.5),
        lambda: schedules.cosine(0.1, 2.5), lambda: optim.clip_by_value(1e-50),
    ):  # fmt: skip
        with pytest.raises(pg.ShapeError):
            make()
    optim.SGD(lr=0, momentum=np.float32(1), weight_decay=np.int64(0))
    optim.Adam(lr=np.float64(0.1), beta1=0)
    schedules.cosine(np.float32(0.1), np.int32(5))
    g = {"a": pg.tensor([3.0])}
    for clip in (optim.clip_by_value, optim.clip_by_global_norm):
        assert pg.fingerprint(clip(np.float32(2))(g)) == pg.fingerprint({"a": pg.tensor([2.0])})
        assert pg.fingerprint(clip(math.inf)(g)) == pg.fingerprint(g)


def test_optimisers_with_schedules_copy_and_pickle() -> None:
    values = [
        optim.AdamW(lr=schedules.warm_up(3, make))
        for make in (
            0.1, schedules.constant(0.1), schedules.step_decay(0.1, 2), schedules.exponential(0.1, 0.9), schedules.cosine(0.1, 5)
        )
    ]  # fmt: skip
    for value in [*values, optim.SGD(), optim.clip_by_value(1.0), optim.clip_by_global_norm(1.0)]:
        assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value
    names = [schedules.schedule(name, 0.1, 9, 2) for name in schedules.SCHEDULES]
    assert pickle.loads(pickle.dumps(names)) == names and len(set(names)) == len(names)
