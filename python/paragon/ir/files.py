"""Model files: safetensors with the program in the metadata (docs/program.md)."""

from __future__ import annotations

from pathlib import Path

from .errors import FileError
from .kinds import FURTHER, PROGRAM, read_model
from .program import Program
from .tensor_files import open_tensors, read_within_memory


def load(path: str | Path, program: str | None = None) -> Program:
    """Read a program and its state from a model file. The file is checked whole (docs/files.md), whichever program is asked for.

    Args:
        program: the name of one of the further programs in the file; the main one when None.

    Raises:
        FileError: the file is missing, damaged, or no model file; the message names it and what is wrong.

    >>> pg.trace(lambda x: x * 2.0, np.ones(3, np.float32)).save("double.safetensors")
    >>> pg.load("double.safetensors").run({"x": np.ones(3, np.float32)})
    {'output': array([2., 2., 2.], dtype=float32)}
    """
    with open_tensors(path) as file:
        programs = read_model(file)
        key = PROGRAM if program is None else FURTHER + program
        if key not in programs:
            raise FileError(f"{path}: holds no {key!r} in its metadata (programs: {', '.join(programs)})")
        loaded = programs[key]
        loaded.values = read_within_memory(file, loaded.state)
    return loaded
