"""The layers. Images are (N, C, H, W), features the last axis of (N, ...); everything is f32 unless said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.errors import ShapeError
from ..tensor import composites as C
from ..tensor import functions as F
from ..tensor import random
from ..tensor.operands import Pair, integers
from ..tensor.tensor import Tensor, tensor
from .checks import named, need_flag, need_number, need_padding, need_pair, need_sizes
from .module import Initialiser, Module, current_call

Activation = str | Callable[[Tensor], Tensor] | None
"""What a layer takes as its activation: a name from ACTIVATIONS, any function of one tensor, or None for `linear`."""

Scheme = Callable[[Sequence[int], int, int, Any, int], Tensor]
"""(shape, fan_in, fan_out, seed, stream) -> first weights, as paragon.random.glorot_uniform."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": C.linear, "relu": C.relu, "leaky_relu": C.leaky_relu, "elu": C.elu, "sigmoid": C.sigmoid, "tanh": F.tanh,
    "gelu": C.gelu, "silu": C.silu, "softplus": C.softplus, "softmax": C.softmax, "log_softmax": C.log_softmax,
}  # fmt: skip
"""The activations by name; the layers, the estimators and the command line read them here."""

SCHEMES: dict[str, Scheme] = {"glorot_uniform": random.glorot_uniform, "he_uniform": random.he_uniform}
"""The initialisers of weights by name."""


def activation(which: Activation) -> Callable[[Tensor], Tensor]:
    """The function of an activation: by its name, or itself; None is `linear`. Raises ShapeError for an unknown name.

    >>> pg.nn.activation("relu")(pg.tensor([-1.0, 2.0]))
    Tensor([0., 2.], f32)
    """
    return C.linear if which is None else which if callable(which) else named("activation", ACTIVATIONS, which)


def zeros(shape: tuple[int, ...], seed: int, stream: int) -> Tensor:
    """The initialiser of biases."""
    return F.zeros(shape)


def ones(shape: tuple[int, ...], seed: int, stream: int) -> Tensor:
    """The initialiser of scales."""
    return F.ones(shape)


@dataclass(frozen=True)
class Weights:
    """The initialiser of weights between so many inputs and outputs. (A class, so that models can be pickled.)"""

    scheme: Scheme
    fan_in: int
    fan_out: int

    def __call__(self, shape: tuple[int, ...], seed: int, stream: int) -> Tensor:
        return self.scheme(shape, self.fan_in, self.fan_out, seed, stream)


def _weights(scheme: str | Scheme, fan_in: int, fan_out: int) -> Initialiser:
    return Weights(scheme if callable(scheme) else named("initialiser", SCHEMES, scheme), fan_in, fan_out)


class Dense(Module):
    """activation(x @ weight + bias): (..., inputs) -> (..., outputs). Parameters weight (inputs, outputs), bias (outputs,).

    Args:
        activation: a name from `ACTIVATIONS`, a function of one tensor, or None. bias: whether there is one.
        init: a name from `SCHEMES`, or a function as `Scheme` says, for the first weights; the bias begins with zeros.

    Every layer raises ShapeError, naming the argument, for one that is out of range, or for an unknown name.

    >>> layer = pg.nn.Dense(3, 2, "relu").init(seed=0)
    >>> layer(np.ones((1, 3), np.float32))
    Tensor([[1.3298712, 0.7626337]], f32)
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int,
        activation: Activation = None,
        *,
        bias: bool = True,
        init: str | Scheme = "glorot_uniform",
    ) -> None:
        need_sizes("Dense", inputs=inputs, outputs=outputs)
        need_flag("Dense: bias", bias)
        self.activation = _activation(activation)
        self.has_bias = bias
        self.parameter("weight", (inputs, outputs), _weights(init, inputs, outputs))
        if bias:
            self.parameter("bias", (outputs,), zeros)

    def forward(self, x: Tensor) -> Tensor:
        y = F.matmul(x, self.weight)
        return self.activation(y + self.bias if self.has_bias else y)


class Conv2d(Module):
    """activation(conv2d(x, weight) + bias): (N, channels, H, W) -> (N, outputs, OH, OW); see `paragon.conv2d`.

    Parameters weight (outputs, channels, kh, kw), bias (outputs,). activation, bias and init are those of `Dense`.

    >>> layer = pg.nn.Conv2d(1, 4, 3, "relu", padding="same").init(seed=0)
    >>> layer(np.ones((2, 1, 8, 8), np.float32)).shape
    (2, 4, 8, 8)
    """

    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        channels: int,
        outputs: int,
        kernel: Pair,
        activation: Activation = None,
        *,
        stride: Pair = 1,
        padding: str | Pair = 0,
        dilation: Pair = 1,
        bias: bool = True,
        init: str | Scheme = "glorot_uniform",
    ) -> None:
        need_sizes("Conv2d", channels=channels, outputs=outputs)
        need_flag("Conv2d: bias", bias)
        need_padding("Conv2d: padding", padding)
        down, across = need_pair("Conv2d: kernel", kernel)
        self.activation = _activation(activation)
        self.window: dict[str, Any] = {
            "stride": need_pair("Conv2d: stride", stride),
            "padding": padding,
            "dilation": need_pair("Conv2d: dilation", dilation),
        }
        self.has_bias = bias
        area = down * across
        self.parameter("weight", (outputs, channels, down, across), _weights(init, channels * area, outputs * area))
        if bias:
            self.parameter("bias", (outputs,), zeros)

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(C.conv2d(x, self.weight, self.bias if self.has_bias else None, **self.window))


class _Pool(Module):
    """What the pooling layers share: their windows."""

    def __init__(self, kernel: Pair, *, stride: Pair | None = None, padding: str | Pair = 0) -> None:
        name = type(self).__name__
        need_padding(f"{name}: padding", padding)
        self.kernel, self.padding = need_pair(f"{name}: kernel", kernel), padding
        self.stride = None if stride is None else need_pair(f"{name}: stride", stride)


class MaxPool2d(_Pool):
    """(N, C, H, W) -> (N, C, OH, OW): the largest of each window; see `paragon.max_pool2d`."""

    def forward(self, x: Tensor) -> Tensor:
        return C.max_pool2d(x, self.kernel, stride=self.stride, padding=self.padding)


class AvgPool2d(_Pool):
    """(N, C, H, W) -> (N, C, OH, OW): the mean of each window; see `paragon.avg_pool2d`."""

    def forward(self, x: Tensor) -> Tensor:
        return C.avg_pool2d(x, self.kernel, stride=self.stride, padding=self.padding)


class Flatten(Module):
    """(N, ...) -> (N, product of the other lengths)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape((x.shape[0], math.prod(x.shape[1:])))


class LayerNorm(Module):
    """(..., *shape) -> same: each row of zero mean and unit variance, then scaled by gamma and moved by beta (both `shape`).

    See `paragon.layer_norm`; gamma begins with ones, beta with zeros. (Ba et al., 2016)
    """

    gamma: Tensor
    beta: Tensor

    def __init__(self, shape: int | Sequence[int], *, eps: float = 1e-5) -> None:
        need_number("LayerNorm: eps", eps, 0)
        sizes = integers(shape, "LayerNorm: shape")
        if isinstance(shape, bool) or not sizes:
            raise ShapeError(f"LayerNorm: shape must be integers, one or more, got {shape!r}")
        for size in sizes:
            need_sizes("LayerNorm", shape=size)
        self.eps, shape = eps, sizes
        self.parameter("gamma", shape, ones)
        self.parameter("beta", shape, zeros)

    def forward(self, x: Tensor) -> Tensor:
        return C.layer_norm(x, self.gamma, self.beta, self.eps)


class BatchNorm(Module):
    """(N, channels, ...) -> same: in training by the moments of the batch, else by running ones; then gamma and beta.

    The running moments are state: running = fma(momentum, moment - running, running), the variance times n/(n-1) for the n
    values of a channel. Raises ShapeError in training when n is 1. See `paragon.batch_norm`. (Ioffe & Szegedy, 2015)
    """

    gamma: Tensor
    beta: Tensor
    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5) -> None:
        need_sizes("BatchNorm", channels=channels)
        need_number("BatchNorm: momentum", momentum, 0, 1)
        need_number("BatchNorm: eps", eps, 0)
        self.momentum, self.eps = momentum, eps
        self.parameter("gamma", (channels,), ones)
        self.parameter("beta", (channels,), zeros)
        self.parameter("running_mean", (channels,), zeros, trainable=False)
        self.parameter("running_variance", (channels,), ones, trainable=False)

    def forward(self, x: Tensor) -> Tensor:
        if not current_call().training:
            return C.batch_norm(x, self.running_mean, self.running_variance, self.gamma, self.beta, self.eps)
        mean, variance = C.batch_moments(x)
        n = x.size // x.shape[1]
        if n < 2:
            raise ShapeError(
                "BatchNorm: a batch of one value a channel has no variance; use another batch_size, or drop_last=True"
            )
        unbiased = variance * (n / (n - 1))
        self.running_mean = F.fma(self.momentum, mean - self.running_mean, self.running_mean)
        self.running_variance = F.fma(self.momentum, unbiased - self.running_variance, self.running_variance)
        return C.batch_norm(x, mean, variance, self.gamma, self.beta, self.eps)


class Dropout(Module):
    """In training: zero with probability `rate`, else x / (1-rate); see `paragon.dropout`. In inference: x. (Srivastava, 2014)

    The k-th draw of a forward pass has its own stream, and each step its own numbers.
    """

    def __init__(self, rate: float = 0.5) -> None:
        need_number("Dropout: rate", rate, 0, 1, below=True)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not current_call().training or self.rate == 0:
            return x
        seed, step, stream = current_call().randomness()
        return C.dropout(x, self.rate, seed=seed, step=step, stream=stream)


class Embedding(Module):
    """i32 (...) in 0 ... count-1 -> f32 (..., width): rows of the parameter weight (count, width), first standard normal.

    >>> pg.nn.Embedding(5, 3).init(seed=0)(pg.tensor([4, 0])).shape
    (2, 3)
    """

    weight: Tensor

    def __init__(self, count: int, width: int) -> None:
        need_sizes("Embedding", count=count, width=width)
        self.parameter("weight", (count, width), random.normal)

    def forward(self, i: Tensor) -> Tensor:
        if tensor(i).boolean:  # as a mask it would select rows
            raise ShapeError('Embedding: the indices are boolean; cast(i, "i32") makes the integers 0 and 1 of them')
        return F.gather(self.weight, i)


class Sequential(Module):
    """Layers, or plain functions of one tensor such as `nn.relu`, one after another. Layer i's parameters are named "i.NAME".

    >>> model = pg.nn.Sequential(pg.nn.Dense(64, 32, "relu"), pg.nn.Dense(32, 10)).init(seed=0)
    >>> model(np.ones((1, 64), np.float32)).shape
    (1, 10)
    >>> list(model.state_dict())
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, *layers: Module | Callable[[Tensor], Tensor]) -> None:
        for i, layer in enumerate(layers):
            if isinstance(layer, type) or not callable(layer):
                what = "a class; give an object of it" if isinstance(layer, type) else "nothing that can be called"
                raise ShapeError(f"Sequential: layer {i} is {layer!r}, {what}")
        self.layers = layers

    def children(self) -> Iterator[tuple[str, Module]]:
        """The layers that are modules, named by their position, and other attributes as in every module."""
        return ((name.removeprefix("layers."), child) for name, child in super().children())

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


_activation = activation  # for the layers, where `activation` is the parameter of that name
