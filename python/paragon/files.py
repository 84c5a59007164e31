"""Model files: safetensors with the program in the metadata (docs/program.md)."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .errors import FileError, ProgramError
from .fingerprint import canonical
from .program import Array, Program, check_array

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


def save_program(program: Program, path: str | Path, others: Mapping[str, Program] | None = None) -> None:
    """Write a model file. `others` are further programs over a subset of the same state, kept as "program.NAME"."""
    values = {
        name: check_array(f"state {name!r}", program.values.get(name), spec) for name, spec in program.state.items()
    }
    metadata = {"format": MODEL, "program": program.to_json()}
    for name, other in (others or {}).items():
        metadata[f"program.{name}"] = other.to_json()
    write_tensors(path, values, metadata)


def load(path: str | Path, program: str | None = None) -> Program:
    """Read a program and its state from a model file.

    Args:
        program: the name of one of the further programs in the file; the main one when None.

    Raises:
        FileError: the file is missing, damaged, or no model file; the message names it and what is wrong.
    """
    tensors, metadata = read_tensors(path)
    key = "program" if program is None else f"program.{program}"
    if key not in metadata:
        names = ", ".join(k for k in metadata if k == "program" or k.startswith("program.")) or "none"
        raise FileError(f"{path}: holds no {key!r} in its metadata (programs: {names})")
    try:
        loaded = Program.from_json(metadata[key])
        for name, spec in loaded.state.items():
            if name not in tensors:
                raise ProgramError(f"the state {name!r} has no tensor")
            loaded.values[name] = check_array(f"tensor {name!r}", tensors[name], spec)
    except ProgramError as error:
        raise FileError(f"{path}: {error}") from None
    return loaded
