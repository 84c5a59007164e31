"""An epoch of MNIST-shaped training, beside PyTorch eager and scikit-learn: the same network, batch and optimiser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from peers import medians

import paragon as pg
from conftest import Record
from paragon import nn
from paragon.optim import SGD, Adam

ROWS, FEATURES, CLASSES = 60_000, 784, 10


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """MNIST where it is, else rows of its shape: the time does not depend on the values."""
    try:
        found = pg.data.mnist(download=False)
        return found.x_train, found.y_train
    except pg.FileError:
        rng = np.random.default_rng(0)
        return rng.random((ROWS, FEATURES), np.float32), rng.integers(0, CLASSES, ROWS).astype(np.int32)


def ours(x: np.ndarray, y: np.ndarray, batch: int, adam: bool) -> Callable[[], float]:
    """Seconds of one epoch of `fit` after the first, which traces and plans."""
    import time

    def measure() -> float:
        model = nn.Sequential(nn.Dense(FEATURES, 128, activation="relu"), nn.Dense(128, CLASSES))
        marks: list[float] = []
        optimizer = Adam(1e-3) if adam else SGD(0.05, momentum=0.9)
        pg.fit(
            model, x, y, optimizer=optimizer, epochs=3, batch_size=batch, progress=False,
            callbacks=[lambda run: marks.append(time.perf_counter())],
        )  # fmt: skip
        return (marks[2] - marks[0]) / 2

    return measure


def pytorch(x: np.ndarray, y: np.ndarray, batch: int, adam: bool) -> Callable[[], float] | None:
    try:
        import torch
    except ImportError:
        return None
    import time

    torch.set_num_threads(1)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    model = torch.nn.Sequential(torch.nn.Linear(FEATURES, 128), torch.nn.ReLU(), torch.nn.Linear(128, CLASSES))
    optimizer: Any = (
        torch.optim.Adam(model.parameters(), 1e-3) if adam else torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    )

    def measure() -> float:
        begin = time.perf_counter()
        order = torch.randperm(len(tx))
        for start in range(0, len(tx), batch):
            rows = order[start : start + batch]
            loss = torch.nn.functional.cross_entropy(model(tx[rows]), ty[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return time.perf_counter() - begin

    measure()
    return measure


def sklearn(x: np.ndarray, y: np.ndarray, batch: int, adam: bool) -> Callable[[], float]:
    import time
    import warnings

    from sklearn.neural_network import MLPClassifier

    def measure() -> float:
        model = MLPClassifier((128,), solver="adam" if adam else "sgd", batch_size=batch, max_iter=1, momentum=0.9)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            begin = time.perf_counter()
            model.fit(x, y)
        return time.perf_counter() - begin

    return measure


@pytest.mark.parametrize("adam", [False, True], ids=["sgd", "adam"])
def test_epoch(benchmark: Any, record: Record, rows: tuple[np.ndarray, np.ndarray], adam: bool) -> None:
    x, y = rows
    contestants = {"ours": ours(x, y, 128, adam), "scikit-learn": sklearn(x, y, 128, adam)}
    if torch_epoch := pytorch(x, y, 128, adam):
        contestants["torch eager"] = torch_epoch
    found = medians(contestants, rounds=3)
    mine = found.pop("ours")
    record(f"epoch 784-128-10, batch 128, {'adam' if adam else 'momentum'}", mine, f"{mine:.3f} s", found)
    benchmark.pedantic(contestants["ours"], rounds=1)
