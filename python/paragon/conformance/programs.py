"""The programs that every executor must agree on: five small networks, forward and in training.

They are written with the public operations only, so that each shows one family: matrix products, windows, norms, indices, Fourier
transforms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.reverse import value_and_grad
from ..ir.program import Program
from ..ir.spec import Array
from ..tensor.fourier import causal_convolve
from ..tensor.functions import (
    arange,
    bits,
    cast,
    dot,
    exp,
    fma,
    gather,
    log,
    matmul,
    max,
    mean,
    one_hot,
    reshape,
    sqrt,
    sum,
    tanh,
    transpose,
    unfold,
    where,
)
from ..tensor.tensor import Tensor
from ..tensor.tracing import trace

Parameters = dict[str, Tensor]
STEPS = 3


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    shifted = logits - max(logits, -1, keepdims=True)
    chosen = sum(shifted * one_hot(labels, logits.shape[-1]), -1)
    return mean(log(sum(exp(shifted), -1)) - chosen)


def _mlp(p: Parameters, x: Tensor) -> Tensor:
    return matmul(tanh(matmul(x, p["w1"]) + p["b1"]), p["w2"]) + p["b2"]


def _conv_net(p: Parameters, x: Tensor) -> Tensor:
    windows = unfold(reshape(x, (x.shape[0], 1, 8, 8)), 3, stride=2, padding=(1, 1, 1, 1))
    y = transpose(matmul(windows, p["kernel"], transpose_b=True) + p["b1"], (0, 3, 1, 2))
    y = where(y <= 0.0, 0.0, y)
    pooled = max(unfold(y, 2, stride=2), -1, keepdims=True) * p["scale"]
    return matmul(reshape(pooled, (x.shape[0], -1)), p["w2"])


def _norm_net(p: Parameters, x: Tensor) -> Tensor:
    centred = x - mean(x, -1, keepdims=True)
    variance = dot(centred, centred) / float(x.shape[-1])
    scale = 1.0 / sqrt(variance + 1e-5)
    y = fma(centred * reshape(scale, (-1, 1)), p["gamma"], p["beta"])
    return matmul(y, p["w2"])


def _embedding_net(p: Parameters, x: Tensor) -> Tensor:
    tokens = cast(x[:, :12] * 8.0 + 8.0, "i32")
    return matmul(tanh(mean(gather(p["table"], tokens), 1)), p["w2"])


def _sequence_net(p: Parameters, x: Tensor) -> Tensor:
    """A long convolution: kernels as long as the sequence, by transforms of 120 points."""
    y = tanh(causal_convolve(reshape(x[:, :60], (-1, 1, 60)), p["kernel"]))
    return matmul(mean(y, -1), p["w2"])


def _shapes(**shapes: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    return shapes


NETWORKS: dict[str, tuple[Callable[[Parameters, Tensor], Tensor], dict[str, tuple[int, ...]]]] = {
    "mlp": (_mlp, _shapes(w1=(64, 32), b1=(32,), w2=(32, 10), b2=(10,))),
    "conv": (_conv_net, _shapes(kernel=(6, 9), b1=(6,), scale=(1,), w2=(4, 10))),
    "layer_norm": (_norm_net, _shapes(gamma=(64,), beta=(64,), w2=(64, 10))),
    "embedding": (_embedding_net, _shapes(table=(16, 24), w2=(24, 10))),
    "long_convolution": (_sequence_net, _shapes(kernel=(4, 60), w2=(4, 10))),
}


def _forward(name: str, batch: int) -> Program:
    network, shapes = NETWORKS[name]

    def predict(state: Parameters, x: Tensor) -> Any:
        return {"logits": network(state, x)}, {}

    return trace(predict, np.zeros((batch, 64), np.float32), state=_values(shapes))


def _training(name: str, batch: int) -> Program:
    """One step of Adam (docs/contract.md, section 6), with dropout of the inputs from the program's random stream."""
    network, shapes = NETWORKS[name]
    parameters = _values(shapes)
    slots = {f"{k}.{s}": np.zeros(shape, np.float32) for k, shape in shapes.items() for s in ("m", "s")}
    powers = {"p1": np.float32(1), "p2": np.float32(1)}
    b1, b2, lr, eps = 0.9, 0.999, 0.01, 1e-8

    def step(state: Parameters, x: Tensor, y: Tensor, seed: Tensor) -> Any:
        kept = cast(bits(seed, state["step"], stream=0, shape=x.shape, width=24), "f32") * 2.0**-24 >= 0.25
        noisy = where(kept, x * (1 / 0.75), 0.0)
        loss, slopes = value_and_grad(lambda p: _cross_entropy(network(p, noisy), y))({k: state[k] for k in shapes})
        new: Parameters = {"step": state["step"] + 1, "p1": state["p1"] * b1, "p2": state["p2"] * b2}
        c1, c2 = 1.0 - new["p1"], 1.0 - new["p2"]
        for k, g in slopes.items():
            new[f"{k}.m"] = m = fma(b1, state[f"{k}.m"], g * (1 - b1))
            new[f"{k}.s"] = s = fma(b2, state[f"{k}.s"], (g * (1 - b2)) * g)
            new[k] = fma(-lr, (m / c1) / (sqrt(s / c2) + eps), state[k])
        return {"loss": loss}, new

    examples = np.zeros((batch, 64), np.float32), np.zeros(batch, np.int32), np.zeros(2, np.uint32)
    return trace(step, *examples, state={"step": np.uint32(0), **powers, **parameters, **slots})


def _values(shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    rng = np.random.Generator(np.random.PCG64(11))
    return {k: (rng.standard_normal(shape) * 0.3).astype(np.float32) for k, shape in shapes.items()}


def standard_programs(batch: int = 7) -> dict[str, tuple[Program, dict[str, Array], int]]:
    """name -> (program, inputs, steps): each network forward (one step) and in training (STEPS steps)."""
    rng = np.random.Generator(np.random.PCG64(5))
    x = rng.uniform(-1, 1, (batch, 64)).astype(np.float32)
    y = np.asarray(arange(batch).numpy() % 10, np.int32)
    found: dict[str, tuple[Program, dict[str, Array], int]] = {}
    for name in NETWORKS:
        found[f"{name} forward"] = _forward(name, batch), {"x": x}, 1
        found[f"{name} training"] = _training(name, batch), {"x": x, "y": y, "seed": np.array([7, 1], np.uint32)}, STEPS
    return found
