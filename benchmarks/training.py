"""Epochs of training on rows of MNIST's shape: the same network, first weights, batch size and optimiser for everyone.

Before the clock starts, a few steps on fixed batches: their losses must be those of the step program computed in float64.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from paragon import nn
from paragon.executors import resolve
from paragon.ir.program import Program
from paragon.ir.spec import Spec
from paragon.nn.optim import SGD, Adam
from paragon.training.fit import Trainer
from paragon.training.step import Objective, step_program

from . import peers
from .harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import float64

CLASSES = 10
LR, MOMENTUM, ADAM_LR = 0.05, 0.9, 1e-3
CHECKED_STEPS, CHECKED_ROWS = 3, 16


@dataclass(frozen=True)
class Training:
    """A multilayer perceptron of some widths, or LeNet (`widths` empty), trained on `rows` rows in batches."""

    widths: tuple[int, ...]
    batch: int
    rows: int
    adam: bool = False
    goals: tuple[Goal, ...] = ()

    def __str__(self) -> str:
        net = "-".join(map(str, self.widths)) or "LeNet"
        return f"{net}, batch {self.batch}, {'Adam' if self.adam else 'momentum'}, {self.rows} rows"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.widths[:1] or (1, 28, 28)


def beside_torch(ratio: float) -> Goal:
    return Goal("ratio", ratio, peers=("torch",))


MNIST = (784, 128, 10)
TRAININGS = [
    Training(MNIST, 128, 60_000, goals=(Goal("value", 0.12, at_least=False), beside_torch(2.5))),
    Training(MNIST, 128, 60_000, adam=True),
    Training(MNIST, 32, 15_000, goals=(beside_torch(1.2),)),
    Training(MNIST, 512, 60_000, goals=(beside_torch(1.2),)),
    Training((784, 512, 512, 10), 128, 12_000, goals=(beside_torch(1.2),)),
    Training((), 128, 4_096, goals=(beside_torch(1.2),)),
]


def cases(settings: Settings) -> Iterator[Case]:
    for training in TRAININGS:
        if settings.quick:
            training = replace(training, rows=4 * training.batch)
        yield Case("training", str(training), lambda t=training: contest(t), "row", training.rows, training.goals)
    goals = [Goal("value", 20e-6, at_least=False)]
    yield Case("training", "one step of 4-8-3, batch 1", tiny_step, "call", 1, goals)


def contest(training: Training) -> Contest:
    rng = np.random.default_rng(0)
    x = rng.random((training.rows, *training.shape), np.float32)
    y = rng.integers(0, CLASSES, training.rows).astype(np.int32)
    starts = range(0, CHECKED_STEPS * CHECKED_ROWS, CHECKED_ROWS)
    batches = [(x[i : i + CHECKED_ROWS], y[i : i + CHECKED_ROWS]) for i in starts]
    model = network(training)
    optimizer = Adam(ADAM_LR) if training.adam else SGD(LR, momentum=MOMENTUM)
    program = step(model, training.shape, CHECKED_ROWS, optimizer)
    contestants: dict[str, Timer | None] = {
        OURS: ours(training, optimizer, x, y, program, batches),
        "torch": torch_epoch(training, model, x, y, batches),
        "scikit-learn": sklearn_epoch(training, model, x, y, batches) if training.widths else None,
        "JAX": jax_epoch(training, model, x, y, batches) if training.widths else None,
    }
    return Contest(peers.present(contestants), losses_in_float64(program, batches), 1e-4)


Batches = Sequence[tuple[Array, Array]]


# --- ours -------------------------------------------------------------------------------------------------------------


def network(training: Training) -> nn.Sequential:
    """Our network, with its first weights."""
    if widths := training.widths:
        pairs = list(pairwise(widths))
        hidden = [nn.Dense(a, b, activation="relu") for a, b in pairs[:-1]]
        return nn.Sequential(*hidden, nn.Dense(*pairs[-1])).init(0)  # type: ignore[return-value]
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, activation="relu", padding=2), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5, activation="relu"), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dense(400, 120, activation="relu"), nn.Dense(120, 84, activation="relu"), nn.Dense(84, CLASSES),
    ).init(0)  # type: ignore[return-value]  # fmt: skip


def step(model: nn.Module, shape: tuple[int, ...], rows: int, optimizer: Any) -> Program:
    objective = Objective.of("cross_entropy", {})
    return step_program(model, Spec("f32", (rows, *shape)), Spec("i32", (rows,)), objective, optimizer)[0]


def ours(training: Training, optimizer: Any, x: Array, y: Array, program: Program, batches: Batches) -> Call:
    """What `fit` does in an epoch, metrics included; and the losses of the first steps."""
    objective = Objective.of("cross_entropy", None)
    trainer = Trainer(network(training), x, y, objective, optimizer, None, training.batch, 0, False)

    def epoch() -> None:
        trainer.advance(trainer.steps)
        trainer.finish_epoch(None, ())

    def losses() -> list[float]:
        executor, options = resolve(None, {})
        session = executor.load(program, **options)
        return [float(session.run({"x": a, "y": b})["loss"]) for a, b in batches]

    return Call(epoch, losses)


def losses_in_float64(program: Program, batches: Batches) -> list[float]:
    """The losses of the steps, with every f32 of the program in f64."""
    updates = {f"new {name}": value for name, value in program.updates.items()}
    watched = replace(program, outputs={**program.outputs, **updates})
    losses = []
    for x, y in batches:
        found = float64.run(watched, {"x": x, "y": y})
        losses.append(float(found["loss"]))
        new = {name: found[f"new {name}"] for name in program.updates}
        watched = replace(watched, values={**watched.values, **new})
    return losses


# --- peers ------------------------------------------------------------------------------------------------------------


def torch_epoch(training: Training, model: nn.Module, x: Array, y: Array, batches: Batches) -> Call | None:
    """PyTorch, eager."""
    if (torch := peers.load("torch")) is None:
        return None
    N = torch.nn
    if widths := training.widths:
        layers = [layer for a, b in pairwise(widths) for layer in (N.Linear(a, b), N.ReLU())][:-1]
    else:
        layers = [
            N.Conv2d(1, 6, 5, padding=2), N.ReLU(), N.MaxPool2d(2), N.Conv2d(6, 16, 5), N.ReLU(), N.MaxPool2d(2),
            N.Flatten(), N.Linear(400, 120), N.ReLU(), N.Linear(120, 84), N.ReLU(), N.Linear(84, CLASSES),
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


def sklearn_epoch(training: Training, model: nn.Module, x: Array, y: Array, batches: Batches) -> Call | None:
    """scikit-learn's MLPClassifier; `partial_fit` is one epoch."""
    if peers.load("sklearn") is None:
        return None
    from sklearn.neural_network import MLPClassifier

    def start(batch: int) -> Any:
        classifier = MLPClassifier(
            training.widths[1:-1], solver="adam" if training.adam else "sgd", alpha=0.0, batch_size=batch,
            learning_rate_init=ADAM_LR if training.adam else LR, momentum=MOMENTUM, nesterovs_momentum=False,
        )  # fmt: skip
        classifier.partial_fit(x[:batch], y[:batch], classes=np.arange(CLASSES))  # makes the arrays to be overwritten
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


def jax_epoch(training: Training, model: nn.Module, x: Array, y: Array, batches: Batches) -> Call | None:
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
    training = Training((4, 8, 3), 1, 1)
    model = network(training)
    program = step(model, (4,), 1, SGD(LR))
    executor, options = resolve(None, {})
    session = executor.load(program, **options)
    inputs = {"x": np.ones((1, 4), np.float32), "y": np.ones(1, np.int32)}
    wanted = losses_in_float64(program, [(inputs["x"], inputs["y"])])
    contestants: dict[str, Timer | None] = {
        OURS: Call(lambda: session.run(inputs), lambda: [session.run(inputs)["loss"]])
    }
    if (torch := peers.load("torch")) is not None:
        layers = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
        optimizer = torch.optim.SGD(layers.parameters(), LR)
        x, y = torch.ones(1, 4), torch.ones(1, dtype=torch.int64)

        def torch_step() -> None:
            loss = torch.nn.functional.cross_entropy(layers(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        contestants["torch"] = Call(torch_step, lambda: None)  # its arithmetic is checked above, in the larger cases
    return Contest(peers.present(contestants), wanted)
