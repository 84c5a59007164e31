"""Training on rows of MNIST's shape: multilayer perceptrons and LeNet, one step (forward, backward, optimiser) a run.

The step program is the one of a training job (docs/program.md), which is what `fit` runs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

import paragon as pg
from paragon import nn
from paragon.nn.optim import SGD, Adam

from ..harness import Array
from . import Problem, Size, Workload

LR, MOMENTUM, ADAM_LR = 0.05, 0.9, 1e-3
WITH_MOMENTUM = SGD(LR, momentum=MOMENTUM)
Batches = Sequence[tuple[Array, Array]]


@dataclass(frozen=True)
class Training(Workload):
    """A multilayer perceptron of some widths, or LeNet (`widths` empty), an optimiser, and the rows of a step."""

    widths: tuple[int, ...]
    batch: int
    optimizer: SGD | Adam = WITH_MOMENTUM

    family = "training"
    unit = "row"

    @property
    def name(self) -> str:
        net = "-".join(map(str, self.widths)) or "LeNet"
        if isinstance(self.optimizer, Adam):
            return f"{net}, batch {self.batch}, Adam"
        return f"{net}, batch {self.batch}, {'momentum' if self.optimizer.momentum else 'SGD'}"

    @property
    def work(self) -> float:
        return self.batch

    @property
    def adam(self) -> bool:
        return isinstance(self.optimizer, Adam)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a row."""
        return self.widths[:1] or (1, 28, 28)

    @property
    def classes(self) -> int:
        return self.widths[-1] if self.widths else 10

    def data(self, rows: int) -> tuple[Array, Array]:
        """Random rows and classes."""
        rng = np.random.default_rng(0)
        x = rng.random((rows, *self.shape), np.float32)
        return x, rng.integers(0, self.classes, rows).astype(np.int32)

    def network(self) -> nn.Sequential:
        """With its first weights."""
        return self._layers().init(0)  # type: ignore[return-value]

    def _layers(self) -> nn.Sequential:
        if widths := self.widths:
            pairs = list(pairwise(widths))
            hidden = [nn.Dense(a, b, activation="relu") for a, b in pairs[:-1]]
            return nn.Sequential(*hidden, nn.Dense(*pairs[-1]))
        return nn.Sequential(
            nn.Conv2d(1, 6, 5, activation="relu", padding=2), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5, activation="relu"), nn.MaxPool2d(2), nn.Flatten(),
            nn.Dense(400, 120, activation="relu"), nn.Dense(120, 84, activation="relu"), nn.Dense(84, self.classes),
        )  # fmt: skip

    def step(self) -> pg.Program:
        """The program of a step with its first state."""
        x, y = self.data(self.batch)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job.safetensors"
            pg.save_job(path, self.network(), x, y, steps=1, batch_size=self.batch, optimizer=self.optimizer)
            with safe_open(str(path), framework="numpy") as file:
                program = pg.Program.from_json(file.metadata()["program"])
                program.values = {name: file.get_tensor(name) for name in program.state}
        return program

    def problem(self) -> Problem:
        """The loss of the first step."""
        x, y = self.data(self.batch)
        program = self.step()
        (wanted,) = losses_in_float64(program, [(x, y)])
        return Problem(program, {"x": x, "y": y}, np.asarray(wanted), 1e-4, "loss")


MNIST = (784, 128, 10)
TRAININGS = [
    Training(MNIST, 128),
    Training(MNIST, 128, Adam(ADAM_LR)),
    Training(MNIST, 32),
    Training(MNIST, 512),
    Training((784, 512, 512, 10), 128),
    Training((), 128),
]
SMALLEST = Training((4, 8, 3), 1, SGD(LR))  # hardly computes: what a call from Python costs


def workloads(size: Size) -> list[Training]:
    return [SMALLEST] if size == "tiny" else [*TRAININGS, SMALLEST]


def losses_in_float64(program: pg.Program, batches: Batches) -> list[float]:
    """The losses of the steps, with every f32 of the program in f64."""
    run = _float64().run
    updates = {f"new {name}": value for name, value in program.updates.items()}
    watched = replace(program, outputs={**program.outputs, **updates})
    losses = []
    for x, y in batches:
        found = run(watched, {"x": x, "y": y})
        losses.append(float(found["loss"]))
        new = {name: found[f"new {name}"] for name in program.updates}
        watched = replace(watched, values={**watched.values, **new})
    return losses


def _float64() -> Any:
    """The f64 interpreter of the tests."""
    folder = str(Path(__file__).resolve().parents[2] / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
    import float64

    return float64
