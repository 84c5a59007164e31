"""Operands whose exact result lies on, or as near as possible to, a rounding boundary.

The boundaries: halfway points between neighbours (ties), the largest value an f32 may round down to, the smallest subnormal.
"""

from collections.abc import Iterable
from itertools import product

from oracle.binary32 import INFINITY, SIGN, absolute, is_nan, is_zero, negate, round_ratio, units

from .data import Words, neighbours, power

Pair = tuple[int, int]
Triple = tuple[int, int, int]

# In units of 2^-149: where the result turns into infinity; the largest and smallest normal's boundary; subnormal ties.
# Doubled, because most are half a unit.
BOUNDARIES_TIMES_2 = [
    2 * (((1 << 25) - 1) << 252),  # 2^128 - 2^103
    2 * (((1 << 24) - 1) << 253), 2 << 276,  # the largest f32, 2^127
    (1 << 24) - 1, 1 << 24,  # 2^-126 - 2^-150, 2^-126
    1, 2, 3, 5, 4095,  # half of the smallest subnormal, the smallest, ties between subnormals
]  # fmt: skip


def both_signs(pairs: Iterable[Pair]) -> list[Pair]:
    return [(a ^ s, b ^ t) for a, b in pairs for s, t in product((0, SIGN), repeat=2)]


def addition(random: Words) -> list[Pair]:
    """a and about half of a's last place; a and nearly -a; sums at the overflow boundary."""
    pairs: list[Pair] = []
    for _ in range(40):
        a = absolute(random.f32(-60, 120))
        half = (((a >> 23) - 24) << 23) if (a >> 23) > 24 else 1
        for b in neighbours(half) + [half | 0x400000, half + 0x800000, half + 0xC00000]:
            pairs += [(a, b), (a, negate(b)), (negate(a), b)]
        pairs += [(a, negate(b)) for b in neighbours(a, 2)]
    for _ in range(12):  # all the bits of two far numbers cancel but the last ones
        a = random.f32(0, 0)
        pairs += [(a, negate(a) ^ 1), (a, negate(a) + 0x800000 if a & 0x7FFFFF else negate(a)), (negate(a), a)]
    largest = 0x7F7FFFFF
    pairs += both_signs((largest, b) for b in neighbours(0x73000000, 2) + neighbours(0x73800000))
    pairs += both_signs((a, b) for a in neighbours(0x7F000000, 2) for b in neighbours(0x7F000000, 2))
    pairs += both_signs((a, b) for a in (1, 2, 0x7FFFFF, 0x800000) for b in (1, 0x7FFFFE, 0x7FFFFF, 0x800000))
    return pairs


def multiplication(random: Words) -> list[Pair]:
    """Products of exactly 25 bits (ties), and products around every boundary."""
    pairs: list[Pair] = []
    while len(pairs) < 60:
        a, b = random.below(1 << 12) | 0x801, random.below(1 << 13) | 0x1001
        if (a * b).bit_length() == 25:
            e = random.below(80) - 40
            pairs.append((power(e, a), power(-e - random.below(20), b)))
    for boundary, _ in product(BOUNDARIES_TIMES_2, range(6)):
        a = absolute(random.f32(-20, 20) if boundary > 1 << 60 else random.f32(-100, -40))
        pairs += [(a, b) for b in neighbours(round_ratio(boundary << 149, 2 * units(a)))]
        exponent = (a >> 23) - 127
        exact = boundary.bit_length() <= 24  # a power of two times the boundary itself
        pairs += [(power(exponent), b) for b in neighbours(power(-150 - exponent, boundary))] if exact else []
    return both_signs(pairs)


def division(random: Words) -> list[Pair]:
    """Quotients one part in 2^48 away from halfway, exact subnormal ties, and quotients around every boundary."""
    pairs: list[Pair] = []
    while len(pairs) < 60:
        b = random.below(1 << 23) | 0x800001
        for remainder in (1, -1, 3, -3):
            q = pow(b, -1, 1 << 25) * remainder % (1 << 25)  # q*b = a*2^25 + remainder, q odd: a/b is q/2^25, nearly
            a = (q * b - remainder) >> 25
            if q >> 24 and 0 < a < 1 << 24:
                e = random.below(60) - 30
                pairs.append((power(e, a), power(-e, b)))
    for boundary, _ in product(BOUNDARIES_TIMES_2, range(6)):
        b = absolute(random.f32(-20, -1) if boundary > 1 << 60 else random.f32(40, 100))
        pairs += [(a, b) for a in neighbours(round_ratio(boundary * units(b), 2 << 149))]
    for odd in (1, 3, 5, 7, 0x7FF):  # (odd * m) / (m * 2^150) is odd/2 units
        m = random.below(1 << 11) | 0x401
        pairs.append((power(-60, odd * m), power(90, m)))
    return both_signs(pairs)


def square_roots(random: Words) -> list[int]:
    """Arguments whose root is as near to halfway as can be: q^2 = x*2^26 + r with q odd, 25 bits, r small."""
    words = []
    for r in (1, -7, 9, 17, -15, 25, -23, 33):
        root = 1
        for bit in range(3, 27):  # lift a square root of r modulo 2^bit to 2^(bit+1) (Hensel)
            if (root * root - r) % (1 << (bit + 1)):
                root += 1 << (bit - 1)
        for q in {root % (1 << 25), -root % (1 << 25), (root + (1 << 25)) % (1 << 26), (-root + (1 << 25)) % (1 << 26)}:
            x = q * q - r
            if 1 << 24 <= q < 1 << 25 and x % (1 << 26) == 0:
                words += [power(e, x >> 26) for e in (0, 2 * random.below(50), -2 * random.below(60))]
    for _ in range(40):  # exact roots and their neighbours
        q = random.below(1 << 12)
        words += neighbours(power(2 * (random.below(60) - 30), q * q))
    return words


def fused(random: Words) -> list[Triple]:
    """Sums that a rounded product, or a sum rounded to f64 first, gets wrong; cancellation; every boundary."""
    triples = []
    for k in range(1, 17):  # the product is 1 - k^2 * 2^-46, half of c's last place, or nearly
        for e, odd, s in product((0, 37, -50), (0, 1), (0, SIGN)):
            a, b = power(e - 23, (1 << 23) + k), power(-e - 23 - 24, (1 << 23) - k)
            triples += [(a, b ^ s, 0x3F800002 | odd), (a, b ^ s, SIGN | 0x3F800002 | odd)]
            c = 0x3F800002 | odd
            triples.append((power(e - 23, (1 << 23) + k), power(-e - 23 - 24, (1 << 23) + k) ^ s, c))
    for _ in range(60):  # c is minus the rounded product: only the product's error is left
        a, b = random.f32(-30, 30), random.f32(-30, 30)
        c = negate(round_ratio(units(a) * units(b), 1 << 149))
        triples += [(a, b, c), (a, b, c + 1), (a, b, c - 1)]
    for boundary, _ in product(BOUNDARIES_TIMES_2, range(10)):
        low = (-40, -20) if boundary > 1 << 60 else (-90, -75)
        a, b = (absolute(random.f32(*low)) for _ in range(2))
        if boundary > 1 << 60:
            a, b = a + (75 << 23), b + (74 << 23)
        c = round_ratio((boundary << 148) - units(a) * units(b), 1 << 149)
        triples += [(a, b, w) for w in (c - 1, c, c + 1) if not is_nan(w) and absolute(w) < INFINITY]
    for _ in range(60):  # products far below the sum: the last places decide
        c, scale = random.f32(-5, 5), random.below(30)
        a = random.f32(-40, -30)
        b = random.f32(20 - scale, 30 - scale)
        triples += [(a, b, c), (a, b, c & 0xFFFFF000)]
    tiny = [1, 2, 3, 0x7FFFFF, 0x800000, 0x1A000000, 0x1A000001, 0x19FFFFFF]
    triples += [(a ^ s, b, c ^ t) for a, b in product(tiny, repeat=2) for c in (0, 1, 2, 0x800000)
                for s, t in product((0, SIGN), repeat=2)]  # fmt: skip
    return [t for t in triples if not is_zero(t[0])]
