"""Checkpoints: everything a training run needs to go on as if it had never stopped, in one safetensors file.

The tensors are the state of the step program (`state.NAME`) and arrays of callbacks (`callback.K.NAME`); the metadata holds the
position, the history, the identity of the run, and a hash over all of it. A file is replaced atomically, so its name always holds a
whole checkpoint; training/lock.py keeps a second run away from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..ir.errors import FileError, ParagonError
from ..ir.fingerprint import fingerprint
from ..ir.spec import Array, dtype_name
from ..ir.tensor_files import read_tensors, write_tensors
from ..tensor.tensor import Tensor

FORMAT = "paragon-checkpoint"
VERSION = 2


def data_hash(arrays: Mapping[str, Array]) -> str:
    """SHA-256 over the names, dtypes, shapes and bytes of arrays."""
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def content_hash(tensors: Mapping[str, Array], position: str) -> str:
    """SHA-256 over everything that a checkpoint holds: its tensors, and its position as the text that stands in the file."""
    return hashlib.sha256(f"{fingerprint(tensors)} {position}".encode()).hexdigest()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass
class Position:
    """Where a run stands. `done` (steps) and `totals` (sums of the loss and the metrics) belong to the unfinished epoch."""

    epoch: int = 0
    done: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    history: dict[str, list[float]] = field(default_factory=dict)
    stopped: bool = False


@dataclass(kw_only=True)
class Checkpoint:
    """A run as it stands, whose run it is (`identity`), and what its callbacks keep."""

    identity: dict[str, Any]
    state: dict[str, Array]
    position: Position
    callbacks: list[dict[str, Any]] = field(default_factory=list)

    def save(self, path: str | Path) -> None:
        """Write the file atomically."""
        tensors = {f"state.{name}": array for name, array in self.state.items()}
        plain: list[dict[str, Any]] = []
        for k, state in enumerate(self.callbacks):
            state = {name: v.numpy() if isinstance(v, Tensor) else v for name, v in state.items()}
            arrays = {name: v for name, v in state.items() if isinstance(v, np.ndarray)}
            if wrong := [name for name, v in arrays.items() if dtype_name(v) is None]:
                raise ParagonError(
                    f"callback {k}: its state {wrong[0]!r} is {arrays[wrong[0]].dtype}, not f32, i32 or u32"
                )
            tensors.update({f"callback.{k}.{name}": v for name, v in arrays.items()})
            plain.append({name: v for name, v in state.items() if name not in arrays})
        position = {"version": VERSION, **asdict(self.position), "identity": self.identity, "callbacks": plain}
        try:
            text = json.dumps(position, default=_plain)
        except (TypeError, ValueError) as error:
            raise ParagonError(f"the state of a callback does not fit into a checkpoint: {error}") from None
        write_tensors(path, tensors, {"format": FORMAT, "position": text, "hash": content_hash(tensors, text)})

    @classmethod
    def load(cls, path: str | Path) -> Checkpoint:
        """Read a file. Raises FileError, naming it, when it is damaged or not a checkpoint of this version."""
        tensors, metadata = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise FileError(f"{path}: not a checkpoint (format {metadata.get('format')!r})")
        try:
            position = json.loads(metadata["position"])
            if position.pop("version") != VERSION:
                raise ValueError("another version")
            if metadata["hash"] != content_hash(tensors, metadata["position"]):
                raise ValueError("its content is not what its hash says")
            identity, callbacks = position.pop("identity"), position.pop("callbacks")
            found = cls(identity=identity, state={}, position=Position(**position), callbacks=callbacks)
            found.check()
            for name, array in tensors.items():
                kind, rest = name.split(".", 1)
                if kind == "state":
                    found.state[rest] = array
                elif kind == "callback":
                    number, rest = rest.split(".", 1)
                    found.callbacks[range(len(callbacks)).index(int(number))][rest] = array
                else:
                    raise ValueError(f"the tensor {name!r} belongs to nothing")
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
            raise FileError(f"{path}: damaged, or written by another version: {error!r}") from None
        return found

    def check(self) -> None:
        """Raises ValueError, naming the field that a run cannot have."""
        at = self.position
        steps = self.identity.get("steps an epoch") if isinstance(self.identity, dict) else None
        listed = isinstance(at.history, dict) and all(isinstance(v, list) for v in at.history.values())
        for field_name, good in (
            ("identity", isinstance(self.identity, dict)),
            ("callbacks", isinstance(self.callbacks, list) and all(isinstance(c, dict) for c in self.callbacks)),
            ("epoch", _is_count(at.epoch)),
            ("done", _is_count(at.done) and (steps is None or (_is_count(steps) and at.done <= steps))),
            ("totals", isinstance(at.totals, dict) and all(map(_is_number, at.totals.values()))),
            ("history", listed and all(_is_number(x) for v in at.history.values() for x in v)),
            ("history", listed and all(len(v) <= at.epoch for v in at.history.values())),
            ("stopped", isinstance(at.stopped, bool)),
        ):
            if not good:
                raise ValueError(f"{field_name} is not what a run has")

    def check_identity(self, path: str | Path, now: Mapping[str, Any]) -> None:
        """Raises FileError, naming what differs, when this is a checkpoint of another run."""
        for key, value in now.items():
            was = self.identity.get(key)
            if was != value:
                shown = "" if isinstance(value, str) else f" ({was}, now {value})"
                raise FileError(f"{path}: is of a run with other {key}{shown}; resume that one, or choose another file")


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is neither an array nor something that JSON can hold")


def check_writable(path: Path) -> None:
    """Raises FileError, naming the file, when a run could not write it at its end."""
    try:
        if path.is_dir():
            raise FileError(f"{path}: is a folder; choose a file")
        if not path.parent.is_dir():
            raise FileError(f"{path}: there is no folder {path.parent}; make it first")
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
        if path.is_file() or not path.exists():  # a file is replaced by another one in its folder
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
                pass
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None


def to_resume(path: Path, resume: bool | str, overwrite: bool) -> bool:
    """Whether a run goes on from the checkpoint file. Raises FileError rather than lose another run, or begin one by mistake."""
    check_writable(path)
    exists = path.exists()
    if resume == "auto":
        return exists
    if resume and not exists:
        raise FileError(
            f'{path}: there is no such checkpoint to resume; begin without resume (or with resume="auto" in Python)'
        )
    if exists and not resume and not overwrite:
        raise FileError(
            f"{path}: is there already; go on from it with resume=True (--resume), replace it with overwrite=True"
            " (--force), or choose another file"
        )
    return bool(resume)


def remove_leftovers(path: Path) -> None:
    """Delete the temporary files that a killed run left beside its checkpoint.

    The caller holds the lock of the checkpoint (lock.py), so that they are nobody's.
    """
    path = Path(os.path.realpath(path))
    pattern = re.compile(re.escape(f".{path.name}.") + r"[a-z0-9_]{8}")
    for other in path.parent.iterdir():
        if pattern.fullmatch(other.name):
            with contextlib.suppress(OSError):
                other.unlink()
