"""Arguments that are no integers, shapes out of range, things of another type: refused in one line, naming the argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon import nn

X = np.zeros((1, 2, 5, 5), np.float32)
W = np.zeros((3, 2, 2, 2), np.float32)
PROGRAM = pg.trace(lambda x: x + 1.0, np.zeros(2, np.float32))
MASKED = np.ma.masked_array(np.zeros(2, np.float32), mask=[True, False])
GOOD = {"x": np.zeros(2, np.float32)}

REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: pg.zeros((2.7,)), "shape"),
    (lambda: pg.zeros(2.0), "shape"),
    (lambda: pg.zeros("2"), "shape"),
    (lambda: pg.zeros(None), "shape"),
    (lambda: pg.zeros((-1,)), "dimension"),
    (lambda: pg.ones((1,) * 50), "rank 50"),
    (lambda: pg.tensor(np.zeros((1,) * 9)), "rank 9"),
    (lambda: pg.full((2**31,), 0.0), "dimension"),
    (lambda: pg.full((2**16, 2**16), 0.0), "elements"),
    (lambda: pg.zeros((2**31 - 1,) * 7 + (0,)), "NumPy cannot hold"),
    (lambda: pg.arange(2.5), "n must"),
    (lambda: pg.arange(-1), "dimension"),
    (lambda: pg.tensor(MASKED), "masked"),
    (lambda: nn.Flatten().predict(MASKED), "masked"),
    (lambda: PROGRAM.run({"x": MASKED}), "input 'x'.*masked"),
    (lambda: pg.dropout([1.0], "0.5", seed=[0, 1], step=0, stream=0), "rate"),
    (lambda: pg.random.permutation(2.5, seed=1), "n must"),
    (lambda: pg.random.permutation(2, seed=1.5), "seed must"),
    (lambda: pg.random.permutation(2, seed=1, stream="0"), "stream must"),
    (lambda: list(pg.data.batches(W, batch_size=2.5)), "batch_size must"),
    (lambda: list(pg.data.batches(W, batch_size="2")), "batch_size must"),
    (lambda: list(pg.data.batches(W, batch_size=True)), "batch_size must"),
    (lambda: list(pg.data.batches(W, batch_size=2, seed=1.5)), "seed must"),
    (lambda: list(pg.data.batches(W, batch_size=2, seed=1, epoch=-1)), "epoch must"),
    (lambda: list(pg.data.batches(W, batch_size=2, seed=1, epoch=2**31)), "epoch must"),
    (lambda: list(pg.data.batches(3.0, batch_size=2)), "array 0"),
    (lambda: pg.reshape(X, (2.7,)), "shape"),
    (lambda: pg.tensor(X).reshape(25, 2.0), "shape"),
    (lambda: pg.broadcast(X, (1.5, 2, 5, 5)), "shape"),
    (lambda: pg.sum(X, 1.0), "axis"),
    (lambda: pg.sum(X, (0, 1.5)), "axis"),
    (lambda: pg.argmax(X, None), "axis"),
    (lambda: pg.transpose(X, (0, 1, 2, 3.0)), "axis"),
    (lambda: pg.concat([X, X], axis=0.5), "axis"),
    (lambda: pg.slice(X, (0, 0, 0, 0), (1, 2, 5, 4.9)), "stop"),
    (lambda: pg.pad(X, (0, 0, 0, 1.5), (0,) * 4), "low"),
    (lambda: pg.one_hot([1], 2.7), "depth"),
    (lambda: pg.scatter_add([1.0], [0], size=2.7), "size"),
    (lambda: pg.random.normal((2.5,), seed=0), "shape"),
    (lambda: pg.random.bits((2,), seed=0, stream=1.5), "stream"),
    (lambda: pg.random.bits((2,), seed=0, width=3.5), "width"),
    (lambda: pg.irfft(np.zeros((3, 2), np.float32), 4.5), "n must"),
    (lambda: pg.unfold(X, 2, stride=1.9), "stride"),
    (lambda: pg.unfold(X, 2.0), "kernel"),
    (lambda: pg.unfold(X, (2,)), "kernel"),
    (lambda: pg.fold(np.zeros((1, 4, 4, 8)), (5, 5.5), 2), "size"),
    (lambda: pg.conv2d(X, W, stride=1.9), "stride"),
    (lambda: pg.conv2d(X, W, dilation=(1, 1.5)), "dilation"),
    (lambda: pg.conv2d(X, W, padding=0.5), "padding"),
    (lambda: pg.conv2d(X, W, padding=(1, 1.5)), "padding"),
    (lambda: pg.conv2d(X, W, padding="same", stride=1.5), "stride"),
    (lambda: pg.conv2d(X, W, np.zeros(1)), "bias"),
    (lambda: pg.conv2d(X, W, np.zeros((3, 2))), "bias"),
    (lambda: pg.conv2d(X, W, 0.0), "bias"),
    (lambda: pg.max_pool2d(X, 1.5), "kernel"),
    (lambda: pg.avg_pool2d(X, 2, stride=1.5), "stride"),
    (lambda: nn.Conv2d(1, 2, 3, stride=1.9), "stride"),
    (lambda: nn.Conv2d(1, 2, 3, dilation=1.9), "dilation"),
    (lambda: nn.MaxPool2d(2.5), "kernel"),
    (lambda: nn.AvgPool2d(2, stride=1.5), "stride"),
    (lambda: nn.Dense(2.7, 3), "Dense: inputs must be an integer"),
    (lambda: nn.LayerNorm(2.5), "shape"),
    (lambda: nn.BatchNorm(2.5), "BatchNorm: channels must be an integer"),
    (lambda: PROGRAM.run([GOOD["x"]]), "dict.*x: f32"),
    (lambda: PROGRAM.run({"x": [[1.0], [1.0, 2.0]]}), "input 'x'"),
    (lambda: PROGRAM.run({**GOOD, 3: 1, "z": 2}), "unknown"),
    (lambda: PROGRAM.run(GOOD, executor=3), "int is no executor"),
    (lambda: pg.use(3).__enter__(), "int is no executor"),  # type: ignore[arg-type]
    (lambda: PROGRAM.run(GOOD, executor="cpu", isa=3), "isa"),
    (lambda: PROGRAM.run(GOOD, executor="cpu", threads=2**64), "threads"),
    (lambda: PROGRAM.run(GOOD, executor="cpu", threads=1025), "threads"),
    (lambda: PROGRAM.run(GOOD, executor="cpu", threads=1.5), "threads"),
    (lambda: PROGRAM.run(GOOD, executor="cpu", memory_limit=2**64), "memory_limit"),
    (lambda: setattr(pg.executors()["cpu"], "threads", 2**64), "threads"),
    (lambda: setattr(pg.executors()["cpu"], "threads", 0.5), "threads"),
    (lambda: PROGRAM.run(GOOD, executor="reference", threads=1), "no options"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refused(number: int) -> None:
    call, message = REFUSED[number]
    with pytest.raises(pg.ParagonError, match=message) as found:
        call()
    assert "\n" not in str(found.value)


def test_integers_of_any_kind_are_taken() -> None:
    for two in (2, np.int64(2), np.array(2), pg.tensor(2)):
        assert pg.zeros(two).shape == (2,) and pg.zeros((two, 1)).shape == (2, 1)  # type: ignore[arg-type]
        assert pg.arange(two).size == 2  # type: ignore[arg-type]
        assert pg.unfold(X, two).shape == (1, 4, 4, 8)  # type: ignore[arg-type]
        assert pg.max_pool2d(X, 2, padding=two).shape == (1, 2, 4, 4)  # type: ignore[arg-type]
    assert pg.conv2d(X, W, np.zeros(3, np.float32)).shape == (1, 3, 4, 4)


def test_arrays_of_any_kind_are_batched() -> None:
    found = list(pg.data.batches([1, 2, 3], np.ma.masked_array([4.0, 5.0, 6.0]), batch_size=2))
    assert [[a.tolist() for a in batch] for batch in found] == [[[1, 2], [4, 5]], [[3], [6]]]
