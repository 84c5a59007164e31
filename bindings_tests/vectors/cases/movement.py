"""Cases of the operations that move elements: reshape, transpose, broadcast, slice, pad, concat."""

from collections.abc import Sequence
from itertools import permutations, product
from math import prod

from oracle.case import Case
from oracle.tensor import Tensor

from .data import F32_EDGES, Words, filled, tensor, vector
from .elementwise import ALL, apply


def numbered(dtype: str, shape: Sequence[int]) -> Tensor:
    """All elements different: 1, 2, 3, ... as words of an integer, or 1 + i * 2^-23 as f32, so that a swap shows."""
    first = 0x3F800001 if dtype == "f32" else 1
    return tensor(dtype, shape, range(first, first + prod(shape)))


def reshape() -> list[Case]:
    shapes = [([6], [2, 3]), ([2, 3], [3, 2]), ([], [1, 1]), ([1], []), ([2, 3, 4], [24]),
              ([24], [2, 1, 2, 3, 1, 2, 1, 1]), ([0, 3], [5, 0]), ([4], [4])]  # fmt: skip
    cases = [apply(f"{d} {a} to {b}", "reshape", numbered(d, a), shape=b) for d in ALL for a, b in shapes]
    n = len(F32_EDGES)
    return [*cases, apply("f32 edges", "reshape", vector("f32", F32_EDGES), shape=[2, n // 2])]


def transpose() -> list[Case]:
    cases = []
    for dtype, shape in product(ALL, ([], [4], [3, 5], [2, 3, 4])):
        for axes in map(list, permutations(range(len(shape)))):
            cases.append(apply(f"{dtype} {shape} axes {axes}", "transpose", numbered(dtype, shape), axes=axes))
    for shape, axes in (([2, 3, 2, 3], [2, 0, 3, 1]), ([2, 3, 2, 3], [0, 2, 1, 3]),
                        ([1, 2, 3, 1, 2, 1, 2, 2], [7, 1, 6, 0, 4, 2, 3, 5]),
                        ([0, 3], [1, 0]), ([2, 0, 3], [2, 0, 1]), ([17, 33], [1, 0]), ([40, 9], [1, 0]),
                        ([3, 17, 9], [0, 2, 1])):  # fmt: skip
        cases.append(apply(f"f32 {shape} axes {axes}", "transpose", numbered("f32", shape), axes=axes))
    return cases


def broadcast() -> list[Case]:
    shapes = [([], []), ([], [2, 3]), ([3], [2, 3]), ([2, 1], [2, 3]), ([1, 3], [2, 3]), ([2, 1, 3], [4, 2, 5, 3]),
              ([1], [7]), ([1], [0]),
              ([2, 3], [2, 3]), ([0], [2, 0]), ([3, 1], [2, 0, 3, 0]),
              ([1, 2, 1, 2, 1, 2, 1, 1], [2, 2, 1, 2, 2, 2, 1, 3]), ([1, 1], [33, 5])]  # fmt: skip
    return [apply(f"{d} {a} to {b}", "broadcast", numbered(d, a), shape=b) for d in ALL for a, b in shapes]


def slice_() -> list[Case]:
    cuts: list[tuple[list[int], list[int], list[int], list[int]]] = [
        ([10], [2], [7], [1]), ([10], [0], [10], [3]), ([10], [1], [10], [3]), ([10], [9], [10], [5]),
        ([10], [4], [4], [1]), ([10], [10], [10], [2]),
        ([0], [0], [0], [1]), ([], [], [], []), ([4, 5], [1, 0], [3, 5], [1, 2]), ([4, 5], [0, 4], [4, 5], [3, 1]),
        ([4, 5], [0, 2], [4, 2], [1, 1]),
        ([3, 4, 5], [1, 1, 1], [3, 4, 5], [2, 2, 3]),
        ([2, 2, 2, 2, 2, 2, 2, 2], [0, 1, 0, 0, 1, 0, 0, 1], [2, 2, 1, 2, 2, 2, 2, 2], [1, 1, 1, 2, 1, 1, 2, 1]),
        ([3, 3], [0, 0], [3, 3], [2147483647, 1]),
    ]  # fmt: skip
    return [apply(f"{d} {shape} {start}:{stop}:{step}", "slice", numbered(d, shape), start=start, stop=stop, step=step)
            for d in ALL for shape, start, stop, step in cuts]  # fmt: skip


def pad() -> list[Case]:
    pads: list[tuple[list[int], list[int], list[int], list[int]]] = [
        ([3], [2], [1], [0]), ([3], [0], [0], [2]), ([3], [1], [2], [1]), ([3], [0], [0], [0]), ([1], [1], [1], [4]),
        ([0], [2], [1], [3]), ([0], [0], [0], [1]),
        ([], [], [], []), ([2, 3], [1, 0], [0, 2], [0, 1]), ([2, 3], [0, 1], [1, 0], [2, 0]),
        ([2, 0], [1, 1], [0, 1], [1, 1]),
        ([2, 2, 2], [1, 0, 2], [0, 1, 0], [1, 2, 0]),
        ([1, 2, 1, 2, 1, 2, 1, 2], [0, 1, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 1, 0, 0, 0, 0]),
    ]  # fmt: skip
    fills = {
        "f32": ["00000000", "80000000", "ff800000", "7fc00000"],
        "i32": ["00000000", "80000000"],
        "u32": ["00000000", "ffffffff"],
    }
    cases = []
    for dtype, (k, (shape, low, high, interior)) in product(ALL, enumerate(pads)):
        word = fills[dtype][k % len(fills[dtype])]
        name = f"{dtype} {shape} low {low} high {high} interior {interior}"
        cases.append(apply(name, "pad", numbered(dtype, shape), low=low, high=high, interior=interior, word=word))
    return cases


def concat() -> list[Case]:
    random = Words(30)
    joins: list[tuple[list[list[int]], int]] = [
        ([[3], [2]], 0), ([[3]], 0), ([[0], [2], [0], [1]], 0), ([[2, 3], [1, 3], [4, 3]], 0),
        ([[2, 3], [2, 1], [2, 2]], 1), ([[0, 3], [0, 2]], 1),
        ([[2, 1, 2], [2, 2, 2], [2, 1, 2], [2, 3, 2], [2, 1, 2]], 1), ([[2, 2, 1], [2, 2, 3]], 2),
        ([[1, 2, 1, 2, 1, 2, 1, 2]] * 3, 6), ([[0, 2], [0, 2]], 0),
    ]  # fmt: skip
    cases = []
    for dtype, (shapes, axis) in product(ALL, joins):
        case = Case(f"{dtype} {shapes} axis {axis}")
        draw = random.finite if dtype == "f32" else random.any
        operands = [case.input(f"x{i}", filled(dtype, shape, draw)) for i, shape in enumerate(shapes)]
        case.output("result", case.op("concat", *operands, axis=axis))
        cases.append(case)
    case = Case("the same operand twice")
    x = case.input("x", numbered("f32", [2, 2]))
    case.output("result", case.op("concat", x, x, axis=1))
    return [*cases, case]
