"""Exact f32 arithmetic that NumPy lacks: fma, the correctly rounded functions, Philox. Used by the reference executor only.

The functions take NumPy's f64 value as a guess with a generous error bound. Where both ends of the bound round to the same
f32 that is the answer; the few others are decided with the decimal module at 50 digits.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
DIGITS = 50
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


def _pi() -> Decimal:
    """Machin's formula: pi = 16 atan(1/5) - 4 atan(1/239)."""

    def atan_inverse(n: int) -> Decimal:
        term = total = Decimal(1) / n
        k = 1
        while abs(term) > Decimal(10) ** -(DIGITS + 5):
            term = -term / (n * n)
            k += 2
            total += term / k
        return total

    return 16 * atan_inverse(5) - 4 * atan_inverse(239)


def _series(first: Decimal, ratio: Callable[[int], Decimal]) -> Decimal:
    """first * (1 + ratio(1) + ratio(1) ratio(2) + ...)."""
    term = total = first
    k = 0
    while term and abs(term) > abs(total) * Decimal(10) ** -(DIGITS + 2):
        k += 1
        term *= ratio(k)
        total += term
    return total


def _expm1(x: Decimal) -> Decimal:
    return x.exp() - 1 if abs(x) > 1 else _series(x, lambda k: x / (k + 1))


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
    series = _series(x, lambda k: 2 * x * x / (2 * k + 1))
    return 2 / PI.sqrt() * (-x * x).exp() * series


def sinpi_decimal(x: Decimal) -> Decimal:
    r = x % 2  # exact, sign of x
    r = r - 2 if r > 1 else r + 2 if r < -1 else r
    r = Decimal(1).copy_sign(r) - r if abs(r) > Decimal("0.5") else r
    y = PI * r
    return _series(y, lambda k: -y * y / (2 * k * (2 * k + 1)))


def cospi_decimal(x: Decimal) -> Decimal:
    r = abs(x) % 2
    r = 2 - r if r > 1 else r
    return sinpi_decimal(Decimal("0.5") - r)


_CONTEXT = decimal.Context(prec=DIGITS + 10, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
with decimal.localcontext(_CONTEXT):
    PI = _pi()


def round_decimal(exact: Decimal, near: float) -> np.float32:
    """The f32 nearest to `exact`, which is no tie (the functions are transcendental away from their exact cases)."""
    middle = np.float32(near)
    candidates = {
        float(np.nextafter(middle, np.float32(-np.inf))),
        float(middle),
        float(np.nextafter(middle, np.float32(np.inf))),
    }

    # Beyond the largest f32 the next value, were there one, would be 2^128: infinity stands for it.
    def distance(c: float) -> Decimal:
        value = Decimal(2) ** 128 if c == math.inf else -(Decimal(2) ** 128) if c == -math.inf else Decimal(c)
        return abs(exact - value)

    return np.float32(min(candidates, key=distance))


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
            with decimal.localcontext(_CONTEXT):
                result[at] = round_decimal(exact(Decimal(float(np.asarray(x)[at]))), float(wide[at]))
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
    "sinpi": _rounded(_guess_sinpi, sinpi_decimal),
    "cospi": _rounded(_guess_cospi, cospi_decimal),
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
