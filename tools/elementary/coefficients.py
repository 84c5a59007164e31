"""Prints csrc/cpu/elementary_coefficients.h: minimax polynomials and constants of the elementary functions.

    pip install mpmath && python tools/elementary/coefficients.py > csrc/cpu/elementary_coefficients.h

Each polynomial is found by Remez' exchange algorithm in 250-bit arithmetic; its coefficients are then rounded to
double. The error printed beside it is that before the rounding, in the weighted sense of its comment.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

mp.mp.prec = 250
Function = Callable[[mp.mpf], mp.mpf]
TINY = mp.mpf(2) ** -30

LN2 = mp.log(2)
EXP_RANGE = mp.mpf("0.3470")  # ln(2)/2 = 0.34657..., and a little: the multiple of ln(2) comes from a rounded quotient
LOG_RANGE = mp.mpf("0.17158")  # (sqrt(2) - 1) / (sqrt(2) + 1) = 0.171572...
ERF_SPLIT, ERF_END = mp.mpf("2.25"), mp.mpf("3.9375")  # erf rounds to 1 beyond 3.92


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


def main() -> None:
    print("// Written by tools/elementary/coefficients.py; not to be edited by hand.")
    print("#pragma once\n\nnamespace paragon::cpu {\nnamespace {\n")
    print(f"constexpr double kLog2E = {double(1 / LN2)};")
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
    print("\n}  // namespace\n}  // namespace paragon::cpu")


if __name__ == "__main__":
    main()
