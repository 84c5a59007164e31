"""Prints csrc/cpu/elementary_coefficients.h: minimax polynomials and constants of the elementary functions.

    pip install mpmath && python tools/elementary/coefficients.py > csrc/cpu/elementary_coefficients.h

Each polynomial is found by Remez' exchange algorithm in 250-bit arithmetic; its coefficients are then rounded to
double. The error printed beside it is that before the rounding, in the weighted sense of its comment.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable

import mpmath as mp

mp.mp.prec = 250
Function = Callable[[mp.mpf], mp.mpf]
TINY = mp.mpf(2) ** -30

LN2 = mp.log(2)
EXP_RANGE = mp.mpf("0.3470")  # ln(2)/2 = 0.34657..., and a little: the multiple of ln(2) comes from a rounded quotient
LOG_RANGE = mp.mpf("0.17158")  # (sqrt(2) - 1) / (sqrt(2) + 1) = 0.171572...
ERF_SPLIT, ERF_END = mp.mpf("2.25"), mp.mpf("3.9375")  # erf rounds to 1 beyond 3.92
ERF_SCALE, ERF_SHORT_END = mp.mpf("3.9375"), mp.mpf("3.9296875")


def remez(f: Function, weight: Function, low: mp.mpf, high: mp.mpf, degree: int) -> tuple[list[mp.mpf], mp.mpf]:
    """The polynomial p of `degree` that minimises max |weight * (f - p)| on [low, high], lowest coefficient first, and
    that maximum. Remez' exchange on a dense Chebyshev grid, until the levelled error is within 2 % of the maximum."""
    points = degree + 2

    def chebyshev(k: int, n: int) -> mp.mpf:
        return (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / (n - 1))

    grid = [chebyshev(k, 40 * points) for k in range(40 * points)]
    values, weights = [f(t) for t in grid], [weight(t) for t in grid]
    chosen = [round(k * (len(grid) - 1) / (points - 1)) for k in range(points)]
    while True:
        matrix, right = mp.matrix(points, points), mp.matrix(points, 1)
        for row, k in enumerate(chosen):
            for j in range(degree + 1):
                matrix[row, j] = grid[k] ** j
            matrix[row, degree + 1] = (-1) ** row / weights[k]
            right[row] = values[k]
        solution = mp.lu_solve(matrix, right)
        coefficients, level = list(solution)[: degree + 1], abs(solution[degree + 1])
        reverse = coefficients[::-1]
        errors = [(v - mp.polyval(reverse, t)) * w for t, v, w in zip(grid, values, weights, strict=True)]
        peaks: list[int] = []  # the largest error of each run of one sign
        for k, error in enumerate(errors):
            if peaks and (error > 0) == (errors[peaks[-1]] > 0):
                if abs(error) > abs(errors[peaks[-1]]):
                    peaks[-1] = k
            else:
                peaks.append(k)
        while len(peaks) > points:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        largest = max(abs(error) for error in errors)
        if largest < level * mp.mpf("1.02"):
            return coefficients, largest
        if len(peaks) < points:
            raise ArithmeticError(f"the error of degree {degree} has only {len(peaks)} alternations")
        chosen = peaks


def exp_tail(r: mp.mpf) -> mp.mpf:
    "(e^r - 1 - r) / r^2"
    return mp.mpf(1) / 2 + r / 6 if abs(r) < TINY else (mp.expm1(r) - r) / r**2


def log_tail(z: mp.mpf) -> mp.mpf:
    "(2 atanh(s) / s - 2) / z with z = s^2"
    s = mp.sqrt(z)
    return mp.mpf(2) / 3 if s < TINY else (2 * mp.atanh(s) / s - 2) / z


def sinpi_tail(z: mp.mpf) -> mp.mpf:
    "(sin(pi r) / r - pi) / z with z = r^2"
    r = mp.sqrt(z)
    return -(mp.pi**3) / 6 if r < TINY else (mp.sin(mp.pi * r) / r - mp.pi) / z


def erf_slope(z: mp.mpf) -> mp.mpf:
    "erf(x) / x with z = x^2"
    x = mp.sqrt(z)
    return 2 / mp.sqrt(mp.pi) * (1 - z / 3) if x < TINY else mp.erf(x) / x


def log_short(r: mp.mpf) -> mp.mpf:
    "(log(1 + r) - r) / r^2"
    return -mp.mpf(1) / 2 + r / 3 if abs(r) < TINY else (mp.log1p(r) - r) / r**2


def double(x: mp.mpf) -> str:
    return float(x).hex()


def split(x: mp.mpf, bits: int = 53) -> tuple[mp.mpf, mp.mpf]:
    "x as a first part of `bits` significant bits and the rest."
    scale = mp.mpf(2) ** (bits - 1 - mp.floor(mp.log(abs(x), 2)))
    high = mp.nint(x * scale) / scale
    return high, x - high


def print_pair(name: str, x: mp.mpf, bits: int, comment: str) -> None:
    high, low = split(x, bits)
    print(f"constexpr double {name}High = {double(high)};  // {comment}")
    print(f"constexpr double {name}Low = {double(low)};")


def print_polynomial(name: str, comment: str, fit: tuple[list[mp.mpf], mp.mpf]) -> None:
    coefficients, error = fit
    print(f"\n// {comment}; error 2^{float(mp.log(error, 2)):.1f}")
    print(f"constexpr double {name}[] = {{")
    for c in coefficients:
        print(f"    {double(c)},")
    print("};")


def print_erf() -> None:
    centre, half = (ERF_END + ERF_SPLIT) / 2, (ERF_END - ERF_SPLIT) / 2
    near, near_error = remez(erf_slope, lambda z: mp.mpf(1), mp.mpf(0), ERF_SPLIT**2, 18)
    far, far_error = remez(lambda t: mp.erf(centre + t), lambda t: mp.mpf(1), -half, half, 18)
    print(f"""
// erf(x) = x * p(x^2) for 0 <= x < kErfSplit, relative error 2^{float(mp.log(near_error, 2)):.1f}: the first column;
// erf(x) = p(x - kErfCentre) from there to kErfEnd, error 2^{float(mp.log(far_error, 2)):.1f}: the second column.
constexpr double kErfSplit = {double(ERF_SPLIT)};
constexpr double kErfCentre = {double(centre)};
constexpr double kErfEnd = {double(ERF_END)};
constexpr double kErf[][2] = {{""")
    for pair in zip(near, far, strict=True):
        print(f"    {{{', '.join(double(c) for c in pair)}}},")
    print("};")


def print_numbers(numbers: list[str], per_line: int) -> None:
    for k in range(0, len(numbers), per_line):
        print(f"    {', '.join(numbers[k : k + per_line])},")


def single(x: mp.mpf) -> mp.mpf:
    "The nearest float."
    return mp.mpf(struct.unpack("<f", struct.pack("<f", float(x)))[0])


def print_exp_tables() -> None:
    half = LN2 / 32 * mp.mpf("1.0001")
    print("""
// 2^(j/16), j in the place of the exponent's bits taken away, so that adding j + 16 e there gives 2^(j/16 + e).
constexpr std::uint64_t kExpTable[16] = {""")
    words = [struct.unpack("<q", struct.pack("<d", float(mp.mpf(2) ** (mp.mpf(j) / 16))))[0] for j in range(16)]
    print_numbers([f"0x{word - (j << 48):016x}" for j, word in enumerate(words)], 4)
    print("};")
    print_polynomial(
        "kExpm1Short",
        "e^r = 1 + r + r^2 * p(r), |r| <= ln(2)/32; relative to e^r - 1",
        remez(exp_tail, lambda r: max(abs(r), half / 64), -half, half, 3),
    )
    print("""
// The same in floats: 2^(j/32) = high * (1 + low), log(2) = high + low.""")
    exact = [mp.mpf(2) ** (mp.mpf(j) / 32) for j in range(32)]
    high = [single(x) for x in exact]
    for name, column in (("High", high), ("Low", [x / h - 1 for x, h in zip(exact, high, strict=True)])):
        print(f"constexpr float kExp{name}[32] = {{")
        print_numbers([double(single(x)) + "f" for x in column], 4)
        print("};")
    print(f"constexpr float kLog2EFloat = {double(single(1 / LN2))}f;")
    print(f"constexpr float kLn2FloatHigh = {double(single(LN2))}f;")
    print(f"constexpr float kLn2FloatLow = {double(single(LN2 - single(LN2)))}f;")
    coefficients, error = remez(exp_tail, lambda r: max(r**2, half**2 / 4096), -half / 2, half / 2, 2)
    print(
        f"// e^r = 1 + r + r^2 * p(r), |r| <= ln(2)/64; error 2^{float(mp.log(error, 2)):.1f}, and that of rounding p to floats"
    )
    print("constexpr float kExpFloat[] = {")
    print_numbers([double(single(c)) + "f" for c in coefficients], 4)
    print("};")


def print_log_table() -> None:
    step, start = mp.mpf(1) / 16, mp.mpf("0.703125")
    print(
        """
// Of each of 16 intervals of [kLogStart, 2 kLogStart), equally long within [1/2, 1) and [1, 2): a number c, and log(1/c),
// where c is near 1/m for all m in it. They are 1 and 0 about 1.
constexpr double kLogStart = """
        + double(start)
        + ";"
    )
    edges, m = [start], start
    for _ in range(16):
        m += step / 2 if m < 1 - step / 4 else step * 3 / 4 if m < 1 else step
        edges.append(m)
    assert edges[-1] == 2 * start, edges
    inverses, largest = [], mp.mpf(0)
    for low, high in itertools.pairwise(edges):
        c = mp.mpf(1) if low < 1 < high else mp.mpf(float(2 / (low + high)))
        inverses.append(c)
        largest = max(largest, abs(low * c - 1), abs(high * c - 1))
    for name, column in (
        ("kLogInverse", inverses),
        ("kLogValue", [-mp.log(c) if c != 1 else mp.mpf(0) for c in inverses]),
    ):
        print(f"constexpr double {name}[16] = {{")
        print_numbers([double(c) for c in column], 4)
        print("};")
    print_polynomial(
        "kLogShort",
        f"log(1 + r) = r + r^2 * p(r), |r| <= {float(largest):.4f}; relative to r",
        remez(log_short, lambda r: max(abs(r), largest / 64), -largest, largest, 4),
    )


def print_erf_table() -> None:
    fits = []
    for j in range(16):
        low, high = max(mp.mpf(0), j - mp.mpf(1) / 2), j + mp.mpf(1) / 2
        slope = lambda u, j=j: erf_slope(((j + u) / ERF_SCALE) ** 2)  # noqa: E731
        fits.append(remez(slope, lambda u, f=slope: 1 / f(u), low - j, high - j, 7))
    worst = max(error for _, error in fits)
    print(f"""
// erf(x) = x * p(u) where kErfScale * x = j + u, |u| <= 1/2: row i has coefficient i of every j; relative error
// 2^{float(mp.log(worst, 2)):.1f}. Beyond kErfShortEnd the float is 1.
constexpr double kErfScale = {double(ERF_SCALE)};
constexpr double kErfShortEnd = {double(ERF_SHORT_END)};
constexpr double kErfTable[][16] = {{""")
    for i in range(8):
        print_numbers(
            [("{" if j == 0 else "") + double(fit[0][i]) + ("}" if j == 15 else "") for j, fit in enumerate(fits)], 4
        )
    print("};")


def main() -> None:
    print("// Written by tools/elementary/coefficients.py; not to be edited by hand.")
    print("#pragma once\n\n#include <cstdint>\n\nnamespace paragon::cpu {\nnamespace {\n")
    print(f"constexpr double kLog2E = {double(1 / LN2)};")
    print(f"constexpr double kLn2 = {double(LN2)};")
    print_pair("kLn2", LN2, 42, "42 bits: exact when multiplied by an exponent")
    print_pair("kPi", mp.pi, 53, "pi")
    wide = mp.mpf(2) ** -10
    print_polynomial(
        "kExp",
        "e^r = 1 + r + r^2 * p(r), |r| <= ln(2)/2; relative to e^r - 1",
        remez(exp_tail, lambda r: max(abs(r), wide), -EXP_RANGE, EXP_RANGE, 9),
    )
    print_polynomial(
        "kLog",
        "log((1 + s) / (1 - s)) = s * (2 + z * p(z)), z = s^2, s <= (sqrt(2) - 1) / (sqrt(2) + 1); relative to 2s",
        remez(log_tail, lambda z: max(z / 2, wide**2), mp.mpf(0), LOG_RANGE**2, 6),
    )
    print_polynomial(
        "kSinPi",
        "sin(pi r) = r * (pi + z * p(z)), z = r^2, |r| <= 1/2; relative to pi r",
        remez(sinpi_tail, lambda z: max(z / mp.pi, wide**2), mp.mpf(0), mp.mpf(1) / 4, 7),
    )
    print_erf()
    print_exp_tables()
    print_log_table()
    print_erf_table()
    print("\n}  // namespace\n}  // namespace paragon::cpu")


if __name__ == "__main__":
    main()
