"""One run at a time for a checkpoint file: a lock that the system releases when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..ir.errors import FileError

P = ParamSpec("P")
R = TypeVar("R")


def one_run_a_checkpoint(function: Callable[P, R]) -> Callable[P, R]:
    """`function` holds the lock of its keyword argument `checkpoint`, where it is given one, from its first line to its last."""

    @functools.wraps(function)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        path = kwargs.get("checkpoint")
        with locking(Path(path)) if isinstance(path, (str, os.PathLike)) else contextlib.nullcontext():
            return function(*args, **kwargs)

    return locked


@contextlib.contextmanager
def locking(path: Path) -> Iterator[None]:
    """Hold the lock of a file: an advisory lock (flock) on `.NAME.lock` beside it, which is removed at the end.

    Raises:
        FileError: there is no such folder, or another run holds the lock; the message names it.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise FileError(f"{path}: there is no folder {path.parent}; make it first")
    lock = path.with_name(f".{path.name}.lock")
    try:
        handle = _acquired(path, lock)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock)  # while it is held, so that nobody's later lock is removed
        os.close(handle)


def _acquired(path: Path, lock: Path) -> int:
    try:
        import fcntl
    except ImportError:  # a system without it: nothing to hold
        return os.open(lock, os.O_RDWR | os.O_CREAT)
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(lock) and os.path.samestat(os.fstat(handle), os.stat(lock)):
                os.ftruncate(handle, 0)
                os.pwrite(handle, f"process {os.getpid()} on {platform.node()}".encode(), 0)
                return handle
        except BlockingIOError:
            holder = os.pread(handle, 500, 0).decode(errors="replace") or "which has just begun"
            os.close(handle)
            raise FileError(
                f"{path}: another run, {holder}, writes this checkpoint; wait for its end, or choose another file"
            ) from None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder removed it between the two calls: once more
