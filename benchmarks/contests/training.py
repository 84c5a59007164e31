"""Epochs of training on rows of MNIST's shape: the same network, first weights, batch size and optimiser for everyone.

Before the clock starts, a few steps on fixed batches: their losses must be those of the step program computed in float64.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

import paragon as pg
from paragon.nn import Module

from .. import peers
from ..harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer
from ..workloads import Setting
from ..workloads.training import ADAM_LR, LR, MOMENTUM, SMALLEST, TRAININGS, Batches, Training, losses_in_float64

CHECKED_STEPS, CHECKED_ROWS = 3, 16


def beside_torch(ratio: float) -> Goal:
    return Goal("ratio", ratio, peers=("torch",))


# The rows of an epoch of each training, and the goals.
EPOCHS: list[tuple[int, list[Goal]]] = [
    (60_000, [Goal("value", 0.12, at_least=False), beside_torch(2.5)]),
    (60_000, []),
    (15_000, [beside_torch(1.2)]),
    (60_000, [beside_torch(1.2)]),
    (12_000, [beside_torch(1.2)]),
    (4_096, [beside_torch(1.2)]),
]


def cases(settings: Settings) -> Iterator[Case]:
    for training, (whole, goals) in zip(TRAININGS, EPOCHS, strict=True):
        rows = 4 * training.batch if settings.quick else whole
        build = lambda t=training, rows=rows: contest(t, rows)  # noqa: E731
        yield Case("training", f"{training.name}, {rows} rows", build, training.unit, rows, goals)
    goals = [Goal("value", 20e-6, at_least=False)]
    yield Case("training", "one step of 4-8-3, batch 1", tiny_step, "call", 1, goals)


def contest(training: Training, rows: int) -> Contest:
    x, y = training.data(rows)
    starts = range(0, CHECKED_STEPS * CHECKED_ROWS, CHECKED_ROWS)
    batches = [(x[i : i + CHECKED_ROWS], y[i : i + CHECKED_ROWS]) for i in starts]
    model, program = training.network(), replace(training, batch=CHECKED_ROWS).step()
    contestants: dict[str, Timer | None] = {
        OURS: Epochs(training, x, y, program, batches),
        "torch": torch_epoch(training, model, x, y, batches),
        "scikit-learn": sklearn_epoch(training, model, x, y, batches) if training.widths else None,
        "JAX": jax_epoch(training, model, x, y, batches) if training.widths else None,
    }
    return Contest(peers.present(contestants), losses_in_float64(program, batches), 1e-4)


class Epochs:
    """Our training as a contestant: epochs of one `fit`, metrics included. The first, which follows the tracing, is not counted."""

    def __init__(self, training: Training, x: Array, y: Array, program: pg.Program, batches: Batches) -> None:
        self.training, self.x, self.y, self.program, self.batches = training, x, y, program, batches
        self.model = training.network()

    def seconds(self, repeats: int) -> float:
        ends: list[float] = []
        pg.fit(
            self.model, self.x, self.y, optimizer=self.training.optimizer, batch_size=self.training.batch,
            epochs=repeats + 1, callbacks=[lambda run: ends.append(time.perf_counter())], progress=False,
        )  # fmt: skip
        return (ends[-1] - ends[0]) / repeats

    def result(self) -> Array:
        """The losses of the first steps."""
        session = Setting().load(self.program)
        return np.array([float(session.run({"x": a, "y": b})["loss"]) for a, b in self.batches])


# --- peers ------------------------------------------------------------------------------------------------------------


def torch_epoch(training: Training, model: Module, x: Array, y: Array, batches: Batches) -> Call | None:
    """PyTorch, eager."""
    if (torch := peers.load("torch")) is None:
        return None
    N = torch.nn
    if widths := training.widths:
        layers = [layer for a, b in pairwise(widths) for layer in (N.Linear(a, b), N.ReLU())][:-1]
    else:
        layers = [
            N.Conv2d(1, 6, 5, padding=2), N.ReLU(), N.MaxPool2d(2), N.Conv2d(6, 16, 5), N.ReLU(), N.MaxPool2d(2),
            N.Flatten(), N.Linear(400, 120), N.ReLU(), N.Linear(120, 84), N.ReLU(), N.Linear(84, training.classes),
        ]  # fmt: skip
    rows, classes = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))

    def start() -> Callable[[Any, Any], Any]:
        network = N.Sequential(*layers)
        with torch.no_grad():
            for target, value in zip(network.parameters(), model.state_dict().values(), strict=True):
                array = torch.tensor(value.numpy())
                target.copy_(array.T if array.ndim == 2 else array)  # our dense weights are (inputs, outputs)
        parameters = network.parameters()
        optimizer = (
            torch.optim.Adam(parameters, ADAM_LR)
            if training.adam
            else torch.optim.SGD(parameters, LR, momentum=MOMENTUM)
        )

        def step(a: Any, b: Any) -> Any:
            loss = N.functional.cross_entropy(network(a), b)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return step

    def losses() -> list[float]:
        step = start()
        return [float(step(torch.from_numpy(a), torch.from_numpy(b.astype(np.int64))).detach()) for a, b in batches]

    first = losses()
    step = start()

    def epoch() -> None:
        order = torch.randperm(len(rows))
        for at in range(0, len(rows), training.batch):
            chosen = order[at : at + training.batch]
            step(rows[chosen], classes[chosen])

    return Call(epoch, lambda: first)


def sklearn_epoch(training: Training, model: Module, x: Array, y: Array, batches: Batches) -> Call | None:
    """scikit-learn's MLPClassifier; `partial_fit` is one epoch."""
    if peers.load("sklearn") is None:
        return None
    from sklearn.neural_network import MLPClassifier

    def start(batch: int) -> Any:
        classifier = MLPClassifier(
            training.widths[1:-1], solver="adam" if training.adam else "sgd", alpha=0.0, batch_size=batch,
            learning_rate_init=ADAM_LR if training.adam else LR, momentum=MOMENTUM, nesterovs_momentum=False,
        )  # fmt: skip
        classes = np.arange(training.classes)
        classifier.partial_fit(x[:batch], y[:batch], classes=classes)  # makes the arrays to be overwritten
        state = [value.numpy() for value in model.state_dict().values()]
        for target, value in zip(classifier.coefs_ + classifier.intercepts_, state[::2] + state[1::2], strict=True):
            target[...] = value
        del classifier._optimizer  # a fresh one, without velocities
        return classifier

    def losses() -> list[float]:
        classifier = start(CHECKED_ROWS)
        return [float(classifier.partial_fit(a, b).loss_) for a, b in batches]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, classifier = losses(), start(training.batch)
    return Call(lambda: classifier.partial_fit(x, y), lambda: first)


def jax_epoch(training: Training, model: Module, x: Array, y: Array, batches: Batches) -> Call | None:
    """JAX: a compiled step, its state donated."""
    if (jax := peers.load("jax")) is None:
        return None
    jnp = jax.numpy
    first = [jnp.asarray(value.numpy()) for value in model.state_dict().values()]

    def loss_of(parameters: Any, a: Any, b: Any) -> Any:
        for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            a = jax.nn.relu(a @ weight + bias)
        logits = a @ parameters[-2] + parameters[-1]
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), b[:, None], 1))

    def update(state: Any, a: Any, b: Any) -> Any:
        parameters, m, s, t = state
        loss, gradients = jax.value_and_grad(loss_of)(parameters, a, b)
        t = t + 1
        if training.adam:
            m = [0.9 * v + 0.1 * g for v, g in zip(m, gradients, strict=True)]
            s = [0.999 * v + 0.001 * g * g for v, g in zip(s, gradients, strict=True)]
            c1, c2 = 1 - 0.9**t, 1 - 0.999**t
            moves = [ADAM_LR * (u / c1) / (jnp.sqrt(v / c2) + 1e-8) for u, v in zip(m, s, strict=True)]
        else:
            m = [MOMENTUM * v + g for v, g in zip(m, gradients, strict=True)]
            moves = [LR * v for v in m]
        return loss, ([p - d for p, d in zip(parameters, moves, strict=True)], m, s, t)

    compiled = jax.jit(update, donate_argnums=0)

    def start() -> Any:
        zeros = [jnp.zeros_like(p) for p in first]
        return [jnp.array(p) for p in first], zeros, [jnp.array(z) for z in zeros], jnp.float32(0)

    def losses() -> list[float]:
        state, found = start(), []
        for a, b in batches:
            loss, state = compiled(state, a, b)
            found.append(float(loss))
        return found

    state = start()
    rng = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal state
        order = rng.permutation(len(x))
        for at in range(0, len(x), training.batch):
            chosen = order[at : at + training.batch]
            _, state = compiled(state, x[chosen], y[chosen])
        jax.block_until_ready(state)

    return Call(epoch, losses)


# --- overhead ---------------------------------------------------------------------------------------------------------


def tiny_step() -> Contest:
    """One traced step of a network that hardly computes: what a call from Python costs."""
    problem = SMALLEST.problem()
    contestants: dict[str, Timer | None] = {OURS: problem.on(Setting())}
    if (torch := peers.load("torch")) is not None:
        inputs, hidden, outputs = SMALLEST.widths
        layers = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs))
        optimizer = torch.optim.SGD(layers.parameters(), LR)
        x, y = torch.ones(1, inputs), torch.ones(1, dtype=torch.int64)

        def torch_step() -> None:
            loss = torch.nn.functional.cross_entropy(layers(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        contestants["torch"] = Call(torch_step, lambda: None)  # its arithmetic is checked above, in the larger cases
    return Contest(peers.present(contestants), problem.wanted, problem.tolerance)
