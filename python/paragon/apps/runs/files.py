"""The names of a run's files, and how caches among them are read and replaced."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from paragon import FileError

SUMMARY, INDEX = "run_summary.json", "index.json"
ARRAYS = "data"  # the folder of a root in which rows lie, by their hash


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises FileError, naming it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None


def replace_quickly(path: Path, content: bytes) -> None:
    """Write a file that can be made again: its name holds the old or the new content whole, but nobody waits for the disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.write_bytes(content)
    os.replace(temporary, path)
