"""One sample through a network: from Python beside NumPy, PyTorch and JAX, and through the C ABI as a C++ program would call it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import peers
from ..harness import OURS, Call, Case, Contest, Goal, Settings, Timer
from ..native import native, session_call
from ..workloads import Setting
from ..workloads.inference import Inference, workloads


def cases(settings: Settings) -> Iterator[Case]:
    for inference in workloads(settings.size):
        for name, build, limit in (("Python", from_python, 40e-6), ("C ABI", from_c, 15e-6)):
            if build is from_c and native() is None:
                continue
            goals = [Goal("value", limit, at_least=False)]
            title = f"{inference.name}, {name}"
            yield Case("inference", title, lambda b=build, i=inference: b(i), inference.unit, inference.work, goals)


def from_python(inference: Inference) -> Contest:
    problem = inference.problem()
    (x,) = problem.inputs.values()
    w1, b1, w2, b2 = problem.program.values.values()
    contestants: dict[str, Timer | None] = {
        OURS: problem.on(Setting()),
        "NumPy": Call(lambda: np.maximum(x @ w1 + b1, 0) @ w2 + b2),
    }
    if (torch := peers.load("torch")) is not None:
        inputs, hidden, outputs = inference.widths
        net = torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, outputs))
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
    return Contest(peers.present(contestants), problem.wanted)


def from_c(inference: Inference) -> Contest:
    problem = inference.problem()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        problem.program.save(path)
        contestant = session_call(path, problem.inputs, np.empty(problem.wanted.shape, np.float32))
    return Contest({OURS: contestant}, problem.wanted)
