"""Vector files: safetensors bytes of a list of cases, the same bytes every time."""

import json
import sys
from array import array
from collections.abc import Iterable

from .case import Case
from .tensor import Tensor

DTYPES = {"f32": "F32", "i32": "I32", "u32": "U32"}


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _data(x: Tensor) -> bytes:
    words = array("I", x.words)
    if words.itemsize != 4:
        raise RuntimeError("array('I') does not hold 32-bit words on this machine")
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()


def encode(cases: Iterable[Case]) -> bytes:
    """Header length (u64, little-endian), JSON header padded with spaces to a multiple of 8, tensor data in header order."""
    listing = []
    header: dict[str, object] = {}
    chunks: list[bytes] = []
    offset = 0
    for k, case in enumerate(cases):
        listing.append({"name": case.name, "program": case.program()})
        for name, tensor in case.tensors().items():
            chunk = _data(tensor)
            header[f"{k}/{name}"] = {
                "dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(chunk)],
            }  # fmt: skip
            chunks.append(chunk)
            offset += len(chunk)
    names = [case["name"] for case in listing]
    if len(set(names)) != len(names):
        raise ValueError("two cases have the same name")
    metadata = {"format": "paragon-vectors", "cases": _compact(listing)}
    text = _compact({"__metadata__": metadata, **header}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(chunks)
