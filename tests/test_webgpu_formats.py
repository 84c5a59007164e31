"""round_to in the webgpu executor, against NumPy's float16 and ml_dtypes, on words of all classes."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from conftest import assert_words
from paragon.executors.webgpu.export import export_plan
from paragon.executors.webgpu.expressions import FORMATS
from paragon.executors.webgpu.library import library
from paragon.ir.program import Node, Program
from paragon.ir.spec import Array, Spec
from webgpu_device import EXECUTOR, device

TYPES = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "e4m3fn": ml_dtypes.float8_e4m3fn,
    "e5m2": ml_dtypes.float8_e5m2,
}
# Zeros, the ends of the subnormal and of the normal f32, infinities and NaNs.
EDGES = np.array(
    [0, 1, 2, 0x3FFFFF, 0x400000, 0x7FFFFF, 0x800000, 0x800001, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FC00000]
)


def rounded(x: Array, format: str) -> Array:
    """What other libraries make of it."""
    with np.errstate(all="ignore"):
        return x.astype(TYPES[format]).astype(np.float32)


def around(format: str) -> Array:
    """Words: the values of a format, the middles between neighbours, and the f32 on both sides of each, of both signs."""
    bits = 8 * np.dtype(TYPES[format]).itemsize - 1
    with np.errstate(all="ignore"):
        values = np.arange(2**bits, dtype=np.uint16 if bits > 8 else np.uint8).view(TYPES[format]).astype(np.float64)
        values = values[np.isfinite(values)]
        beyond = values[-1] + (values[-1] - values[-2])  # the next value, were there one
        middles = (values + np.append(values[1:], beyond)) / 2
        words = np.concatenate([values, middles]).astype(np.float32).view(np.uint32)
    near = np.concatenate([words, words + np.uint32(1), np.maximum(words, 1) - np.uint32(1)])
    return np.concatenate([near, near | np.uint32(1 << 31)])


def operands(format: str) -> Array:
    """f32 of every class: what `around` gives, the edges of f32, and a million random words."""
    edges = EDGES.astype(np.uint32)
    drawn = np.random.Generator(np.random.PCG64(7)).integers(0, 2**32, 1_000_000, np.uint32)
    return np.concatenate([around(format), edges, edges | np.uint32(1 << 31), drawn]).view(np.float32)


def program(format: str, n: int) -> Program:
    """x rounded, and -x rounded by the kernel that negates it."""
    spec, attributes = Spec("f32", (n,)), {"format": format}
    nodes = [
        Node("round_to", (0,), attributes, spec),
        Node("neg", (0,), {}, spec),
        Node("round_to", (2,), attributes, spec),
    ]
    return Program({"x": spec}, {}, nodes, {"rounded": 1, "fused": 3})


@pytest.mark.parametrize("path", ["integer", "native"])
@pytest.mark.parametrize("format", FORMATS)
def test_the_words_of_other_libraries(format: str, path: str) -> None:
    device()
    x = operands(format)
    out = EXECUTOR.load(program(format, x.size), path=path).run({"x": x})
    assert_words(out["rounded"], rounded(x, format), f"{format}, {path}")
    assert_words(out["fused"], rounded(-x, format), f"{format}, {path}, fused")


@pytest.mark.parametrize(
    "format, x, want",
    [
        ("f16", [65504, 65519.996, 65520, -np.inf, 2.0**-25, 2.0**-24], [65504, 65504, np.inf, -np.inf, 0, 2.0**-24]),
        ("bf16", [2.0**-134, 3 * 2.0**-134, -1.0 - 2.0**-8], [0, 2.0**-132, -1]),
        ("e4m3fn", [464, 464.00003, -np.inf, 2.0**-10, 3 * 2.0**-10], [448, np.nan, np.nan, 0, 2.0**-8]),
        ("e5m2", [57344, 61439.996, -61440, np.inf, 2.0**-17, -(2.0**-18)], [57344, 57344, -np.inf, np.inf, 0, -0.0]),
    ],
)
def test_overflow_ties_and_underflow(format: str, x: list[float], want: list[float]) -> None:
    """By hand, in case that both the executor and the other library are wrong alike."""
    device()
    out = EXECUTOR.load(program(format, len(x))).run({"x": np.float32(x)})
    assert_words(out["rounded"], np.float32(want), format)


@pytest.mark.parametrize(
    "was, becomes",
    [
        ("rest + (kept & 1u) > ", "rest >= "),  # ties away from zero
        ("rest + (kept & 1u) > ", "rest > "),  # ties towards zero
        ("+ max(least, exponent) - exponent", ""),  # no subnormals
        (", 25u)", ", 24u)"),  # the smallest value for everything down to zero
        ("word > largest", "word >= largest"),
        ("(x & SIGN) | found", "found"),
        (" || f32_is_nan(x)", ""),
    ],
)
def test_planted_faults_are_seen(was: str, becomes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    device()
    functions = library("integer")
    assert was in functions["f32_round_to"]
    monkeypatch.setitem(functions, "f32_round_to", functions["f32_round_to"].replace(was, becomes))
    with pytest.raises(AssertionError, match="words differ"):
        test_the_words_of_other_libraries("e5m2", "integer")


def test_the_plan_for_the_browser_has_it() -> None:
    kernels: dict[str, int] = {}
    plan = export_plan(program("e4m3fn", 3), kernels)
    assert len(plan["dispatches"]) == 2 and all("f32_round_to(" in text for text in kernels)
