"""The shader library, function by function, against NumPy and the compiled executor, on words of every class."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT, assert_words
from paragon.executors.reference.arithmetic import fma32, philox
from paragon.executors.reference.kernels import KERNELS
from paragon.executors.webgpu.library import FILES, SHADERS, declarations, library, link
from webgpu_device import call, device

pytestmark = pytest.mark.slow

N = 1 << 17
EDGES = np.array([
    0, 1, 2, 3, 0x3FFFFF, 0x400000, 0x7FFFFF, 0x800000, 0x800001, 0xFFFFFF, 0x0C800000, 0x1A000000, 0x1A000001, 0x1FFFFFFF,
    0x33800000, 0x34000000, 0x3EFFFFFF, 0x3F000000, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x40490FDB, 0x42B17218, 0x4B000000,
    0x4B800001, 0x4EFFFFFF, 0x4F000000, 0x4F7FFFFF, 0x4F800000, 0x7EFFFFFF, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FC00000,
], np.uint32)  # fmt: skip


def words(kind: str, seed: int) -> np.ndarray:
    """N words of a kind."""
    rng = np.random.Generator(np.random.PCG64(seed))
    sign = rng.integers(0, 2, N).astype(np.uint32) << np.uint32(31)
    # Few bits set, so that sums and products often end in ties and exact results.
    fraction = (rng.integers(0, 2**23, N) >> rng.integers(0, 24, N) << rng.integers(0, 24, N)) & 0x7FFFFF
    exponents = {"edges": (0, 1), "random": (0, 1), "near one": (110, 145), "small": (0, 40), "product small": (40, 90)}
    if kind == "edges":
        return np.asarray(rng.choice(EDGES, N) | sign)
    if kind == "random":
        return rng.integers(0, 2**32, N, np.uint64).astype(np.uint32)
    low, high = exponents[kind]
    return np.asarray((rng.integers(low, high, N) << 23 | fraction).astype(np.uint32) | sign)


KINDS = ("edges", "random", "near one", "small", "product small")


def f32(x: np.ndarray) -> np.ndarray:
    return x.view(np.float32)


def _reference(name: str, **attributes: str) -> Callable[..., np.ndarray]:
    return lambda *x: np.asarray(KERNELS[name](*map(f32, x), **attributes))


EXACT: dict[str, tuple[int, Callable[..., np.ndarray]]] = {
    **{f"f32_{name}(a, b)": (2, _reference(name)) for name in ("add", "sub", "mul", "div", "maximum", "minimum")},
    **{
        f"u32(f32_{how}(a, b))": (2, lambda a, b, how=how: _reference("compare", how=how)(a, b).astype(np.uint32))
        for how in ("lt", "le", "eq", "ne", "ge", "gt")
    },
    "f32_sqrt(a)": (1, _reference("sqrt")),
    "f32_to_i32(a)": (1, lambda a: _reference("cast", dtype="i32")(a).view(np.uint32)),
    "f32_to_u32(a)": (1, _reference("cast", dtype="u32")),
    "f32_from_i32(a)": (1, lambda a: a.view(np.int32).astype(np.float32)),
    "f32_from_u32(a)": (1, lambda a: a.astype(np.float32)),
    "f32_fma(a, b, c)": (3, lambda a, b, c: fma32(f32(a), f32(b), f32(c))),
    "fma_factors(factor(a), factor(b), c)": (3, lambda a, b, c: fma32(f32(a), f32(b), f32(c))),
}


@pytest.mark.parametrize("expression", EXACT)
def test_integer_arithmetic_is_correctly_rounded(expression: str) -> None:
    device()
    arity, exact = EXACT[expression]
    for kind in KINDS:
        x = [words("small" if kind == "product small" and i == 2 else kind, i) for i in range(arity)]
        with np.errstate(all="ignore"):
            want = exact(*x)
            if arity == 3 and kind == "near one":  # a sum that nearly cancels
                x[2] = (
                    (-(f32(x[0]) * f32(x[1]))).view(np.uint32)
                    + (words("random", 9) % 5).astype(np.uint32)
                    - np.uint32(2)
                )
                want = exact(*x)
        assert_words(call(expression, *x).view(want.dtype), want, f"{expression}, {kind}")


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "erf", "sinpi", "cospi"])
def test_elementary_functions_agree_with_the_compiled_ones(name: str) -> None:
    device()
    program = pg.trace(getattr(pg, name), np.zeros(N, np.float32))
    moderate = np.random.Generator(np.random.PCG64(5)).standard_normal(N).astype(np.float32) * np.float32(3)
    for kind, x in (*((k, words(k, 3)) for k in KINDS), ("moderate", moderate.view(np.uint32))):
        want = program.run({"x": f32(x)}, executor="cpu")["output"]
        assert_words(f32(call(f"f32_{name}(a)", x)), want, f"{name}, {kind}")


def test_philox_gives_the_reference_words() -> None:
    device()
    i = np.arange(64, dtype=np.uint32)
    got = call("random_word(vec2<u32>(0x89abcdefu, 0x01234567u), 0xfffffff0u, 7u, 16u, a)", i)
    assert_words(got, philox(0x0123456789ABCDEF, 0xFFFFFFF0 * 16, 16, 7).ravel())


@pytest.mark.parametrize(
    "was, becomes",
    [
        ("rest + (kept & 1u) > 0x80u", "rest > 0x7fu"),  # ties away from zero
        ("rest + (kept & 1u) > 0x80u", "rest > 0x80u"),  # ties towards zero
        ("return kept | u32(", "return kept + 0u * u32("),  # no sticky bit: a result just above a tie is a tie
        ("exponent <= 0", "exponent < 0"),  # the largest subnormals
    ],
)
def test_planted_faults_of_rounding_are_seen(was: str, becomes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    device()
    functions = library("integer")
    for name in ("f32_pack", "shift_right_sticky"):
        monkeypatch.setitem(functions, name, functions[name].replace(was, becomes))
    with pytest.raises(AssertionError, match="words differ"):
        test_integer_arithmetic_is_correctly_rounded("f32_fma(a, b, c)")


# --- the native path's division and square root ----------------------------------------------------------------------


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The native functions, with the fma and the product of a device that rounds rightly; restored after the test."""
    functions = library("native")
    for name in ("f32_fma", "f32_mul"):
        monkeypatch.setitem(functions, name, library("integer")[name])
    for name in ("reciprocal", "reciprocal_root", "f32_div_ordinary", "root_of_significand"):
        monkeypatch.setitem(functions, name, functions[name])
    return functions


def _hold_native(expression: str) -> None:
    arity, exact = EXACT[expression]
    for kind in KINDS:
        x = [words(kind, 11 + i) for i in range(arity)]
        with np.errstate(all="ignore"):
            want = exact(*x)
        assert_words(call(expression, *x, path="native").view(want.dtype), want, f"{expression}, {kind}")


@pytest.mark.parametrize("expression", ["f32_div(a, b)", "f32_sqrt(a)"])
@pytest.mark.parametrize("units", [0, 15, -15])
def test_native_quotients_and_roots_are_right_whatever_the_approximation(
    expression: str, units: int, native: dict[str, str]
) -> None:
    """The device's own approximations, and such as are off by what docs/webgpu.md allows: 15 units are 2^-20.1 at most."""
    device()
    for name in ("reciprocal", "reciprocal_root"):
        native[name] = native[name].replace("; }", f" + {units & 0xFFFFFFFF}u; }}")
    _hold_native(expression)


@pytest.mark.parametrize(
    "function, was, becomes, expression",
    [
        ("f32_div_ordinary", "f32_fma(minus_y, q0, x), r, q0)", "SIGN, r, q0)", "f32_div(a, b)"),  # a step less
        (
            "f32_div_ordinary",
            "0u, size == 0u",
            "0u, true",
            "f32_div(a, b)",
        ),  # the rest is forgotten: wrong for subnormals
        ("f32_div_ordinary", "select(127, 126, less)", "127", "f32_div(a, b)"),
        ("root_of_significand", "f32_fma(f32_fma(g1 | SIGN, g1, s), h1, g1)", "g0", "f32_sqrt(a)"),  # no step at all
        ("root_of_significand", "size > unit", "size >= unit", "f32_sqrt(a)"),
    ],
)
def test_planted_faults_of_quotients_and_roots_are_seen(
    function: str, was: str, becomes: str, expression: str, native: dict[str, str]
) -> None:
    device()
    assert was in native[function]
    native[function] = native[function].replace(was, becomes)
    with pytest.raises(AssertionError, match="words differ"):
        _hold_native(expression)


# --- the check at scale ------------------------------------------------------------------------------------------------


@pytest.fixture
def device_check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/shaders/device_check.py, with small batches."""
    spec = importlib.util.spec_from_file_location("device_check", ROOT / "tools" / "shaders" / "device_check.py")
    assert spec and spec.loader
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "BATCH", 1 << 14)
    return tool


def test_a_sample_of_the_check_at_scale(device_check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    for name in set(device_check.FUNCTIONS) - set(device_check.NATIVE_NAMES):
        assert not device_check.check(device(), name, len(device_check.KINDS), 5), capsys.readouterr().out


def test_the_check_at_scale_sees_a_fault(device_check: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = library("integer")
    monkeypatch.setitem(functions, "f32_pack", functions["f32_pack"].replace("> 0x80u", "> 0x7fu"))
    assert device_check.check(device(), "add", len(device_check.KINDS), 5)


def test_no_float_appears_on_the_integer_path() -> None:
    for file in FILES:
        code = "".join(declarations((SHADERS / f"{file}.wgsl").read_text()).values())
        assert not re.search(r"\bf32\b|\bf16\b|\d\.\d", code), file


def test_a_kernel_gets_what_it_calls_and_no_more() -> None:
    text = link("fn main() { let x = f32_sub(1u, 2u); }", "integer")
    assert "fn f32_add(" in text and "fn f32_pack(" in text and "fn f32_mul(" not in text
    assert "guard" in link("f32_mul", "native") and "guard" not in link("f32_mul", "integer")
