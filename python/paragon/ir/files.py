"""Model files: safetensors with the program in the metadata (docs/program.md)."""

from __future__ import annotations

from pathlib import Path

from .errors import FileError, ProgramError
from .program import Program
from .spec import check_array
from .tensor_files import read_tensors


def load(path: str | Path, program: str | None = None) -> Program:
    """Read a program and its state from a model file.

    Args:
        program: the name of one of the further programs in the file; the main one when None.

    Raises:
        FileError: the file is missing, damaged, or no model file; the message names it and what is wrong.

    >>> pg.trace(lambda x: x * 2.0, np.ones(3, np.float32)).save("double.safetensors")
    >>> pg.load("double.safetensors").run({"x": np.ones(3, np.float32)})
    {'output': array([2., 2., 2.], dtype=float32)}
    """
    metadata = read_tensors(path, only=())[1]
    key = "program" if program is None else f"program.{program}"
    if key not in metadata:
        names = ", ".join(k for k in metadata if k == "program" or k.startswith("program.")) or "none"
        raise FileError(f"{path}: holds no {key!r} in its metadata (programs: {names})")
    try:
        loaded = Program.from_json(metadata[key])
        tensors = read_tensors(path, only=loaded.state)[0]
        for name, spec in loaded.state.items():
            if name not in tensors:
                raise ProgramError(f"the state {name!r} has no tensor")
            loaded.values[name] = check_array(f"tensor {name!r}", tensors[name], spec)
    except ProgramError as error:
        raise FileError(f"{path}: {error}") from None
    return loaded
