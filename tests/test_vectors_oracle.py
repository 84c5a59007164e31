"""The oracle of the vectors: its rounding, functions and reductions against what is known otherwise, and the files it wrote.

Shares nothing with the library: binary32 arithmetic is compared with the hardware's (NumPy) and MPFR's, the elementary functions
with mpmath, random numbers with the published answers. test_vectors_faults.py plants faults.
"""

import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vector_files import NAN, VECTORS, floats, observed, read

gmpy2 = pytest.importorskip("gmpy2")  # which the oracle needs; pyproject.toml puts its folder on the path

from cases import FILES  # noqa: E402
from cases.data import F32_EDGES, INTEGER_EDGES, Words, vector  # noqa: E402
from cases.hard import HARD  # noqa: E402
from oracle import arithmetic, binary32, fourier, movement  # noqa: E402
from oracle.case import OPERATIONS  # noqa: E402
from oracle.elementary import FUNCTIONS  # noqa: E402
from oracle.philox import draws, philox4x32  # noqa: E402
from oracle.tensor import Tensor  # noqa: E402

SIGN, INFINITY, ONE = 0x80000000, 0x7F800000, 0x3F800000


def word(x: float) -> int:
    return int(struct.unpack("<I", struct.pack("<f", x))[0])


# Rounding


def test_rounding_of_ratios_agrees_with_the_conversion_of_f64() -> None:
    """An f64 is an exact dyadic number, so its conversion to f32 rounds once."""
    random = Words(1)
    chosen: list[float] = [
        0.0,
        2.0**-149,
        2.0**-150,
        2.0**-150 * (1 + 2.0**-52),
        3 * 2.0**-150,
        2.0**128,
        2.0**128 - 2.0**103,
    ]
    chosen += [
        float(np.nextafter(2.0**128 - 2.0**103, 0)),
        2.0**-126 - 2.0**-150,
        float(np.nextafter(2.0**-126 - 2.0**-150, 0)),
    ]
    for _ in range(20000):
        mantissa = random.any() << 21 | random.below(1 << 21)
        if random.below(2):  # exactly halfway between two f32, or next to it
            mantissa = (mantissa >> 29 << 29) + (1 << 28) + random.below(3) - 1
        chosen.append(float(mantissa | 1 << 52) * 2.0 ** (random.below(284) - 207))
    with np.errstate(over="ignore"):
        expected = observed(np.array(chosen).astype(np.float32))
    for x, w in zip(chosen, expected, strict=True):
        exact = Fraction(x) * 2**149
        assert binary32.round_ratio(exact.numerator, exact.denominator) == w, x.hex()
        assert binary32.round_ratio(-exact.numerator, exact.denominator) == (w | SIGN if x else 0)
        mantissa, exponent = int(gmpy2.mpfr(x).as_mantissa_exp()[0]), int(gmpy2.mpfr(x).as_mantissa_exp()[1])
        assert binary32.round_dyadic(mantissa, exponent + 149) == w


def test_rounding_of_thirds() -> None:
    assert binary32.round_ratio(1 << 149, 3) == word(1 / 3)
    assert binary32.round_ratio(1, 3) == 0
    assert binary32.round_ratio(2, 3) == 1
    assert binary32.round_ratio(5, 3) == 2


# Basic operations


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_basic_arithmetic_agrees_with_the_hardware(name: str) -> None:
    random = Words(2)
    a = (
        [x for x in F32_EDGES for _ in F32_EDGES]
        + [random.finite() for _ in range(20000)]
        + [random.f32() for _ in range(20000)]
    )
    b = F32_EDGES * len(F32_EDGES) + [random.finite() for _ in range(20000)] + [random.f32() for _ in range(20000)]
    functions = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
    with np.errstate(all="ignore"):
        expected = observed(functions[name](floats(a), floats(b)))
    assert [arithmetic.FLOAT[name](x, y) for x, y in zip(a, b, strict=True)] == expected


def test_square_root_agrees_with_the_hardware() -> None:
    random = Words(3)
    words = F32_EDGES + [random.any() for _ in range(20000)]
    with np.errstate(all="ignore"):
        assert [binary32.square_root(w) for w in words] == observed(np.sqrt(floats(words)))


def test_fma_known_triples() -> None:
    up, down = ONE + 1, ONE - 1  # 1 + 2^-23, 1 - 2^-24
    known = [
        ((up, up, SIGN | ONE + 2), word(2.0**-46)),  # (1+u)^2 - (1+2u) = u^2: an unfused product gives 0
        ((up, down, SIGN | ONE), word(2.0**-24 - 2.0**-47)),
        ((word(2.0**-24), ONE, ONE), ONE),  # a tie, to even
        ((word(2.0**-24), up, ONE), up),  # above the tie
        ((word(2.0**-24) - 1, ONE, up), up),  # below the tie
        ((word(2.0**-75), word(2.0**-75), 0), 0),  # 2^-150, a tie, to zero
        ((word(2.0**-75), word(2.0**-75), 1), 2),  # 1.5 units, a tie, to even
        ((1, SIGN | 1, 0), SIGN),  # -2^-298 + 0 rounds to -0
        ((1, SIGN | 1, SIGN), SIGN),
        ((0, SIGN | ONE, 0), 0),  # -0 + +0
        ((0, SIGN | ONE, SIGN), SIGN),
        ((ONE, ONE, SIGN | ONE), 0),
        ((INFINITY, 0, ONE), NAN),
        ((INFINITY, ONE, SIGN | INFINITY), NAN),
        ((0x7F7FFFFF, 0x40000000, 0xFF7FFFFF), 0x7F7FFFFF),  # the product alone would overflow
        ((0x7F7FFFFF, 0x7F7FFFFF, SIGN | INFINITY), SIGN | INFINITY),
    ]
    for operands, result in known:
        assert binary32.fma(*operands) == result, [hex(x) for x in operands]


def test_arithmetic_agrees_with_mpfr() -> None:
    """MPFR set up as binary32: 24 bits, exponents -148 ... 128, gradual underflow."""
    context = gmpy2.context(precision=24, emax=128, emin=-148, subnormalize=True)
    random = Words(4)

    def of(x: gmpy2.mpfr) -> int:
        return NAN if gmpy2.is_nan(x) else word(float(x))

    def mpfr(w: int) -> gmpy2.mpfr:
        return gmpy2.mpfr(float(floats([w])[0]), 24)

    triples = [(random.finite(), random.finite(), random.finite()) for _ in range(2000)]
    triples += [(random.f32(-3, 3), random.f32(-3, 3), random.f32(-6, 6)) for _ in range(4000)]
    triples += [(random.f32(-75, -70), random.f32(-75, -70), random.below(1 << 12)) for _ in range(4000)]
    for a, b, c in triples:
        x, y, z = mpfr(a), mpfr(b), mpfr(c)
        assert binary32.fma(a, b, c) == of(context.fma(x, y, z))
        assert binary32.divide(a, b) == of(context.div(x, y))


def test_integers_wrap() -> None:
    i32 = vector("i32", [0x80000000, 0x7FFFFFFF, 0xFFFFFFFF])
    assert arithmetic.absolute(i32).words == [0x80000000, 0x7FFFFFFF, 1]
    assert arithmetic.neg(i32).words == [0x80000000, 0x80000001, 1]
    with np.errstate(over="ignore"):
        for dtype, kind in (("i32", np.int32), ("u32", np.uint32)):
            edges = np.array(INTEGER_EDGES, dtype=np.uint32).view(kind)
            for name, function in (
                ("add", np.add),
                ("sub", np.subtract),
                ("mul", np.multiply),
                ("maximum", np.maximum),
                ("minimum", np.minimum),
            ):
                x = Tensor(dtype, (len(edges), 1), INTEGER_EDGES)
                expected = function(edges[:, None], edges[None, :]).view(np.uint32)
                assert OPERATIONS[name](x, vector(dtype, INTEGER_EDGES)).words == expected.ravel().tolist()


def test_casts() -> None:
    f32 = vector(
        "f32", [word(x) for x in (-1.5, 2147483647.0, -2147483648.0, -3e9, 4294967040.0, 5e9, -0.9)] + [NAN, INFINITY]
    )
    assert arithmetic.cast(f32, dtype="i32").words == [
        0xFFFFFFFF,
        0x7FFFFFFF,
        SIGN,
        SIGN,
        0x7FFFFFFF,
        0x7FFFFFFF,
        0,
        0,
        0x7FFFFFFF,
    ]
    assert arithmetic.cast(f32, dtype="u32").words == [0, 0x80000000, 0, 0, 0xFFFFFF00, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF]
    words = [*INTEGER_EDGES, 16777217, 16777219, 33554434, 33554433]
    for dtype, kind in (("i32", np.int32), ("u32", np.uint32)):
        expected = np.array(words, dtype=np.uint32).view(kind).astype(np.float32)
        assert arithmetic.cast(vector(dtype, words), dtype="f32").words == observed(expected)


def test_maximum_orders_zeros_and_passes_nan_on() -> None:
    assert binary32.maximum(SIGN, 0) == 0 == binary32.maximum(0, SIGN)
    assert binary32.minimum(SIGN, 0) == SIGN == binary32.minimum(0, SIGN)
    assert binary32.maximum(NAN, INFINITY) == NAN == binary32.minimum(SIGN | INFINITY, NAN)
    assert binary32.maximum(SIGN | 1, SIGN | 2) == SIGN | 1


def test_the_values_of_the_narrow_formats() -> None:
    """At the places that their standards state: the smallest, the largest subnormal, the smallest normal, one, the largest."""
    known = {
        "f16": {0: 0, 1: 2**-24, 0x3FF: 1023 * 2**-24, 0x400: 2**-14, 0x3C00: 1, 0x7BFF: 65504},
        "bf16": {0: 0, 1: 2**-133, 0x7F: 127 * 2**-133, 0x80: 2**-126, 0x3F80: 1, 0x7F7F: 255 * 2**120},
        "e4m3fn": {0: 0, 1: 2**-9, 7: 7 * 2**-9, 8: 2**-6, 0x38: 1, 0x7E: 448},
        "e5m2": {0: 0, 1: 2**-16, 3: 3 * 2**-16, 4: 2**-14, 0x3C: 1, 0x7B: 57344},
    }
    assert known.keys() == arithmetic.FORMATS.keys()
    for format, values in known.items():
        listed = arithmetic.format_values(format)
        assert {word: Fraction(listed[word], 2**149) for word in values} == values
        assert len(listed) == max(values) + 2 and listed == sorted(set(listed))


def test_rounding_to_a_narrow_format_by_hand() -> None:
    inf, nan = float("inf"), float("nan")
    known = {
        "f16": {65519.996: 65504, 65520.0: inf, 1 + 3 * 2.0**-11: 1 + 2.0**-9, 1 + 2.0**-11: 1, 2.0**-25: 0.0,
                3 * 2.0**-25: 2.0**-23},
        "bf16": {1 + 2.0**-8: 1, 1 + 3 * 2.0**-8: 1 + 2.0**-6, 3.39e38: 255 * 2.0**120, 2.0**-134: 0.0, 3 * 2.0**-134: 2.0**-132},
        "e4m3fn": {464.0: 448, 464.00003: nan, 1e9: nan, inf: nan, 2.0**-10: 0.0, 3 * 2.0**-10: 2.0**-8},
        "e5m2": {61439.996: 57344, 61440.0: inf, inf: inf, 1.125: 1, 1.375: 1.5, 2.0**-17: 0.0, 3 * 2.0**-17: 2.0**-15},
    }  # fmt: skip
    for format, results in known.items():
        for x, y in results.items():
            right = observed(np.float32([y, -y]))
            assert [arithmetic.rounded_word(w, format) for w in (word(x), word(-x))] == right, (format, x)


# Elementary functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions_agree_with_mpmath(name: str) -> None:
    """mpmath with 400 bits, rounded once; another implementation than MPFR."""
    mpmath = pytest.importorskip("mpmath")
    random = Words(5)
    words = HARD[name] + [random.f32(-12, 6) for _ in range(150)] + [random.f32(-126, 20) for _ in range(20)]
    with mpmath.workprec(400):
        for w in words:
            x = float(floats([w])[0])
            if (name == "log" and x < 0) or (name == "log1p" and x < -1):
                assert FUNCTIONS[name](w) == NAN
                continue
            y = getattr(mpmath, name)(mpmath.mpf(x))
            sign, mantissa, exponent, _ = y._mpf_
            expected = binary32.round_dyadic(int(mantissa), exponent + 149) if exponent < 200 else INFINITY
            assert FUNCTIONS[name](w) == expected | (SIGN if sign else 0), hex(w)


def test_elementary_functions_special_cases() -> None:
    known = {
        "exp": {0: ONE, SIGN: ONE, INFINITY: INFINITY, SIGN | INFINITY: 0, 0x42B17218: INFINITY, 0x42B17217: 0x7F7FFF84,
                word(-200): 0, word(200): INFINITY, 1: ONE},
        "expm1": {0: 0, SIGN: SIGN, INFINITY: INFINITY, SIGN | INFINITY: SIGN | ONE, word(-1e30): SIGN | ONE, 1: 1},
        "log": {0: SIGN | INFINITY, SIGN: SIGN | INFINITY, ONE: 0, SIGN | 1: NAN, SIGN | INFINITY: NAN, INFINITY: INFINITY},
        "log1p": {0: 0, SIGN: SIGN, SIGN | ONE: SIGN | INFINITY, 0xBF800001: NAN, INFINITY: INFINITY, SIGN | INFINITY: NAN},
        "tanh": {0: 0, SIGN: SIGN, INFINITY: ONE, SIGN | INFINITY: SIGN | ONE, 1: 1, word(30): ONE},
        "erf": {0: 0, SIGN: SIGN, INFINITY: ONE, SIGN | INFINITY: SIGN | ONE, 1: 1, word(30): ONE},
        "sinpi": {0: 0, SIGN: SIGN, ONE: 0, SIGN | ONE: SIGN, word(2): 0, word(-2): SIGN, word(0.5): ONE, word(1.5): SIGN | ONE,
                  word(-0.5): SIGN | ONE, INFINITY: NAN, 0x7F7FFFFF: 0, 1: 3},
        "cospi": {0: ONE, SIGN: ONE, ONE: SIGN | ONE, word(0.5): 0, word(-0.5): 0, word(1.5): 0, word(2): ONE, INFINITY: NAN,
                  word(-1): SIGN | ONE, 0x7F7FFFFF: ONE},
    }  # fmt: skip
    for name, cases in known.items():
        assert FUNCTIONS[name](NAN) == NAN
        for argument, result in cases.items():
            assert FUNCTIONS[name](argument) == result, (name, hex(argument))


# Reductions, by hand


def test_panels_are_cut_and_their_sums_summed() -> None:
    order: list[str] = []

    def spell(a: int, b: int) -> int:
        order.append(f"{a}+{b}")
        return a + b

    assert arithmetic.panel_sum([1, 2, 4, 8, 16], 2, spell) == 31
    # panels [1,2] [4,8] [16] -> 3, 12, 16; their panels [3,12] [16] -> 15, 16; then 31
    assert order == ["0+1", "1+2", "0+4", "4+8", "0+16", "0+3", "3+12", "0+16", "0+15", "15+16"]
    assert arithmetic.panel_sum([], 2, spell) == 0


def test_absent_terms_do_not_move_the_panels() -> None:
    order: list[str] = []

    def spell(a: int, b: int) -> int:
        order.append(f"{a}+{b}")
        return a + b

    assert arithmetic.panel_sum([None, 1, None, None, 2, 4], 2, spell) == 7
    assert order == ["0+1", "0+2", "2+4", "0+1", "1+0", "0+6", "0+1", "1+6"]


def test_a_sum_starts_from_plus_zero_and_a_dot_may_end_at_minus_zero() -> None:
    assert arithmetic.panel_sum([SIGN], 256, binary32.add) == 0
    assert arithmetic.dot([1], [SIGN | 1], 256) == SIGN
    assert arithmetic.dot([1, 1], [SIGN | 1, SIGN | 1], 256) == SIGN
    assert arithmetic.dot([1, 1, 1], [SIGN | 1] * 3, 2) == 0  # the panel results are summed
    assert arithmetic.dot([], [], 256) == 0


def test_panel_length_changes_bits() -> None:
    words = [word(2.0**24), ONE, ONE, ONE]
    assert arithmetic.panel_sum(words, None, binary32.add) == word(2.0**24)
    assert arithmetic.panel_sum(words, 2, binary32.add) == word(2.0**24 + 2)


def test_matmul_and_scan_by_hand() -> None:
    x = Tensor("f32", (2, 2), [word(v) for v in (1.0, 2.0, 3.0, 4.0)])
    plain = {"transpose_a": False, "transpose_b": False, "panel": 256}
    assert arithmetic.matmul(x, x, **plain).words == [word(v) for v in (7.0, 10.0, 15.0, 22.0)]
    assert arithmetic.matmul(x, x, **{**plain, "transpose_a": True}).words == [
        word(v) for v in (10.0, 14.0, 14.0, 20.0)
    ]
    assert arithmetic.matmul(x, x, **{**plain, "transpose_b": True}).words == [word(v) for v in (5.0, 11.0, 11.0, 25.0)]
    h0 = vector("f32", [word(1.0), word(2.0)])
    down = arithmetic.scan(x, x, h0, axis=0, reverse=False)
    assert down.words == [word(v) for v in (2.0, 6.0, 9.0, 28.0)]
    up = arithmetic.scan(x, x, h0, axis=0, reverse=True)
    assert up.words == [word(v) for v in (7.0, 26.0, 6.0, 12.0)]


def test_windows_by_hand() -> None:
    image = Tensor("i32", (1, 1, 2, 3), [1, 2, 3, 4, 5, 6])
    window: dict[str, Any] = {"kernel": [2, 2], "stride": [1, 2], "padding": [1, 0, 0, 1], "dilation": [1, 1]}
    columns = movement.unfold(image, **window)
    assert columns.shape == (1, 2, 2, 4)
    assert columns.words == [0, 0, 1, 2, 0, 0, 3, 0, 1, 2, 4, 5, 3, 0, 6, 0]
    assert movement.fold(columns, size=[2, 3], **window, panel=256).words == [2, 4, 6, 4, 5, 6]


# Fourier transforms


def test_twiddles_agree_with_mpmath() -> None:
    mpmath = pytest.importorskip("mpmath")
    pairs = [(k, n) for n in range(1, 60) for k in range(n)] + [(1, 2**24), (12345, 99991), (2**23 - 1, 2**24)]
    with mpmath.workprec(300):
        for k, n in pairs:
            if 4 * k % n == 0:
                continue
            angle = 2 * mpmath.pi * k / n
            exact = mpmath.cos(angle), -mpmath.sin(angle)
            assert fourier.DOUBLE.w(k, n) == tuple(float(x) for x in exact)
            for found, x in zip(fourier.SINGLE.w(k, n), exact, strict=True):
                sign, mantissa, exponent, _ = x._mpf_
                assert found == binary32.round_dyadic(int(mantissa), exponent + 149) | (SIGN if sign else 0), (k, n)


def test_quarter_turns_are_exact_and_a_half_is_a_half() -> None:
    one, minus = ONE, SIGN | ONE
    assert [fourier.SINGLE.w(k, 4) for k in range(-1, 5)] == [
        (0, one),
        (one, 0),
        (0, minus),
        (minus, 0),
        (0, one),
        (one, 0),
    ]
    quarters = [fourier.DOUBLE.w(3 * k, 12) for k in range(4)]
    assert str(quarters) == "[(1.0, 0.0), (0.0, -1.0), (-1.0, 0.0), (0.0, 1.0)]"  # tells +0 from -0
    assert fourier.SINGLE.w(1, 6)[0] == word(0.5) and fourier.DOUBLE.w(7, 12)[1] == 0.5


def test_lengths_are_split_as_the_contract_says() -> None:
    known = {
        6: 2,
        8: 2,
        9: 3,
        12: 3,
        16: 4,
        24: 4,
        32: 4,
        36: 4,
        64: 4,
        72: 4,
        128: 4,
        144: 12,
        202: 2,
        210: 7,
        256: 16,
        512: 16,
    }
    assert {n: fourier.rows_of(n) for n in known} == known
    assert all(fourier.rows_of(n) == 1 for n in (1, 2, 3, 4, 5, 7, 97, 101, 509))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 30, 49, 64, 97, 101, 202])
def test_transforms_are_near_those_of_numpy(n: int) -> None:
    random = np.random.default_rng(n)
    z, t = random.standard_normal((2, n, 2)).astype(np.float32), random.standard_normal((2, n)).astype(np.float32)

    def of(name: str, x: np.ndarray, **attributes: Any) -> np.ndarray:
        operand = Tensor("f32", x.shape, [int(w) for w in x.view(np.uint32).ravel()])
        result = OPERATIONS[name](operand, **attributes)
        return floats(result.words).reshape(result.shape)

    def near(found: np.ndarray, wanted: np.ndarray) -> bool:
        return bool(np.linalg.norm(found - wanted) <= 1e-6 * np.linalg.norm(wanted))

    z64, half = z[..., 0] + 1j * z[..., 1].astype(np.float64), np.ascontiguousarray(z[:, : n // 2 + 1])
    for norm in ("backward", "ortho", "forward"):
        for name, exact in (("fft", np.fft.fft), ("ifft", np.fft.ifft)):
            found = of(name, z, norm=norm)
            assert near(found[..., 0] + 1j * found[..., 1], exact(z64, norm=norm))
        found = of("rfft", t, norm=norm)
        assert near(found[..., 0] + 1j * found[..., 1], np.fft.rfft(t.astype(np.float64), norm=norm))
        assert near(of("irfft", half, norm=norm, n=n), np.fft.irfft(z64[:, : n // 2 + 1], n, norm=norm))


def test_the_filter_rounds_a_float_once() -> None:
    values = [0.0, -0.0, 1.0, 1 + 2.0**-24, -(1 + 2.0**-24 + 2.0**-50), 2.0**-149, -(2.0**-150), 3 * 2.0**-150, 1e-3]
    assert [fourier.f32_of(x) for x in values] == observed(np.array(values).astype(np.float32))


# Random numbers


def test_philox_known_answers() -> None:
    """The three philox4x32 10 lines of Random123's tests/kat_vectors (D. E. Shaw Research)."""
    full = 0xFFFFFFFF
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    assert philox4x32((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox4x32((full,) * 4, (full, full)) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    assert philox4x32(pi, (0xA4093822, 0x299F31D0)) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def test_draws_pass_the_32_bit_block_boundary() -> None:
    words = draws(12, (1, 2), 3, 0xFFFFFFFF)
    assert words == [
        *philox4x32((0xFFFFFFFF, 0, 3, 0), (1, 2)),
        *philox4x32((0, 1, 3, 0), (1, 2)),
        *philox4x32((1, 1, 3, 0), (1, 2)),
    ]
    assert draws(3, (1, 2), 3, 1) == list(philox4x32((1, 0, 3, 0), (1, 2)))[:3]


# The files


@pytest.mark.slow
def test_the_files_are_what_the_generator_makes() -> None:
    command = [sys.executable, str(VECTORS / "generate.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_check_notices_a_changed_word(tmp_path: Path) -> None:
    copy = tmp_path / "vectors"
    copy.mkdir()
    for part in ("oracle", "cases", "generate.py"):
        (copy / part).symlink_to(VECTORS / part)
    data = bytearray((VECTORS / "one_hot.safetensors").read_bytes())
    command = [sys.executable, str(VECTORS / "generate.py"), "--check", "--folder", str(copy), "one_hot"]
    (copy / "one_hot.safetensors").write_bytes(data)
    assert subprocess.run(command, check=False).returncode == 0
    data[-1] ^= 1
    (copy / "one_hot.safetensors").write_bytes(data)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_every_operation_has_a_file_of_its_own() -> None:
    assert set(FILES) == set(OPERATIONS) | {"programs"}
    assert {path.stem for path in VECTORS.glob("*.safetensors")} == set(FILES)
    assert sum(path.stat().st_size for path in VECTORS.glob("*.safetensors")) < 4 << 20


@pytest.mark.parametrize("name", FILES)
def test_cases_are_well_formed(name: str) -> None:
    cases, tensors = read(VECTORS / f"{name}.safetensors")
    named = set()
    used = set()
    for k, case in enumerate(cases):
        program = case["program"]
        values = [*program["inputs"], *program["state"], *program["operations"]]
        for number, operation in enumerate(program["operations"], len(program["inputs"]) + len(program["state"])):
            assert operation["output"] == number and all(i < number for i in operation["inputs"])
            used.add(operation["op"])
        for part, entries in (("in", program["inputs"]), ("state", program["state"]), ("out", program["outputs"])):
            for entry in entries:
                declared = values[entry["value"]] if part == "out" else entry
                tensor = tensors[f"{k}/{part}/{entry['name']}"]
                named.add(f"{k}/{part}/{entry['name']}")
                assert list(tensor.shape) == declared["shape"]
                if part == "out" and declared["dtype"] == "f32":
                    nans = (tensor & 0x7FFFFFFF) > INFINITY
                    assert np.all(tensor[nans] == NAN)
        named |= {f"{k}/new/{update['state']}" for update in program["updates"]}
        assert program["outputs"] or program["updates"]
    assert named == set(tensors)
    assert len({case["name"] for case in cases}) == len(cases)
    assert name in used or name == "programs"


def test_the_safetensors_package_reads_the_files() -> None:
    safetensors = pytest.importorskip("safetensors")
    with safetensors.safe_open(VECTORS / "sum.safetensors", "np") as file:
        _, tensors = read(VECTORS / "sum.safetensors")
        assert set(file.keys()) == set(tensors)
        assert all(np.array_equal(file.get_tensor(name).view("<u4"), tensors[name]) for name in tensors)
