"""The composites: activations, softmax, norms, convolution, pooling and dropout, written out in contract operations.

Each function is rounded step by step as docs/contract.md (section 4) writes it, so every executor gives its bits. All take
and return f32 and raise ShapeError, naming the operation, for operands that do not fit. Derivatives follow from the
operations; where that would be wrong at a point or lose digits, the derivative is given here, and the docstring says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..ir.errors import ShapeError
from ..ir.float_modes import in_plain_modes
from . import functions as F
from .custom_gradient import custom_gradient, stop_gradient
from .operands import Pair, integers, pair
from .tensor import Tensor, tensor

# --- activations ------------------------------------------------------------------------------------------------------


def linear(x: Any) -> Tensor:
    """x itself: the activation that changes nothing."""
    return tensor(x)


def relu(x: Any) -> Tensor:
    """+0 where x <= 0, else x (NaN stays); the derivative at 0 is 0. Same shape as x."""
    x = tensor(x)
    return F.where(x <= 0, 0.0, x)


def leaky_relu(x: Any, slope: float = 0.01) -> Tensor:
    """x where x > 0 (or NaN), else slope * x. Same shape as x."""
    x = tensor(x)
    return F.where(x <= 0, x * slope, x)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha * expm1(x). Same shape as x. (Clevert et al., 2016)"""
    x = tensor(x)
    # The minimum changes no result: it keeps inf * 0 out of the derivative where x is large.
    return F.where(x > 0, x, F.expm1(F.minimum(x, 0.0)) * alpha)


def _sigmoid(x: Tensor) -> Tensor:
    e = F.exp(-F.abs(x))  # exp(-x) where x >= 0, exp(x) elsewhere
    return F.where(x >= 0, 1.0, e) / (e + 1.0)


def _sigmoid_slope(x: Tensor) -> Tensor:
    e = F.exp(-F.abs(x))
    return e / ((e + 1.0) * (e + 1.0))


_sigmoid_with_gradient = custom_gradient(_sigmoid, lambda g, out, x: (g * _sigmoid_slope(x),))


def sigmoid(x: Any) -> Tensor:
    """1/(1+exp(-x)) where x >= 0, e/(1+e) with e = exp(x) elsewhere. Same shape as x.

    The derivative is e/(1+e)^2, e = exp(-abs(x)): out * (1 - out) would cancel where out is near 1.
    """
    return _sigmoid_with_gradient(tensor(x))


_softplus_with_gradient = custom_gradient(
    lambda x: F.maximum(x, 0.0) + F.log1p(F.exp(-F.abs(x))), lambda g, out, x: (g * sigmoid(x),)
)


def softplus(x: Any) -> Tensor:
    """log(1 + e^x) as maximum(x,0) + log1p(exp(-abs(x))). Same shape as x; derivative sigmoid(x)."""
    return _softplus_with_gradient(tensor(x))


# 1 - m(t)/t as a polynomial of u = 1/t^2 for t in 2.5 ... 14.5, m the ratio (1 - Phi(t)) / phi(t) of Mills: Chebyshev's
# interpolation, with an error below 1e-7.
_MILLS = (32.701419830322266, -24.970094680786133, 9.363749504089355, -2.735966205596924, 0.9929652214050293,
          -0.9999127388000488, 0.9999996423721313)  # fmt: skip


def _gelu_slope(x: Tensor) -> Tensor:
    """Phi(x) + x phi(x), the normal distribution and its density; below -2.5, where the two cancel, x phi(x) (1 - m(-x)/-x)."""
    x = F.maximum(F.minimum(x, 20.0), -20.0)  # further out phi is 0
    square = x * x
    e = F.exp(square * -0.5)
    moved = x * (1.0 / math.sqrt(2.0 * math.pi)) * F.fma(F.fma(x, x, -square) * -0.5, e, e)
    u = 1.0 / F.maximum(square, 6.25)
    rest = F.fma(u, _MILLS[0], _MILLS[1])
    for coefficient in _MILLS[2:]:
        rest = F.fma(u, rest, coefficient)
    return F.where(x < -2.5, moved * rest, F.fma(F.erf(x * math.sqrt(0.5)) + 1.0, 0.5, moved))


_gelu_with_gradient = custom_gradient(
    lambda x: (x * 0.5) * (F.erf(x * math.sqrt(0.5)) + 1.0), lambda g, out, x: (g * _gelu_slope(x),)
)


def gelu(x: Any) -> Tensor:
    """(0.5*x) * (1 + erf(x * sqrt(1/2))). Same shape as x. (Hendrycks & Gimpel, 2016)

    The derivative is that of x Phi(x) without the cancellation of its two terms, and finite everywhere.
    """
    return _gelu_with_gradient(tensor(x))


def _silu_slope(x: Tensor) -> Tensor:
    far = F.maximum(F.minimum(x, 200.0), -200.0)  # further out the second term is 0: keeps inf * 0 out
    return F.fma(far, _sigmoid_slope(far), sigmoid(x))


_silu_with_gradient = custom_gradient(lambda x: x * _sigmoid(x), lambda g, out, x: (g * _silu_slope(x),))


def silu(x: Any) -> Tensor:
    """x * sigmoid(x). Same shape as x; the derivative is sigmoid(x) + x sigmoid'(x). (Elfwing et al., 2018)"""
    return _silu_with_gradient(tensor(x))


def rsqrt(x: Any) -> Tensor:
    """1 / sqrt(x), two roundings. Same shape as x."""
    return 1.0 / F.sqrt(x)


# --- softmax ----------------------------------------------------------------------------------------------------------


def _shifted(x: Tensor, axis: int) -> Tensor:
    """x minus its maximum, so that exp does not overflow; the result of a softmax does not depend on the shift."""
    return x - stop_gradient(F.max(x, axis, keepdims=True))


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x - m) / sum(exp(x - m)) along `axis`, m the maximum, which is a constant to the derivative. Same shape as x.

    >>> pg.softmax([1.0, 2.0, 3.0])
    Tensor([0.09003057, 0.24472848, 0.66524094], f32)
    """
    e = F.exp(_shifted(tensor(x), axis))
    return e / F.sum(e, axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """(x - m) - log(sum(exp(x - m))) along `axis`, m the maximum. Same shape as x."""
    shifted = _shifted(tensor(x), axis)
    return shifted - F.log(F.sum(F.exp(shifted), axis, keepdims=True))


# --- norms ------------------------------------------------------------------------------------------------------------


def layer_norm(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Tensor:
    """Rows of zero mean and unit variance, scaled: fma(d*r, gamma, beta), d = x - mean, r = rsqrt(dot(d,d)/n + eps).

    Args:
        gamma, beta: [..., n]; their shape is the shape of x's last axes, over which each row is normalised. (Ba et al., 2016)
    """
    x, gamma, beta = tensor(x), tensor(gamma), tensor(beta)
    lead = x.ndim - gamma.ndim
    if gamma.ndim == 0 or lead < 0 or x.shape[lead:] != gamma.shape or beta.shape != gamma.shape:
        raise ShapeError(
            f"layer_norm: gamma {gamma.spec} and beta {beta.spec} must have the shape of the last axes of {x.spec}"
        )
    n = gamma.size
    rows = x.reshape((*x.shape[:lead], n))
    d = rows - F.mean(rows, -1, keepdims=True)
    v = F.dot(d, d) / float(n)
    r = rsqrt(v + eps).reshape((*x.shape[:lead], 1))
    return F.fma(d * r, gamma.reshape((n,)), beta.reshape((n,))).reshape(x.shape)


def batch_moments(x: Any) -> tuple[Tensor, Tensor]:
    """(mean, variance) [C] of each channel of x (N, C, ...): sums over all other axes, the variance sum(d*d)/n."""
    x = tensor(x)
    axes = [a for a in range(x.ndim) if a != 1]
    mu = F.mean(x, axes, keepdims=True)
    d = x - mu
    return mu.reshape((x.shape[1],)), F.mean(d * d, axes)


def batch_norm(x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Tensor:
    """fma((x - mean) * rsqrt(variance + eps), gamma, beta), a [C] vector each, for x (N, C, ...). (Ioffe & Szegedy, 2015)"""
    x = tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"batch_norm: needs (N, C, ...), got {x.spec}")
    along = (x.shape[1],) + (1,) * (x.ndim - 2)
    mean, variance, gamma, beta = (tensor(v).reshape(along) for v in (mean, variance, gamma, beta))
    return F.fma((x - mean) * rsqrt(variance + eps), gamma, beta)


# --- convolution and pooling ------------------------------------------------------------------------------------------


def _padding(
    padding: str | Pair, size: Sequence[int], kernel: Sequence[int], stride: Pair, dilation: Pair
) -> tuple[int, ...]:
    """(top, bottom, left, right) of "valid", "same" (ceil(size / stride) windows, the odd one after), one, two or four numbers."""
    if isinstance(padding, str) and padding == "valid":
        return (0, 0, 0, 0)
    if isinstance(padding, str) and padding == "same":
        sides: list[int] = []
        for length, k, s, d in zip(size, kernel, pair(stride, "stride"), pair(dilation, "dilation"), strict=True):
            total = max((-(-length // s) - 1) * s + d * (k - 1) + 1 - length, 0)
            sides += [total // 2, total - total // 2]
        return tuple(sides)
    if isinstance(padding, str):
        raise ShapeError(f'padding must be "same", "valid" or numbers, got {padding!r}')
    numbers = integers(padding, "padding")
    if len(numbers) == 1 and not isinstance(padding, Sequence):
        numbers = numbers * 4
    if len(numbers) == 2:
        numbers = (numbers[0], numbers[0], numbers[1], numbers[1])
    if len(numbers) != 4:
        raise ShapeError(f"padding must be one, two or four numbers, got {padding!r}")
    return numbers


def _need_image(what: str, x: Any) -> Tensor:
    image = tensor(x)
    if image.ndim != 4:
        raise ShapeError(f"{what}: needs images (N, C, H, W), got {image.spec}")
    return image


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Pair = 1,
    padding: str | Pair = 0,
    dilation: Pair = 1,
    panel: int | None = 256,
) -> Tensor:
    """Cross-correlation as a matmul over `unfold`: every output is one dot over (channel, kernel row, kernel column).

    Args:
        x: (N, C, H, W). weight: (O, C, kh, kw). bias: (O,) or None.
        stride, dilation: (down, across), or one number for both.
        padding: "valid", "same", one number, (rows, columns) or (top, bottom, left, right); outside the image are zeros.
        panel: of the reduction rule; None for one chain.

    Returns:
        (N, O, OH, OW), OH = (H + top + bottom - dilation * (kh - 1) - 1) // stride + 1, OW likewise.

    >>> image, kernel = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
    >>> pg.conv2d(image, kernel)[0, 0]
    Tensor([[ 8., 12.],
            [20., 24.]], f32)
    """
    x, weight = _need_image("conv2d", x), tensor(weight)
    if weight.ndim != 4 or weight.shape[1] != x.shape[1]:
        raise ShapeError(f"conv2d: the weight must be (outputs, {x.shape[1]}, rows, columns), got {weight.spec}")
    outputs, kernel = weight.shape[0], weight.shape[2:]
    bias = None if bias is None else tensor(bias)
    if bias is not None and bias.shape != (outputs,):
        raise ShapeError(f"conv2d: the bias must be ({outputs},), one number for each output, got {bias.spec}")
    sides = _padding(padding, x.shape[2:], kernel, stride, dilation)
    windows = F.unfold(x, kernel, stride=stride, padding=sides, dilation=dilation)
    y = F.matmul(windows, weight.reshape((outputs, -1)), transpose_b=True, panel=panel)
    return (y if bias is None else y + bias).transpose((0, 3, 1, 2))


def _pool(
    what: str, x: Any, kernel: Pair, stride: Pair | None, padding: str | Pair, outside: float
) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The windows (N*C, OH, OW, kh*kw) of each channel by itself, and a function from one value a window to (N, C, OH, OW)."""
    x = _need_image(what, x)
    n, c = x.shape[:2]
    kernel = pair(kernel, "kernel")
    stride = kernel if stride is None else stride
    top, bottom, left, right = _padding(padding, x.shape[2:], kernel, stride, 1)
    if max(top, bottom, left, right):
        x = F.pad(x, (0, 0, top, left), (0, 0, bottom, right), value=outside)
    windows = F.unfold(x.reshape((n * c, 1, *x.shape[2:])), kernel, stride=stride)
    return windows, lambda y: y.reshape((n, c, *windows.shape[1:3]))


def max_pool2d(x: Any, kernel: Pair, *, stride: Pair | None = None, padding: str | Pair = 0) -> Tensor:
    """The largest value of each window of (N, C, H, W); NaN if there is one. Outside the image is -inf.

    `stride` is the kernel's size when None. The first maximum in row-major order gets the gradient; outside the image there
    is none. Returns (N, C, OH, OW).
    """
    windows, restore = _pool("max_pool2d", x, kernel, stride, padding, -math.inf)
    if isinstance(padding, (int, str)) and padding in (0, "valid"):
        return restore(F.max(windows, -1))
    x = tensor(x)

    def pullback(g: Tensor, out: Tensor, windows: Tensor) -> tuple[Tensor]:
        # In a window of -inf alone the first maximum is the first place within the image.
        within, _ = _pool("max_pool2d", F.ones((1, 1, *x.shape[2:])), kernel, stride, padding, 0.0)
        first = F.where(out == -math.inf, F.argmax(within, -1), F.argmax(windows, -1))
        return (F.where(F.one_hot(first, windows.shape[-1]), g.reshape((*g.shape, 1)), 0.0),)

    return restore(custom_gradient(lambda w: F.max(w, -1), pullback)(windows))


def avg_pool2d(x: Any, kernel: Pair, *, stride: Pair | None = None, padding: str | Pair = 0) -> Tensor:
    """The mean of each window of (N, C, H, W): sum / (kh*kw), in row-major order. Outside the image are zeros, and they count.

    `stride` is the kernel's size when None. Returns (N, C, OH, OW).
    """
    windows, restore = _pool("avg_pool2d", x, kernel, stride, padding, 0.0)
    return restore(F.mean(windows, -1))


# --- dropout ----------------------------------------------------------------------------------------------------------


@in_plain_modes
def dropout(x: Any, rate: float, *, seed: Any, step: Any, stream: int) -> Tensor:
    """x * (1 / (1-rate)) where the random word of the element is >= rate * 2^32, else +0. Same shape as x.

    Args:
        seed: u32[2] (low, high). step: u32[]; another step gives another mask. stream: see docs/contract.md, section 5.

    Raises:
        ShapeError: the rate is not in [0, 1).
    """
    t = tensor(x)
    if isinstance(rate, str) or not 0 <= rate < 1:
        raise ShapeError(f"dropout: the rate must be in [0, 1), got {rate!r}")
    if rate == 0:
        return t
    words = F.bits(seed, step, stream=stream, shape=t.shape)
    return F.where(words >= min(math.ceil(rate * 2**32), 2**32 - 1), t * (1.0 / (1.0 - rate)), 0.0)
