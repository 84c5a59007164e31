"""Indices out of range are refused where data enters, though inside a program they yield zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon import nn
from paragon.ir.indices import index_checks


@pytest.fixture(autouse=True)
def _reference() -> Any:
    with pg.use("reference"):
        yield


class Columns(nn.Module):
    """Two categorical columns, of 5 and of 3 values."""

    def __init__(self) -> None:
        self.first, self.second = nn.Embedding(5, 2), nn.Embedding(3, 2)

    def forward(self, x: Any) -> Any:
        return self.first(x[:, 0]) + self.second(x.T[1])


GOOD = np.array([[4, 2], [0, 0], [3, 1]], np.int32)


@pytest.mark.parametrize("row,column,value", [(0, 0, 5), (2, 1, 3), (1, 1, -1), (2, 0, -7)])
def test_an_embeddings_index_outside(row: int, column: int, value: int) -> None:
    model = Columns().init(seed=0)
    x = GOOD.copy()
    x[row, column] = value
    calls = [
        model,
        lambda x: model.predict(x, batch_size=2),
        pg.jit(model),
        pg.jit(lambda x: model(x)),
        lambda x: pg.grad(lambda p: pg.sum(model.apply(p, x)[0]))(model.state_dict()),
        lambda x: pg.grad(lambda p, x: pg.sum(model.apply(p, x)[0]))(model.state_dict(), x),
    ]
    for call in calls:
        call(GOOD)
        with pytest.raises(pg.ShapeError, match=rf"index {value}( in row \d+)? is outside 0 \.\.\. {(4, 2)[column]}"):
            call(x)


def test_what_is_checked() -> None:
    def fn(x: pg.Tensor, i: pg.Tensor, j: pg.Tensor) -> Any:
        moved = pg.gather(x, pg.broadcast(i.reshape((2, 1)), (2, 3)))
        return moved, pg.scatter_add(x, i, size=7), pg.gather(x, pg.where(j >= 0, j, 0)), pg.one_hot(j, 2)

    program = pg.trace(fn, np.zeros((2, 2), np.float32), *[np.zeros(2, np.int32)] * 2)
    checks = index_checks(program)
    assert [(check.name, check.size) for check in checks] == [("i", 2), ("i", 7)]
    for check, bad in zip(checks, (2, 7), strict=True):
        check({"i": np.array([0, 1], np.int32)})
        with pytest.raises(pg.ShapeError, match=f"i: the index {bad} in row "):
            check({"i": np.array([0, bad], np.int32)})
    # What a program computes with such an index is the contract's, not an error: zeros.
    program.run({"x": np.ones((2, 2), np.float32), "i": np.int32([9, 0]), "j": np.int32([-1, 0])})
