"""The IDX format of the MNIST files: a magic number, the dimensions, then bytes; big-endian, gzip-compressed or plain.

(Y. LeCun's description: two zero bytes, 0x08 for unsigned bytes, the number of dimensions, each dimension as 32 bits.)
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from pathlib import Path

import numpy as np

from ..ir.errors import FileError
from ..ir.spec import Array

MAX_BYTES = 2**31 - 1


def parse_idx(content: bytes, name: str) -> Array:
    """The uint8 array in the bytes of an IDX file, gzip-compressed or not.

    Raises:
        FileError: the content is damaged, truncated, too long or of another kind; the message begins with `name`.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) if content[:2] == b"\x1f\x8b" else io.BytesIO(content) as file:
            return _parse(file, name)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise FileError(f"{name}: damaged: {error}") from None


def _parse(file: gzip.GzipFile | io.BytesIO, name: str) -> Array:
    head = file.read(4)
    if len(head) < 4 or head[:3] != b"\0\0\x08" or not 1 <= head[3] <= 4:
        raise FileError(f"{name}: not an IDX file of bytes: it begins with {head.hex() or 'nothing'}, not with 000008")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise FileError(f"{name}: truncated within its header")
    shape = struct.unpack(f">{head[3]}I", sizes)
    count = 1
    for size in shape:
        count *= size
    if count > MAX_BYTES:
        raise FileError(f"{name}: claims {' x '.join(map(str, shape))} bytes, more than the {MAX_BYTES} that are read")
    parts: list[bytes] = []
    left = count + 1  # one byte more, to see whether there is one
    while left and (part := file.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    data = b"".join(parts)
    if len(data) != count:
        what = "truncated" if len(data) < count else "too long"
        raise FileError(f"{name}: {what}: {' x '.join(map(str, shape))} needs {count} bytes, found {len(data)} or more")
    return np.frombuffer(data, np.uint8).reshape(shape)


def read_idx(path: str | Path) -> Array:
    """The uint8 array in an IDX file. Raises FileError, naming the file."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_idx(content, str(path))
