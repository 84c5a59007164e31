"""The vector files and words of f32, for the tests of the oracle; shares nothing with the library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

VECTORS = Path(__file__).resolve().parent.parent / "bindings_tests" / "vectors"
NAN = 0x7FC00000


def floats(words: list[int]) -> np.ndarray:
    return np.array(words, dtype=np.uint32).view(np.float32)


def observed(x: np.ndarray) -> list[int]:
    """The words of the f32 nearest to the elements, every NaN as the contract's."""
    x = np.atleast_1d(x).astype(np.float32)
    words = np.where(np.isnan(x), np.uint32(NAN), x.view(np.uint32))
    return [int(w) for w in words]


def read(path: Path) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """The cases of a vector file, and its tensors as words."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    assert metadata["format"] == "paragon-vectors"
    kinds = {"F32": "<u4", "I32": "<u4", "U32": "<u4"}
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[start:end], dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
    return json.loads(metadata["cases"]), tensors
