"""The shader library: the functions of shaders/*.wgsl, of which a kernel gets those that it calls, directly or through others.

WGSL has no modules. A kernel is written as text that calls library functions, and `link` puts their declarations before it. On
the native path, functions of shaders/native.wgsl replace those of the same name.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SHADERS = Path(__file__).parent / "shaders"
FILES = ("softfloat", "elementary_series", "elementary", "random", "fft")

_NAME = re.compile(r"\b(?:fn|const|struct|alias|var(?:<[^>]*>)?)\s+(\w+)")
_WORD = re.compile(r"[A-Za-z_]\w*")


def declarations(text: str) -> dict[str, str]:
    """The top-level declarations of a WGSL file by name, without comments."""
    text = re.sub(r"//[^\n]*", "", text)
    found, depth, start = {}, 0, 0
    for i, c in enumerate(text):  # outside of all brackets, a declaration ends with ; or a closing brace
        depth += (c in "({") - (c in ")}")
        if depth == 0 and c in "};":
            piece = text[start : i + 1].strip()
            start = i + 1
            if name := _NAME.search(piece):
                found[name[1]] = piece
    return found


@cache
def library(path: str) -> dict[str, str]:
    """All declarations of a path, "native" or "integer"."""
    found: dict[str, str] = {}
    for file in (*FILES, "native") if path == "native" else FILES:
        found.update(declarations((SHADERS / f"{file}.wgsl").read_text()))
    return found


@cache
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def link(kernel: str, path: str) -> str:
    """`kernel` after the library declarations that it needs."""
    known = library(path)
    wanted: set[str] = set()
    todo = [kernel]
    while todo:
        called = {w for w in _words(todo.pop()) if w in known} - wanted
        wanted |= called
        todo += [known[name] for name in called]
    return "\n".join([*(text for name, text in known.items() if name in wanted), kernel])
