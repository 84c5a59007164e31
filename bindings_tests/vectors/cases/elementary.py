"""Cases of exp, expm1, log, log1p, tanh, erf, sinpi, cospi: exact cases, every exponent, thresholds, the hardest arguments."""

from collections.abc import Callable

from oracle.binary32 import INFINITY, ONE, SIGN, absolute
from oracle.case import Case
from oracle.elementary import FUNCTIONS

from .data import F32_EDGES, Words, filled, neighbours, power, real, vector
from .elementwise import apply
from .hard import HARD

ODD = ("tanh", "erf", "sinpi")


Holds = Callable[[int, int], bool]  # of an argument and its result


def _threshold(name: str, holds: Holds, low: int, high: int) -> int:
    """The last word of low ... high for which `holds`; it holds at `low`, and from some word on it no longer does."""
    function = FUNCTIONS[name]
    if not holds(low, function(low)) or holds(high, function(high)):
        raise ValueError(f"{name}: no threshold between {low:08x} and {high:08x}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle, function(middle)) else (low, middle)
    return low


def _is(result: int) -> Holds:
    return lambda x, y: y == result


def _is_not(result: int) -> Holds:
    return lambda x, y: y != result


def _above(limit: int) -> Holds:
    return lambda x, y: y > limit


def _is_argument(x: int, y: int) -> bool:
    return x == y


def _is_subnormal(x: int, y: int) -> bool:
    return y < NORMAL


NORMAL, LARGEST = 0x00800000, INFINITY - 1
MINUS_ONE, MINUS_LARGEST = SIGN | ONE, SIGN | LARGEST
TINY_ARGUMENTS: list[tuple[Holds, int, int]] = [(_is_argument, 1, ONE), (_is_argument, SIGN | 1, MINUS_ONE)]

# Where the result stops being finite, one, non-zero, normal, ...: a condition, a word where it holds, and one where it does not.
THRESHOLDS: dict[str, list[tuple[Holds, int, int]]] = {
    "exp": [(_is_not(INFINITY), ONE, LARGEST), (_is(ONE), 1, ONE), (_is(ONE), SIGN | 1, MINUS_ONE),
            *((_above(limit), MINUS_ONE, MINUS_LARGEST) for limit in (0, 1, 2, NORMAL - 1, NORMAL))],
    "expm1": [(_is_not(INFINITY), ONE, LARGEST), (_is_not(MINUS_ONE), MINUS_ONE, MINUS_LARGEST), *TINY_ARGUMENTS],
    "log": [],
    "log1p": TINY_ARGUMENTS,
    "tanh": [(_is_not(ONE), ONE, LARGEST), *TINY_ARGUMENTS],
    "erf": [(_is_not(ONE), ONE, LARGEST), (_is_subnormal, 1, ONE)],
    "sinpi": [(_is_subnormal, 1, ONE >> 1)],
    "cospi": [(_is(ONE), 1, real(1, 4))],
}  # fmt: skip


def _around_thresholds(name: str) -> list[int]:
    words = [_threshold(name, *search) for search in THRESHOLDS[name]]
    return [w & SIGN | v for w in words for v in neighbours(absolute(w), 2)]


def _structured(name: str) -> list[int]:
    """Arguments near which the function's result changes its exponent, or is exact."""
    if name in ("exp", "expm1"):
        logarithms = [real(k * 693147180559945309, 10**18) for k in range(-150, 129) if k]  # k * log 2
        return [w & SIGN | v for w in logarithms for v in neighbours(absolute(w))]
    if name == "log":
        return [ONE + k for k in range(-40, 41)] + [power(e) + d for e in range(-148, 128, 4) for d in (-1, 0, 1)]
    if name == "log1p":
        near_minus_one = [SIGN | ONE - k for k in range(40)] + [SIGN | ONE + 1, SIGN | 0x40000000]
        return near_minus_one + [power(e, 2**20 - 1) for e in range(-40, 100, 4)]
    if name in ("sinpi", "cospi"):
        sixths = [real(k, 6) for k in range(1, 30)]
        quarters = [real(k, 4) for k in range(1, 33)]
        large = [power(e, (1 << 24) - k) for e in (-4, -3, -2, -1, 0, 1, 2) for k in range(1, 6)]
        return [sign | v for w in sixths + quarters + large for v in neighbours(w) for sign in (0, SIGN)]
    return [sign | power(-3, k) for k in range(1, 48) for sign in (0, SIGN)]


def cases_of(name: str) -> list[Case]:
    random = Words(sum(name.encode()) + 100)
    hard = [w ^ sign for w in HARD[name] for sign in ((0, SIGN) if name in ODD else (0,))]
    every = [sign | exponent << 23 | random.below(1 << 23) for exponent in range(255) for sign in (0, SIGN)]
    lists = {"edges": F32_EDGES, "structured": _structured(name), "thresholds": _around_thresholds(name),
             "hardest to round": hard, "every exponent": every, "random": [random.f32(-14, 6) for _ in range(500)]}  # fmt: skip
    cases = [apply(title, name, vector("f32", words)) for title, words in lists.items() if words]
    for shape in ([], [0], [2, 0, 3], [3, 2], [1, 2, 1, 2, 1, 2, 1, 2]):
        cases.append(apply(f"shape {shape}", name, filled("f32", shape, lambda: random.f32(-3, 2))))
    return cases
