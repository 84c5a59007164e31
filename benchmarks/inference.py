"""One sample through 784-128-10: from Python, and through the C ABI as a C++ program would call it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paragon import nn
from paragon.executors import resolve

from . import peers
from .harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer
from .native import native, session_call
from .training import MNIST, Training, network


def cases(settings: Settings) -> Iterator[Case]:
    name = "784-128-10, one sample, "
    yield Case("inference", name + "Python", from_python, "call", 1, [Goal("value", 40e-6, at_least=False)])
    if native() is not None:
        yield Case("inference", name + "C ABI", from_c, "call", 1, [Goal("value", 15e-6, at_least=False)])


def sample() -> tuple[nn.Sequential, Array, Array]:
    """The model, a row [1, 784], and the right output in float64."""
    model = network(Training(MNIST, 1, 1))
    x = np.random.default_rng(0).random((1, MNIST[0]), np.float32)
    w1, b1, w2, b2 = (value.numpy().astype(np.float64) for value in model.state_dict().values())
    return model, x, np.maximum(x @ w1 + b1, 0) @ w2 + b2


def from_python() -> Contest:
    model, x, wanted = sample()
    executor, options = resolve(None, {})
    session, inputs = executor.load(model.program(x), **options), {"x": x}
    w1, b1, w2, b2 = (value.numpy() for value in model.state_dict().values())
    contestants: dict[str, Timer | None] = {
        OURS: Call(lambda: session.run(inputs), lambda: session.run(inputs)["output"]),
        "NumPy": Call(lambda: np.maximum(x @ w1 + b1, 0) @ w2 + b2),
    }
    if (torch := peers.load("torch")) is not None:
        net = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        values = [torch.tensor(value) for value in (w1.T, b1, w2.T, b2)]
        with torch.no_grad():
            for target, value in zip(net.parameters(), values, strict=True):
                target.copy_(value)
        row = torch.from_numpy(x)

        def predict() -> object:
            with torch.inference_mode():
                return net(row)

        contestants["torch"] = Call(predict)
    if (jax := peers.load("jax")) is not None:
        contestants["JAX"] = peers.jax_call(
            lambda x, w1, b1, w2, b2: jax.nn.relu(x @ w1 + b1) @ w2 + b2, x, w1, b1, w2, b2
        )
    return Contest(peers.present(contestants), wanted)


def from_c() -> Contest:
    model, x, wanted = sample()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, x)
        contestant = session_call(path, {"x": x}, np.empty((1, MNIST[-1]), np.float32))
    return Contest({OURS: contestant}, wanted)
