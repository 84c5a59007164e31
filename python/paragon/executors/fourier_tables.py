"""What every FFT of the contract (docs/contract.md, section 7) needs before it adds or multiplies a number: how a length is cut
into factors, the twiddles W(k, n), the filter of a prime length, and the factor of a norm.

Both the reference executor and the webgpu executor use this module, although executors share nothing else. That is sound
because it computes no result: the page above gives every value here as one correctly rounded constant, or, for the filter, as a
fixed sequence of binary64 operations. A wrong one would make both executors wrong alike, so their agreement proves nothing
about these tables; the vectors do, whose oracle computes its own in multiple precision and shares no code with this package.

A complex array is a pair of arrays (re, im).
"""

from __future__ import annotations

import decimal
import functools
import math

import numpy as np

from ..ir.spec import Array
from .decimals import CONTEXT, cospi, nearest_f32, sinpi

Complex = tuple[Array, Array]
LARGEST_DIRECT_PRIME = 97  # transformed by its definition; larger primes by Bluestein's algorithm


def norm_scale(n: int, norm: str, inverse: bool) -> np.float32:
    """The f32 that every part of the result is multiplied by; n is the number of points of the time axis."""
    one, points = np.float32(1), np.float32(n)
    if norm == "ortho":
        return np.float32(one / np.sqrt(points))
    return np.float32(one / points) if (norm == "backward") == inverse else one


def split(n: int) -> int:
    """n1 of n = n1 * n2; 1 for a length that is not split: 1, 2, 4 and the odd primes."""
    if n in (1, 2, 4):
        return 1
    divisors = (d for d in range(math.isqrt(n), 0, -1) if n % d == 0 and (d & -d).bit_length() % 2 == 1)
    n1 = next(divisors)
    return 2 if n1 == 1 and n % 2 == 0 else n1


# --- twiddles ---------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=2**18)
def _exact_twiddle(k: int, n: int) -> tuple[float, float, float, float]:
    """W(k, n) for a reduced fraction 0 <= k/n < 1: re and im rounded to f32, then re and im rounded to f64."""
    quarters = {0: (1.0, 0.0), 1: (0.0, -1.0), 2: (-1.0, 0.0), 3: (0.0, 1.0)}
    if 4 * k % n == 0:
        re, im = quarters[4 * k // n]
        return re, im, re, im
    with decimal.localcontext(CONTEXT):
        turn = decimal.Decimal(2 * k) / n
        parts = (cospi(turn), -sinpi(turn))
        # Python's conversion of a Decimal to a float is correctly rounded; to f32 there is none.
        re, im = (float(nearest_f32(p, float(p))) for p in parts)
        return re, im, float(parts[0]), float(parts[1])


def exact_twiddles(indices: Array, n: int, dtype: type[np.floating]) -> Complex:
    """What `twiddles` returns, computed one by one in decimal arithmetic: slow, and without a doubt."""
    wide = dtype is np.float64
    values = np.empty((*np.shape(indices), 2), dtype)
    for at, k in np.ndenumerate(np.asarray(indices) % n):
        common = math.gcd(int(k), n)
        found = _exact_twiddle(int(k) // common, n // common)
        values[at] = found[2:] if wide else found[:2]
    return values[..., 0], values[..., 1]


def twiddles(indices: Array, n: int, dtype: type[np.floating]) -> Complex:
    """W(k, n) = exp(-2 pi i k/n), each part correctly rounded.

    Sine and cosine of up to an eighth of a turn are taken in the next wider type, with an error of a few of its units, and
    rounded after 8 units (2^-40 in f64) were taken off and added. Where that matters, and for quarters of a turn, the value is
    computed exactly.

    Args:
        indices: the integers k, of any shape and sign.
        dtype: np.float32 or np.float64.

    Returns:
        (re, im) of that dtype and of the shape of `indices`.
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


# --- Bluestein's algorithm for prime lengths --------------------------------------------------------------------------


def bluestein_length(n: int) -> int:
    """L, the length of the transforms that one of the prime length n is made of: the least power of two >= 2n - 1."""
    return 1 << (2 * n - 2).bit_length()


def bluestein_chirp(n: int) -> Complex:
    """W(j^2, 2n) for j = 0 ... n-1, in f32."""
    j = np.arange(n, dtype=np.int64)  # n is at most 2^24, so j * j fits
    return twiddles(j * j, 2 * n, np.float32)


@functools.lru_cache(maxsize=64)
def bluestein_filter(n: int) -> Complex:
    """The filter of a prime n: F(L) of the conjugated chirp over L, made in f64 and rounded once to f32. Each part is [L, 1]."""
    wide = bluestein_length(n)
    j = np.arange(n, dtype=np.int64)
    b = np.zeros((wide, 1)), np.zeros((wide, 1))
    for part, w in zip(b, twiddles(-j * j, 2 * n, np.float64), strict=True):
        part[:n, 0] = w
        part[wide - n + 1 :, 0] = w[:0:-1]
    re, im = _wide_transform(b)
    return (re / wide).astype(np.float32), (im / wide).astype(np.float32)


def _wide_transform(x: Complex) -> Complex:
    """F(n) in f64 along the first axis of [n, columns], n a power of two: the contract's cases 2, 4 and n1 * n2."""
    re, im = x
    n, columns = re.shape
    if n == 2:
        return np.stack([re[0] + re[1], re[0] - re[1]]), np.stack([im[0] + im[1], im[0] - im[1]])
    if n == 4:
        (s, u), (d, v) = (re[0] + re[2], im[0] + im[2]), (re[0] - re[2], im[0] - im[2])
        (t, w), (e, f) = (re[1] + re[3], im[1] + im[3]), (re[1] - re[3], im[1] - im[3])
        return np.stack([s + t, d + f, s - t, d - f]), np.stack([u + w, v - e, u - w, v + e])
    n1 = split(n)
    n2 = n // n1
    re, im = (p.reshape(n1, n2, columns) for p in _wide_transform((re.reshape(n1, -1), im.reshape(n1, -1))))
    turned = np.outer(np.arange(1, n1), np.arange(1, n2))
    c, d = (w[:, :, None] for w in twiddles(turned, n, np.float64))
    a, b = re[1:, 1:], im[1:, 1:]
    re[1:, 1:], im[1:, 1:] = a * c - b * d, a * d + b * c
    rows = (p.transpose(1, 0, 2).reshape(n2, -1) for p in (re, im))  # [n2, n1 * columns]
    re, im = _wide_transform((next(rows), next(rows)))
    return re.reshape(n, columns), im.reshape(n, columns)
