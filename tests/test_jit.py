"""`jit`: what is traced anew and what is an input, models as arguments, and caches that are bounded."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon import nn


@pytest.fixture(autouse=True)
def _reference() -> Any:
    with pg.use("reference"):
        yield


def counted(fn: Any) -> tuple[Any, list[int]]:
    """jit(fn), and a list that grows with every trace."""
    traces: list[int] = []

    def seen(*arguments: Any) -> Any:
        traces.append(len(traces))
        return fn(*arguments)

    return pg.jit(seen), traces


X = np.float32([1.0, 2.0])


def test_shapes_and_integers_are_traced_once_each() -> None:
    fast, traces = counted(lambda x, n: {"y": x * n, "nothing": None})
    assert fast(pg.tensor([1.0]), 2)["y"].numpy().tolist() == [2.0]
    assert fast(np.array([3.0], np.float32), 2)["y"].numpy().tolist() == [6.0]
    assert len(traces) == 1
    assert fast(pg.tensor([1.0]), 4)["y"].numpy().tolist() == [4.0]
    assert fast(pg.tensor([1.0, 2.0]), 4)["nothing"] is None
    assert len(traces) == 3
    assert pg.grad(lambda x: pg.sum(fast(x, 4)["y"]))(pg.tensor([1.0])).numpy().tolist() == [4.0]


@pytest.mark.parametrize("number", [float, np.float32, np.float64, np.array])
def test_a_float_is_an_input(number: Any) -> None:
    fast, traces = counted(lambda x, rate: x * rate)
    for rate in (0.1, 0.2, float("nan"), 0.0, -0.0, 1e-40):
        assert_words(fast(X, number(rate)), X * np.float32(rate))
    assert len(traces) == 1


def test_scalar_arrays_are_inputs_of_a_trace() -> None:
    program = pg.trace(lambda x, rate, n: x * rate + pg.cast(n, "f32"), X, np.float32(0.1), np.int64(3))
    assert list(program.inputs) == ["x", "rate", "n"]
    assert_words(program.run({"x": X, "rate": np.float32(2), "n": np.int32(1)})["output"], np.float32([3, 5]))
    assert list(pg.trace(lambda x, rate: x * rate, X, 0.1).inputs) == ["x"]

    class Foreign:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return X

    assert list(pg.trace(lambda x: x * 2.0, Foreign()).inputs) == ["x"]


Pair = namedtuple("Pair", "a b")


@pytest.mark.parametrize(
    "arguments",
    [
        [(X, X), [X, X], {"0": X, "1": X}, {0: X, 1: X}, Pair(X, X)],
        [{}, [], (), None],
        [{"a": X, "b": X}, {"b": X, "a": X}],
        [1, True, "1", 1 + 0j],
        [0j, complex(0.0, -0.0)],
        [np.array([1, 0]), np.array([True, False])],
    ],
)
def test_another_structure_is_another_trace(arguments: list[Any]) -> None:
    fast, traces = counted(lambda tree, x: {"x": x, "kind": pg.tensor(len(traces))})
    kinds = [fast(tree, X)["kind"].item() for tree in arguments]
    assert kinds == list(range(1, len(arguments) + 1))
    assert [fast(tree, X)["kind"].item() for tree in arguments] == kinds


def test_the_cache_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    fast, traces = counted(lambda x, n: x + float(n))
    for n in range(200):
        fast(X, n)
        fast(X, 0)
    assert len(traces) == 200 and len(fast.cache) == 128
    fast(X, 0)
    assert len(traces) == 200
    fast(X, 1)
    assert len(traces) == 201


def test_what_cannot_be_an_argument() -> None:
    with pytest.raises(pg.ProgramError, match="1.a.*set.*hash"):
        pg.jit(lambda x, y: x)(X, {"a": {1}})
    with pytest.raises(pg.ProgramError, match="closed over"):
        pg.jit(lambda x, rate: x if rate > 0 else -x)(X, 0.5)


@pytest.mark.parametrize("tree", [{"a.b": X, "a": {"b": X}}, {"a": [X], "a.0": X}, {0: X, "0": X}])
def test_paths_that_print_alike(tree: Any) -> None:
    """Inputs, outputs and states are named by their paths: two of one name would be one."""
    with pytest.raises(pg.ProgramError, match="two outputs .*(a.b|a.0|0)"):
        pg.trace(lambda x: tree, X)
    with pytest.raises(pg.ProgramError, match="the name .*(a.b|a.0|0)"):
        pg.trace(lambda x: 1.0, tree)
    for _ in range(2):
        with pytest.raises(pg.ProgramError, match="the name .*(a.b|a.0|0)"):
            pg.jit(lambda t: 1.0)(tree)
        with pytest.raises(pg.ProgramError, match="two outputs .*(a.b|a.0|0)"):
            pg.jit(lambda x: tree)(X)


def test_other_names_that_collide() -> None:
    with pytest.raises(pg.ProgramError, match="two outputs .*output"):
        pg.trace(lambda x: {"": x, "output": x + 1}, X)
    with pytest.raises(pg.ProgramError, match="arg1"):
        pg.trace(lambda arg1, *more: arg1, X, X)
    with pytest.raises(pg.ProgramError, match="the name 'x'"):
        pg.trace(lambda s, x: (x, {}), X, state={"x": X})


class Scaled(nn.Module):
    """A model that computes with another inside."""

    def __init__(self) -> None:
        self.inner = nn.Dense(2, 2)
        self.parameter("factor", (), lambda shape, seed, stream: pg.ones(shape))

    def forward(self, x: Any) -> Any:
        return self.inner(x) * self.factor


def test_a_models_parameters_are_inputs() -> None:
    model = Scaled().init(seed=0)
    others = {name: x + 1.0 for name, x in model.state_dict().items()}
    batch = np.float32([[1.0, 2.0]])
    calls = [pg.jit(model), pg.jit(model.forward)]
    calls += [
        lambda x, f=f: f(model, x) for f in (pg.jit(lambda m, x: m(x)), pg.jit(lambda m, x: m.inner(x) * m.factor))
    ]
    calls += [lambda x, f=f: f({"models": [model]}, x) for f in (pg.jit(lambda t, x: t["models"][0](x)),)]
    before = [call(batch) for call in calls]
    for found in before:
        assert_words(found, model(batch))
    model.load_state_dict(others)
    for call, old in zip(calls, before, strict=True):
        assert_words(call(batch), model(batch))
        assert (call(batch).numpy() != old.numpy()).all()
    assert model.state_dict().keys() == others.keys()  # nothing traced is left in it
    assert all(x.trace is None for x in model.state_dict().values())


def test_models_in_jit_are_traced_once() -> None:
    model = nn.Dense(2, 2).init(seed=0)
    fast, traces = counted(lambda m, x: m(x))
    for seed in range(3):
        assert_words(fast(model.init(seed), X[None]), model(X[None]))
    assert len(traces) == 1
    assert_words(fast(nn.Dense(2, 2).init(seed=5), X[None]), nn.Dense(2, 2).init(seed=5)(X[None]))
    with pytest.raises(pg.ParagonError, match="no value yet"):
        fast(nn.Dense(2, 2), X[None])


class Holder:
    """No module, but something that has one."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def predict(self, x: Any) -> Any:
        return self.model(x) * 2.0


def test_models_that_a_function_closes_over_are_followed_too() -> None:
    model, other = Scaled().init(seed=0), nn.Dense(2, 2).init(seed=3)
    fast, traces = counted(lambda x: other(model(x)))
    holder = Holder(model)
    predict, twice = pg.jit(holder.predict), pg.jit(lambda x: fast(x) + 1.0)
    batch = np.float32([[1.0, 2.0]])
    for seed in range(4):
        model.init(seed)
        other.init(seed + 9)
        want = other(model(batch)).numpy()
        for _ in range(2):
            assert_words(fast(batch), want)
            assert_words(predict(batch), model(batch).numpy() * np.float32(2))
            assert_words(twice(batch), want + np.float32(1))
    assert len(traces) == 2 + 2  # once to find the models, once with them; the same within `twice`
    assert all(x.trace is None for m in (model, other) for x in m.state_dict().values())


def test_a_model_that_is_made_while_tracing_is_a_constant() -> None:
    fast, traces = counted(lambda x: nn.Dense(2, 2).init(seed=1)(x))
    want = nn.Dense(2, 2).init(seed=1)(X[None])
    for _ in range(4):
        assert_words(fast(X[None]), want)
    assert len(traces) == 2


def test_models_that_only_some_calls_use() -> None:
    model, other = nn.Dense(2, 2).init(seed=0), nn.Dense(2, 2).init(seed=3)
    fast, traces = counted(lambda x, which: nn.Dense(2, 2).init(seed=7)(model(x)) if which else other(x))
    for seed in range(3):
        model.init(seed)
        other.init(seed + 9)
        for _ in range(2):
            assert_words(fast(X[None], True), nn.Dense(2, 2).init(seed=7)(model(X[None])))
            assert_words(fast(X[None], False), other(X[None]))
    before = len(traces)
    fast(X[None], True), fast(X[None], False)
    assert len(traces) == before <= 9


def test_apply_in_jit_uses_the_state_that_it_is_given() -> None:
    model = nn.Dense(2, 2).init(seed=0)
    fast, traces = counted(lambda state, x: model.apply(state, x)[0])
    for seed in range(3):
        state = nn.Dense(2, 2).init(seed).state_dict()
        assert_words(fast(state, X[None]), model.apply(state, X[None])[0])
    assert len(traces) == 1


def test_a_model_that_changes_its_state_in_jit_is_refused() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            self.parameter("calls", (), lambda shape, seed, stream: pg.zeros(shape), trainable=False)

        def forward(self, x: Any) -> Any:
            self.calls = self.calls + 1.0
            return x

    model = Counting().init()
    with pytest.raises(pg.ProgramError, match=r"calls.*apply"):
        pg.jit(model)(X)
    assert model.state_dict()["calls"].item() == 0.0
