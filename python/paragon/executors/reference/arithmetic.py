"""Exact f32 arithmetic that NumPy lacks: fma, the correctly rounded elementary functions, Philox. No other executor uses it.

The functions take NumPy's f64 value as a guess with a generous error bound. Where both ends of the bound round to the same
f32, that is the answer; the few others are decided in decimal arithmetic (decimals.py).
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np

from ...ir.spec import Array
from ..decimals import CONTEXT, DIGITS, PI, cospi, nearest_f32, series, sinpi

GUESS_ERROR = 2.0**-40  # relative; the libraries behind NumPy promise about 2^-51


def fma32(a: Array, b: Array, c: Array) -> Array:
    """a*b + c for f32 arrays, rounded once.

    The f64 product is exact. The f64 sum is rounded to odd (Boldo & Melquiond 2008): where it is inexact, its last bit is set,
    so that the rounding to f32 that follows cannot be misled.
    """
    with np.errstate(all="ignore"):
        product = np.multiply(a, b, dtype=np.float64)
        wide = np.asarray(c, np.float64)
        total = product + wide
        # Knuth's TwoSum: total + error is the exact sum.
        back = total - product
        error = (product - (total - back)) + (wide - back)
        bits = np.atleast_1d(total).view(np.int64)
        inexact = np.atleast_1d((error != 0) & np.isfinite(total))
        even = (bits & 1) == 0
        # Moving towards the exact sum, away from zero (+1) or towards it (-1), makes an even total odd.
        outwards = np.atleast_1d((error > 0) == (total > 0))
        odd = np.where(inexact & even, np.where(outwards, bits + 1, bits - 1), bits)
        return np.asarray(odd.view(np.float64).reshape(np.shape(total)).astype(np.float32))


# --- correctly rounded functions --------------------------------------------------------------------------------------


def _expm1(x: Decimal) -> Decimal:
    return x.exp() - 1 if abs(x) > 1 else series(x, lambda k: x / (k + 1))


def _log1p(x: Decimal) -> Decimal:
    if abs(x) > Decimal("0.1"):
        return (1 + x).ln()
    z = x / (2 + x)  # log(1+x) = 2 atanh(x / (2+x))
    power = total = z
    k = 1
    while abs(power) > abs(z) * Decimal(10) ** -(DIGITS + 2):
        power *= z * z
        k += 2
        total += power / k
    return 2 * total


def _tanh(x: Decimal) -> Decimal:
    e = _expm1(2 * abs(x))
    return (e / (e + 2)).copy_sign(x)


def _erf(x: Decimal) -> Decimal:
    # Abramowitz & Stegun 7.1.6: erf x = 2/sqrt(pi) exp(-x^2) sum 2^k x^(2k+1) / (1 3 ... (2k+1)), all terms of one sign.
    total = series(x, lambda k: 2 * x * x / (2 * k + 1))
    return 2 / PI.sqrt() * (-x * x).exp() * total


def _rounded(guess: Callable[[Array], Array], exact: Callable[[Decimal], Decimal]) -> Callable[[Array], Array]:
    """A correctly rounded function from an f64 guess and an exact evaluation for the doubtful arguments."""

    def function(x: Array) -> Array:
        with np.errstate(all="ignore"):
            wide = np.asarray(guess(np.asarray(x, np.float64)), np.float64)
            margin = np.abs(wide) * GUESS_ERROR
            low, high = (wide - margin).astype(np.float32), (wide + margin).astype(np.float32)
        result = np.array(wide.astype(np.float32))
        doubtful = np.isfinite(wide) & (low != high)
        for index in zip(*np.nonzero(np.atleast_1d(doubtful)), strict=True):
            at = index if result.ndim else ()
            with decimal.localcontext(CONTEXT):
                result[at] = nearest_f32(exact(Decimal(float(np.asarray(x)[at]))), float(wide[at]))
        return result

    return function


def _half_period(x: Array) -> tuple[Array, Array]:
    """x reduced to r in [0, 1/2] by sin(pi x) = sign * sin(pi r); every step is exact."""
    r = np.fmod(np.abs(x), 2.0)
    sign = np.where(r > 1, -1.0, 1.0) * np.where(np.signbit(x), -1.0, 1.0)
    r = np.where(r > 1, r - 1, r)
    return np.where(r > 0.5, 1 - r, r), sign


def _guess_sinpi(x: Array) -> Array:
    r, sign = _half_period(x)
    value = np.where(r > 0.25, np.cos(np.pi * (0.5 - r)), np.sin(np.pi * r)) * sign
    return np.where(np.fmod(x, 1.0) == 0, np.copysign(0.0, x), value)


def _guess_cospi(x: Array) -> Array:
    r = np.fmod(np.abs(x), 2.0)
    r = np.where(r > 1, 2 - r, r)
    value = np.where(
        r < 0.25, np.cos(np.pi * r), np.where(r > 0.75, -np.cos(np.pi * (1 - r)), np.sin(np.pi * (0.5 - r)))
    )
    return np.where(r == 0.5, 0.0, value)


_vector_erf = np.frompyfunc(math.erf, 1, 1)


def _guess_erf(x: Array) -> Array:
    return np.asarray(_vector_erf(x), np.float64)


ELEMENTARY: dict[str, Callable[[Array], Array]] = {
    "exp": _rounded(np.exp, Decimal.exp),
    "expm1": _rounded(np.expm1, _expm1),
    "log": _rounded(np.log, Decimal.ln),
    "log1p": _rounded(np.log1p, _log1p),
    "tanh": _rounded(np.tanh, _tanh),
    "erf": _rounded(_guess_erf, _erf),
    "sinpi": _rounded(_guess_sinpi, sinpi),
    "cospi": _rounded(_guess_cospi, cospi),
}


# --- random -----------------------------------------------------------------------------------------------------------


def philox(key: int, first: int, blocks: int, stream: int) -> Array:
    """u32 [blocks, 4]: the Philox4x32-10 blocks first, first+1, ... (mod 2^64) of a stream (Salmon et al., SC 2011)."""
    mask = np.uint64(0xFFFFFFFF)
    with np.errstate(over="ignore"):
        counter = np.uint64(first & (2**64 - 1)) + np.arange(blocks, dtype=np.uint64)
    c0, c1 = counter & mask, counter >> np.uint64(32)
    c2, c3 = np.full(blocks, stream, np.uint64), np.zeros(blocks, np.uint64)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            p1 & mask,
            (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            p0 & mask,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)
