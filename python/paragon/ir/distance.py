"""How far two results are apart: words first, then distances, then the first operation of a program that differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .errors import FileError, ProgramError
from .fingerprint import canonical
from .float_modes import in_plain_modes
from .program import Program
from .spec import Array
from .tensor_files import read_tensors


@dataclass(frozen=True)
class Difference:
    """The distance of two arrays of one shape and dtype. `ulps` counts the values of the dtype between the farthest pair."""

    words: int
    mismatched: int
    max_abs_diff: float
    mean_abs_diff: float
    l2_diff: float
    ulps: int

    @property
    def same(self) -> bool:
        """Whether all words are equal."""
        return self.mismatched == 0

    def row(self) -> dict[str, Any]:
        """The figures by name, for a report."""
        return {"match": self.same, **asdict(self)}


def ordered(array: Array) -> Array:
    """i64 numbers in the order of the values, neighbours one apart; -0 and +0 are both 0."""
    if array.dtype != np.float32:
        return array.astype(np.int64)
    bits = canonical(array).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


@in_plain_modes
def difference(a: Array, b: Array) -> Difference:
    """Compare two arrays word for word. All NaNs are one.

    Raises:
        ProgramError: the shapes or dtypes differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        raise ProgramError(f"compare: {a.dtype}{list(a.shape)} and {b.dtype}{list(b.shape)} have no words in common")
    different = canonical(a).ravel() != canonical(b).ravel()
    if not different.any():
        return Difference(a.size, 0, 0.0, 0.0, 0.0, 0)
    with np.errstate(invalid="ignore"):
        x, y = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
        distance = np.where(different, np.abs(x - y), 0.0)
        mean, length = float(distance.mean()), float(np.sqrt(np.square(distance).sum()))
    ulps = int(np.abs(ordered(a).ravel() - ordered(b).ravel()).max())
    return Difference(a.size, int(different.sum()), float(distance.max()), mean, length, ulps)


def compare_tensors(a: Mapping[str, Array], b: Mapping[str, Array]) -> dict[str, Difference]:
    """The difference of each named tensor. Raises ProgramError when names, shapes or dtypes do not match."""
    if set(a) != set(b):
        sides = (("first", set(a) - set(b)), ("second", set(b) - set(a)))
        only = [f"only in the {side}: {sorted(names)}" for side, names in sides if names]
        raise ProgramError(f"compare: {'; '.join(only)}")
    found = {}
    for name in a:
        try:
            found[name] = difference(a[name], b[name])
        except ProgramError as error:
            raise ProgramError(f"tensor {name!r}: {error}") from None
    return found


@dataclass(frozen=True)
class Divergence:
    """The first operation of a program whose value differs although all of its operands agree."""

    operation: int
    value: int
    op: str
    difference: Difference

    def __str__(self) -> str:
        d = self.difference
        return f"operation {self.operation} ({self.op}, value {self.value}): {d.mismatched} of {d.words} words differ"


def first_divergence(program: Program, a: Sequence[Array | None], b: Sequence[Array | None]) -> Divergence | None:
    """The first operation of `program` at which two runs differ, from all values of each run; None when they agree.

    Values that a run did not report (None) are passed over.
    """
    for i, node in enumerate(program.operations):
        value = program.first_operation + i
        x, y = a[value], b[value]
        if x is not None and y is not None and not (found := difference(x, y)).same:
            return Divergence(i, value, node.op, found)
    return None


@dataclass(frozen=True)
class Comparison:
    """What `compare_files` found."""

    tensors: dict[str, Difference]
    divergence: Divergence | None

    @property
    def same(self) -> bool:
        """Whether all words of all tensors are equal."""
        return all(d.same for d in self.tensors.values())


def compare_files(first: str | Path, second: str | Path) -> Comparison:
    """Compare two safetensors files: models, states, or two runs of one program.

    When both are runs of the same program that kept all values (`paragon run --values`), the first operation that differs
    is named.

    Raises:
        FileError: a file cannot be read, or the two hold different tensors.
    """
    (a, meta_a), (b, meta_b) = read_tensors(first), read_tensors(second)
    try:
        tensors = compare_tensors(a, b)
    except ProgramError as error:
        raise FileError(f"{first} and {second}: {error}") from None
    divergence = None
    if meta_a.get("program") and meta_a.get("program") == meta_b.get("program"):
        program = Program.from_json(meta_a["program"])
        count = program.first_operation + len(program.operations)
        divergence = first_divergence(program, *([x.get(f"value.{i}") for i in range(count)] for x in (a, b)))
    return Comparison(tensors, divergence)
