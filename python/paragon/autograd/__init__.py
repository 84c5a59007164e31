"""Derivatives, and functions compiled by their shapes."""

from ..tensor.custom_gradient import custom_gradient, stop_gradient
from .compiled import jit
from .reverse import grad, gradients, value_and_grad

__all__ = ["custom_gradient", "grad", "gradients", "jit", "stop_gradient", "value_and_grad"]
