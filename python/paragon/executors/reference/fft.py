"""The FFT of the contract (section 7) in NumPy, written as the page is. The webgpu executor takes its tables from here.

A pair of arrays (re, im) of shape [n, columns] is transformed along its first axis; the recursion follows the contract's cases. The
same code runs in f32 and, for the filter of a prime length, in f64: `Arithmetic` says how a complex product is rounded.
"""

from __future__ import annotations

import decimal
import functools
import math
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from .arithmetic import Array, cospi_decimal, fma32, round_decimal, sinpi_decimal

Complex = tuple[Array, Array]
LARGEST_DIRECT_PRIME = 97


def norm_scale(n: int, norm: str, inverse: bool) -> np.float32:
    """The f32 that every part of the result is multiplied by."""
    one, points = np.float32(1), np.float32(n)
    if norm == "ortho":
        return np.float32(one / np.sqrt(points))
    return np.float32(one / points) if (norm == "backward") == inverse else one


# --- twiddles ---------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2**18)
def _exact_twiddle(k: int, n: int) -> tuple[float, float, float, float]:
    """W(k,n) for a reduced fraction 0 <= k/n < 1: re and im rounded to f32, then re and im rounded to f64."""
    with decimal.localcontext() as context:
        context.prec = 50
        turn = 2 * Decimal(k) / Decimal(n)
        parts = (cospi_decimal(turn), -sinpi_decimal(turn))
    exact = {0: (1.0, 0.0), 1: (0.0, -1.0), 2: (-1.0, 0.0), 3: (0.0, 1.0)}
    if 4 * k % n == 0:
        re, im = exact[4 * k // n]
        return (re, im, re, im)
    # Python's conversion of a Decimal to a float is correctly rounded.
    re, im = (float(round_decimal(p, float(p))) for p in parts)
    return re, im, float(parts[0]), float(parts[1])


def exact_twiddles(indices: Array, n: int, dtype: type[np.floating]) -> Complex:
    """`twiddles`, one by one in decimal arithmetic."""
    wide = dtype is np.float64
    values = np.empty((*np.shape(indices), 2), dtype)
    for at, k in np.ndenumerate(np.asarray(indices) % n):
        common = math.gcd(int(k), n)
        found = _exact_twiddle(int(k) // common, n // common)
        values[at] = found[2:] if wide else found[:2]
    return values[..., 0], values[..., 1]


def twiddles(indices: Array, n: int, dtype: type[np.floating]) -> Complex:
    """W(k, n) for an integer array of k, of any sign: (re, im), each correctly rounded to the dtype.

    Sine and cosine of up to an eighth of a turn are taken in the next wider type, with an error of a few of its units, and
    rounded after 8 units (2^-40 in f64) were taken off and added. Where that matters, and for quarters of a turn, the value is
    computed exactly.
    """
    wide: type[np.floating] = np.longdouble if dtype is np.float64 else np.float64
    k = (np.asarray(indices) % n).astype(np.int64)
    eighth, rest = np.divmod(8 * k, n)  # the angle is (eighth + rest/n) / 8 of a turn
    odd = eighth % 2 == 1
    angle = np.where(odd, n - rest, rest).astype(wide) / n * np.arctan(wide(1))
    quarter = (eighth + 1) // 2
    cosine, sine = np.cos(angle), np.where(odd, -1, 1) * np.sin(angle)
    cosine, sine = np.where(quarter % 2 == 1, -sine, cosine), np.where(quarter % 2 == 1, cosine, sine)
    guess = np.where(quarter // 2 % 2 == 1, -1, 1)[..., None] * np.stack([cosine, -sine], axis=-1)
    error = 8 * np.finfo(wide).eps if dtype is np.float64 else 2.0**-40
    values, others = ((guess * (1 + e)).astype(dtype) for e in (-error, error))
    doubtful = (values != others).any(-1) | (4 * k % n == 0)
    values[doubtful] = np.stack(exact_twiddles(k[doubtful], n, dtype), axis=-1)
    return values[..., 0], values[..., 1]


class Arithmetic(NamedTuple):
    """A precision and how it rounds: `fma` is the contract's for f32, and two roundings for f64."""

    dtype: type[np.floating]
    fma: Callable[[Array, Array, Array], Array]

    def product(self, x: Complex, w: Complex) -> Complex:
        (a, b), (c, d) = x, w
        return self.fma(a, c, -(b * d)), self.fma(a, d, b * c)


SINGLE = Arithmetic(np.float32, fma32)
DOUBLE = Arithmetic(np.float64, lambda a, b, c: a * b + c)


# --- F(n) -------------------------------------------------------------------------------------------------------------


def split(n: int) -> int:
    """n1 of n = n1 * n2; 1 for a length that is not split: 1, 2, 4 and the odd primes."""
    if n in (1, 2, 4):
        return 1
    divisors = (d for d in range(math.isqrt(n), 0, -1) if n % d == 0 and (d & -d).bit_length() % 2 == 1)
    n1 = next(divisors)
    return 2 if n1 == 1 and n % 2 == 0 else n1


def transform(x: Complex, arithmetic: Arithmetic = SINGLE) -> Complex:
    """F(n) along the first axis of (re, im), each [n, columns]."""
    n = len(x[0])
    n1 = split(n)
    if n1 > 1:
        return _composite(x, n1, arithmetic)
    if n <= 4 and n != 3:
        return x if n == 1 else _two(x) if n == 2 else _four(x)
    return _prime(x, arithmetic) if n <= LARGEST_DIRECT_PRIME else _bluestein(x)


def swapped(x: Complex) -> Complex:
    return x[1], x[0]


def inverse(x: Complex) -> Complex:
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


def _prime(x: Complex, arithmetic: Arithmetic) -> Complex:
    re, im = x
    n, h = len(re), (len(re) - 1) // 2
    plus = [(re[j] + re[n - j], im[j] + im[n - j]) for j in range(1, h + 1)]
    minus = [(re[j] - re[n - j], im[j] - im[n - j]) for j in range(1, h + 1)]
    result: list[Complex] = [(re[0], im[0])] * n
    for p in plus:
        result[0] = result[0][0] + p[0], result[0][1] + p[1]
    for k in range(1, h + 1):
        c, d = twiddles(k * np.arange(1, h + 1), n, arithmetic.dtype)
        a = re[0], im[0]
        b = minus[0][0] * d[0], minus[0][1] * d[0]
        for j in range(h):
            a = arithmetic.fma(plus[j][0], c[j], a[0]), arithmetic.fma(plus[j][1], c[j], a[1])
        for j in range(1, h):
            b = arithmetic.fma(minus[j][0], d[j], b[0]), arithmetic.fma(minus[j][1], d[j], b[1])
        result[k] = a[0] - b[1], a[1] + b[0]
        result[n - k] = a[0] + b[1], a[1] - b[0]
    return _stack(result)


def _composite(x: Complex, n1: int, arithmetic: Arithmetic) -> Complex:
    n, columns = x[0].shape
    n2 = n // n1
    re, im = (part.reshape(n1, n2, columns) for part in _along_first(x, (n1, n2 * columns), arithmetic))
    turned = np.outer(np.arange(n1), np.arange(n2))[1:, 1:]
    w = tuple(part[:, :, None] for part in twiddles(turned, n, arithmetic.dtype))
    re[1:, 1:], im[1:, 1:] = arithmetic.product((re[1:, 1:], im[1:, 1:]), (w[0], w[1]))
    rows = re.transpose(1, 0, 2), im.transpose(1, 0, 2)  # [n2, n1, columns], the result's index is n1 * k2 + k1
    re, im = _along_first(rows, (n2, n1 * columns), arithmetic)
    return re.reshape(n, columns), im.reshape(n, columns)


def _along_first(x: Complex, shape: tuple[int, int], arithmetic: Arithmetic) -> Complex:
    re, im = transform((x[0].reshape(shape), x[1].reshape(shape)), arithmetic)
    return np.array(re), np.array(im)


def _bluestein(x: Complex) -> Complex:
    n, columns = x[0].shape
    j = np.arange(n, dtype=object)  # Python integers: j*j may be large
    chirp = tuple(part[:, None] for part in twiddles(j * j % (2 * n), 2 * n, np.float32))
    w = chirp[0], chirp[1]
    wide = bluestein_length(n)
    a = np.zeros((wide, columns), np.float32), np.zeros((wide, columns), np.float32)
    a[0][:n], a[1][:n] = SINGLE.product(x, w)
    c = inverse(SINGLE.product(transform(a), bluestein_filter(n)))
    return SINGLE.product((c[0][:n], c[1][:n]), w)


def bluestein_length(n: int) -> int:
    return 1 << (2 * n - 2).bit_length()


@functools.lru_cache(maxsize=64)
def bluestein_filter(n: int) -> Complex:
    wide = bluestein_length(n)
    j = np.arange(n, dtype=object)
    b = np.zeros((wide, 1)), np.zeros((wide, 1))
    for part, w in zip(b, twiddles(-j * j % (2 * n), 2 * n, np.float64), strict=True):
        part[:n, 0] = w
        part[wide - n + 1 :, 0] = w[:0:-1]
    re, im = transform(b, DOUBLE)
    return (re / wide).astype(np.float32), (im / wide).astype(np.float32)


# --- the operations ---------------------------------------------------------------------------------------------------


def _rows(x: Array) -> Complex:
    """A complex array [..., n, 2] as (re, im), each [n, rows]."""
    flat = x.reshape(-1, *x.shape[-2:])
    return flat[:, :, 0].T, flat[:, :, 1].T


def _array(x: Complex, scale: np.float32, shape: tuple[int, ...]) -> Array:
    """(re, im), each [n, rows], scaled, as a complex array of a shape."""
    return np.stack([(x[0] * scale).T, (x[1] * scale).T], axis=-1).reshape(shape)


def fft(x: Array, *, norm: str) -> Array:
    return _array(transform(_rows(x)), norm_scale(x.shape[-2], norm, False), x.shape)


def ifft(x: Array, *, norm: str) -> Array:
    return _array(inverse(_rows(x)), norm_scale(x.shape[-2], norm, True), x.shape)


def _unwoven(z: Complex, y: Complex) -> tuple[Array, Array, Array, Array]:
    """er, ei, or, oi of the contract: the halves of the even and of the odd points, from Z[k] and Z[m-k]."""
    return z[0] + y[0], z[1] - y[1], z[0] - y[0], z[1] + y[1]


def rfft(x: Array, *, norm: str) -> Array:
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
