"""The fingerprint: SHA-256 over named tensors (docs/contract.md, section 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from .errors import ShapeError
from .spec import Array, dtype_name

NAN = 0x7FC00000  # the word of the one NaN
RUN, OUTPUT = (
    "paragon-run",
    "output.",
)  # the format of a file of results, and what stands before the names of outputs there


def canonical(array: Array) -> Array:
    """The words of an array as u32, little-endian, row-major, every NaN as 0x7fc00000."""
    words = np.ascontiguousarray(array).view(np.uint32).astype("<u4", copy=True)
    if array.dtype == np.float32:
        words[np.isnan(array)] = NAN
    return words


def fingerprint(x: Any) -> str:
    """64 hex digits that identify a tensor, a dict of tensors, a program's state or a model's parameters.

    Two fingerprints are equal when names, dtypes, shapes and all words are; every NaN counts as the same.

    Raises:
        ShapeError: a tensor that is not f32, i32 or u32.

    >>> pg.fingerprint({"w": pg.tensor([1.0, 2.0])})
    '7623854ac3c28a5e12a32e0af5a4b6be31a3665056daf2bfee406367377ba32d'
    """
    digest = hashlib.sha256()
    tensors = _named(x)
    for name in sorted(tensors, key=str.encode):
        array = np.asarray(tensors[name])
        dtype = dtype_name(array)
        if dtype is None:
            raise ShapeError(
                f"fingerprint of {name!r}: {array.dtype} is not f32, i32 or u32; make it a paragon.tensor first"
            )
        shape = ",".join(map(str, array.shape))
        digest.update(b"\0".join([name.encode(), dtype.encode(), shape.encode(), b""]))
        digest.update(canonical(array).tobytes())
    return digest.hexdigest()


def fingerprint_of_file(tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> str:
    """What identifies a file (docs/program.md): of a file of results the outputs, under their own names, else all tensors."""
    if metadata.get("format") == RUN:
        tensors = {name.removeprefix(OUTPUT): x for name, x in tensors.items() if name.startswith(OUTPUT)}
    return fingerprint(tensors)


def _named(x: Any) -> Mapping[str, Any]:
    """The tensors of a dict, a program or a model by name; a single tensor has the empty name."""
    if isinstance(x, Mapping):
        return x
    parameters = getattr(x, "state_dict", None)
    return parameters() if callable(parameters) else {"": x}
