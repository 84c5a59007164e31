"""One sample through 784-128-10: from Python, and through the C ABI as a C++ program would call it."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paragon import nn
from paragon.executors import resolve
from paragon.executors.cpu import LIBRARY

from . import peers
from .harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer
from .peaks import native
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


class Native:
    """Runs of a model file through the C ABI, timed in C++."""

    def __init__(self, model: Path, x: Array, outputs: int) -> None:
        self.library = ctypes.CDLL(str(LIBRARY))
        for function in (self.library.pg_model_open, self.library.pg_session_open):
            function.restype = ctypes.c_void_p
        opened = self.library.pg_model_open(str(model).encode(), None)
        assert opened, "pg_model_open failed"
        self.session = ctypes.c_void_p(self.library.pg_session_open(ctypes.c_void_p(opened), None))
        assert self.session, "pg_session_open failed"
        self.x, self.out = x, np.empty((1, outputs), np.float32)
        self.inputs = (ctypes.c_void_p * 1)(x.ctypes.data)
        self.outputs = (ctypes.c_void_p * 1)(self.out.ctypes.data)

    def seconds(self, repeats: int) -> float:
        library = native()
        assert library is not None
        run = ctypes.cast(self.library.pg_session_run, ctypes.c_void_p)
        seconds = library.time_runs(run, self.session, self.inputs, self.outputs, ctypes.c_size_t(repeats))
        assert seconds >= 0, "pg_session_run failed"
        return float(seconds) / repeats

    def result(self) -> Array:
        self.seconds(1)
        return self.out


def from_c() -> Contest:
    model, x, wanted = sample()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        model.save(path, x)
        contestant = Native(path, x, MNIST[-1])
    return Contest({OURS: contestant}, wanted)
