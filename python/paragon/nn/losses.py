"""Losses: the mean over all rows (or elements), sum / n by the reduction rule, an f32 scalar.

Every function takes (output, target) and raises ShapeError when the two do not fit. Cross entropy and the two binary cross
entropies have their derivative written out (docs/contract.md, section 4), the others follow from their operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..ir.errors import ShapeError
from ..tensor import functions as F
from ..tensor.composites import log_softmax, sigmoid, softmax
from ..tensor.custom_gradient import custom_gradient
from ..tensor.tensor import Tensor, tensor
from .checks import need_number

Loss = Callable[[Tensor, Tensor], Tensor]
"""(output, target) -> an f32 scalar, a mean over the rows. `fit` takes any function of this kind, as loss and as metric."""


def _same_shape(what: str, output: Any, target: Any) -> tuple[Tensor, Tensor]:
    output, target = tensor(output), tensor(target)
    target = F.cast(target, "f32")
    if output.shape != target.shape or output.dtype != "f32":
        raise ShapeError(
            f"{what}: the output {output.spec} and the target {target.spec} must have one shape, the output f32"
        )
    return output, target


def _cross_entropy(x: Tensor, t: Tensor) -> Tensor:
    # The maximum picks the one element of the class exactly, and gives an infinite loss for a class that is not there.
    picked = F.max(F.where(F.one_hot(t, x.shape[-1]), log_softmax(x), -math.inf), -1)
    return F.mean(-picked)


def _cross_entropy_gradient(g: Tensor, out: Tensor, x: Tensor, t: Tensor) -> tuple[Tensor, None]:
    return (softmax(x) - F.one_hot(t, x.shape[-1])) / float(t.size) * g, None


_cross_entropy_with_gradient = custom_gradient(_cross_entropy, _cross_entropy_gradient)


def cross_entropy(logits: Any, classes: Any) -> Tensor:
    """-log_softmax(logits)[class], averaged. Gradient (softmax - onehot) / n.

    Args:
        logits: f32 [..., C]. classes: i32 [...], each in 0 ... C-1.

    >>> pg.losses.cross_entropy([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0]], [0, 1])
    Tensor(0.16723388, f32)
    """
    logits, classes = tensor(logits), tensor(classes)
    if classes.dtype != "i32" or logits.ndim == 0 or logits.shape[:-1] != classes.shape:
        raise ShapeError(
            f"cross_entropy: needs logits f32[n, C] and classes i32[n], got {logits.spec} and {classes.spec}"
        )
    return _cross_entropy_with_gradient(logits, classes)


def mse(output: Any, target: Any) -> Tensor:
    """Mean squared error: sum(d*d) / n, d = output - target, of one shape."""
    output, target = _same_shape("mse", output, target)
    d = output - target
    return F.mean(d * d)


def mae(output: Any, target: Any) -> Tensor:
    """Mean absolute error: sum(|d|) / n, d = output - target, of one shape; derivative 0 at d = 0."""
    output, target = _same_shape("mae", output, target)
    return F.mean(F.abs(output - target))


def huber(output: Any, target: Any, delta: float = 1.0) -> Tensor:
    """0.5*d*d where |d| <= delta, else delta * (|d| - delta/2), averaged; d = output - target, of one shape. (Huber, 1964)

    Derivative with respect to d: d within -delta ... delta, at infinities, too.
    """
    need_number("huber: delta", delta, 0, above=True)
    output, target = _same_shape("huber", output, target)

    def value(d: Tensor) -> Tensor:
        size = F.abs(d)
        return F.where(size <= delta, (d * 0.5) * d, (size - 0.5 * delta) * delta)

    def gradient(g: Tensor, out: Tensor, d: Tensor) -> tuple[Tensor]:
        return (g * F.minimum(F.maximum(d, -delta), delta),)

    return F.mean(custom_gradient(value, gradient)(output - target))


_bce_with_gradient = custom_gradient(
    lambda p, t: -F.mean(t * F.maximum(F.log(p), -100.0) + (1.0 - t) * F.maximum(F.log(1.0 - p), -100.0)),
    lambda g, out, p, t: ((p - t) / F.maximum(p * (1.0 - p), 1e-12) / float(p.size) * g, None),
)


def bce(probability: Any, target: Any) -> Tensor:
    """Binary cross entropy of probabilities: -(t log p + (1-t) log(1-p)), averaged; logarithms no less than -100.

    Both f32 of one shape, in 0 ... 1. Gradient (p-t) / max(p(1-p), 1e-12) / n. `bce_with_logits` is more accurate.
    """
    return _bce_with_gradient(*_same_shape("bce", probability, target))


_bce_with_logits_with_gradient = custom_gradient(
    lambda x, t: F.mean((F.maximum(x, 0.0) - x * t) + F.log1p(F.exp(-F.abs(x)))),
    lambda g, out, x, t: ((sigmoid(x) - t) / float(x.size) * g, None),
)


def bce_with_logits(logits: Any, target: Any) -> Tensor:
    """Binary cross entropy of sigmoid(x): (max(x,0) - x*t) + log1p(exp(-|x|)), averaged. Gradient (sigmoid(x) - t) / n.

    Both f32 of one shape, the target in 0 ... 1.
    """
    return _bce_with_logits_with_gradient(*_same_shape("bce_with_logits", logits, target))


LOSSES: dict[str, Loss] = {f.__name__: f for f in (cross_entropy, mse, mae, huber, bce, bce_with_logits)}
"""The losses by name; `fit` and the command line read them here."""


# --- metrics: how many of the target's elements are predicted rightly ----------------------------------------------------


def correct_classes(output: Any, classes: Any) -> Tensor:
    """i32 scalar: in how many rows the largest of output [..., C] stands at the class [...]."""
    output, classes = tensor(output), tensor(classes)
    if classes.dtype != "i32" or output.ndim == 0 or output.shape[:-1] != classes.shape:
        raise ShapeError(f"accuracy: needs outputs [n, C] and classes i32[n], got {output.spec} and {classes.spec}")
    return F.sum(F.argmax(output, -1) == classes)


def correct_probabilities(probability: Any, target: Any) -> Tensor:
    """i32 scalar: how many probabilities are above 1/2 where the target is, or not where it is not."""
    probability, target = _same_shape("accuracy", probability, target)
    return F.sum((probability > 0.5) == (target > 0.5))


def correct_signs(logits: Any, target: Any) -> Tensor:
    """i32 scalar: how many logits are positive where the target is above 1/2, or not where it is not."""
    logits, target = _same_shape("accuracy", logits, target)
    return F.sum((logits > 0.0) == (target > 0.5))
