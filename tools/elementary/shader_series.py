"""Prints shaders/elementary_series.wgsl: the constants and Taylor series of shaders/elementary.wgsl.

    pip install mpmath && python tools/elementary/shader_series.py > shaders/elementary_series.wgsl

A coefficient is rounded to 2^-94 and written as three words, the lowest first (two's complement). A series is cut where the
terms left out add up to less than 2^-84 on the interval that elementary.wgsl uses it on. Horner's scheme is written out, as
compilers of shaders copy an array of constants for every access.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mpmath as mp

mp.mp.prec = 400
CUT = mp.mpf(2) ** -84
Term = Callable[[int], mp.mpf]


def fix(x: mp.mpf) -> str:
    word = int(mp.nint(x * mp.mpf(2) ** 94))
    assert -(2**95) <= word < 2**95, f"{x} does not fit"
    return "vec3<u32>(" + ", ".join(f"0x{word >> shift & 0xFFFFFFFF:08x}u" for shift in (0, 32, 64)) + ")"


def terms(coefficient: Term, largest: mp.mpf) -> list[mp.mpf]:
    """The coefficients whose terms matter for |argument| <= largest."""
    size = [abs(coefficient(n)) * largest**n for n in range(80)]
    count = next(n for n in range(80) if sum(size[n:]) < CUT)
    return [coefficient(n) for n in range(count)]


def series(name: str, comment: str, rows: Sequence[Sequence[mp.mpf]]) -> None:
    """A function of t; with several rows of coefficients, also of the number of the row."""
    count = max(map(len, rows))
    padded = [[fix(c) for c in row] + ["vec3<u32>(0u, 0u, 0u)"] * (count - len(row)) for row in rows]
    print(f"\n// {comment}")
    print(f"fn {name}_series(t: Fix{', row: u32' if len(rows) > 1 else ''}) -> Fix {{")
    for n in reversed(range(count)):
        c = padded[0][n]
        for row in range(1, len(rows)):
            c = f"select({c}, {padded[row][n]}, row == {row}u)"
        print(f"  var p = {c};" if n == count - 1 else f"  p = fix_add(fix_mul(p, t), {c});")
    print("  return p;\n}")


def erf_at(centre: mp.mpf) -> Term:
    """Taylor coefficients of erf about `centre`: its derivatives are Hermite polynomials times the Gaussian (DLMF 7.10.1)."""
    found = mp.taylor(mp.erf, centre, 80)
    return lambda n: found[n]


def main() -> None:
    print(
        "// Written by tools/elementary/shader_series.py; not to be edited by hand. Words of numbers with 94 binary places."
    )
    print(f"const LN2 = {fix(mp.log(2))};")
    print(f"const LN2_OVER_128 = {fix(mp.log(2) / 128)};")
    series("exp", "(e^r - 1) / r, |r| <= 0.3642", [terms(lambda n: 1 / mp.factorial(n + 1), mp.mpf("0.3642"))])
    series("atanh", "atanh(s) / s in s^2 <= 0.0295", [terms(lambda n: mp.mpf(1) / (2 * n + 1), mp.mpf("0.0295"))])
    sine = terms(lambda n: (-1) ** n * mp.pi ** (2 * n + 1) / mp.factorial(2 * n + 1) / 4, mp.mpf("0.25"))
    series("sinpi", "sin(pi u) / (4 u) in u^2 <= 1/4", [sine])
    near = terms(lambda n: 2 / mp.sqrt(mp.pi) * (-1) ** n / mp.factorial(n) / (2 * n + 1), mp.mpf(1))
    far = [terms(erf_at(mp.mpf(c) + mp.mpf("0.5")), mp.mpf("0.5")) for c in (1, 2, 3)]
    series("erf", "row 0: erf(x) / x in x^2 <= 1; row n: erf(n + 1/2 + h) in |h| <= 1/2", [near, *far])


if __name__ == "__main__":
    main()
