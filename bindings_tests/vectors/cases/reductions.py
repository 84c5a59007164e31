"""Cases of sum, max, argmax, matmul and scan: the reduction rule at every panel boundary."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations, product
from typing import Any

from oracle.binary32 import SIGN
from oracle.case import Case, Value
from oracle.tensor import Tensor

from .data import F32_EDGES, F32_FEW, INTEGER_EDGES, Words, filled, power, tensor, vector
from .elementwise import apply

PANELS: tuple[int | None, ...] = (256, None, 2, 3, 100)
LENGTHS = (0, 1, 2, 3, 4, 5, 8, 9, 10, 99, 100, 101, 201, 255, 256, 257, 511, 512, 513)
INFINITY, MINUS_INFINITY, NAN, LARGEST = 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F7FFFFF
ONE, TINY = 0x3F800000, 0x00000001
HALF_ULP = 0x33800000  # 2^-24: 1 + HALF_ULP is a tie

# Short sums in which the order, the start from +0, or an intermediate result decides.
SUMS = {
    "one minus zero": [SIGN], "minus zeros": [SIGN] * 5, "zero and minus zero": [SIGN, 0, SIGN], "NaN": [ONE, NAN, ONE],
    "infinity": [ONE, INFINITY, ONE], "infinity minus infinity": [INFINITY, ONE, MINUS_INFINITY, ONE],
    "overflow on the way": [LARGEST, LARGEST, SIGN | LARGEST, SIGN | LARGEST],
    "no overflow in panels": [LARGEST, SIGN | LARGEST, LARGEST, SIGN | LARGEST, LARGEST],
    "cancellation": [power(100), ONE, SIGN | power(100), ONE, ONE],
    "subnormals": [TINY, 0x007FFFFF, 3, SIGN | 2, TINY, TINY],
    "ties": [ONE, HALF_ULP, HALF_ULP, HALF_ULP, HALF_ULP], "ties, small first": [HALF_ULP] * 4 + [ONE],
    "into the normals": [0x007FFFFF, TINY, TINY], "cancel to zero": [ONE, SIGN | ONE, SIGN],
}  # fmt: skip


def long_operand(case: Case, seed: Value, step: Value, stream: int, shape: Sequence[int]) -> Value:
    """f32 numbers of both signs and many exponents that the program makes itself: no long tensors in the file.

    With b 24 random bits: (b - 2^23) * (b mod 2^12)^2, which spreads over some 50 binary orders.
    """

    def constant(word: int) -> Value:
        return case.op("constant", dtype="f32", shape=[], word=f"{word:08x}")

    b = case.op("cast", case.op("bits", seed, step, stream=stream, shape=list(shape), width=24), dtype="f32")
    low = case.op("bits", seed, step, stream=stream + 1, shape=list(shape), width=12)
    scale = case.op("cast", low, dtype="f32")
    centred = case.op("sub", b, constant(power(23)))
    return case.op("mul", centred, case.op("mul", scale, scale))


def _random_inputs(case: Case) -> tuple[Value, Value]:
    return case.input("seed", vector("u32", [7, 11])), case.input("step", tensor("u32", [], [3]))


def _every_panel(
    case: Case, op: str, operands: Sequence[Value], panels: Sequence[int | None] = PANELS, **attributes: Any
) -> None:
    for panel in panels:
        case.output(f"panel {panel or 'null'}", case.op(op, *operands, **attributes, panel=panel))


def _axes_cases(op: str, dtype: str, random: Words, **attributes: object) -> list[Case]:
    """Every set of axes of a rank 3 tensor, dropped and kept."""
    x = filled(dtype, [3, 4, 5], random.f32 if dtype == "f32" else random.any)
    cases = []
    for keepdims in (False, True):
        case = Case(f"{dtype} axes, keepdims {str(keepdims).lower()}")
        value = case.input("x", x)
        for count in range(4):
            for axes in map(list, combinations(range(3), count)):
                case.output(f"axes {axes}", case.op(op, value, axes=axes, keepdims=keepdims, **attributes))
        cases.append(case)
    return cases


def sum_() -> list[Case]:
    random = Words(20)
    cases = []
    for n in LENGTHS:
        case = Case(f"f32 n={n}")
        _every_panel(case, "sum", [case.input("x", filled("f32", [n], random.f32))], axes=[0], keepdims=False)
        cases.append(case)
    for n in (65536, 65537):
        case = Case(f"f32 n={n}")
        x = long_operand(case, *_random_inputs(case), 5, [n])
        _every_panel(case, "sum", [x], axes=[0], keepdims=False)
        cases.append(case)
    for name, words in SUMS.items():
        case = Case(f"f32 {name}")
        _every_panel(case, "sum", [case.input("x", vector("f32", words))], axes=[0], keepdims=False)
        cases.append(case)
    for dtype in ("i32", "u32"):
        for n in (0, 1, 3, 257):
            case = Case(f"{dtype} n={n}")
            x = case.input("x", filled(dtype, [n], random.any))
            _every_panel(case, "sum", [x], PANELS[:3], axes=[0], keepdims=False)
            cases.append(case)
        cases.append(apply(f"{dtype} edges", "sum", vector(dtype, INTEGER_EDGES), axes=[0], keepdims=True, panel=256))
    for dtype, panel in (("f32", 256), ("f32", 2), ("f32", 3), ("i32", 2), ("u32", None)):
        for case in _axes_cases("sum", dtype, random, panel=panel):
            case.name += f", panel {panel or 'null'}"
            cases.append(case)
    for shape, axes in (([257, 5], [0]), ([5, 257], [1]), ([3, 257, 2], [1]), ([2, 130, 3], [0, 1]),
                        ([2, 3, 130], [0, 2]),
                        ([1, 513], [1]), ([300, 1], [0]), ([257, 40], [0]), ([3, 33, 5, 2], [1, 3]),
                        ([2, 2, 2, 2, 2, 2, 2, 2], [0, 2, 5, 7]),
                        ([2, 0, 3], [1]), ([2, 0, 3], [0]), ([0, 0], [0, 1]), ([0], []), ([], [])):  # fmt: skip
        case = Case(f"f32 {shape} axes {axes}")
        _every_panel(case, "sum", [case.input("x", filled("f32", shape, random.f32))], axes=axes, keepdims=False)
        cases.append(case)
    cases.append(apply("f32 no axes: +0 + x", "sum", vector("f32", F32_EDGES), axes=[], keepdims=False, panel=256))
    return cases


def max_() -> list[Case]:
    random = Words(21)
    rows = {"zeros": [SIGN, 0], "zeros, swapped": [0, SIGN], "minus zeros": [SIGN, SIGN], "NaN": [ONE, NAN, INFINITY],
            "NaN first": [NAN, ONE],
            "minus infinity": [MINUS_INFINITY] * 3, "negative": [SIGN | ONE, SIGN | 2, SIGN | LARGEST],
            "subnormals": [1, 3, 2, SIGN | 5], "NaN last": [INFINITY, ONE, 0x7F800001],
            "all": F32_EDGES[:-4]}  # fmt: skip
    cases = [apply(f"f32 {name}", "max", vector("f32", w), axes=[0], keepdims=False) for name, w in rows.items()]
    for dtype in ("f32", "i32", "u32"):
        shapes: list[tuple[list[int], list[int]]]
        shapes = [([0], [0]), ([2, 0], [1]), ([0, 2], [1]), ([], []), ([3, 70], [1]), ([70, 3], [0]), ([2, 9, 2], [1])]
        for shape, axes in shapes:
            x = filled(dtype, shape, random.finite if dtype == "f32" else random.any)
            cases.append(apply(f"{dtype} {shape} axes {axes}", "max", x, axes=axes, keepdims=False))
        cases += _axes_cases("max", dtype, random)
        if dtype != "f32":
            negative = [w | SIGN for w in INTEGER_EDGES]
            both = tensor(dtype, [2, len(negative)], INTEGER_EDGES + negative)
            cases.append(apply(f"{dtype} edges", "max", both, axes=[1], keepdims=True))
    cases.append(apply("f32 no axes", "max", vector("f32", F32_EDGES), axes=[], keepdims=False))
    return cases


def argmax() -> list[Case]:
    random = Words(22)
    rows = {"ties": [1, ONE, 2, ONE], "zeros": [SIGN, 0, SIGN], "zeros, swapped": [0, SIGN, 0],
            "two NaNs": [INFINITY, NAN, 1, NAN],
            "NaN last": [ONE, INFINITY, 0xFFC00000], "NaN first": [0xFF800001, INFINITY],
            "minus infinity": [MINUS_INFINITY] * 3,
            "one": [SIGN | ONE], "negative": [SIGN | 3, SIGN | 1, SIGN | 2],
            "infinities": [MINUS_INFINITY, INFINITY, INFINITY]}  # fmt: skip
    cases = [apply(f"f32 {name}", "argmax", vector("f32", w), axis=0, keepdims=False) for name, w in rows.items()]
    for dtype in ("f32", "i32", "u32"):
        few = [0, SIGN, ONE, SIGN | ONE, 1, NAN] if dtype == "f32" else [0, 1, SIGN, 0x7FFFFFFF, 0xFFFFFFFF]
        x = filled(dtype, [3, 4, 5], partial(random.choice, few))
        for axis, keepdims in product(range(3), (False, True)):
            name = f"{dtype} axis {axis}, keepdims {str(keepdims).lower()}"
            cases.append(apply(name, "argmax", x, axis=axis, keepdims=keepdims))
        for shape, axis in (([40, 33], 1), ([33, 40], 0), ([0, 2], 1), ([2, 1, 0], 1)):
            x = filled(dtype, shape, (lambda: random.f32(0, 2) & 0xFFF00000) if dtype == "f32" else random.any)
            cases.append(apply(f"{dtype} {shape} axis {axis}", "argmax", x, axis=axis, keepdims=False))
    return cases


PLAIN: dict[str, Any] = {"transpose_a": False, "transpose_b": False}

# Short dots (a, b): the product's exact bits, underflow to -0, and infinities decide.
DOTS: dict[str, tuple[list[int], list[int]]] = {
    "minus zero by underflow": ([TINY], [SIGN | TINY]),
    "minus zero twice": ([TINY, SIGN | TINY], [SIGN | TINY, TINY]),
    "minus zero in every panel": ([TINY] * 5, [SIGN | TINY] * 5),
    "minus zero, then a zero term": ([TINY, 0, ONE], [SIGN | TINY, ONE, SIGN]),
    "zero times minus": ([0, 0, 0], [SIGN | ONE] * 3),
    "infinity times zero": ([ONE, INFINITY, ONE], [ONE, 0, ONE]),
    "infinity minus infinity": ([INFINITY, ONE, INFINITY], [ONE, ONE, SIGN | ONE]),
    "product overflows, sum does not": ([LARGEST, LARGEST, ONE], [2 * ONE & 0x7F800000, SIGN | LARGEST, ONE]),
    "exact product cancels": ([power(70), power(70), ONE], [power(70), SIGN | power(70), ONE]),
    "NaN": ([ONE, NAN, ONE], [ONE, 0, ONE]),
    "fused or not": ([ONE, 0x3F800001, 0x3F800001], [0xBF800002, 0x3F800001, 0x33800000]),
    "just below a tie, 46 bits down": ([0x3F800003, 0x3F800001], [ONE, 0x337FFFFE]),  # rounding to f64 first makes it the tie
    "rounded twice below the normal numbers": ([0x20800018, 0x1A000002], [power(-67), 0x19FFFFFC]),
    "subnormal terms": ([0x00800000, 0x00800001, 3, 5], [0x3F000001, 0x3EFFFFFF, 0x3F000000, 0xBF000000]),
    "half of the smallest": ([power(-75), power(-75), power(-75)], [power(-75), power(-75) + 1, SIGN | power(-75)]),
    "ties": ([ONE, power(-12), power(-12), power(-12)], [ONE, power(-12), power(-12), power(-12)]),
}  # fmt: skip


def _matmul(name: str, random: Words, x: Sequence[int], y: Sequence[int], **attributes: object) -> Case:
    return apply(name, "matmul", filled("f32", x, random.f32), filled("f32", y, random.f32), **attributes)


def matmul() -> list[Case]:
    random = Words(23)
    cases = []
    for name, (a, b) in DOTS.items():
        case = Case(name)
        x, y = case.input("x", tensor("f32", [1, len(a)], a)), case.input("y", tensor("f32", [len(b), 1], b))
        _every_panel(case, "matmul", [x, y], PANELS[:4], **PLAIN)
        dot = case.op("matmul", x, y, **PLAIN, panel=256)
        case.output("plus zero", case.op("add", dot, case.op("constant", dtype="f32", shape=[], word="00000000")))
        cases.append(case)
    underflow = tensor("f32", [3, 7], [TINY] * 21), tensor("f32", [7, 2], [SIGN | TINY] * 14)
    cases.append(apply("minus zeros in a block", "matmul", *underflow, **PLAIN, panel=256))
    for k in LENGTHS:
        case = Case(f"k={k}")
        x, y = case.input("x", filled("f32", [2, k], random.f32)), case.input("y", filled("f32", [k, 3], random.f32))
        _every_panel(case, "matmul", [x, y], **PLAIN)
        cases.append(case)
    case = Case("k=65537")
    seed, step = _random_inputs(case)
    x, y = long_operand(case, seed, step, 5, [1, 65537]), long_operand(case, seed, step, 9, [65537, 1])
    _every_panel(case, "matmul", [x, y], **PLAIN)
    x = case.op("slice", x, start=[0, 0], stop=[1, 65536], step=[1, 1])
    y = case.op("slice", y, start=[0, 0], stop=[65536, 1], step=[1, 1])
    case.output("k=65536, panel 256", case.op("matmul", x, y, **PLAIN, panel=256))
    cases.append(case)
    case = Case("[37,300] [300,50]")
    seed, step = _random_inputs(case)
    x, y = long_operand(case, seed, step, 5, [37, 300]), long_operand(case, seed, step, 9, [300, 50])
    case.output("result", case.op("matmul", x, y, **PLAIN, panel=256))
    cases.append(case)
    sizes = [(1, 1, 1), (1, 17, 3), (17, 1, 3), (5, 33, 7), (6, 16, 8), (7, 15, 9), (8, 8, 8), (13, 31, 5), (33, 5, 2),
             (4, 64, 3), (3, 65, 3), (12, 32, 4), (14, 48, 5), (31, 49, 1), (1, 100, 12), (100, 1, 12),
             (65, 66, 3)]  # fmt: skip
    for m, n, k in sizes:
        cases.append(_matmul(f"[{m},{k}] [{k},{n}]", random, [m, k], [k, n], **PLAIN, panel=256))
    for ta, tb, (k, panel) in product((False, True), (False, True), ((5, 256), (7, 3), (257, 256), (20, 2))):
        x_shape, y_shape = [k, 3] if ta else [3, k], [5, k] if tb else [k, 5]
        name = f"transpose {ta:d}{tb:d} k={k} panel {panel}"
        cases.append(_matmul(name, random, x_shape, y_shape, transpose_a=ta, transpose_b=tb, panel=panel))
    for ta, tb in product((False, True), (False, True)):
        x_shape, y_shape = [2, 1, 4, 3] if ta else [2, 1, 3, 4], [5, 2, 4] if tb else [5, 4, 2]
        name = f"transpose {ta:d}{tb:d} broadcast batch"
        cases.append(_matmul(name, random, x_shape, y_shape, transpose_a=ta, transpose_b=tb, panel=3))
    batches = [([2, 3, 4], [2, 4, 5]), ([3, 4], [2, 4, 5]), ([2, 3, 4], [4, 5]), ([1, 3, 4], [2, 4, 5]),
               ([2, 1, 3, 4], [3, 4, 5]),
               ([0, 3, 4], [4, 5]), ([0, 3, 4], [1, 4, 5]), ([2, 3, 0], [2, 0, 4]), ([0, 4], [4, 5]),
               ([3, 4], [4, 0]), ([3, 0], [0, 2]),
               ([2, 1, 2, 1, 2, 1, 2, 3], [1, 2, 2, 1, 1, 2, 3, 2])]  # fmt: skip
    for x_shape, y_shape in batches:
        cases.append(_matmul(f"{x_shape} {y_shape}", random, x_shape, y_shape, **PLAIN, panel=256))
    few = [w for w in F32_FEW if w not in (INFINITY, MINUS_INFINITY, NAN)]
    for name, words in (("edges", F32_FEW), ("finite edges", few)):
        operands = [filled("f32", shape, partial(random.choice, words)) for shape in ([9, 3], [3, 20])]
        cases.append(apply(name, "matmul", *operands, **PLAIN, panel=256))
    return cases


def scan() -> list[Case]:
    random = Words(24)
    cases = []

    def operands(shape: Sequence[int], axis: int) -> list[Tensor]:
        without = [n for d, n in enumerate(shape) if d != axis]
        return [filled("f32", s, lambda: random.f32(-2, 0)) for s in (shape, shape, without)]

    shapes = (([5], 0), ([1], 0), ([3, 4], 0), ([3, 4], 1), ([2, 3, 4], 0), ([2, 3, 4], 1), ([2, 3, 4], 2), ([300], 0),
              ([0], 0), ([0, 3], 0), ([3, 0], 0), ([3, 0], 1), ([20, 33], 0), ([33, 20], 1))  # fmt: skip
    for (shape, axis), reverse in product(shapes, (False, True)):
        name = f"{list(shape)} axis {axis}, reverse {str(reverse).lower()}"
        cases.append(apply(name, "scan", *operands(shape, axis), axis=axis, reverse=reverse))
    edges = [filled("f32", shape, lambda: random.choice(F32_FEW)) for shape in ([4, 60], [4, 60], [60])]
    underflow = [vector("f32", [TINY] * 4), vector("f32", [SIGN] * 4), tensor("f32", [], [SIGN | TINY])]
    overflow = [vector("f32", [power(100)] * 4), vector("f32", [0] * 4), tensor("f32", [], [ONE])]
    # As in DOTS: rounding to f64 first makes it the tie.
    near_tie = [vector("f32", [0x3F800001, ONE]), vector("f32", [0x3F800003, 0]), tensor("f32", [], [0x337FFFFE])]
    special = {
        "edges": edges,
        "just below a tie, 46 bits down": near_tie,
        "minus zero": underflow,
        "overflow": overflow,
    }
    for name, inputs in special.items():
        cases.append(apply(name, "scan", *inputs, axis=0, reverse=False))
    return cases
