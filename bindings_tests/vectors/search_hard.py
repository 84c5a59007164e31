"""Finds the f32 arguments whose elementary function value lies closest to halfway between two f32.

    python bindings_tests/vectors/search_hard.py [FUNCTION ...]      some minutes each; needs numpy, scipy and gmpy2

Every argument is tried, but for those where the result is plainly the argument, a constant or an overflow, and those that
repeat another's by symmetry. Of those with the same significand one is kept. An f64 approximation (a few units of 2^-53 off)
selects the candidates, MPFR with 200 bits measures them. What it prints is the table of cases/hard.py.
"""

import sys
from collections.abc import Callable, Iterator

import gmpy2
import numpy as np
from scipy.special import erf

COUNT = 12  # the hardest so many of normal results, and half of it of subnormal results
NEAR = 64  # f64 units from halfway that still make a candidate: more than the error of any of the approximations
SIGN = 1 << 31
CHUNK = 1 << 22


def _sinpi(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.25, np.sin(np.pi * x), np.cos(np.pi * (0.5 - x)))


def _cospi(x: np.ndarray) -> np.ndarray:
    return np.where(x <= 0.25, np.cos(np.pi * x), np.sin(np.pi * (0.5 - x)))


def _times_pi(function: str) -> Callable[[gmpy2.mpfr], gmpy2.mpfr]:
    return lambda x: getattr(gmpy2, function)(gmpy2.const_pi() * x)


def _exponents(low: int, high: int, sign: int = 0) -> tuple[int, int]:
    """The words with 2^low <= |x| < 2^high."""
    return sign + ((low + 127) << 23), sign + ((high + 127) << 23)


SUBNORMALS = (1, 1 << 23)
# The f64 approximation, the MPFR function, the words to try.
FUNCTIONS: dict[str, tuple[Callable, Callable, list[tuple[int, int]]]] = {
    "exp": (np.exp, gmpy2.exp, [_exponents(-25, 7), _exponents(-25, 7, SIGN)]),
    "expm1": (np.expm1, gmpy2.expm1, [_exponents(-26, 7), _exponents(-26, 5, SIGN)]),
    "log": (np.log, gmpy2.log, [(1, 0x7F800000)]),
    "log1p": (np.log1p, gmpy2.log1p, [_exponents(-26, 128), _exponents(-26, 0, SIGN)]),
    "tanh": (np.tanh, gmpy2.tanh, [_exponents(-13, 4)]),
    "erf": (erf, gmpy2.erf, [_exponents(-40, 2), SUBNORMALS]),
    "sinpi": (_sinpi, _times_pi("sin"), [_exponents(-40, -1), SUBNORMALS]),
    "cospi": (_cospi, _times_pi("cos"), [_exponents(-15, -1)]),
}


def candidates(approximate: Callable, first: int, end: int) -> Iterator[int]:
    for start in range(first, end, CHUNK):
        words = np.arange(start, min(start + CHUNK, end), dtype=np.uint32)
        with np.errstate(all="ignore"):
            y = np.abs(approximate(words.view(np.float32).astype(np.float64)))
        distance = np.abs((y.view(np.int64) & ((1 << 29) - 1)) - (1 << 28))
        normal = (y >= 2.0**-126) & (y < 2.0**128)
        scaled = y * 2.0**149
        subnormal = (y < 2.0**-126) & (np.abs(scaled - np.floor(scaled) - 0.5) < 2.0**-18)
        yield from words[(normal & (distance <= NEAR)) | subnormal].tolist()


def distance_from_halfway(function: Callable, word: int) -> tuple[bool, float]:
    """Whether the result is normal, and how many units of its last place it is away from halfway."""
    x = gmpy2.mpfr(float(np.uint32(word).view(np.float32)))
    y = abs(function(x))
    exponent = max(gmpy2.get_exp(y) - 24, -149)
    places = gmpy2.div_2exp(y, exponent) if exponent >= 0 else gmpy2.mul_2exp(y, -exponent)
    return exponent > -149, float(abs(places - gmpy2.floor(places) - 0.5))


def main() -> None:
    gmpy2.get_context().precision = 200
    for name in sys.argv[1:] or FUNCTIONS:
        approximate, function, ranges = FUNCTIONS[name]
        found = [(*distance_from_halfway(function, word), word) for r in ranges for word in candidates(approximate, *r)]
        print(f'    "{name}": [')
        for normal, count in ((True, COUNT), (False, COUNT // 2)):
            ranked = sorted(entry for entry in found if entry[0] is normal)
            distinct = {word & 0x7FFFFF: (distance, word) for _, distance, word in reversed(ranked)}
            for distance, word in sorted(distinct.values())[:count]:
                print(f"        0x{word:08X},  # {distance:.2e} of a last place{'' if normal else ', subnormal'}")
        print("    ],", flush=True)


if __name__ == "__main__":
    main()
