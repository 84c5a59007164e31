"""What pages read: each document a second time as a classic script, because a page opened from a file cannot fetch.

A script assigns into one object: `paragonData["KEY"] = VALUE`. Keys are paths below the root ("index.json",
"RUN/run_summary.json"), values the documents, or the base64 of a file's bytes. `page-data.js` at the root holds the index; that of
a run its record and all small documents. What is large (weights, rows, pixels) has its own script, NAME.js, loaded when wanted.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import index_page
from .files import ARRAYS, INDEX, SUMMARY, replace_quickly
from .record import RunSummary

PAGE_DATA = "page-data.js"
LARGE = 4_000_000  # bytes; a larger document has a script of its own
MOST_ROWS = 8_000_000  # bytes
_OPEN = "var paragonData = globalThis.paragonData = globalThis.paragonData || {};\n"


def script(values: Mapping[str, Any]) -> bytes:
    """A classic script that assigns the values. `</` and the separators U+2028/9 are escaped: it may stand inside a page."""
    lines = [f"paragonData[{_literal(key)}] = {_literal(value)};\n" for key, value in values.items()]
    return (_OPEN + "".join(lines)).encode()


def _literal(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (
        text.replace("</", "<\\/").replace("<!--", "<\\!--").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    )


def write_index(root: Path, index: bytes) -> bool:
    """The script of the index, at the root, and the page that reads it; what `index_page.place` says."""
    replace_quickly(root / PAGE_DATA, script({INDEX: json.loads(index)}))
    return index_page.place(root)


def write_run(folder: Path, summary: RunSummary) -> None:
    """The scripts of a run: its record with its small documents, and one for each large or binary artifact."""
    small: dict[str, Any] = {f"{summary.id}/{SUMMARY}": summary.model_dump(mode="json")}
    for artifact in summary.artifacts:
        path = folder / artifact.name
        if artifact.kind == "figure":  # a page shows a picture as it lies there
            continue
        key = f"{summary.id}/{artifact.name}"
        value = value_of(path)
        if path.suffix == ".json" and artifact.bytes <= LARGE:
            small[key] = value
        else:
            replace_quickly(folder / f"{artifact.name}.js", script({key: value}))
    replace_quickly(folder / PAGE_DATA, script(small))


def write_arrays(path: Path) -> None:
    """The script of kept rows, so that a page can train on them; none for more than `MOST_ROWS` bytes."""
    if path.stat().st_size <= MOST_ROWS:
        replace_quickly(path.with_name(f"{path.name}.js"), script({f"{ARRAYS}/{path.name}": value_of(path)}))


def value_of(path: Path) -> Any:
    """A document, or the base64 of another file."""
    content = path.read_bytes()
    return json.loads(content) if path.suffix == ".json" else base64.b64encode(content).decode()
