"""Do all readers judge all files alike? Compares them on random, mutated files, in folders, with their command `check`.

    python tools/readers_agree.py --files 100000 --seed 0 --readers python,c++,go,rust,javascript,webassembly
    python tools/readers_agree.py --folder FOLDER          the files of a folder instead

What runs in this process (python, c interface, reference, webgpu export) is asked file by file; the others, one process a folder.
The exit code is 1 when two readers differ, or one dies; the smallest file of each kind of difference is kept in --keep and shown.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import itertools
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "tools", "bindings_tests/vectors")]

from readers.odd_files import OddFiles  # noqa: E402

import paragon as pg  # noqa: E402
import toolchains  # noqa: E402
from paragon.executors import executors  # noqa: E402
from paragon.executors.webgpu.export import read_program  # noqa: E402
from paragon.ir.kinds import check_file  # noqa: E402
from paragon.ir.tensor_files import JOB, MODEL, open_tensors  # noqa: E402

BATCH = 2000
OK, REFUSED, DIED = "ok", "refused", "died"
Verdicts = dict[str, str]
"""By the name of the file; a file that is not of a reader's kind is left out."""
Reader = Callable[[Path], Verdicts]


# --- readers in this process ------------------------------------------------------------------------------------------


def python(folder: Path) -> Verdicts:
    return {path.name: _verdict(lambda path=path: check_file(path)) for path in folder.iterdir()}


def _verdict(read: Callable[[], object]) -> str:
    try:
        read()
        return OK
    except pg.FileError:
        return REFUSED
    except Exception as error:  # what it must not raise
        print(f"{type(error).__name__}: {error}")
        return DIED


def c_interface(folder: Path) -> Verdicts:
    library = ctypes.CDLL(str(Path(pg.__file__).parent / "libparagon.so"))
    library.pg_check_memory.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    found = {}
    for path in folder.iterdir():
        data = path.read_bytes()
        found[path.name] = OK if library.pg_check_memory(data, len(data)) == 0 else REFUSED
    return found


def reference(folder: Path) -> Verdicts:
    """Models, loaded and handed to the executor, which must take what the loader took."""

    def load(path: Path) -> None:
        program = pg.load(path)
        with contextlib.suppress(pg.ExecutorError):  # too large for it, which is no matter of the file
            executors()["reference"].load(program)

    return {path.name: _verdict(lambda path=path: load(path)) for path in folder.iterdir() if _format(path) == MODEL}


def webgpu_export(folder: Path) -> Verdicts:
    """Models and jobs."""
    paths = [path for path in folder.iterdir() if _format(path) in (MODEL, JOB)]
    return {path.name: _verdict(lambda path=path: read_program(path)) for path in paths}


def _format(path: Path) -> str:
    """What a file says that it is; nothing where its header is damaged."""
    try:
        with open_tensors(path) as file:
            return file.metadata.get("format", "")
    except pg.FileError:
        return ""


# --- readers that are commands ----------------------------------------------------------------------------------------


def command(words: Sequence[str]) -> Reader:
    """The command `check` of an implementation. A file without its line is one at which it died."""

    def read(folder: Path) -> Verdicts:
        done = subprocess.run([*words, "check", str(folder)], capture_output=True, check=False, timeout=1200)
        found = {path.name: DIED for path in folder.iterdir()}
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        for line in lines:
            name, separator, rest = line.removeprefix(f"{folder}/").partition(": ")
            if separator and name in found and (rest == OK or rest.startswith(f"{REFUSED}: ")):
                found[name] = rest.partition(":")[0]
        wrong = done.returncode != (1 if REFUSED in found.values() else 0)
        if wrong or lines.pop() or len(lines) != len(found):
            print(f"{' '.join(words)}: exit code {done.returncode}, {len(lines)} lines for {len(found)} files")
            print(done.stderr.decode("utf-8", "replace")[-500:])
            found |= dict.fromkeys(list(found)[:1], DIED)
        return found

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "python": lambda: python,
    "c interface": lambda: c_interface,
    "reference": lambda: reference,
    "webgpu export": lambda: webgpu_export,
    "c++": lambda: command(toolchains.native()),
    "go": lambda: command(toolchains.go()),
    "rust": lambda: command(toolchains.rust()),
    "javascript": lambda: command(toolchains.javascript()),
    "webassembly": lambda: command(toolchains.webassembly()),
}


# --- the comparison ---------------------------------------------------------------------------------------------------


@dataclass
class Differences:
    """What was compared, and the smallest file of each way to differ."""

    files: int = 0
    accepted: int = 0
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    smallest: dict[tuple[str, ...], bytes] = field(default_factory=dict)

    def add(self, verdicts: Mapping[str, Verdicts], contents: Mapping[str, bytes]) -> None:
        for name, data in contents.items():
            said = {reader: found[name] for reader, found in verdicts.items() if name in found}
            self.files += 1
            self.accepted += OK in said.values()
            if len(set(said.values()) - {DIED}) > 1 or DIED in said.values():
                key = tuple(f"{reader}: {verdict}" for reader, verdict in said.items())
                self.counts[key] += 1
                if key not in self.smallest or len(data) < len(self.smallest[key]):
                    self.smallest[key] = data

    def report(self, keep: Path) -> None:
        print(f"{self.files} files, {self.accepted} accepted, {sum(self.counts.values())} judged differently")
        for i, (key, count) in enumerate(self.counts.most_common()):
            keep.mkdir(parents=True, exist_ok=True)
            path = keep / f"difference-{i}.safetensors"
            path.write_bytes(self.smallest[key])
            print(f"\n{count} files, the smallest of {len(self.smallest[key])} bytes in {path}\n  " + "\n  ".join(key))
            print(f"  {self.smallest[key][:600]!r}")


def compare(
    files: Iterable[bytes], readers: Mapping[str, Reader], batch: int = BATCH, progress: bool = False
) -> Differences:
    """Hands files to readers, a folder at a time."""
    found = Differences()
    waiting = iter(files)
    begin = time.monotonic()
    while chunk := list(itertools.islice(waiting, batch)):
        contents = {f"{i:06}": data for i, data in enumerate(chunk)}
        with tempfile.TemporaryDirectory() as folder:
            for name, data in contents.items():
                (Path(folder) / name).write_bytes(data)
            found.add({name: read(Path(folder)) for name, read in readers.items()}, contents)
        if progress:
            seconds = time.monotonic() - begin
            print(
                f"{found.files} files, {found.accepted} accepted, {sum(found.counts.values())} differ, {seconds:.0f} s",
                flush=True,
            )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10000, help="how many to make (default: 10000)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other files (default: 0)")
    parser.add_argument("--folder", type=Path, help="compare on the files of this folder instead")
    parser.add_argument("--readers", default=",".join(READERS), help=f"some of {', '.join(READERS)} (default: all)")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "differences", help="where differences are kept")
    arguments = parser.parse_args()
    names = arguments.readers.split(",")
    if unknown := [name for name in names if name not in READERS]:
        parser.error(f"there is no reader {unknown[0]!r}; there are {', '.join(READERS)}")
    readers = {name: READERS[name]() for name in names}
    if arguments.folder:
        files: Iterable[bytes] = [path.read_bytes() for path in sorted(arguments.folder.iterdir()) if path.is_file()]
    else:
        files = itertools.islice(OddFiles(arguments.seed), arguments.files)
    found = compare(files, readers, progress=True)
    found.report(arguments.keep)
    return 1 if found.counts else 0


if __name__ == "__main__":
    sys.exit(main())
