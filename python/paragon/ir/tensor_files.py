"""Tensor files: safetensors, written atomically and read with errors that name the file."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import FileError
from .fingerprint import canonical
from .spec import Array

MODEL, JOB, RUN = "paragon-model", "paragon-job", "paragon-run"


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write a file so that its name always holds either the old or the new content whole, also after a crash."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent or Path(), prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        folder = os.open(path.parent or Path(), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_tensors(path: str | Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file atomically, NaNs as the one NaN. Arrays are f32, i32 or u32."""
    from safetensors.numpy import save

    arrays = {
        name: canonical(array).view(array.dtype.newbyteorder("<")).reshape(array.shape)
        for name, array in tensors.items()
    }
    write_atomic(path, save(arrays, dict(metadata) or None))


def read_tensors(path: str | Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors and the metadata of a safetensors file. Raises FileError, naming the file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file") from None
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise FileError(f"{path}: not a readable safetensors file: {error}") from None
