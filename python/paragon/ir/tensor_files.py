"""Tensor files: safetensors, written atomically and read with errors that name the file.

`write_atomic` is the one way in which Paragon writes a file (docs/reliability.md), `read_tensors` the one way to read tensors.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from .errors import FileError
from .fingerprint import canonical
from .safetensors_file import MAX_HEADER, METADATA, WORD, TensorFile
from .spec import MAX_RANK, Array, dtype_name

MODEL, JOB, VECTORS = "paragon-model", "paragon-job", "paragon-vectors"  # formats


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write a file so that its name always holds either the old or the new content whole, also after a crash.

    A link is followed, so that it stays one. The permissions of a file that is there are kept. What is no regular file
    (a device, a FIFO) is written through, never replaced.

    Raises:
        OSError: with the path as its file name, whatever step failed.
    """
    try:
        _write(Path(path), data)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write(path: Path, data: bytes) -> None:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        there = None
    if there is not None and not stat.S_ISREG(there.st_mode):
        with open(path, "wb") as through:
            through.write(data)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666 if there is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if there is not None:
                os.chmod(temporary, stat.S_IMODE(there.st_mode))
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_tensors(path: str | Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file atomically, NaNs as the one NaN.

    Raises:
        FileError: what `read_tensors` or another reader would refuse: a dtype other than f32, i32 and u32, the name
            `__metadata__`, text that is no Unicode, too long a header. Nothing has been written then.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    for name, array in tensors.items():
        if name == METADATA:
            raise FileError(
                f"{path}: no tensor can have the name {METADATA!r}, which the format uses itself; rename it"
            )
        if dtype_name(array) is None or array.ndim > MAX_RANK:
            raise FileError(
                f"{path}: the tensor {name!r} is {array.dtype}{list(array.shape)}, not f32, i32 or u32 of at most {MAX_RANK} axes"
            )
    for text in (*tensors, *metadata, *metadata.values()):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise FileError(f"{path}: {text[:40]!r} is not valid Unicode") from None
    arrays = {
        name: canonical(array).view(array.dtype.newbyteorder("<")).reshape(array.shape)
        for name, array in tensors.items()
    }
    too_long = FileError(f"{path}: names and metadata take more than the {MAX_HEADER} bytes that a file has for them")
    try:
        data = save(arrays, dict(metadata) or None)
    except SafetensorError:  # the only thing left that it can find wrong
        raise too_long from None
    if int.from_bytes(data[:8], "little") > MAX_HEADER:  # older versions of the library do not look
        raise too_long
    write_atomic(path, data)


@contextlib.contextmanager
def open_tensors(path: str | Path) -> Iterator[TensorFile]:
    """A safetensors file whose header is read and checked.

    Raises:
        FileError: naming the file: it is missing, no regular file, or damaged; so does what goes wrong inside the block.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise FileError(f"{path}: is not a regular file; only those can be read")
        try:
            file = TensorFile(path)
        except ValueError as error:
            raise FileError(f"{path}: not a readable safetensors file: {error}") from None
        with file:
            yield file
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file") from None
    except MemoryError:
        raise FileError(f"{path}: its tensors do not fit into memory") from None
    except FileError:
        raise
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: {error}") from None


def read_tensors(path: str | Path) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors and the metadata of a safetensors file.

    Raises:
        FileError: as `open_tensors`, or the tensors are more than this machine's memory.
    """
    with open_tensors(path) as file:
        return read_within_memory(file, file.tensors), file.metadata


def read_within_memory(file: TensorFile, names: Collection[str]) -> dict[str, Array]:
    """Some tensors of an open file. Raises ValueError where they are more than this machine's memory."""
    size = sum(WORD * file.tensors[name].spec.size for name in names)
    if size > (most := most_memory()):
        raise ValueError(f"its tensors take {size} bytes; this machine reads at most {most} (3/4 of its memory)")
    return file.read(names)


def most_memory() -> int:
    """The bytes that one file's tensors may take: three quarters of the machine's memory, as for a session of the cpu executor."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4 * 3
    except (AttributeError, ValueError, OSError):  # a system that does not say
        return 2**63 - 1
