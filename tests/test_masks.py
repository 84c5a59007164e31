"""Masks: comparisons know that they are boolean, and a concrete mask selects as in NumPy."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paragon as pg
from conftest import assert_words

X = np.arange(12, dtype=np.float32).reshape(4, 3)
ROWS = np.array([True, False, True, True])


@pytest.fixture(autouse=True)
def _reference() -> Any:
    with pg.use("reference"):
        yield


@pytest.mark.parametrize("mask", [ROWS, ROWS.tolist(), pg.tensor(ROWS), pg.tensor(X[:, 0]) != 3.0])
def test_a_mask_selects_rows(mask: Any) -> None:
    assert_words(pg.tensor(X)[mask], X[ROWS])
    assert_words(pg.gather(X, mask), X[ROWS])


def test_a_mask_of_every_axis_selects_elements() -> None:
    t = pg.tensor(X)
    assert_words(t[t > 4], X[X > 4])
    assert_words(t[(t > 4) & ~(t == 7)], X[(X > 4) & (X != 7)])
    assert_words(t[(t < 2) | (t > 9)], X[(X < 2) | (X > 9)])
    assert_words(t[(t < 2) ^ (t < 4)], X[(X < 2) ^ (X < 4)])
    assert_words(t[t > 99], X[X > 99])
    assert_words(pg.tensor(2.5)[True], np.float32([2.5]))


def test_a_mask_along_another_axis() -> None:
    assert_words(pg.gather(X, [True, False, True], axis=1), X[:, [True, False, True]])


@given(st.data())
def test_masks_are_numpys(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=3)))
    rank = data.draw(st.integers(0, len(shape)))
    size = int(np.prod(shape[:rank]))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool).reshape(shape[:rank])
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    with pg.use("reference"):
        assert_words(pg.tensor(x)[mask], x[mask])


def test_what_keeps_a_mask_a_mask() -> None:
    t = pg.tensor(X)
    mask = t > 4
    assert_words(t[mask.reshape((2, 6)).reshape((4, 3))], X[X > 4])
    assert_words(t.T[mask.T], X.T[X.T > 4])
    assert_words(t[mask[:, 0]], X[X[:, 0] > 4])
    assert_words(t[(t > 4) * (t < 9)], X[(X > 4) & (X < 9)])
    for copied in (copy.deepcopy(mask), pickle.loads(pickle.dumps(mask)), pg.jit(lambda a: a > 4)(t)):
        assert_words(t[copied], X[X > 4])
    assert_words(t[(mask,)], X[X > 4])
    assert_words(
        t[pg.tensor([t[0] > 1, t[1] > 4, t[2] > 4, [True, True, True]])], X[np.float32([[1], [4], [4], [0]]) < X]
    )
    assert_words(t[[t[:, 0] > 4][0]], X[X[:, 0] > 4])
    assert_words(pg.tensor(X[None])[[t[:, 0] > 4]], X[X[:, 0] > 4])
    # A cast makes plain integers of them, and so does counting.
    assert_words(t[pg.cast(ROWS, "i32")], X[[1, 0, 1, 1]])
    assert_words(t[pg.tensor(ROWS, "i32")], X[[1, 0, 1, 1]])
    assert not ((t > 4) + (t > 5)).boolean and not pg.sum(t > 4).boolean


def test_a_traced_mask_is_refused_with_the_remedy() -> None:
    for index in (lambda t: t[t > 1], lambda t: pg.gather(t, t > 1)):
        with pytest.raises(pg.ShapeError, match="where"):
            pg.trace(index, X)
    with pytest.raises(pg.ShapeError, match="where"):
        pg.jit(lambda t, m: t[m])(X, ROWS)
    # The shape of what a concrete mask selects is known, also in a trace.
    assert_words(pg.jit(lambda t: t[ROWS])(X), X[ROWS])
    slope = pg.grad(lambda t: pg.sum(t[ROWS]))(pg.tensor(X))
    assert slope.numpy()[:, 0].tolist() == [1, 0, 1, 1]


def test_masks_that_do_not_fit() -> None:
    t = pg.tensor(X)
    for mask in ([True, False], [[True] * 3], [True] * 5):
        with pytest.raises(pg.ShapeError, match="mask"):
            t[mask]
    with pytest.raises(pg.ShapeError, match="cast"):
        pg.scatter_add(X, ROWS, size=2)
    with pytest.raises(pg.ShapeError, match="cast"):
        pg.nn.Embedding(4, 2).init(seed=0)(pg.tensor(ROWS))
    with pytest.raises(pg.ShapeError, match="boolean"):
        t & (t > 1)
    assert t[[]].shape == (0, 3)
