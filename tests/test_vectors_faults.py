"""The vectors catch what they are there for: faults planted in the oracle's arithmetic fail the files that must show them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from vector_files import VECTORS, floats, observed, read

pytest.importorskip("gmpy2")  # which the oracle needs; pyproject.toml puts its folder on the path

from cases import FILES
from oracle import arithmetic, binary32, fourier, movement
from oracle.binary32 import INFINITY, NAN, SIGN
from oracle.case import OPERATIONS
from oracle.case import observed as seen
from oracle.tensor import Tensor


def failures(name: str, most: int = 1 << 16) -> Iterator[str]:
    """The cases of a file that come out otherwise when their programs are run again, without those of more than `most` elements."""
    cases, tensors = read(VECTORS / f"{name}.safetensors")
    for k, case in enumerate(cases):
        program = case["program"]
        if any(np.prod(operation["shape"]) > most for operation in program["operations"]):
            continue
        values = []
        for part in ("in", "state"):
            for entry in program["inputs" if part == "in" else "state"]:
                words = tensors[f"{k}/{part}/{entry['name']}"].ravel().tolist()
                values.append(Tensor(entry["dtype"], tuple(entry["shape"]), words))
        for operation in program["operations"]:
            operands = [values[i] for i in operation["inputs"]]
            values.append(OPERATIONS[operation["op"]](*operands, **operation["attributes"]))
            assert (values[-1].dtype, list(values[-1].shape)) == (operation["dtype"], operation["shape"])
        expected = {f"{k}/out/{entry['name']}": entry["value"] for entry in program["outputs"]}
        expected |= {f"{k}/new/{entry['state']}": entry["value"] for entry in program["updates"]}
        if any(seen(values[i]).words != tensors[tensor].ravel().tolist() for tensor, i in expected.items()):
            yield case["name"]


@pytest.mark.parametrize("name", FILES)
def test_the_programs_in_the_files_run(name: str) -> None:
    assert list(failures(name, most=5000)) == []


def unfused(a: int, b: int, c: int) -> int:
    return binary32.add(binary32.multiply(a, b), c)


def through_f64(a: int, b: int, c: int) -> int:
    """The product and the sum in f64, then rounded again: right nearly always."""
    x, y, z = (np.float64(v) for v in floats([a, b, c]))
    with np.errstate(all="ignore"):
        return observed((x * y + z).astype(np.float32))[0]


def flushed(a: int, b: int, c: int) -> int:
    result = TRUE_FMA(a, b, c)
    return result & SIGN if not result & INFINITY else result


def padded_dot(a: list[int], b: list[int], panel: int | None) -> int:
    pad = [0] * (-len(a) % 4)
    return TRUE_DOT([*a, *pad], [*b, *pad], panel)


def last_panel_first(terms: list[int | None], panel: int | None, add: Callable[[int, int], int]) -> int:
    if panel is None or len(terms) <= panel:
        return TRUE_PANEL_SUM(terms, panel, add)
    panels: list[int | None] = [TRUE_PANEL_SUM(terms[i : i + panel], None, add) for i in range(0, len(terms), panel)]
    return last_panel_first(panels[::-1], panel, add)


def two_levels(terms: list[int | None], panel: int | None, add: Callable[[int, int], int]) -> int:
    """All the panel results in one chain."""
    if panel is None or len(terms) <= panel:
        return TRUE_PANEL_SUM(terms, panel, add)
    return TRUE_PANEL_SUM(
        [TRUE_PANEL_SUM(terms[i : i + panel], None, add) for i in range(0, len(terms), panel)], None, add
    )


def panels_of_present_terms(terms: list[int | None], panel: int | None, add: Callable[[int, int], int]) -> int:
    return TRUE_PANEL_SUM([term for term in terms if term is not None], panel, add)


def from_the_first_term(terms: list[int | None], panel: int | None, add: Callable[[int, int], int]) -> int:
    """Starts from the first term, not from +0."""
    return terms[0] if len(terms) == 1 and terms[0] is not None else TRUE_PANEL_SUM(terms, panel, add)


def ties_away(numerator: int, denominator: int) -> int:
    return TRUE_ROUND(numerator * 2**80 + (1 if numerator > 0 else -1), denominator * 2**80) if numerator else 0


def signless_maximum(a: int, b: int) -> int:
    """-0 and +0 are equal: the second operand wins."""
    return NAN if binary32.is_nan(a) or binary32.is_nan(b) else a if binary32.value(a) > binary32.value(b) else b


def log_through_f64(w: int) -> int:
    with np.errstate(all="ignore"):
        return observed(np.log(floats([w]).astype(np.float64)).astype(np.float32))[0]


def unfused_product(self: fourier.Arithmetic, x: fourier.Complex, y: fourier.Complex) -> fourier.Complex:
    (a, b), (c, d) = x, y
    return (
        self.subtract(self.multiply(a, c), self.multiply(b, d)),
        self.add(self.multiply(a, d), self.multiply(b, c)),
    )


def product_fused_the_other_way(self: fourier.Arithmetic, x: fourier.Complex, y: fourier.Complex) -> fourier.Complex:
    (a, b), (c, d) = x, y
    return self.fma(self.negate(b), d, self.multiply(a, c)), self.fma(b, c, self.multiply(a, d))


def twiddle_off_by_an_ulp(arithmetic: fourier.Arithmetic, k: int, n: int) -> fourier.Complex:
    """One of all factors: that of an eighth of a turn."""
    re, im = TRUE_W(arithmetic, k, n)
    return (re + 1, im) if arithmetic is fourier.SINGLE and (k, n) == (1, 8) else (re, im)


def twiddles_of_rounded_angles(arithmetic: fourier.Arithmetic, k: int, n: int) -> fourier.Complex:
    """The angle in f64: quarter turns are no longer exact."""
    if arithmetic is not fourier.SINGLE:
        return TRUE_W(arithmetic, k, n)
    angle = -2 * np.pi * k / n
    re, im = observed(np.float32([np.cos(angle), np.sin(angle)]))
    return re, im


def multiplied_throughout(x: list[fourier.Complex], n1: int, arithmetic: fourier.Arithmetic) -> list[fourier.Complex]:
    """Also where the factor is W(0,n) = 1: that changes zeros, infinities and NaNs."""
    n, n2 = len(x), len(x) // n1
    columns = [fourier.transform(x[j::n2], arithmetic) for j in range(n2)]
    rows = [[arithmetic.product(columns[j][k], arithmetic.w(j * k, n)) for j in range(n2)] for k in range(n1)]
    done = [fourier.transform(row, arithmetic) for row in rows]
    return [done[k % n1][k // n1] for k in range(n)]


def largest_divisor(n: int) -> int:
    """Without the rule that its power of two be a power of four."""
    fitting = [d for d in range(1, n) if n % d == 0 and d * d <= n]
    return TRUE_ROWS(n) if n < 8 or TRUE_ROWS(n) == 1 else max(fitting)


def columns_and_rows_exchanged(n: int) -> int:
    return n // TRUE_ROWS(n) if TRUE_ROWS(n) > 1 else 1


def scaled_twice(n: int, norm: str, forwards: bool) -> int:
    scale = TRUE_SCALE(n, norm, forwards)
    return binary32.multiply(scale, scale)


def doubly_rounded_scale(n: int, norm: str, forwards: bool) -> int:
    """1/sqrt(n) rounded once, not twice as the contract says."""
    return observed(np.float32(1 / np.sqrt(n)))[0] if norm == "ortho" else TRUE_SCALE(n, norm, forwards)


def conjugated(x: list[fourier.Complex]) -> list[fourier.Complex]:
    """An inverse by conjugation instead of by exchange of the parts."""
    conjugate = [(re, binary32.negate(im)) for re, im in x]
    return [(re, binary32.negate(im)) for re, im in fourier.transform(conjugate)]


def filter_in_f32(n: int) -> list[fourier.Complex]:
    length = fourier.convolution_length(n)
    b: list[fourier.Complex] = [(0, 0)] * length
    for j in range(n):
        b[j] = b[-j] = fourier.SINGLE.w(-j * j, 2 * n)
    scale = binary32.round_ratio(1 << 149, length)
    return fourier.scaled(fourier.transform(b), scale)


def first_point_kept(x: list[fourier.Complex], norm: str, n: int) -> list[int]:
    """irfft of an odd n that takes the im of point 0 as it is."""
    if n % 2 == 0:
        return TRUE_IRFFT(x, norm, n)
    mirrored = [(re, binary32.negate(im)) for re, im in x[:0:-1]]
    return [re for re, _ in fourier.scaled(fourier.backwards([*x, *mirrored]), fourier.scale_of(n, norm, False))]


def middles_upwards(magnitude: int, values: Sequence[int]) -> int:
    """Ties away from zero."""
    return TRUE_NEAREST(2 * magnitude + 1, [2 * value for value in values])


def without_subnormals(a: int, format: str) -> int:
    result = TRUE_ROUNDED(a, format)
    smallest_normal = arithmetic.format_values(format)[1 << arithmetic.FORMATS[format][1]]
    return result & SIGN if result & ~SIGN < binary32.round_ratio(smallest_normal, 1) else result


def saturating(a: int, format: str) -> int:
    """What is too large becomes the largest value; infinity and NaN stay as they are."""
    result = TRUE_ROUNDED(a, format)
    overflowed = a & INFINITY != INFINITY and result & INFINITY == INFINITY
    return a & SIGN | binary32.round_ratio(arithmetic.format_values(format)[-2], 1) if overflowed else result


def without_signs_of_zeros(a: int, format: str) -> int:
    result = TRUE_ROUNDED(a, format)
    return 0 if result == SIGN else result


def by_way_of_f16(a: int, format: str) -> int:
    """Rounded twice."""
    return TRUE_ROUNDED(a if format == "bf16" else TRUE_ROUNDED(a, "f16"), format)


def nan_from_464(a: int, format: str) -> int:
    """The tie between 448 and what would be 480, upwards."""
    return NAN if format == "e4m3fn" and a & ~SIGN == 0x43E80000 else TRUE_ROUNDED(a, format)


TRUE_NEAREST, TRUE_ROUNDED = arithmetic.nearest, arithmetic.rounded_word
TRUE_W, TRUE_ROWS, TRUE_SCALE, TRUE_IRFFT = fourier._w, fourier.rows_of, fourier.scale_of, fourier._irfft_row
TRUE_DOT, TRUE_PANEL_SUM = arithmetic.dot, arithmetic.panel_sum
TRUE_FMA, TRUE_ROUND = binary32.fma, binary32.round_ratio
TRANSFORMS = ["fft", "ifft", "rfft", "irfft"]
# Where the fault goes, what it is, and in which files it must show.
FAULTS: list[tuple[Any, str, Callable[..., int], list[str]]] = [
    (binary32, "fma", unfused, ["matmul", "scan"]),
    (binary32, "fma", through_f64, ["matmul", "scan"]),
    (binary32, "fma", flushed, ["matmul", "scan"]),
    (arithmetic, "dot", padded_dot, ["matmul"]),
    (arithmetic, "panel_sum", last_panel_first, ["sum", "matmul"]),
    (arithmetic, "panel_sum", two_levels, ["sum", "matmul"]),
    (arithmetic, "panel_sum", from_the_first_term, ["sum"]),
    (movement, "panel_sum", panels_of_present_terms, ["scatter_add", "fold"]),
    (movement, "panel_sum", last_panel_first, ["scatter_add", "fold"]),
    (movement, "panel_sum", two_levels, ["scatter_add", "fold"]),
    (fourier.Arithmetic, "product", unfused_product, TRANSFORMS),
    (fourier.Arithmetic, "product", product_fused_the_other_way, TRANSFORMS),
    (fourier, "_w", twiddle_off_by_an_ulp, TRANSFORMS),
    (fourier, "_w", twiddles_of_rounded_angles, TRANSFORMS),
    (fourier, "_of_two", multiplied_throughout, TRANSFORMS),
    (fourier, "rows_of", largest_divisor, TRANSFORMS),
    (fourier, "rows_of", columns_and_rows_exchanged, TRANSFORMS),
    (fourier, "scale_of", scaled_twice, TRANSFORMS),
    (fourier, "scale_of", doubly_rounded_scale, TRANSFORMS),
    (fourier, "backwards", conjugated, ["ifft", "irfft"]),
    (fourier, "filter_of", filter_in_f32, TRANSFORMS),
    (fourier, "_irfft_row", first_point_kept, ["irfft"]),
    (arithmetic, "rounded_word", by_way_of_f16, ["round_to"]),
    (arithmetic, "rounded_word", nan_from_464, ["round_to"]),
    (binary32, "round_ratio", ties_away, ["add", "sub", "mul", "div", "sum", "cast", "fma"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "fault", "files"), FAULTS, ids=[f"{f[2].__name__}-{f[3][0]}" for f in FAULTS]
)
def test_planted_faults_fail_the_vectors(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, fault: Callable[..., int], files: list[str]
) -> None:
    monkeypatch.setattr(module, name, fault)
    for file in files:
        assert any(failures(file, most=8000)), file


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("nearest", middles_upwards),
        ("rounded_word", without_subnormals),
        ("rounded_word", saturating),
        ("rounded_word", without_signs_of_zeros),
    ],
)
def test_the_round_to_file_catches_wrong_roundings_of_every_format(
    monkeypatch: pytest.MonkeyPatch, name: str, fault: Callable[..., int]
) -> None:
    monkeypatch.setattr(arithmetic, name, fault)
    assert {case.split()[0] for case in failures("round_to")} == set(arithmetic.FORMATS)


def wrong_results(name: str, case: str, fault: Callable[..., int]) -> list[tuple[int, ...]]:
    """The operands of the elementwise case for which `fault` gives another word than the file."""
    cases, tensors = read(VECTORS / f"{name}.safetensors")
    k = [entry["name"] for entry in cases].index(case)
    result = tensors[f"{k}/out/result"]
    inputs = [tensors[f"{k}/in/{entry['name']}"] for entry in cases[k]["program"]["inputs"]]
    rows = zip(*(np.broadcast_to(x, result.shape).ravel().tolist() for x in inputs), strict=True)
    return [row for row, right in zip(rows, result.ravel().tolist(), strict=True) if fault(*row) != right]


@pytest.mark.parametrize("fault", [unfused, through_f64, flushed])
def test_the_fma_file_catches_wrong_fmas_many_times(fault: Callable[[int, int, int], int]) -> None:
    assert len(wrong_results("fma", "f32 boundaries", fault)) > 20


def test_the_maximum_file_catches_equal_zeros() -> None:
    assert (0, SIGN) in wrong_results("maximum", "f32 edges", signless_maximum)


def test_the_log_file_catches_a_doubly_rounded_logarithm() -> None:
    wrong = {x for (x,) in wrong_results("log", "hardest to round", log_through_f64)}
    assert wrong >= {0x3C413D3A, 0x41178FEB, 0x4C5D65A5, 0x65D890D3, 0x6F31A8EC}
