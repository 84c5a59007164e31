"""On top of the Fourier transforms: complex helpers and convolution in O(n log n). All compositions of contract operations.

Complex tensors have a last axis of two f32, real and imaginary part (docs/contract.md, section 7).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..ir.errors import ShapeError
from ..ir.float_modes import in_plain_modes
from ..ir.shapes import MAX_FFT_POINTS
from . import functions as F
from .tensor import Tensor, tensor


@in_plain_modes
def complex_pairs(x: Any) -> Tensor:
    """A complex array (...) as a tensor f32 (..., 2), each part rounded to f32; complex64 keeps its words.

    Raises TypeError for an array that is not complex.

    >>> pg.complex_pairs(np.array([1 + 2j, 3j]))
    Tensor([[1., 2.],
            [0., 3.]], f32)
    """
    array = np.asarray(x)
    if array.dtype.kind != "c":
        raise TypeError(f"complex_pairs needs a complex array, got {array.dtype}; add 0j to a real one")
    pairs = np.ascontiguousarray(array[..., None], np.complex64)
    return tensor(pairs.view(np.float32))


def to_complex64(x: Tensor) -> npt.NDArray[np.complex64]:
    """A tensor f32 (..., 2) as a NumPy array complex64 (...). Raises ShapeError when the last axis is not 2."""
    _need_complex("to_complex64", x)
    return np.ascontiguousarray(x.numpy()).view(np.complex64)[..., 0]


def complex_multiply(x: Any, y: Any) -> Tensor:
    """The complex product of (..., 2) and (..., 2), broadcast: (fma(a, c, -(b*d)), fma(a, d, b*c)) for (a+bi)(c+di)."""
    x, y = tensor(x), tensor(y)
    _need_complex("complex_multiply", x, y)
    (a, b), (c, d) = _parts(x), _parts(y)
    return F.concat([F.fma(a, c, -(b * d)), F.fma(a, d, b * c)], axis=-1)


def conjugate(x: Any) -> Tensor:
    """(..., 2) with the sign of the imaginary part changed. Same shape."""
    x = tensor(x)
    _need_complex("conjugate", x)
    re, im = _parts(x)
    return F.concat([re, -im], axis=-1)


def circular_convolve(x: Any, kernel: Any) -> Tensor:
    """y[t] = sum over j of kernel[j] * x[(t-j) mod n], along the last axis; leading axes broadcast.

    x is f32 (..., n), kernel f32 (..., m) with 1 <= m <= n; the result has n points. Computed as irfft(rfft(x) * rfft(kernel)).
    Raises ShapeError when the kernel is longer than x.

    >>> pg.circular_convolve([1.0, 2.0, 3.0, 4.0], [0.0, 1.0])
    Tensor([4., 1., 2., 3.], f32)
    """
    x, kernel = tensor(x), tensor(kernel)
    n, m = _lengths("circular_convolve", x, kernel)
    if m > n:
        raise ShapeError(f"circular_convolve: the kernel has {m} points, x has {n}; fold the kernel to n points first")
    return _convolve(x, kernel, n)


def causal_convolve(x: Any, kernel: Any) -> Tensor:
    """y[t] = sum over j <= t of kernel[j] * x[t-j], along the last axis; leading axes broadcast.

    x is f32 (..., n), kernel f32 (..., m), both n, m >= 1; the result has n points. Points before the first count as 0:
    both operands are padded with zeros to `fast_length(n + min(m, n) - 1)`, so that nothing wraps round. Kernel points
    from n on have no effect. Raises ShapeError when that is more than a transform can have.

    >>> pg.causal_convolve([1.0, 2.0, 3.0, 4.0], [0.0, 1.0])
    Tensor([0.        , 0.99999994, 2.        , 3.        ], f32)
    """
    x, kernel = tensor(x), tensor(kernel)
    n, m = _lengths("causal_convolve", x, kernel)
    if m > n:
        kernel, m = kernel[..., :n], n
    if n + m - 1 > MAX_FFT_POINTS:
        raise ShapeError(
            f"causal_convolve: {n} + {m} - 1 points are more than the {MAX_FFT_POINTS} of a transform; cut x in blocks"
        )
    return _convolve(x, kernel, fast_length(n + m - 1))[..., :n]


def fast_length(n: int) -> int:
    """The least even number >= n without prime factors above 7: a length whose transform is quick.

    Raises ShapeError beyond the largest transform.

    >>> pg.fast_length(1021)
    1024
    """
    if not 1 <= n <= MAX_FFT_POINTS:
        raise ShapeError(f"fast_length: a transform has 1 to {MAX_FFT_POINTS} points, got {n}")
    wide = n + n % 2
    while _without_small_factors(wide) != 1:
        wide += 2
    return wide


def _without_small_factors(n: int) -> int:
    for prime in (2, 3, 5, 7):
        while n % prime == 0:
            n //= prime
    return n


def _convolve(x: Tensor, kernel: Tensor, points: int) -> Tensor:
    spectra = [F.rfft(_padded(t, points)) for t in (x, kernel)]
    return F.irfft(complex_multiply(*spectra), points)


def _padded(x: Tensor, points: int) -> Tensor:
    missing = points - x.shape[-1]
    return F.pad(x, (0,) * x.ndim, (*(0,) * (x.ndim - 1), missing)) if missing else x


def _parts(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., :1], x[..., 1:]


def _lengths(name: str, *operands: Tensor) -> tuple[int, ...]:
    for x in operands:
        if x.ndim < 1 or x.shape[-1] < 1:
            raise ShapeError(f"{name}: needs at least one point on the last axis, got {x.spec}")
    return tuple(x.shape[-1] for x in operands)


def _need_complex(name: str, *operands: Tensor) -> None:
    for x in operands:
        if x.ndim < 1 or x.shape[-1] != 2:
            raise ShapeError(f"{name}: the last axis must be (real, imaginary), got {x.spec}; complex_pairs makes it")
