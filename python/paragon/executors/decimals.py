"""Functions of exact numbers in decimal arithmetic, for values that must be correctly rounded where binary64 leaves a doubt.

Used by the reference executor's elementary functions and by the tables of the FFT (fourier_tables.py). Results have an error
below 10^-DIGITS of themselves, provided that the caller has entered `with decimal.localcontext(CONTEXT)`.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from decimal import Decimal

import numpy as np

DIGITS = 50
CONTEXT = decimal.Context(prec=DIGITS + 10, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


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


with decimal.localcontext(CONTEXT):
    PI = _pi()


def series(first: Decimal, ratio: Callable[[int], Decimal]) -> Decimal:
    """first * (1 + ratio(1) + ratio(1) ratio(2) + ...)."""
    term = total = first
    k = 0
    while term and abs(term) > abs(total) * Decimal(10) ** -(DIGITS + 2):
        k += 1
        term *= ratio(k)
        total += term
    return total


def sinpi(x: Decimal) -> Decimal:
    """sin(pi x)."""
    r = x % 2  # exact, with the sign of x
    r = r - 2 if r > 1 else r + 2 if r < -1 else r
    r = Decimal(1).copy_sign(r) - r if abs(r) > Decimal("0.5") else r
    y = PI * r
    return series(y, lambda k: -y * y / (2 * k * (2 * k + 1)))


def cospi(x: Decimal) -> Decimal:
    """cos(pi x)."""
    r = abs(x) % 2
    r = 2 - r if r > 1 else r
    return sinpi(Decimal("0.5") - r)


def nearest_f32(exact: Decimal, near: float) -> np.float32:
    """The f32 nearest to `exact`, which is at most one f32 away from `near` and not a tie between two."""
    middle = np.float32(near)
    candidates = {
        float(np.nextafter(middle, np.float32(-np.inf))),
        float(middle),
        float(np.nextafter(middle, np.float32(np.inf))),
    }

    def distance(c: float) -> Decimal:
        # Infinity stands for 2^128, which would be the next f32 after the largest one if it had one.
        value = Decimal(2) ** 128 if c == math.inf else -(Decimal(2) ** 128) if c == -math.inf else Decimal(c)
        return abs(exact - value)

    return np.float32(min(candidates, key=distance))
