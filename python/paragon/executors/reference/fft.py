"""The FFT of the contract (section 7) in NumPy, written as the page is.

A pair of f32 arrays (re, im) of shape [n, columns] is transformed along its first axis; the recursion follows the contract's
cases. Twiddles and the other constants come from fourier_tables.py, which says why sharing them is sound.
"""

from __future__ import annotations

import numpy as np

from ...ir.spec import Array
from ..fourier_tables import (
    LARGEST_DIRECT_PRIME,
    Complex,
    bluestein_chirp,
    bluestein_filter,
    bluestein_length,
    norm_scale,
    split,
    twiddles,
)
from .arithmetic import fma32


def product(x: Complex, w: Complex) -> Complex:
    """The complex product of the contract: each part one rounded product and one fma."""
    (a, b), (c, d) = x, w
    return fma32(a, c, -(b * d)), fma32(a, d, b * c)


# --- F(n) -------------------------------------------------------------------------------------------------------------


def transform(x: Complex) -> Complex:
    """F(n) along the first axis of (re, im), each f32 [n, columns]."""
    n = len(x[0])
    n1 = split(n)
    if n1 > 1:
        return _composite(x, n1)
    if n <= 4 and n != 3:
        return x if n == 1 else _two(x) if n == 2 else _four(x)
    return _prime(x) if n <= LARGEST_DIRECT_PRIME else _bluestein(x)


def swapped(x: Complex) -> Complex:
    """The parts of every number exchanged."""
    return x[1], x[0]


def inverse(x: Complex) -> Complex:
    """n times the inverse of F(n): F(n) with the parts exchanged before and after."""
    return swapped(transform(swapped(x)))


def _stack(parts: list[Complex]) -> Complex:
    return np.stack([re for re, _ in parts]), np.stack([im for _, im in parts])


def _two(x: Complex) -> Complex:
    re, im = x
    return _stack([(re[0] + re[1], im[0] + im[1]), (re[0] - re[1], im[0] - im[1])])


def _four(x: Complex) -> Complex:
    re, im = x
    s, d = (re[0] + re[2], im[0] + im[2]), (re[0] - re[2], im[0] - im[2])
    t, e = (re[1] + re[3], im[1] + im[3]), (re[1] - re[3], im[1] - im[3])
    return _stack(
        [(s[0] + t[0], s[1] + t[1]), (d[0] + e[1], d[1] - e[0]), (s[0] - t[0], s[1] - t[1]), (d[0] - e[1], d[1] + e[0])]
    )


def _prime(x: Complex) -> Complex:
    re, im = x
    n, h = len(re), (len(re) - 1) // 2
    plus = [(re[j] + re[n - j], im[j] + im[n - j]) for j in range(1, h + 1)]
    minus = [(re[j] - re[n - j], im[j] - im[n - j]) for j in range(1, h + 1)]
    result: list[Complex] = [(re[0], im[0])] * n
    for p in plus:
        result[0] = result[0][0] + p[0], result[0][1] + p[1]
    for k in range(1, h + 1):
        c, d = twiddles(k * np.arange(1, h + 1), n, np.float32)
        a = re[0], im[0]
        b = minus[0][0] * d[0], minus[0][1] * d[0]
        for j in range(h):
            a = fma32(plus[j][0], c[j], a[0]), fma32(plus[j][1], c[j], a[1])
        for j in range(1, h):
            b = fma32(minus[j][0], d[j], b[0]), fma32(minus[j][1], d[j], b[1])
        result[k] = a[0] - b[1], a[1] + b[0]
        result[n - k] = a[0] + b[1], a[1] - b[0]
    return _stack(result)


def _composite(x: Complex, n1: int) -> Complex:
    n, columns = x[0].shape
    n2 = n // n1
    re, im = (part.reshape(n1, n2, columns) for part in _along_first(x, (n1, n2 * columns)))
    turned = np.outer(np.arange(n1), np.arange(n2))[1:, 1:]
    w = tuple(part[:, :, None] for part in twiddles(turned, n, np.float32))
    re[1:, 1:], im[1:, 1:] = product((re[1:, 1:], im[1:, 1:]), (w[0], w[1]))
    rows = re.transpose(1, 0, 2), im.transpose(1, 0, 2)  # [n2, n1, columns], the result's index is n1 * k2 + k1
    re, im = _along_first(rows, (n2, n1 * columns))
    return re.reshape(n, columns), im.reshape(n, columns)


def _along_first(x: Complex, shape: tuple[int, int]) -> Complex:
    re, im = transform((x[0].reshape(shape), x[1].reshape(shape)))
    return np.array(re), np.array(im)


def _bluestein(x: Complex) -> Complex:
    n, columns = x[0].shape
    chirp = bluestein_chirp(n)
    w = chirp[0][:, None], chirp[1][:, None]
    wide = bluestein_length(n)
    a = np.zeros((wide, columns), np.float32), np.zeros((wide, columns), np.float32)
    a[0][:n], a[1][:n] = product(x, w)
    c = inverse(product(transform(a), bluestein_filter(n)))
    return product((c[0][:n], c[1][:n]), w)


# --- the operations ---------------------------------------------------------------------------------------------------


def _rows(x: Array) -> Complex:
    """A complex array [..., n, 2] as (re, im), each [n, rows]."""
    flat = x.reshape(-1, *x.shape[-2:])
    return flat[:, :, 0].T, flat[:, :, 1].T


def _array(x: Complex, scale: np.float32, shape: tuple[int, ...]) -> Array:
    """(re, im), each [n, rows], scaled, as a complex array of a shape."""
    return np.stack([(x[0] * scale).T, (x[1] * scale).T], axis=-1).reshape(shape)


def fft(x: Array, *, norm: str) -> Array:
    """[..., n, 2] to [..., n, 2]: complex numbers as pairs."""
    return _array(transform(_rows(x)), norm_scale(x.shape[-2], norm, False), x.shape)


def ifft(x: Array, *, norm: str) -> Array:
    """[..., n, 2] to [..., n, 2]: the inverse of `fft`."""
    return _array(inverse(_rows(x)), norm_scale(x.shape[-2], norm, True), x.shape)


def _unwoven(z: Complex, y: Complex) -> tuple[Array, Array, Array, Array]:
    """er, ei, or, oi of the contract: the halves of the even and of the odd points, from Z[k] and Z[m-k]."""
    return z[0] + y[0], z[1] - y[1], z[0] - y[0], z[1] + y[1]


def rfft(x: Array, *, norm: str) -> Array:
    """Real [..., n] to complex [..., n // 2 + 1, 2]."""
    n = x.shape[-1]
    shape = (*x.shape[:-1], n // 2 + 1, 2)
    scale = norm_scale(n, norm, False)
    rows = x.reshape(-1, n).T
    if n % 2:
        re, im = transform((rows, np.zeros_like(rows)))
        re, im = re[: n // 2 + 1] * scale, im[: n // 2 + 1] * scale
        im[0] = 0
        return _array((re, im), np.float32(1), shape)
    m = n // 2
    z = transform((rows[0::2], rows[1::2]))
    re, im = np.zeros((m + 1, rows.shape[1]), np.float32), np.zeros((m + 1, rows.shape[1]), np.float32)
    re[0], re[m] = (z[0][0] + z[1][0]) * scale, (z[0][0] - z[1][0]) * scale
    k = np.arange(1, m)
    c, d = (w[:, None] for w in twiddles(k, n, np.float32))
    e_re, e_im, o_re, o_im = _unwoven((z[0][k], z[1][k]), (z[0][m - k], z[1][m - k]))
    half = scale * np.float32(0.5)
    re[k] = (e_re + fma32(o_im, c, o_re * d)) * half
    im[k] = (e_im + fma32(o_im, d, -(o_re * c))) * half
    return _array((re, im), np.float32(1), shape)


def irfft(x: Array, *, norm: str, n: int) -> Array:
    """Complex [..., n // 2 + 1, 2] to real [..., n]."""
    shape = (*x.shape[:-2], n)
    scale = norm_scale(n, norm, True)
    re, im = (np.array(part) for part in _rows(x))
    im[0] = 0
    if n % 2:
        return (inverse((np.concatenate([re, re[:0:-1]]), np.concatenate([im, -im[:0:-1]])))[0] * scale).T.reshape(
            shape
        )
    m = n // 2
    im[m] = 0
    z = re[:m].copy(), im[:m].copy()
    z[0][0], z[1][0] = re[0] + re[m], re[0] - re[m]
    k = np.arange(1, m)
    c, d = (w[:, None] for w in twiddles(k, n, np.float32))
    e_re, e_im, o_re, o_im = _unwoven((re[k], im[k]), (re[m - k], im[m - k]))
    z[0][k] = e_re - fma32(o_re, -d, o_im * c)
    z[1][k] = e_im + fma32(o_re, c, o_im * d)
    even, odd = inverse(z)
    return np.stack([(even * scale).T, (odd * scale).T], axis=-1).reshape(shape)
