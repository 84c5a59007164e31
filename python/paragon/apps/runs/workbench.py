"""The workbench: one HTML file that shows runs. It lies as `index.html` in the root, or carries runs within itself as an export.

The page is built by `web/` and shipped with the package. It reads the scripts that `pages` writes, so a root can be opened from the
file, or served by anything that serves files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from paragon import FileError

from . import pages
from .files import ARRAYS, INDEX, SUMMARY
from .index_page import BUILT, page
from .store import RunFolder, Store

_PLACE = b"<!--paragon:data-->"


def prepare(store: Store) -> bool:
    """Bring the index, the page and the scripts of all runs up to date; what `place` says."""
    store.root.mkdir(parents=True, exist_ok=True)
    index = store.index()
    for entry in index.runs:
        folder = RunFolder(store.root / entry.id)
        if entry.status != "running" and not (folder.path / pages.PAGE_DATA).exists():
            with contextlib.suppress(OSError):  # a file is missing; the page says so
                pages.write_run(folder.path, folder.read())
    return pages.write_index(store.root, index.model_dump_json().encode())


def export(store: Store, folders: Sequence[RunFolder]) -> bytes:
    """One HTML file with runs inside, and all that is needed to predict and to train again there.

    Raises FileError for a run that cannot be read, or whose files are missing.
    """
    wanted = {folder.id for folder in folders}
    index = store.index()
    chosen = [entry for entry in index.runs if entry.id in wanted]
    latest = index.latest if index.latest in wanted else chosen[-1].id if chosen else None
    few = index.model_copy(update={"runs": chosen, "latest": latest})
    values: dict[str, Any] = {INDEX: few.model_dump(mode="json")}
    for folder in folders:
        values.update(_values(store, folder))
    # A script of its own for each, so that no one of them is too long for a browser's parser.
    scripts = b"".join(
        b"<script data-paragon-export>" + pages.script({key: value}) + b"</script>\n" for key, value in values.items()
    )
    before, mark, after = page().partition(_PLACE)
    if not mark:
        raise FileError(f"{BUILT}: is not the page of the workbench; build it again (web/README.md)")
    return before + scripts + after


def _values(store: Store, folder: RunFolder) -> Iterator[tuple[str, Any]]:
    """Keys and values of a run: its record, its artifacts but figures, and the rows that it was trained on."""
    summary = folder.read()
    yield f"{folder.id}/{SUMMARY}", summary.model_dump(mode="json")
    for artifact in summary.artifacts:
        path = folder.path / artifact.name
        if artifact.kind != "figure":
            if not path.is_file():
                raise FileError(f"{path}: there is no such file, but the record lists it")
            yield f"{folder.id}/{artifact.name}", pages.value_of(path)
    if summary.data is not None:
        rows = store.root / ARRAYS / f"{summary.data.sha256}.safetensors"
        if rows.is_file() and rows.stat().st_size <= pages.MOST_ROWS:
            yield f"{ARRAYS}/{rows.name}", pages.value_of(rows)
