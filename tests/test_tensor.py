"""Tensors: making, reading, indexing, operators, interoperation, dtypes, errors — and tracing and jit over them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paragon as pg
from conftest import assert_words


@pytest.fixture(autouse=True)
def _reference() -> Any:
    with pg.use("reference"):
        yield


@pytest.mark.parametrize(
    "x,dtype",
    [
        (1.5, "f32"),
        (3, "i32"),
        (True, "i32"),
        ([1.0, 2], "f32"),
        (np.arange(3), "i32"),
        (np.array([7], np.uint8), "i32"),
    ]
    + [(np.array([2**32 - 1], np.uint32), "u32"), (np.float16(0.5), "f32"), (np.zeros((0, 2)), "f32")],
)
def test_tensor_takes(x: Any, dtype: str) -> None:
    t = pg.tensor(x)
    assert t.dtype == dtype and t.shape == np.shape(x)
    np.testing.assert_array_equal(t.numpy(), np.asarray(x))


def test_tensor_rounds_f64_to_nearest_even() -> None:
    x = [1 + 2**-24, 1 + 3 * 2**-24, 2**-150, 1.5 * 2**-149, 3.4028235677973366e38]
    assert_words(pg.tensor(x), np.array([1, 1 + 2**-22, 0, 2 * 2**-149, np.inf], np.float32))


@pytest.mark.parametrize("x", [2**31, [-(2**31) - 1], np.array([2**40]), "text", 1j])
def test_tensor_refuses(x: Any) -> None:
    with pytest.raises(pg.ShapeError):
        pg.tensor(x)


def test_a_tensor_is_immutable_and_does_not_share_what_it_was_made_from() -> None:
    source = np.ones(3, np.float32)
    t = pg.tensor(source)
    source[0] = 9
    assert t.numpy().tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        t.numpy()[0] = 2


def test_interoperation() -> None:
    t = pg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert np.asarray(t) is t.numpy() or np.shares_memory(np.asarray(t), t.numpy())
    assert np.asarray(t, np.float64).dtype == np.float64
    assert_words(np.from_dlpack(t), t)
    assert_words(np.frombuffer(memoryview(t.numpy()), np.float32).reshape(2, 2), t)
    assert isinstance(np.float32(2) * t, pg.Tensor) and isinstance(np.ones((2, 2), np.float32) + t, pg.Tensor)


def test_operators_and_weak_numbers() -> None:
    x = pg.tensor([1.0, -2.0])
    assert_words(2 * x - 1, np.array([1, -5], np.float32))
    assert_words(1 / x, np.array([1, -0.5], np.float32))
    assert_words(abs(-x), np.array([1, 2], np.float32))
    assert_words((x > 0) + (x != 1), np.array([1, 1], np.int32))
    assert_words(x.sum(), np.float32(-1))
    assert float(x[0]) == 1.0 and int(pg.tensor(3)) == 3 and bool(pg.tensor(1)) and len(x) == 2
    with pytest.raises(pg.ShapeError, match="cast"):
        pg.tensor([1]) * 0.5
    with pytest.raises(pg.ShapeError, match="cast"):
        pg.tensor([1]) + pg.tensor([1.0])


@given(st.data())
def test_indexing_is_numpys(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    part = st.one_of(
        st.integers(-1, 0),
        st.none(),
        st.just(Ellipsis),
        st.builds(slice, st.integers(-4, 4), st.integers(-4, 4), st.integers(1, 3)),
    )
    index = tuple(data.draw(st.lists(part, max_size=len(shape))))
    index = tuple(i for k, i in enumerate(index) if i is not Ellipsis or Ellipsis not in index[:k])
    with pg.use("reference"):
        assert_words(pg.tensor(x)[index], x[index])


def test_index_errors() -> None:
    x = pg.zeros((2, 3))
    for index in (2, (0, 3), (0, 0, 0), slice(None, None, -1), (slice(None), "a")):
        with pytest.raises(pg.ShapeError):
            x[index]
    with pytest.raises(pg.ShapeError, match="index 2 is outside"):
        pg.gather(x, [0, 2])
    with pytest.raises(pg.ShapeError, match="outside"):
        pg.scatter_add(x, [0, -1], size=2)


@pytest.mark.parametrize(
    "a,b",
    [
        ((3,), (3,)),
        ((3,), (3, 2)),
        ((4, 3), (3,)),
        ((2, 4, 3), (3, 5)),
        ((2, 1, 4, 3), (5, 3, 2)),
        ((4, 3), (2, 3, 5)),
        ((3,), (2, 3, 5)),
    ],
)
def test_matmul_shapes_are_numpys(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(-4, 4, a).astype(np.float32), rng.integers(-4, 4, b).astype(np.float32)
    assert_words(pg.matmul(x, y), x @ y)


def test_trace_names_and_state() -> None:
    def step(state: dict[str, pg.Tensor], x: pg.Tensor, options: dict[str, pg.Tensor]) -> Any:
        y = x * state["w"] + options["b"]
        return {"y": y, "mean": pg.mean(y)}, {"w": state["w"] - 0.5}

    program = pg.trace(
        step, np.ones(2, np.float32), {"b": np.ones(2, np.float32)}, state={"w": [1.0, 2.0], "kept": [3]}
    )
    assert list(program.inputs) == ["x", "options.b"] and list(program.state) == ["w", "kept"]
    assert list(program.outputs) == ["y", "mean"] and list(program.updates) == ["w"]
    inputs = {"x": np.full(2, 2, np.float32), "options.b": np.zeros(2, np.float32)}
    assert program.run(inputs)["y"].tolist() == [2, 4]
    assert program.run(inputs)["y"].tolist() == [1, 3]  # the state has moved on
    assert program.values["kept"].tolist() == [3]


def test_trace_keeps_no_dead_or_double_operations() -> None:
    def fn(x: pg.Tensor) -> pg.Tensor:
        pg.exp(x)
        return (x + 1.0) * (x + 1.0)

    assert [n.op for n in pg.trace(fn, np.ones(2, np.float32)).operations] == ["constant", "add", "mul"]


def test_trace_errors() -> None:
    x = np.ones(2, np.float32)
    with pytest.raises(pg.ProgramError, match="must return tensors"):
        pg.trace(lambda x: "no", x)
    with pytest.raises(pg.ProgramError, match="dict of new state"):
        pg.trace(lambda s, x: x, x, state={"w": x})
    with pytest.raises(pg.ProgramError, match="not states"):
        pg.trace(lambda s, x: (x, {"v": x}), x, state={"w": x})
    with pytest.raises(pg.ProgramError, match="new value"):
        pg.trace(lambda s, x: (x, {"w": x[:1]}), x, state={"w": x})
    leaked: list[pg.Tensor] = []
    pg.trace(lambda x: leaked.append(x) or x, x)  # type: ignore[func-returns-value]
    with pytest.raises(pg.ProgramError, match="outside its trace"):
        pg.trace(lambda x: x + leaked[0], x)


def test_use_and_executors() -> None:
    assert set(pg.executors()) >= {"cpu", "reference"}
    with pytest.raises(pg.ExecutorError, match="there is no executor 'gpu9'"), pg.use("gpu9"):
        pass
    with pytest.raises(pg.ExecutorError, match="registered are"):
        pg.trace(lambda x: x, np.ones(1, np.float32)).run({"x": np.ones(1, np.float32)}, executor="nowhere")


def test_fingerprint() -> None:
    x = np.array([[1.0, -0.0], [np.nan, 2.0]], np.float32)
    other_nan = x.view(np.uint32).copy()
    other_nan[1, 0] = 0xFFC12345
    assert pg.fingerprint(pg.tensor(x)) == pg.fingerprint(other_nan.view(np.float32))
    base = pg.fingerprint({"a": x, "b": np.int32(1)})
    assert base == pg.fingerprint({"b": np.int32(1), "a": x})
    assert (
        len({base, pg.fingerprint({"a": x.T, "b": np.int32(1)}), pg.fingerprint({"a": np.abs(x), "b": np.int32(1)})})
        == 3
    )
    # By hand: name, 0, dtype, 0, shape, 0, words.
    import hashlib

    by_hand = hashlib.sha256(b"w\0f32\x002\0" + np.array([1, 2], "<f4").tobytes()).hexdigest()
    assert pg.fingerprint({"w": np.array([1, 2], np.float32)}) == by_hand
    with pytest.raises(pg.ShapeError, match="float64"):
        pg.fingerprint(np.zeros(1))
