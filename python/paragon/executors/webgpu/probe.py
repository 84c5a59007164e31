"""What a device's arithmetic is worth: it is asked for known answers, and its float arithmetic is held to its integer arithmetic.

WGSL lets a device round fma twice, contract a*b + c, flush subnormals and assume that there is no infinity or NaN. The probe
finds out and picks the path (docs/contract.md, section 9): "native" where float arithmetic keeps the contract, "integer" where
only integer arithmetic does, "refused" where not even that is right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from ...ir.spec import Array
from .library import SHADERS

# What probe.wgsl computes for each triple of words, in the order of the words of its answer: first those that are floats.
FLOATS = ("fma", "mul_add", "add", "sub", "mul", "add_zero", "add_sub", "sub_self", "bitcast")
COLUMNS = (*FLOATS, "integer", "shift", "compare")
TRIPLES = 1 << 15

# The known answers of every check: (column of the answer, a, b, c, the word that must come out). u = 2^-23, so that 1 + u is the
# float after 1.
KNOWN: dict[str, list[tuple[str, int, int, int, int]]] = {
    "fma is fused": [
        ("fma", 0x3F800001, 0x3F800001, 0xBF800002, 0x28800000),  # (1+u)^2 - (1+2u) = u^2
        ("fma", 0x3F800001, 0x3F7FFFFE, 0xBF800000, 0xA8800000),  # (1+u)(1-u) - 1 = -u^2
        ("fma", 0x80000001, 0x00000001, 0x00000000, 0x80000000),  # a product that underflows from below
    ],
    "products are not contracted": [
        ("mul_add", 0x3F800001, 0x3F800001, 0xBF800002, 0x00000000),
        ("mul_add", 0x3F800001, 0x3F7FFFFE, 0xBF800000, 0x00000000),
    ],
    "sums are not simplified": [
        ("add_zero", 0x80000000, 0, 0, 0x00000000),
        ("add_sub", 0x3F800000, 0x30800000, 0, 0x00000000),  # (1 + 2^-30) - 1
        ("sub_self", 0x7F800000, 0, 0, 0x7FC00000),
    ],
    "subnormals survive load and store": [
        ("bitcast", 0x00000001, 0, 0, 0x00000001),
        ("bitcast", 0x807FFFFF, 0, 0, 0x807FFFFF),
    ],
    "subnormals survive arithmetic": [
        ("add", 0x00000001, 0x00000001, 0, 0x00000002),
        ("add", 0x007FFFFF, 0x00000001, 0, 0x00800000),
        ("sub", 0x00800000, 0x00000001, 0, 0x007FFFFF),
        ("mul", 0x00800000, 0x3F000000, 0, 0x00400000),  # the result is subnormal
        ("mul", 0x00000001, 0x4B800000, 0, 0x01000000),  # the operand is
        ("mul", 0x00000003, 0x3F000000, 0, 0x00000002),  # a tie between two subnormals
        ("fma", 0x00800000, 0x3F000000, 0x00000001, 0x00400001),
        ("fma", 0x1A000000, 0x1A000000, 0x00000000, 0x00000000),  # 2^-150, half of the smallest, to even
        ("fma", 0x1A000001, 0x1A000000, 0x00000000, 0x00000001),  # and just above
    ],
    "sums are rounded to nearest even": [
        ("add", 0x3F800000, 0x33800000, 0, 0x3F800000),
        ("add", 0x3F800001, 0x33800000, 0, 0x3F800002),
        ("add", 0x3F800000, 0x33800001, 0, 0x3F800001),
        ("sub", 0x3F800000, 0x33000000, 0, 0x3F800000),
        ("sub", 0x3F800000, 0x33000001, 0, 0x3F7FFFFF),
    ],
    "products are rounded to nearest even": [
        ("mul", 0x3F800001, 0x3FC00000, 0, 0x3FC00002),  # 1.5 + 1.5u, a tie
        ("mul", 0x3F800001, 0x3F800001, 0, 0x3F800002),
        ("mul", 0x3F7FFFFF, 0x3F7FFFFF, 0, 0x3F7FFFFE),
    ],
    "signed zeros are kept": [
        ("add", 0x80000000, 0x80000000, 0, 0x80000000),
        ("add", 0x80000000, 0x00000000, 0, 0x00000000),
        ("sub", 0x3F800000, 0x3F800000, 0, 0x00000000),
        ("mul", 0x80000000, 0x3F800000, 0, 0x80000000),
        ("fma", 0x80000000, 0x3F800000, 0x80000000, 0x80000000),
    ],
    "infinities and NaNs are kept": [
        ("mul", 0x7F7FFFFF, 0x40000000, 0, 0x7F800000),
        ("sub", 0x7F800000, 0x7F800000, 0, 0x7FC00000),
        ("mul", 0x7F800000, 0x00000000, 0, 0x7FC00000),
        ("add", 0x7FC00000, 0x3F800000, 0, 0x7FC00000),
        ("bitcast", 0x7F800001, 0, 0, 0x7FC00000),
    ],
}
INTEGER: dict[str, list[tuple[str, int, int, int, int]]] = {
    "integer arithmetic wraps": [("integer", 0xFFFFFFFF, 0xFFFFFFFF, 2, 3), ("integer", 0x10001, 0x10001, 0, 0x20001)],
    "shifts and leading zeros": [
        ("shift", 0x00000001, 31, 0x80000000, 0x80000001),
        ("shift", 0x00000000, 0, 0x00000000, 32),
        ("shift", 0x00000003, 4, 0x00000100, 0x00000027),
    ],
    "integers are compared": [("compare", 0x80000000, 1, 0, 1), ("compare", 1, 0x80000000, 0, 2), ("compare", 1, 2, 0, 3)],
}  # fmt: skip


class ProbedDevice(Protocol):
    """What the probe needs of an opened device: its names, and a way to run one kernel."""

    adapter: str
    info: dict[str, Any]

    def run_once(self, code: str, path: str, arrays: Sequence[Any], result_bytes: int, threads: int) -> bytes:
        """Run the kernel `code` on `arrays` and return the result."""


@dataclass(frozen=True)
class Probe:
    """What was found: which checks passed, on native arithmetic (`checks`) and on integer arithmetic (`integer`)."""

    adapter: str
    driver: str
    checks: dict[str, bool]
    integer: dict[str, bool]

    @property
    def failed(self) -> str:
        """The names of the checks that did not pass."""
        return "; ".join(name for name, ok in {**self.checks, **self.integer}.items() if not ok)

    @property
    def path(self) -> str:
        """ "native", "integer" or "refused"."""
        if not all(self.integer.values()):
            return "refused"
        return "native" if all(self.checks.values()) else "integer"

    def row(self) -> dict[str, Any]:
        """The whole as plain data, for reports."""
        return {**asdict(self), "path": self.path}

    def to_json(self) -> str:
        """`row` as JSON text."""
        return json.dumps(self.row(), indent=1)


def _canonical(rows: Array) -> Array:
    """`rows` with every NaN made 0x7fc00000 in the columns that are floats."""
    floats = rows[:, : len(FLOATS)]
    floats[(floats & 0x7FFFFFFF) > 0x7F800000] = 0x7FC00000
    return rows


def _ask(device: ProbedDevice, path: str, triples: Array) -> Array:
    """u32 [n, COLUMNS]: what a path of the device makes of [n, 3] words."""
    code = (SHADERS / "probe.wgsl").read_text()
    answer = device.run_once(code, path, [triples], len(triples) * len(COLUMNS) * 4, len(triples))
    return _canonical(np.frombuffer(answer, np.uint32).reshape(-1, len(COLUMNS)).copy())


def triples_of_all_classes() -> Array:
    """u32 [TRIPLES, 3]: operands of all classes, namely edge words, any words, words near one, and small words. The same on every
    device."""
    rng = np.random.Generator(np.random.PCG64(1))
    edges = np.array(
        [0, 1, 2, 0x7FFFFF, 0x800000, 0x3F800000, 0x3F800001, 0x3F7FFFFF, 0x7F7FFFFF, 0x7F800000, 0x7FC00000]
    )
    signs = rng.integers(0, 2, (TRIPLES, 3)) << 31
    kinds = [
        rng.choice(edges, (TRIPLES, 3)) | signs,
        rng.integers(0, 2**32, (TRIPLES, 3)),
        rng.integers(0, 2**22, (TRIPLES, 3)) | rng.integers(100, 150, (TRIPLES, 3)) << 23 | signs,
        rng.integers(0, 2**23, (TRIPLES, 3)) | rng.integers(0, 80, (TRIPLES, 3)) << 23 | signs,
    ]
    return np.choose(rng.integers(0, len(kinds), (TRIPLES, 1)), kinds).astype(np.uint32)


def _passes(cases: list[tuple[str, int, int, int, int]], answers: Array) -> bool:
    return all(int(row[COLUMNS.index(column)]) == want for (column, *_, want), row in zip(cases, answers, strict=True))


def probe(device: ProbedDevice) -> Probe:
    """Ask a device. Nothing is believed but the words that come back: not what the driver says it can do."""
    info = device.info
    every = {**KNOWN, **INTEGER}
    words = np.array([case[1:4] for cases in every.values() for case in cases], np.uint32)
    native, integer = (_ask(device, path, words) for path in ("native", "integer"))
    checks, whole, start = {}, {}, 0
    for name, cases in every.items():
        rows = slice(start, start := start + len(cases))
        if name in KNOWN:
            checks[name] = _passes(cases, native[rows])
        whole[name] = _passes(cases, integer[rows])
    triples = triples_of_all_classes()
    a, b = _ask(device, "native", triples), _ask(device, "integer", triples)
    checks[f"native and integer agree on {TRIPLES} triples"] = bool((a == b).all())
    return Probe(
        device.adapter, str(info.get("description", "")), checks, {f"integer path: {k}": v for k, v in whole.items()}
    )
