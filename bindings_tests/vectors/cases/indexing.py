"""Cases of gather, scatter_add, one_hot, unfold, fold: indices out of range, absent terms, every panel boundary."""

from collections.abc import Callable, Sequence

from oracle.binary32 import SIGN
from oracle.case import Case
from oracle.movement import unfold as unfold_tensor
from oracle.tensor import Tensor

from .data import F32_EDGES, Words, filled, tensor, vector
from .elementwise import ALL, apply
from .movement import numbered
from .reductions import PANELS, SUMS, long_operand

OUTSIDE = [0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0xFFFFFFFE]  # -1, -2^31, 2^31-1, -2


def _draw(dtype: str, random: Words) -> Callable[[], int]:
    return random.f32 if dtype == "f32" else random.any


def _index(shape: Sequence[int], size: int, random: Words) -> Tensor:
    """Indices that are inside three times out of four; `size` itself is outside."""
    return filled("i32", shape, lambda: random.choice([*OUTSIDE, size]) if random.below(4) == 0 else random.below(size))


def gather() -> list[Case]:
    random = Words(40)
    shapes = [([5], [4], 0), ([5], [], 0), ([5], [2, 3], 0), ([5, 3], [4], 0), ([3, 5], [4], 1), ([2, 5, 3], [4], 1),
              ([2, 5, 3], [2, 2], 1), ([2, 5, 3], [], 1), ([2, 3, 5], [3], 2), ([5, 3], [0], 0), ([1], [3], 0),
              ([0, 5], [2], 1), ([5, 0], [2], 0), ([40, 17], [30], 0), ([2, 1, 2, 3, 2, 1, 2], [2, 1], 3)]  # fmt: skip
    cases = []
    for dtype in ALL:
        for shape, indices, axis in shapes:
            i = _index(indices, shape[axis], random)
            cases.append(
                apply(f"{dtype} {shape} at {indices} axis {axis}", "gather", numbered(dtype, shape), i, axis=axis)
            )
        everything = vector("i32", [0, 2, 1, 1, *OUTSIDE, 3, 4])
        cases.append(apply(f"{dtype} outside", "gather", numbered(dtype, [3, 2]), everything, axis=0))
        cases.append(apply(f"{dtype} of nothing", "gather", numbered(dtype, [0, 2]), everything, axis=0))
    n = len(F32_EDGES)
    cases.append(apply("f32 edges", "gather", vector("f32", F32_EDGES), vector("i32", range(n - 1, -1, -1)), axis=0))
    return cases


def scatter_add() -> list[Case]:
    random = Words(41)
    cases = []

    def add(name: str, x: Tensor, i: Tensor, axis: int, size: int, panels: Sequence[int | None] = PANELS) -> None:
        case = Case(name)
        operands = case.input("x", x), case.input("y", i)
        for panel in panels:
            result = case.op("scatter_add", *operands, axis=axis, size=size, panel=panel)
            case.output(f"panel {panel or 'null'}", result)
        cases.append(case)

    for n in (0, 1, 2, 3, 4, 5, 9, 99, 101, 255, 256, 257, 513):
        add(f"f32 n={n}", filled("f32", [n], random.f32), _index([n], 3, random), 0, 3)
    case = Case("f32 n=65537")
    seed, step = case.input("seed", vector("u32", [1, 2])), case.input("step", tensor("u32", [], [3]))
    terms = long_operand(case, seed, step, 5, [65537])
    targets = case.op("cast", case.op("bits", seed, step, stream=8, shape=[65537], width=2), dtype="i32")
    for panel in (256, None, 3):
        result = case.op("scatter_add", terms, targets, axis=0, size=3, panel=panel)  # index 3 is outside
        case.output(f"panel {panel or 'null'}", result)
    cases.append(case)
    for name, words in SUMS.items():
        add(f"f32 {name}, with a stranger between", vector("f32", [w for v in words for w in (v, 0x40400000)]),
            vector("i32", [w for _ in words for w in (1, 0)]), 0, 3)  # fmt: skip
    # Panels of 2 in which the destination has no term, one, or two: index 4 is empty everywhere.
    add("f32 empty panels", filled("f32", [12], random.f32), vector("i32", [0, 0, 1, 1, 1, 2, 3, 0, 5, 6, 0, 1]), 0, 5)
    add("f32 all outside", filled("f32", [5], random.f32), vector("i32", [*OUTSIDE, 3]), 0, 3)
    add("f32 minus zeros", vector("f32", [SIGN] * 4), vector("i32", [0, 0, 1, 7]), 0, 3)
    shapes = [([6, 2], [6], 0, 4), ([2, 6], [6], 1, 4), ([2, 6, 3], [6], 1, 4), ([2, 2, 3, 2], [2, 3], 1, 4),
              ([2, 3], [2, 3], 0, 3),
              ([3], [], 0, 2), ([2, 3], [], 1, 2), ([], [], 0, 2), ([0, 3], [0], 0, 2), ([4, 0], [4], 0, 2),
              ([4], [4], 0, 0),
              ([40, 9], [40], 0, 7), ([2, 1, 2, 3, 2, 1, 2], [3, 2], 3, 2)]  # fmt: skip
    for dtype in ALL:
        for shape, indices, axis, size in shapes:
            i = _index(indices, size, random) if size else tensor("i32", indices, [0, 1, 0xFFFFFFFF, 0])
            x_words = filled(dtype, shape, _draw(dtype, random))
            add(f"{dtype} {shape} at {indices} axis {axis} size {size}", x_words, i, axis, size, (256, 2, 3))
    return cases


def one_hot() -> list[Case]:
    random = Words(42)
    cases = [apply("outside", "one_hot", vector("i32", [0, 3, 2, *OUTSIDE, 4, 5]), depth=4)]
    for shape, depth in (([], 3), ([0], 3), ([5], 1), ([2, 3], 5), ([3], 0), ([2, 1, 2, 1, 2, 1, 2], 3), ([30], 17)):
        i = _index(shape, depth, random) if depth else vector("i32", [0, 1, 2])
        cases.append(apply(f"{shape} depth {depth}", "one_hot", i, depth=depth))
    return cases


# Images (N, C, H, W), then kernel, stride, padding [top, bottom, left, right], dilation.
WINDOWS: list[tuple[list[int], list[int], list[int], list[int], list[int]]] = [
    ([1, 1, 4, 4], [2, 2], [1, 1], [0, 0, 0, 0], [1, 1]),
    ([2, 2, 5, 4], [3, 2], [1, 1], [0, 0, 0, 0], [1, 1]),
    ([1, 2, 4, 4], [3, 3], [1, 1], [1, 1, 1, 1], [1, 1]),
    ([1, 1, 5, 6], [2, 2], [2, 2], [0, 0, 0, 0], [1, 1]),  # the last row belongs to no window
    ([1, 1, 6, 7], [2, 3], [2, 1], [1, 0, 0, 2], [2, 1]),  # everything asymmetric
    ([1, 2, 7, 5], [3, 2], [1, 2], [2, 1, 1, 0], [2, 3]),
    ([1, 1, 6, 6], [2, 2], [3, 3], [0, 0, 0, 0], [1, 1]),  # strides larger than the kernel: gaps
    ([2, 3, 1, 1], [1, 1], [1, 1], [0, 0, 0, 0], [1, 1]),
    ([1, 1, 1, 1], [3, 3], [1, 1], [1, 1, 1, 1], [1, 1]),  # mostly outside
    ([1, 1, 2, 2], [1, 1], [1, 1], [2, 2, 2, 2], [1, 1]),  # some windows all outside
    ([1, 1, 3, 3], [3, 3], [5, 5], [0, 0, 0, 0], [1, 1]),  # one window
    ([1, 1, 9, 9], [5, 5], [1, 1], [2, 2, 2, 2], [1, 1]),
    ([0, 2, 4, 4], [2, 2], [1, 1], [0, 0, 0, 0], [1, 1]),
    ([2, 0, 4, 4], [2, 2], [1, 1], [0, 0, 0, 0], [1, 1]),
    ([1, 1, 0, 3], [2, 2], [1, 1], [1, 1, 0, 0], [1, 1]),  # an image of nothing but padding
]


def unfold() -> list[Case]:
    cases = []
    for dtype in ALL:
        for shape, kernel, stride, padding, dilation in WINDOWS:
            name = f"{dtype} {shape} kernel {kernel} stride {stride} padding {padding} dilation {dilation}"
            cases.append(
                apply(
                    name,
                    "unfold",
                    numbered(dtype, shape),
                    kernel=kernel,
                    stride=stride,
                    padding=padding,
                    dilation=dilation,
                )
            )
    n = len(F32_EDGES) // 4 * 4
    edges = tensor("f32", [1, 1, 4, n // 4], F32_EDGES[-n:])
    return [
        *cases,
        apply("f32 edges", "unfold", edges, kernel=[2, 1], stride=[1, 1], padding=[1, 0, 0, 0], dilation=[1, 1]),
    ]


def fold() -> list[Case]:
    random = Words(44)
    cases = []
    for dtype in ALL:
        for shape, kernel, stride, padding, dilation in WINDOWS:
            window = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
            folded = unfold_tensor(filled(dtype, shape, lambda: 0), **window).shape
            case = Case(f"{dtype} {shape} kernel {kernel} stride {stride} padding {padding} dilation {dilation}")
            x = case.input("x", filled(dtype, folded, _draw(dtype, random)))
            for panel in (256, 2, 3, None) if dtype == "f32" else (256, 2):
                case.output(f"panel {panel or 'null'}", case.op("fold", x, size=shape[2:], **window, panel=panel))
            cases.append(case)
    window = {"kernel": [2, 2], "stride": [1, 1], "padding": [0, 0, 0, 0], "dilation": [1, 1]}
    edges = tensor("f32", [1, 4, 5, 4], (F32_EDGES * 2)[:80])
    minus_zeros = tensor("f32", [1, 2, 2, 4], [SIGN] * 16)
    for name, image in (("edges", edges), ("minus zeros", minus_zeros)):
        size = [image.shape[1] + 1, image.shape[2] + 1]
        cases.append(apply(f"f32 {name}", "fold", image, size=size, **window, panel=256))
    # More kernel positions than a panel: 17 x 16 = 272.
    case = Case("f32 kernel [17, 16]: two panels of 256")
    x = case.input("x", filled("f32", [1, 3, 3, 272], random.f32))
    large = {"kernel": [17, 16], "stride": [1, 1], "padding": [8, 8, 7, 8], "dilation": [1, 1]}
    for panel in PANELS:
        case.output(f"panel {panel or 'null'}", case.op("fold", x, size=[3, 3], **large, panel=panel))
    return [*cases, case]
