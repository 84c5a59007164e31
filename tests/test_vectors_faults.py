"""The vectors catch what they are there for: faults planted in the oracle's arithmetic fail the files that must show them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from test_vectors_oracle import (
    FILES,
    INFINITY,
    NAN,
    SIGN,
    VECTORS,
    floats,
    observed,
    read,
)  # puts the oracle on the path

# isort: split
from oracle import arithmetic, binary32, movement
from oracle.case import OPERATIONS
from oracle.case import observed as seen
from oracle.tensor import Tensor


def failures(name: str, most: int = 1 << 16) -> list[str]:
    """The cases of a file that come out otherwise when their programs are run again, without those of more than `most` elements."""
    cases, tensors = read(VECTORS / f"{name}.safetensors")
    failed = []
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
            failed.append(case["name"])
    return failed


@pytest.mark.parametrize("name", FILES)
def test_the_programs_in_the_files_run(name: str) -> None:
    assert failures(name, most=5000) == []


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


TRUE_DOT, TRUE_PANEL_SUM = arithmetic.dot, arithmetic.panel_sum
TRUE_FMA, TRUE_ROUND = binary32.fma, binary32.round_ratio
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
    (binary32, "round_ratio", ties_away, ["add", "sub", "mul", "div", "sum", "cast", "fma"]),
]


@pytest.mark.parametrize(
    ("module", "name", "fault", "files"), FAULTS, ids=[f"{f[2].__name__}-{f[3][0]}" for f in FAULTS]
)
def test_planted_faults_fail_the_vectors(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, fault: Callable[..., int], files: list[str]
) -> None:
    monkeypatch.setattr(module, name, fault)
    for file in files:
        assert failures(file, most=8000), file


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
