"""Empty values and windows of extreme lengths: the reference executor has the limits of the core, and neither hangs."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon.ir.operations import TABLE
from paragon.ir.program import Node, Program
from paragon.ir.spec import Spec

BIG = 2**31 - 1
HUGE = (BIG,) * 7 + (0,)


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """8 GiB of address space more than there is now: a buffer of a length that does not matter would not fit."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**33, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def program(shapes: Any, *steps: tuple[str, dict[str, Any]], dtypes: Any = None) -> Program:
    """Constants of 0, of these shapes, then operations: the first on the constants, each other one on the result before."""
    nodes: list[Node] = []
    for shape, dtype in zip(shapes, dtypes or ["f32"] * len(shapes), strict=True):
        attributes = {"dtype": dtype, "shape": shape, "word": "00000000"}
        nodes.append(Node("constant", (), attributes, TABLE["constant"].spec([], attributes)))
    inputs = tuple(range(len(nodes)))
    for op, attributes in steps:
        nodes.append(Node(op, inputs, attributes, TABLE[op].spec([nodes[i].spec for i in inputs], attributes)))
        inputs = (len(nodes) - 1,)
    return Program({}, {}, nodes, {"out": len(nodes) - 1})


def window(kernel: Any, stride: Any = (1, 1), padding: Any = (0, 0, 0, 0), dilation: Any = (1, 1)) -> dict[str, Any]:
    return {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}


FLAT = ("reshape", {"shape": (0,)})
WIDE = window((1, 1), (BIG, BIG), (BIG,) * 4)
CASES = {
    "sum of a huge empty value": program([HUGE], ("sum", {"axes": (0, 1, 2, 3, 4, 5, 6), "keepdims": False, "panel": 256})),
    "sum to a scalar": program([HUGE], ("sum", {"axes": tuple(range(8)), "keepdims": False, "panel": 256})),
    "max to a scalar": program([HUGE], ("max", {"axes": tuple(range(8)), "keepdims": True})),
    "max of u32": program([HUGE], ("max", {"axes": tuple(range(8)), "keepdims": True}), dtypes=["u32"]),
    "reshape": program([HUGE], FLAT),
    "transpose": program([(BIG, BIG, 0)], ("transpose", {"axes": (2, 0, 1)}), FLAT),
    "scatter_add": program(
        [(BIG, BIG, 0, 2), (BIG, BIG, 0)], ("scatter_add", {"axis": 0, "size": 3, "panel": None}), dtypes=["f32", "i32"]
    ),
    "scan": program([(BIG, 0), (BIG, 0), (0,)], ("scan", {"axis": 0, "reverse": False})),
    "one_hot": program([(0, BIG)], ("one_hot", {"depth": BIG}), FLAT, dtypes=["i32"]),
    "unfold with a stride beyond the image": program([(1, 1, 1, 1)], ("unfold", WIDE)),
    "unfold of kernel rows far apart": program([(1, 1, 1, 1)], ("unfold", window((2, 2), (1, 1), (BIG, 0, BIG, 0), (BIG, BIG)))),
    "unfold of no image": program([(0, 1, 1, 1)], ("unfold", window((BIG, 1), (1, 1), (BIG, 0, 0, 0)))),
    "unfold of no channel": program([(1, 0, 5, 5)], ("unfold", window((BIG, BIG), (1, 1), (BIG, 0, BIG, 0)))),
    "unfold of images without pixels": program([(1, 1, 0, 0)], ("unfold", window((2, 2), (1, 1), (1, 1, 1, 1)))),
    "fold of windows far apart": program([(1, 3, 3, 1)], ("fold", {**WIDE, "size": (1, 1), "panel": None})),
    "fold of no window": program(
        [(0, 2, 2, 0)], ("fold", {**window((46340, 46340), (1, 1), (46340, 0, 46340, 0)), "size": (1, 1), "panel": 256})
    ),
    "matmul of no rows": program([(0, BIG), (BIG, 0)], ("matmul", {"transpose_a": False, "transpose_b": False, "panel": 256})),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_executors_agree(name: str) -> None:
    found = [CASES[name].run(executor=executor)["out"] for executor in ("cpu", "reference")]
    assert_words(found[1], found[0])


@pytest.mark.parametrize("executor", ["cpu", "reference"])
def test_what_numpy_cannot_hold_is_a_clear_error(executor: str) -> None:
    with pytest.raises(pg.ExecutorError, match="NumPy|array is too big"):
        program([HUGE]).run(executor=executor)


def test_a_dimension_has_a_limit_in_an_empty_value() -> None:
    with pytest.raises(pg.ShapeError, match=r"dimension outside 0 \.\.\. 2147483647"):
        TABLE["unfold"].spec([Spec("f32", (0, 1, 1, 1))], window((BIG, BIG), (1, 1), (BIG, 0, BIG, 0)))


def test_windows_are_those_of_a_padded_image() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        n, c, h, w, kh, kw, sh, sw, dh, dw, *sides = rng.integers(1, 4, 14).tolist()
        sides = [s - 1 for s in sides]
        image = rng.integers(-9, 9, (n, c, h + 3, w + 3)).astype(np.float32)
        padded = np.pad(image, ((0, 0), (0, 0), tuple(sides[:2]), tuple(sides[2:])))
        if padded.shape[2] <= dh * (kh - 1) or padded.shape[3] <= dw * (kw - 1):
            continue
        views = np.lib.stride_tricks.sliding_window_view(padded, (dh * (kh - 1) + 1, dw * (kw - 1) + 1), (2, 3))
        want = views[:, :, ::sh, ::sw, ::dh, ::dw].transpose(0, 2, 3, 1, 4, 5)
        with pg.use("reference"):
            options: dict[str, Any] = {"stride": (sh, sw), "padding": sides, "dilation": (dh, dw)}
            rows = pg.unfold(image, (kh, kw), **options)
            assert_words(rows, np.ascontiguousarray(want).reshape(rows.shape))
            # fold is the transpose: <fold(a), image> = <a, unfold(image)>, exact in these small integers.
            a = rng.integers(-9, 9, rows.shape).astype(np.float32)
            back = pg.fold(a, image.shape[2:], (kh, kw), **options).numpy()
        assert (back.astype(np.float64) * image).sum() == (a.astype(np.float64) * rows.numpy()).sum()
