"""IEEE 754 binary32 on words, from exact integers.

A finite f32 is an integer number of *units* of 2^-149, the smallest subnormal. Sums, products and quotients of units are
exact Python integers or ratios, and `round_ratio` / `round_dyadic` turn them into the nearest f32, ties to even: the only two
places where anything is rounded. Every function takes and returns words (ints below 2^32).
"""

from math import isqrt

SIGN = 0x8000_0000
INFINITY = 0x7F80_0000
NAN = 0x7FC0_0000
ONE = 0x3F80_0000


def is_nan(w: int) -> bool:
    return (w & 0x7FFF_FFFF) > INFINITY


def is_infinite(w: int) -> bool:
    return (w & 0x7FFF_FFFF) == INFINITY


def is_zero(w: int) -> bool:
    return (w & 0x7FFF_FFFF) == 0


def units(w: int) -> int:
    """The value of a finite word as a multiple of 2^-149."""
    exponent, fraction = (w >> 23) & 0xFF, w & 0x7F_FFFF
    n = fraction if exponent == 0 else (fraction | 0x80_0000) << (exponent - 1)
    return -n if w & SIGN else n


def round_ratio(numerator: int, denominator: int) -> int:
    """The f32 nearest to numerator/denominator units (denominator > 0). An exact zero gives +0."""
    sign, n = (SIGN, -numerator) if numerator < 0 else (0, numerator)
    # The quotient lies in [2^(e-1), 2^(e+1)); a step of 2^shift units leaves 24 bits of it, or all of it when subnormal.
    e = n.bit_length() - denominator.bit_length()
    if e >= 0 and n < denominator << e:
        e -= 1
    shift = max(e - 23, 0)
    step = denominator << shift
    q, r = divmod(n, step)
    if 2 * r > step or (2 * r == step and q & 1):
        q += 1
    # q < 2^23 only when shift is 0, so adding it to the exponent field carries the implicit bit, and a round-up to 2^24.
    return sign | min((shift << 23) + q, INFINITY)


def round_dyadic(n: int, exponent: int) -> int:
    """The f32 nearest to n * 2^exponent units. An exact zero gives +0."""
    return round_ratio(n << exponent, 1) if exponent >= 0 else round_ratio(n, 1 << -exponent)


def from_integer(n: int) -> int:
    return round_dyadic(n, 149)


def truncate(w: int) -> int:
    """The integer part of a finite word, towards zero."""
    n = units(w)
    return -(-n >> 149) if n < 0 else n >> 149


def negate(a: int) -> int:
    return a ^ SIGN


def absolute(a: int) -> int:
    return a & 0x7FFF_FFFF


def add(a: int, b: int) -> int:
    if is_nan(a) or is_nan(b):
        return NAN
    if is_infinite(a) or is_infinite(b):
        if is_infinite(a) and is_infinite(b) and a != b:
            return NAN
        return a if is_infinite(a) else b
    n = units(a) + units(b)
    if n == 0:  # -0 only from -0 + -0; a cancellation is +0
        return a & b & SIGN
    return round_ratio(n, 1)


def subtract(a: int, b: int) -> int:
    return NAN if is_nan(b) else add(a, negate(b))


def multiply(a: int, b: int) -> int:
    if is_nan(a) or is_nan(b):
        return NAN
    sign = (a ^ b) & SIGN
    if is_infinite(a) or is_infinite(b):
        return NAN if is_zero(a) or is_zero(b) else sign | INFINITY
    return sign | round_dyadic(abs(units(a) * units(b)), -149)


def divide(a: int, b: int) -> int:
    if is_nan(a) or is_nan(b):
        return NAN
    sign = (a ^ b) & SIGN
    if is_infinite(a):
        return NAN if is_infinite(b) else sign | INFINITY
    if is_infinite(b):
        return sign
    if is_zero(b):
        return NAN if is_zero(a) else sign | INFINITY
    return sign | round_ratio(abs(units(a)) << 149, abs(units(b)))


def fma(a: int, b: int, c: int) -> int:
    """a*b + c, rounded once."""
    if is_nan(a) or is_nan(b) or is_nan(c):
        return NAN
    sign = (a ^ b) & SIGN
    if is_infinite(a) or is_infinite(b):
        if is_zero(a) or is_zero(b):
            return NAN
        return add(sign | INFINITY, c)
    if is_infinite(c):
        return c
    n = units(a) * units(b) + (units(c) << 149)
    if n == 0:  # the product's sign and c's: -0 only if both are negative zeros, +0 after cancellation
        return sign & c & SIGN if is_zero(c) else 0
    return round_ratio(n, 1 << 149)


def square_root(a: int) -> int:
    if is_zero(a):
        return a
    if is_nan(a) or a & SIGN:
        return NAN
    if a == INFINITY:
        return a
    # sqrt(n * 2^-149) units: an integer root with 64 extra bits, its last bit set if anything is left over ("sticky").
    scaled = units(a) << (149 + 128)
    root = isqrt(scaled)
    return round_dyadic(root * 2 + (root * root != scaled), -65)


def order(w: int) -> int:
    """A key that sorts words as maximum and minimum do: -inf < ... < -0 < +0 < ... < +inf. Not for NaN."""
    return ~(w & 0x7FFF_FFFF) if w & SIGN else w


def maximum(a: int, b: int) -> int:
    return NAN if is_nan(a) or is_nan(b) else max(a, b, key=order)


def minimum(a: int, b: int) -> int:
    return NAN if is_nan(a) or is_nan(b) else min(a, b, key=order)


def value(w: int) -> int:
    """A key that compares words by value: -0 equals +0. Not for NaN."""
    return 0 if is_zero(w) else order(w)
