"""Where runs lie: a root with a directory a run, the index, and `latest`.

The directories are the truth. `index.json` is a cache of them, brought up to date under a lock by whoever writes or reads it, so
that nothing is lost when a process is killed between the two. A run that goes on holds a lock in its directory: a record that says
"running" without a holder is of a process that died, and counts as interrupted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from paragon import FileError
from paragon.ir.tensor_files import write_atomic

from . import pages
from .files import ARRAYS, INDEX, SUMMARY, read_bytes, replace_quickly
from .record import RUN_ID, Index, IndexEntry, RunSummary, Versioned, dump, parse

LATEST, LOCK = "latest", ".lock"
PATIENCE = 60.0  # seconds that a process waits for the index
_ID = re.compile(RUN_ID)
_V = TypeVar("_V", bound=Versioned)


def new_id(label: str | None = None) -> str:
    """A name for a run: UTC to the second, the label, eight random hex digits. Raises FileError for a label that cannot be one."""
    if label is not None and not re.fullmatch(r"[A-Za-z0-9._+=-]{1,80}", label):
        raise FileError(
            f"the label {label!r}: use letters, digits and . _ + = - (at most 80), as it becomes a folder's name"
        )
    parts = [datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S"), *([label] if label else []), secrets.token_hex(4)]
    return "-".join(parts)


def group_of(config: dict[str, Any]) -> str:
    """What runs share that differ in their seed only: a hash of the configuration without it."""
    rest = {name: value for name, value in config.items() if name != "seed"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]


class RunFolder:
    """The directory of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: FileLock | None = None

    @property
    def id(self) -> str:
        """The name of the directory."""
        return self.path.name

    def hold(self) -> None:
        """Say that the run goes on, until `release` or the end of the process. Raises FileError when another process says so."""
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise FileError(f"{self.path}: the run goes on in another process") from None
        self._lock = lock

    def release(self) -> None:
        """The run is over."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        with contextlib.suppress(OSError):
            (self.path / LOCK).unlink()

    @property
    def held(self) -> bool:
        """Whether some process says that the run goes on."""
        if self._lock is not None:
            return True
        if not (self.path / LOCK).exists():
            return False
        probe = FileLock(self.path / LOCK)
        try:
            probe.acquire(timeout=0)
        except Timeout:
            return True
        probe.release()
        return False

    def read(self) -> RunSummary:
        """The record; its status is what it is by now. Raises FileError, naming the file."""
        found = self.document(RunSummary, SUMMARY)
        if found.id != self.id:
            raise FileError(f"{self.path / SUMMARY}: is the record of {found.id}, not of the folder it lies in")
        if found.status == "running" and not self.held:
            found.status = "interrupted"
        return found

    def document(self, model: type[_V], name: str) -> _V:
        """A document of the run. Raises FileError, naming the file: it is missing, or not as its schema says."""
        return parse(model, read_bytes(self.path / name), str(self.path / name))

    def write(self, summary: RunSummary) -> None:
        """Replace the record."""
        write_atomic(self.path / SUMMARY, dump(summary))


class Store:
    """The runs under a root.

    >>> from paragon.apps.runs import Store
    >>> store = Store("artifacts")
    >>> store.entries()
    []
    """

    def __init__(self, root: str | Path = "artifacts") -> None:
        self.root = Path(root)

    # --- runs ---------------------------------------------------------------------------------------------------------

    def create(self, label: str | None = None) -> RunFolder:
        """A new, empty directory, held by this process. Raises FileError when it cannot be made."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            while True:
                folder = RunFolder(self.root / new_id(label))
                with contextlib.suppress(FileExistsError):
                    folder.path.mkdir()
                    break
        except OSError as error:
            raise FileError(f"{self.root}: no run can be kept there: {error.strerror}") from None
        folder.hold()
        return folder

    def find(self, name: str) -> RunFolder:
        """A run by its id, the beginning or the end of it, its label, or "latest". Raises FileError when it is none, or several."""
        ids = self.ids()
        if name == LATEST:
            chosen = self.index().latest
            if chosen is None:
                raise FileError(f"{self.root}: there is no run yet")
            return RunFolder(self.root / chosen)
        matching = [i for i in ids if i == name] or [
            i for i in ids if i.startswith(name) or i.endswith(f"-{name}") or i[16:-9] == name
        ]
        if len(matching) == 1:
            return RunFolder(self.root / matching[0])
        if not matching:
            raise FileError(f"{self.root}: there is no run {name!r}; `paragon runs list` shows them")
        raise FileError(f"{name!r} is several runs: {', '.join(matching[:5])}{' ...' if len(matching) > 5 else ''}")

    def ids(self) -> list[str]:
        """The names of all runs' directories, the oldest first."""
        try:
            return sorted(entry.name for entry in os.scandir(self.root) if _ID.match(entry.name) and entry.is_dir())
        except FileNotFoundError:
            return []

    def delete(self, ids: list[str]) -> None:
        """Remove runs. Raises FileError for one that goes on; none has been removed then."""
        folders = [RunFolder(self.root / i) for i in ids]
        for folder in folders:
            if folder.held:
                raise FileError(f"{folder.path}: the run goes on; stop it first")
        for folder in folders:
            doomed = folder.path.with_name(f".{folder.id}.deleted")
            os.replace(folder.path, doomed)  # at once, so that a kill leaves no half of a run
            shutil.rmtree(doomed)
        self.index()

    def delete_unused_arrays(self) -> int:
        """Delete the kept rows that no run's record names; how many files that were."""
        used = {s.data.sha256 for i in self.ids() if (s := _readable(RunFolder(self.root / i))) is not None and s.data}
        unused = [path for path in sorted((self.root / ARRAYS).glob("*.safetensors")) if path.stem not in used]
        for path in unused:
            path.unlink()
            path.with_name(f"{path.name}.js").unlink(missing_ok=True)
        return len(unused)

    # --- the index ----------------------------------------------------------------------------------------------------

    def entries(self) -> list[IndexEntry]:
        """What the index knows of every run, the oldest first, brought up to date."""
        return self.index().runs

    def index(self, rebuild: bool = False) -> Index:
        """The index, brought up to date with the directories and written if it changed; read anew from all of them on `rebuild`."""
        if not self.root.is_dir():
            return Index()
        with self._locked():
            known = {} if rebuild else self._cached()
            found = {i: entry for i in self.ids() if (entry := self._entry(i, known.get(i))) is not None}
            return self._write_index(found, unless=known)

    def update(self, run_id: str) -> None:
        """Bring the index up to date with one run."""
        with self._locked():
            known = self._cached()
            entry = self._entry(run_id, None)
            rest = {i: e for i, e in known.items() if i != run_id}
            self._write_index({**rest, **({run_id: entry} if entry is not None else {})}, unless=known)

    def _write_index(self, entries: dict[str, IndexEntry], unless: dict[str, IndexEntry]) -> Index:
        """Write the index and `latest`, unless that is what lies there."""
        runs = sorted(entries.values(), key=lambda entry: (entry.started, entry.id))
        finished = (entry.id for entry in reversed(runs) if entry.status == "finished")
        index = Index(latest=next(finished, runs[-1].id if runs else None), runs=runs)
        if entries != unless or not (self.root / INDEX).exists():
            content = index.model_dump_json(indent=1).encode() + b"\n"
            replace_quickly(self.root / INDEX, content)
            pages.write_index(self.root, content)
        self._point(index.latest)
        return index

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with FileLock(self.root / ".index.lock", timeout=PATIENCE):
                yield
        except Timeout:
            raise FileError(f"{self.root}: another process has held the index for {PATIENCE:.0f} s") from None
        except PermissionError as error:
            raise FileError(f"{self.root}: cannot be written: {error.strerror}") from None

    def _cached(self) -> dict[str, IndexEntry]:
        """The entries of the index as it lies there; none when there is no index, or none that can be read."""
        try:
            return {entry.id: entry for entry in parse(Index, read_bytes(self.root / INDEX), INDEX).runs}
        except FileError:
            return {}

    def _entry(self, run_id: str, known: IndexEntry | None) -> IndexEntry | None:
        """What the index says of a run: as before when its summary has not changed. None when it has no readable summary."""
        folder = RunFolder(self.root / run_id)
        try:
            status = os.stat(folder.path / SUMMARY)
        except OSError:
            return None
        stamp = [status.st_mtime_ns, status.st_size]
        if known is not None and known.stamp == stamp and (known.status != "running" or folder.held):
            return known
        summary = _readable(folder)
        if summary is None:
            return None
        return IndexEntry(
            id=run_id,
            kind=summary.kind,
            label=summary.label,
            status=summary.status,
            started=summary.timing.started,
            seconds=summary.timing.seconds,
            work_id=summary.work_id,
            final=summary.fingerprints.final,
            data=summary.data.name if summary.data else None,
            seed=summary.seed,
            group=group_of({"kind": summary.kind, **summary.config}),
            metrics=summary.metrics,
            parent=summary.parent,
            tags=summary.tags,
            stamp=stamp,
        )

    def _point(self, latest: str | None) -> None:
        """Let `latest` lead to the run of this id: a link, or a copy where there are no links."""
        link = self.root / LATEST
        if latest is None or (link.is_symlink() and os.readlink(link) == latest):
            return
        new = self.root / f".{LATEST}.{secrets.token_hex(4)}"
        try:
            os.symlink(latest, new, target_is_directory=True)
        except OSError:
            shutil.copytree(self.root / latest, new)
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        os.replace(new, link)


def _readable(folder: RunFolder) -> RunSummary | None:
    try:
        return folder.read()
    except FileError:
        return None
