"""The elementary functions, correctly rounded: exact special cases, and MPFR bounds that are tightened until they agree.

`enclose` gives a lower and an upper bound by MPFR's directed rounding; when both round to the same f32 that is the answer (Ziv,
ACM TOMS 17, 1991). The loop ends because no result is ever a tie (or any other dyadic number) once the exact cases are taken
out: exp, expm1, log, log1p, tanh of a non-zero rational (log: not 1) are transcendental by Lindemann-Weierstrass, erf by
Siegel-Shidlovsky, and sin and cos of a dyadic multiple of pi are irrational unless it is a multiple of pi/2 (Niven).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import gmpy2

from .binary32 import INFINITY, NAN, ONE, SIGN, is_infinite, is_nan, is_zero, round_dyadic, units

Bounds = tuple[gmpy2.mpfr, gmpy2.mpfr]


def contexts(precision: int) -> tuple[gmpy2.context, gmpy2.context]:
    return (
        gmpy2.context(precision=precision, round=gmpy2.RoundDown),
        gmpy2.context(precision=precision, round=gmpy2.RoundUp),
    )


def _exact(x: Fraction) -> gmpy2.mpfr:
    """A dyadic rational, without rounding."""
    mantissa = gmpy2.mpfr(x.numerator, max(x.numerator.bit_length(), 2))
    return gmpy2.context(precision=mantissa.precision).div_2exp(mantissa, x.denominator.bit_length() - 1)


def to_word(x: gmpy2.mpfr) -> int:
    """The f32 nearest to x."""
    mantissa, exponent = x.as_mantissa_exp()
    return round_dyadic(int(mantissa), int(exponent) + 149)


def ziv(enclose: Callable[[int], Bounds], to: Callable[[gmpy2.mpfr], Any] = to_word) -> Any:
    """The value within the bounds that `enclose` gives at a precision, rounded by `to`."""
    precision = 64
    while True:
        low, high = (to(bound) for bound in enclose(precision))
        if low == high:
            return low
        precision *= 2


def _plain(name: str, x: Fraction) -> int:
    """The MPFR function `name` of x, rounded to f32."""
    argument = _exact(x)

    def enclose(precision: int) -> Bounds:
        down, up = contexts(precision)
        return getattr(down, name)(argument), getattr(up, name)(argument)

    return ziv(enclose)


def _sine_of_pi_times(x: Fraction, cosine: bool) -> int:
    """sin or cos of pi*x for 0 < x <= 1/4, where sine rises and cosine falls."""
    argument = _exact(x)

    def enclose(precision: int) -> Bounds:
        down, up = contexts(precision)
        low, high = down.mul(down.const_pi(), argument), up.mul(up.const_pi(), argument)
        return (down.cos(high), up.cos(low)) if cosine else (down.sin(low), up.sin(high))

    return ziv(enclose)


def _rational(w: int) -> Fraction:
    return Fraction(units(w), 1 << 149)


def exp(w: int) -> int:
    if is_nan(w):
        return NAN
    if is_zero(w):
        return ONE
    if is_infinite(w):
        return 0 if w & SIGN else INFINITY
    x = _rational(w)
    if x >= 128:  # e^128 > 2^128
        return INFINITY
    if x <= -128:  # e^-128 < 2^-184, below half of the smallest subnormal
        return 0
    return _plain("exp", x)


def expm1(w: int) -> int:
    if is_nan(w):
        return NAN
    if is_zero(w):
        return w
    if is_infinite(w):
        return SIGN | ONE if w & SIGN else INFINITY
    x = _rational(w)
    if x >= 128:
        return INFINITY
    return _plain("expm1", max(x, Fraction(-128)))  # below -128 it rounds to -1, as at -128


def log(w: int) -> int:
    if is_nan(w):
        return NAN
    if is_zero(w):
        return SIGN | INFINITY
    if w & SIGN:
        return NAN
    if w == INFINITY:
        return INFINITY
    return 0 if w == ONE else _plain("log", _rational(w))


def log1p(w: int) -> int:
    if is_nan(w):
        return NAN
    if is_zero(w) or w == INFINITY:
        return w
    if w == SIGN | ONE:
        return SIGN | INFINITY
    if w == SIGN | INFINITY or _rational(w) < -1:
        return NAN
    return _plain("log1p", _rational(w))


def _odd_and_bounded_by_one(name: str) -> Callable[[int], int]:
    def function(w: int) -> int:
        if is_nan(w):
            return NAN
        if is_zero(w):
            return w
        sign = w & SIGN
        # Above 128 the function is 1 - 2^-184 or nearer to 1.
        x = Fraction(128) if is_infinite(w) else min(abs(_rational(w)), Fraction(128))
        return sign | _plain(name, x)

    return function


tanh = _odd_and_bounded_by_one("tanh")
erf = _odd_and_bounded_by_one("erf")


def _quarter(x: Fraction, cosine: bool) -> int:
    """sin or cos of pi*x for 0 <= x <= 1/2."""
    half = Fraction(1, 2)
    if x == (half if cosine else 0):
        return 0
    if x == (0 if cosine else half):
        return ONE
    return _sine_of_pi_times(x, cosine) if x <= Fraction(1, 4) else _sine_of_pi_times(half - x, not cosine)


def sinpi(w: int) -> int:
    if is_nan(w) or is_infinite(w):
        return NAN
    x = abs(_rational(w)) % 2
    if x.denominator == 1:  # an integer, also zero: a zero with the argument's sign
        return w & SIGN
    sign = w & SIGN
    if x > 1:
        sign, x = sign ^ SIGN, x - 1
    return sign | _quarter(min(x, 1 - x), cosine=False)


def cospi(w: int) -> int:
    if is_nan(w) or is_infinite(w):
        return NAN
    x = abs(_rational(w)) % 2
    x = min(x, 2 - x)
    if x == Fraction(1, 2):
        return 0
    return _quarter(x, cosine=True) if x < Fraction(1, 2) else SIGN | _quarter(1 - x, cosine=True)


FUNCTIONS: dict[str, Callable[[int], int]] = {
    "exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "tanh": tanh, "erf": erf, "sinpi": sinpi, "cospi": cospi,
}  # fmt: skip
