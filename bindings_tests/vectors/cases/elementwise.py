"""Cases of the elementwise operations: basic arithmetic, comparison, selection, conversion."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from typing import Any

from oracle.arithmetic import FORMATS, format_values
from oracle.binary32 import SIGN, round_ratio
from oracle.case import Case
from oracle.tensor import Tensor

from . import pairs
from .data import F32_EDGES, F32_FEW, INTEGER_EDGES, Words, filled, neighbours, power, tensor, vector

INTEGERS = ("i32", "u32")
ALL = ("f32", *INTEGERS)

# Equal, scalar, row, column, outer, missing and inner axes, rank 8, size-one results, empty.
PATTERNS: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((), ()), ((7,), (7,)), ((), (2, 3)), ((2, 3), ()), ((1,), (5,)), ((3,), (2, 3)), ((2, 3), (3,)), ((2, 1), (2, 3)),
    ((2, 3), (2, 1)), ((4, 1), (1, 5)), ((2, 1, 3), (4, 1)), ((2, 4, 1), (1, 3)), ((2, 3, 4), (3, 1)), ((1, 1), (1,)),
    ((2, 1, 1, 3, 1, 1, 2, 1), (1, 2, 1, 1, 1, 2, 1, 3)), ((1, 67), (3, 1)), ((0,), (1,)), ((1, 3), (0, 3)),
    ((0, 3), ()), ((2, 0, 1), (1, 5)),
]  # fmt: skip
TRIPLES: list[tuple[tuple[int, ...], ...]] = [
    ((), (), ()), ((5,), (5,), (5,)), ((), (2, 3), (3,)), ((2, 3), (), (2, 1)), ((3,), (2, 1), ()), ((2, 1), (1, 3), (2, 3)),
    ((4, 1, 1), (1, 3, 1), (1, 1, 2)), ((2, 1, 3), (4, 1), (3,)), ((1,), (1, 1), (3, 1, 1)), ((33,), (1,), (2, 1)),
    ((0,), (1,), ()), ((2, 1), (0,), (1, 1)),
]  # fmt: skip


def _words(dtype: str, random: Words) -> int:
    return random.f32() if dtype == "f32" else random.any()


def apply(name: str, op: str, *operands: Tensor, **attributes: Any) -> Case:
    """One operation on inputs x, y, z; its result is the output `result`."""
    case = Case(name)
    values = [case.input(letter, x) for letter, x in zip("xyz", operands, strict=False)]
    case.output("result", case.op(op, *values, **attributes))
    return case


def _show(shapes: Iterable[Sequence[int]]) -> str:
    return " ".join("[" + ",".join(map(str, shape)) + "]" for shape in shapes)


def crossed(dtype: str, words: Sequence[int], count: int) -> list[Tensor]:
    """`count` operands, each along an axis of its own, so that broadcasting makes every combination."""
    n = len(words)
    return [tensor(dtype, [n if i == axis else 1 for i in range(count)], words) for axis in range(count)]


def columns(dtype: str, rows: Iterable[Sequence[int]]) -> list[Tensor]:
    return [vector(dtype, column) for column in zip(*rows, strict=True)]


def _binary(op: str, dtypes: Sequence[str], special: Iterable[pairs.Pair] = (), **attributes: Any) -> list[Case]:
    random = Words(sum(op.encode()))
    cases = []
    for dtype in dtypes:
        edges = F32_EDGES if dtype == "f32" else INTEGER_EDGES
        cases.append(apply(f"{dtype} edges", op, *crossed(dtype, edges, 2), **attributes))
        if dtype == "f32" and special:
            cases.append(apply("f32 boundaries", op, *columns(dtype, special), **attributes))
        draw = random.finite if dtype == "f32" else random.any
        cases.append(apply(f"{dtype} random", op, filled(dtype, [300], draw), filled(dtype, [300], draw), **attributes))
        for shapes in PATTERNS if dtype == dtypes[0] else PATTERNS[2:10]:
            operands = [filled(dtype, shape, partial(_words, dtype, random)) for shape in shapes]
            cases.append(apply(f"{dtype} {_show(shapes)}", op, *operands, **attributes))
    return cases


def add() -> list[Case]:
    return _binary("add", ALL, pairs.addition(Words(1)))


def sub() -> list[Case]:
    return _binary("sub", ALL, [(a, b ^ 0x80000000) for a, b in pairs.addition(Words(2))])


def mul() -> list[Case]:
    return _binary("mul", ALL, pairs.multiplication(Words(3)))


def div() -> list[Case]:
    return _binary("div", ["f32"], pairs.division(Words(4)))


def maximum() -> list[Case]:
    return _binary("maximum", ALL)


def minimum() -> list[Case]:
    return _binary("minimum", ALL)


# An fma that rounds the f64 sum to nearest before it rounds to a subnormal f32 is wrong by one here.
SUBNORMAL_TRAPS = [
    (a ^ sign, b, c ^ sign)
    for a, b, c in (
        (0x1A000002, 0x19FFFFFC, 0x00100003),
        (0x1A000004, 0x19FFFFF8, 0x00100005),
        (0x1A000001, 0x19FFFFFE, 0x007FFFFF),  # at the largest subnormal: 00800000 would be wrong
    )
    for sign in (0, 0x80000000)
]


def fma() -> list[Case]:
    random = Words(5)
    cases = [
        apply("f32 edges", "fma", *crossed("f32", F32_FEW, 3)),
        apply("f32 boundaries", "fma", *columns("f32", pairs.fused(Words(6)))),
        apply("f32 rounded twice below the normal numbers", "fma", *columns("f32", SUBNORMAL_TRAPS)),
        apply("f32 random", "fma", *(filled("f32", [400], lambda: random.f32(-4, 4)) for _ in range(3))),
    ]
    for shapes in TRIPLES:
        cases.append(apply(f"f32 {_show(shapes)}", "fma", *(filled("f32", shape, random.f32) for shape in shapes)))
    return cases


def _unary(op: str, dtypes: Sequence[str], special: Iterable[int] = (), draw_low: int = 0) -> list[Case]:
    random = Words(sum(op.encode()))
    cases = []
    for dtype in dtypes:
        edges = F32_EDGES if dtype == "f32" else INTEGER_EDGES
        cases.append(apply(f"{dtype} edges", op, vector(dtype, edges)))
        if dtype == "f32" and special:
            cases.append(apply("f32 boundaries", op, vector(dtype, special)))
        cases.append(apply(f"{dtype} random", op, filled(dtype, [300], random.any)))
        for shape in ([], [0], [2, 0, 3], [3, 2], [1, 2, 1, 2, 1, 2, 1, 2]):
            cases.append(apply(f"{dtype} {_show([shape])}", op, filled(dtype, shape, partial(_words, dtype, random))))
    return cases


def neg() -> list[Case]:
    return _unary("neg", ALL)


def abs_() -> list[Case]:
    return _unary("abs", ["f32", "i32"])


def sqrt() -> list[Case]:
    return _unary("sqrt", ["f32"], pairs.square_roots(Words(7)))


def compare() -> list[Case]:
    random = Words(8)
    cases = []
    for how, dtype in product(("lt", "le", "eq", "ne", "ge", "gt"), ALL):
        edges = F32_FEW if dtype == "f32" else INTEGER_EDGES[::2] + [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
        cases.append(apply(f"{how} {dtype} edges", "compare", *crossed(dtype, edges, 2), how=how))
        near = [(a, a + random.below(3) - 1) for a in (_words(dtype, random) & 0x7FFFFFF0 | 1 for _ in range(30))]
        cases.append(apply(f"{how} {dtype} neighbours", "compare", *columns(dtype, near), how=how))
    for shapes in PATTERNS:
        operands = [filled("f32", shape, lambda: random.choice(F32_FEW)) for shape in shapes]
        cases.append(apply(f"le f32 {_show(shapes)}", "compare", *operands, how="le"))
    return cases


def _around(format: str, random: Words) -> list[int]:
    """Values of a format and the middles between them, each with its neighbours in f32, up to the middle before infinity or NaN.

    All values of the formats of eight bits; of the others the smallest and largest, those around the smallest normal, and some.
    """
    values = format_values(format)
    beyond, normal = len(values) - 1, 1 << FORMATS[format][1]
    chosen: set[int] = set(range(beyond))
    if beyond > 0xFF:
        ends = [*range(6), *range(normal - 4, normal + 4), *range(beyond - 6, beyond)]
        chosen = {*ends, *(random.below(beyond) for _ in range(120))}
    points = [p for k in sorted(chosen) for p in (values[k], (values[k] + values[k + 1]) // 2)] + [values[beyond]]
    return [w ^ sign for p in points for w in neighbours(round_ratio(p, 1)) for sign in (0, SIGN)]


def round_to() -> list[Case]:
    random = Words(11)
    cases = []
    for format in FORMATS:
        every = [random.below(2) << 31 | exponent << 23 | random.below(1 << 23) for exponent in range(256)]
        lists = {"edges": F32_EDGES, "values and middles": _around(format, random), "every exponent": every,
                 "near one": [random.f32(-20, 20) for _ in range(300)]}  # fmt: skip
        for title, words in lists.items():
            cases.append(apply(f"{format} {title}", "round_to", vector("f32", words), format=format))
        for shape in ([], [0], [2, 0, 3], [3, 2], [1, 2, 1, 2, 1, 2, 1, 2]):
            operand = filled("f32", shape, random.f32)
            cases.append(apply(f"{format} {_show([shape])}", "round_to", operand, format=format))
    return cases


def select() -> list[Case]:
    random = Words(9)
    cases = []
    for condition, dtype in product(ALL, ALL):
        edges = F32_EDGES if condition == "f32" else INTEGER_EDGES
        operands = [vector(condition, edges)] + [filled(dtype, [len(edges)], random.any) for _ in range(2)]
        cases.append(apply(f"{condition} ? {dtype} edges", "select", *operands))
    for shapes, condition in zip(TRIPLES, ("i32", "f32", "u32") * 4, strict=True):
        chosen = filled(condition, shapes[0], lambda: random.choice([0, 0, 1, 0x80000000]))
        operands = [chosen] + [filled("f32", shape, random.f32) for shape in shapes[1:]]
        cases.append(apply(f"{condition} {_show(shapes)}", "select", *operands))
    return cases


def cast() -> list[Case]:
    random = Words(10)
    fractions = [w for e in (-1, 0, 1, 22, 23, 24, 30, 31, 32) for w in neighbours(power(e), 2)]
    fractions += [power(-1, k) for k in range(1, 10)] + [power(-2, 3), power(-8, 0xFFFFFF)]
    halves = []  # integers of more than 24 bits: halfway between two f32, and next to it
    for bits in range(25, 33):
        unit = 1 << (bits - 24)
        for _ in range(6):
            top = (random.below(1 << 23) | 1 << 23) * unit
            halves += [(top + unit // 2 + d) & 0xFFFFFFFF for d in (-1, 0, 1)]
    cases = []
    for source, target in product(ALL, ALL):
        if source == "f32":
            words = F32_EDGES + [w ^ s for w in fractions for s in (0, 0x80000000)]
            words += [random.f32(-2, 34) for _ in range(200)]
        else:
            words = INTEGER_EDGES + halves + [-w & 0xFFFFFFFF for w in halves] + [random.any() for _ in range(200)]
        cases.append(apply(f"{source} to {target}", "cast", vector(source, words), dtype=target))
        for shape in ([], [2, 3], [0, 2]):
            operand = filled(source, shape, partial(_words, source, random))
            cases.append(apply(f"{source} to {target} {_show([shape])}", "cast", operand, dtype=target))
    return cases


def constant() -> list[Case]:
    cases = []
    words = {"f32": ["00000000", "80000000", "3f800000", "00000001", "7f800000", "ff800000", "7fc00000", "c0490fdb"],
             "i32": ["00000000", "80000000", "ffffffff", "7fffffff"], "u32": ["00000000", "80000000", "ffffffff"]}  # fmt: skip
    for dtype, choices in words.items():
        for word, shape in zip(
            choices, [[], [3], [2, 3], [0], [1, 1], [2, 0, 3], [5], [1, 2, 1, 2, 1, 1, 2, 1]], strict=False
        ):
            cases.append(apply(f"{dtype} {word} {_show([shape])}", "constant", dtype=dtype, shape=shape, word=word))
    return cases
