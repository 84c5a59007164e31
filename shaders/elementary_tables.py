"""Prints shaders/elementary_tables.wgsl: the constants and Taylor coefficients of shaders/elementary.wgsl.

    pip install mpmath && python shaders/elementary_tables.py > shaders/elementary_tables.wgsl

Each is rounded to 2^-94 and written as three words, the lowest first (two's complement). A series is cut where the terms
left out add up to less than 2^-84 on the interval that elementary.wgsl uses it on; this script checks that.
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


def table(name: str, comment: str, rows: Sequence[mp.mpf]) -> None:
    print(f"\n// {comment}")
    print(f"const {name}_TERMS: i32 = {len(rows)};")
    print(f"const {name} = array<vec3<u32>, {len(rows)}>(")
    for row in rows:
        print(f"  {fix(row)},")
    print(");")


def erf_at(centre: mp.mpf) -> Term:
    """Taylor coefficients of erf about `centre`: its derivatives are Hermite polynomials times the Gaussian (DLMF 7.10.1)."""
    found = mp.taylor(mp.erf, centre, 80)
    return lambda n: found[n]


def main() -> None:
    print("// Written by elementary_tables.py; not to be edited by hand. Words of numbers with 94 binary places.")
    print(f"const LN2 = {fix(mp.log(2))};")
    print(f"const LN2_OVER_128 = {fix(mp.log(2) / 128)};")
    table("EXP", "(e^r - 1) / r, |r| <= 0.3642", terms(lambda n: 1 / mp.factorial(n + 1), mp.mpf("0.3642")))
    table("ATANH", "atanh(s) / s in s^2 <= 0.0295", terms(lambda n: mp.mpf(1) / (2 * n + 1), mp.mpf("0.0295")))
    sine = terms(lambda n: (-1) ** n * mp.pi ** (2 * n + 1) / mp.factorial(2 * n + 1) / 4, mp.mpf("0.25"))
    table("SINPI", "sin(pi u) / (4 u) in u^2 <= 1/4", sine)
    near = terms(lambda n: 2 / mp.sqrt(mp.pi) * (-1) ** n / mp.factorial(n) / (2 * n + 1), mp.mpf(1))
    rows = [near, *(terms(erf_at(mp.mpf(c) + mp.mpf("0.5")), mp.mpf("0.5")) for c in (1, 2, 3))]
    longest = max(map(len, rows))
    padded = [row + [mp.mpf(0)] * (longest - len(row)) for row in rows]
    table("ERF", "erf(x) / x in x^2 <= 1", padded[0])
    for c in (1, 2, 3):
        table(f"ERF{c}", f"erf about {c + 0.5} in |h| <= 1/2", padded[c])


if __name__ == "__main__":
    main()
