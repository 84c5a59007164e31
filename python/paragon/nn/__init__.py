"""Neural networks: layers, models made of them, and the activations by name. See docs/training.md."""

from ..tensor.composites import elu, gelu, leaky_relu, linear, log_softmax, relu, sigmoid, silu, softmax, softplus
from ..tensor.functions import tanh
from .layers import (
    ACTIVATIONS,
    SCHEMES,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    MaxPool2d,
    Sequential,
    activation,
)
from .module import Module, current_call

__all__ = [
    "ACTIVATIONS",
    "SCHEMES",
    "AvgPool2d",
    "BatchNorm",
    "Conv2d",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "LayerNorm",
    "MaxPool2d",
    "Module",
    "Sequential",
    "activation",
    "current_call",
    "elu",
    "gelu",
    "leaky_relu",
    "linear",
    "log_softmax",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]
