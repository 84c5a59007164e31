"""The safetensors file as docs/files.md pins it (section 3): the header, read and checked, and the tensors behind it."""

from __future__ import annotations

import io
import os
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from . import strict_json
from .errors import ShapeError
from .fields import members, spec_of
from .spec import NUMPY_DTYPES, Array, Spec

METADATA = "__metadata__"  # what the format calls its metadata; no tensor can have this name
MAX_HEADER = 100_000_000  # bytes; the limit of the format's own library
PREFIX = 8  # the length of the header, little-endian
WORD = 4
DTYPES = {"F32": "f32", "I32": "i32", "U32": "u32"}


class Entry(NamedTuple):
    """What the header says of a tensor: dtype and shape, and where its words begin in the data."""

    spec: Spec
    begin: int


class TensorFile:
    """An open file. Raises ValueError, saying what is wrong, when it is not of the format, and OSError.

    `tensors` holds the entries of the header by name, `metadata` its strings.
    """

    def __init__(self, path: str | Path) -> None:
        self._file: io.BufferedReader = open(path, "rb")  # noqa: SIM115
        try:
            self.tensors, self.metadata, self._data = _read_header(self._file)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> TensorFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def read(self, names: Collection[str]) -> dict[str, Array]:
        """The tensors of these names. Raises MemoryError."""
        return {name: self._read(*self.tensors[name]) for name in names}

    def _read(self, spec: Spec, begin: int) -> Array:
        array = np.empty(spec.shape, NUMPY_DTYPES[spec.dtype].newbyteorder("<"))
        self._file.seek(self._data + begin)
        if array.size and self._file.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:
            raise ValueError("the file became shorter while it was read")
        return array.astype(NUMPY_DTYPES[spec.dtype], copy=False)


def _read_header(file: io.BufferedReader) -> tuple[dict[str, Entry], dict[str, str], int]:
    """The tensors, the metadata, and where the data begin."""
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(PREFIX), "little")
    if size < PREFIX or length > min(size - PREFIX, MAX_HEADER):
        raise ValueError(f"a header of {length} bytes in a file of {size} (the most is {MAX_HEADER})")
    text = file.read(length).rstrip(b" ")
    if not (text.startswith(b"{") and text.endswith(b"}")):
        raise ValueError("the header does not begin with '{', or something else than spaces follows its '}'")
    header = strict_json.parse(text)
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError(f"{METADATA} must be an object of strings")
    places = {name: _place(name, item) for name, item in header.items()}
    end = 0
    for name, (_, begin, stop) in sorted(places.items(), key=lambda item: item[1][1:]):
        if begin != end:
            raise ValueError(f"the tensor {name!r} does not begin where the one before it ends")
        end = stop
    if end != size - PREFIX - length:
        raise ValueError(f"the tensors take {end} bytes, but the file holds {size - PREFIX - length}")
    return {name: Entry(spec, begin) for name, (spec, begin, _) in places.items()}, metadata, PREFIX + length


def _place(name: str, item: Any) -> tuple[Spec, int, int]:
    """The spec of a tensor, and where its data begin and end."""
    where = f"tensor {name!r}"
    entry = members(where, item, ("dtype", "shape", "data_offsets"))
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in DTYPES:
        raise ShapeError(f"{where}: dtype {entry['dtype']!r} is not one of {', '.join(DTYPES)}")
    spec = spec_of(where, DTYPES[entry["dtype"]], entry["shape"])
    offsets = entry["data_offsets"]
    if not isinstance(offsets, list) or [type(x) for x in offsets] != [int, int] or offsets[0] < 0:
        raise ShapeError(f"{where}: data_offsets must be two integers, got {offsets!r}")
    if offsets[1] - offsets[0] != WORD * spec.size:
        raise ShapeError(f"{where}: {spec} has {WORD * spec.size} bytes, not {offsets[1] - offsets[0]}")
    return spec, offsets[0], offsets[1]
