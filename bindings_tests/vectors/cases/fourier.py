"""Cases of fft, ifft, rfft and irfft: every way a length is split, all norms, and points at which the order of operations shows."""

from collections.abc import Callable, Sequence
from functools import partial

from oracle.binary32 import SIGN
from oracle.case import Case

from .data import F32_EDGES, Words, filled, real, tensor

NORMS = ("backward", "ortho", "forward")
INFINITY, NAN, LARGEST, ONE, TINY = 0x7F800000, 0x7FC00000, 0x7F7FFFFF, 0x3F800000, 0x00000001

# Every small length; products of small factors, powers of two, and the primes on both sides of 100, where the rule changes,
# alone and as factors. For rfft and irfft half of an even length counts.
SMALL = [*range(1, 21), 24, 25, 27, 30, 32, 35, 36]
LARGE = [48, 49, 60, 64, 77, 97, 100, 101, 103, 128, 194, 202, 210, 256, 303, 509, 1024]

# What stands at every point, or at some, of a row; the rest is random.
SPECIAL: dict[str, Callable[[int, int], int]] = {
    "minus zeros": lambda i, w: SIGN,
    "zeros of both signs": lambda i, w: SIGN * (w & 1),
    "small integers": lambda i, w: (0, SIGN, ONE, SIGN | ONE, 0x40000000, SIGN | 0x40000000)[w % 6],
    "subnormals": lambda i, w: w & 0x807FFFFF,
    "smallest": lambda i, w: w & SIGN | TINY,
    "overflow": lambda i, w: w & SIGN | LARGEST,
    "near overflow": lambda i, w: w & SIGN | 0x7E000000 | w & 0x7FFFFF,
    "underflow of products": lambda i, w: w & SIGN | 0x00800000 + (w >> 4 & 0x1FFFFFF),
    "an infinity": lambda i, w: INFINITY if i == 1 else w & SIGN | 0x3F000000 | w & 0xFFFFFF,
    "a NaN": lambda i, w: NAN if i == 0 else w & SIGN | 0x3F000000 | w & 0xFFFFFF,
    "edges": lambda i, w: F32_EDGES[w % (len(F32_EDGES) - 4)],
}
# Lengths of every kind: the fixed small ones, splits, odd primes direct and by Bluestein.
SPECIAL_LENGTHS = (1, 2, 3, 4, 5, 6, 8, 12, 15, 16)
LONG_SPECIAL = {
    101: ("minus zeros", "small integers", "subnormals", "near overflow", "an infinity"),
    32: ("small integers", "overflow", "an infinity"),
}


def _points(op: str, n: int) -> list[int]:
    """The shape of one operand row for n points of the time axis."""
    return {"rfft": [n], "irfft": [n // 2 + 1, 2]}.get(op, [n, 2])


def _cases(op: str) -> list[Case]:
    random = Words(sum(op.encode()))
    cases = []

    def case(name: str, n: int, batch: Sequence[int], draw: Callable[[], int], norms: Sequence[str]) -> None:
        made = Case(name)
        x = made.input("x", filled("f32", [*batch, *_points(op, n)], draw))
        for norm in norms:
            length = {"n": n} if op == "irfft" else {}
            made.output(norm, made.op(op, x, norm=norm, **length))
        cases.append(made)

    def ordinary() -> int:
        return random.f32(-4, 2)

    for n in SMALL:
        case(f"n={n}", n, [3], ordinary, NORMS)
    for n in LARGE:
        case(f"n={n}", n, [], ordinary, NORMS if n < 64 else NORMS[n % 3 :][:1])
    for batch, n in (([0], 4), ([2, 0, 3], 5), ([2, 1, 2], 3), ([1, 2, 1, 2, 1, 2], 2), ([3], 101)):
        case(f"batch {batch} of n={n}", n, batch, ordinary, NORMS[:1])
    for n in SPECIAL_LENGTHS:
        cases += [_special(op, n, SPECIAL, random)]
    return cases + [_special(op, n, names, random) for n, names in LONG_SPECIAL.items()]


def _special(op: str, n: int, names: Sequence[str] | dict[str, object], random: Words) -> Case:
    """A row of each kind of points."""
    case = Case(f"special n={n}")
    shape = _points(op, n)
    row = shape[0] * (1 if op == "rfft" else 2)
    words = [SPECIAL[name](i, random.any()) for name in names for i in range(row)]
    x = case.input("x", tensor("f32", [len(names), *shape], words))
    length = {"n": n} if op == "irfft" else {}
    for norm in NORMS[: 2 if n <= 4 else 1]:
        case.output(norm, case.op(op, x, norm=norm, **length))
    return case


def _ignored() -> list[Case]:
    """The im of the first point, and of the last for an even n, count as +0."""
    cases = []
    for n in (1, 2, 3, 4, 7, 10, 12):
        case = Case(f"the ignored parts, n={n}")
        points = n // 2 + 1
        rows = []
        for word in (SIGN, ONE, INFINITY, NAN, 0xFFC00001, TINY):
            row = [real(k + 1, 3) for k in range(2 * points)]
            row[1] = word
            row[-1] = word if n % 2 == 0 else row[-1]
            rows += row
        x = case.input("x", tensor("f32", [6, points, 2], rows))
        case.output("backward", case.op("irfft", x, norm="backward", n=n))
        cases.append(case)
    return cases


fft, ifft, rfft = (partial(_cases, op) for op in ("fft", "ifft", "rfft"))


def irfft() -> list[Case]:
    return _cases("irfft") + _ignored()
