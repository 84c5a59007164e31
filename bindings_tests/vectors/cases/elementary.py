"""Cases of exp, expm1, log, log1p, tanh, erf, sinpi, cospi: exact cases, every exponent, thresholds, the hardest arguments."""

from collections.abc import Callable

from oracle.binary32 import INFINITY, ONE, SIGN, absolute
from oracle.case import Case
from oracle.elementary import FUNCTIONS

from .data import F32_EDGES, Words, filled, neighbours, power, real, vector
from .elementwise import apply
from .hard import HARD

ODD = ("tanh", "erf", "sinpi")


def threshold(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The last word from `low` on for which `holds`, where it holds at `low` and from some word on, up to `high`, does not."""
    if not holds(low) or holds(high):
        raise ValueError("no threshold between these words")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _changes(name: str) -> list[int]:
    """The words next to where the result becomes an infinity, a zero, subnormal, a constant, or differs from the argument."""
    f = FUNCTIONS[name]
    smallest, largest, normal = 1, INFINITY - 1, 0x00800000
    found = []
    if name in ("exp", "expm1"):
        found.append(threshold(lambda w: f(w) != INFINITY, ONE, largest))
    if name == "exp":
        for limit in (0, 1, 2, normal - 1, normal):  # exp of a negative falls as its magnitude grows
            found.append(threshold(lambda w, limit=limit: f(w) > limit, SIGN | ONE, SIGN | largest))  # type: ignore[misc]
        found += [threshold(lambda w, sign=sign: f(sign | w) == ONE, smallest, ONE) | sign for sign in (0, SIGN)]  # type: ignore[misc]
    if name == "expm1":
        found.append(threshold(lambda w: f(w) != SIGN | ONE, SIGN | ONE, SIGN | largest))
    if name in ("tanh", "erf"):
        found.append(threshold(lambda w: f(w) != ONE, ONE, largest))
    if name in ("tanh", "expm1", "log1p"):
        found += [threshold(lambda w, sign=sign: f(sign | w) == sign | w, smallest, ONE - 1) | sign for sign in (0, SIGN)]  # type: ignore[misc]
    if name in ("erf", "sinpi"):  # the result is larger than the argument: the last subnormal one
        found.append(threshold(lambda w: f(w) < normal, smallest, ONE >> 1))
    if name == "cospi":
        found.append(threshold(lambda w: f(w) == ONE, smallest, real(1, 4)))
    return [sign | w for x in found for sign in (x & SIGN,) for w in neighbours(absolute(x), 2)]


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
    lists = {"edges": F32_EDGES, "structured": _structured(name), "thresholds": _changes(name),
             "hardest to round": hard, "every exponent": every, "random": [random.f32(-14, 6) for _ in range(500)]}  # fmt: skip
    cases = [apply(title, name, vector("f32", words)) for title, words in lists.items() if words]
    for shape in ([], [0], [2, 0, 3], [3, 2], [1, 2, 1, 2, 1, 2, 1, 2]):
        cases.append(apply(f"shape {shape}", name, filled("f32", shape, lambda: random.f32(-3, 2))))
    return cases
