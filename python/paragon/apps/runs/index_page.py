"""The built page of the workbench, and how it comes to lie as `index.html` in a root."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from .files import read_bytes, replace_quickly

PAGE = "index.html"
BUILT = Path(__file__).parent / "web" / "workbench.html"
HEAD = 400  # bytes within which the page says what it is
SELF = re.compile(rb'content="paragon workbench [0-9a-f]{12}"')


@cache
def page() -> bytes:
    """The page, without data. Raises FileError when the package was built without it."""
    return read_bytes(BUILT)


def place(root: Path) -> bool:
    """Let the root's `index.html` be the page of this version. False when another page lies there, which is left alone."""
    path = root / PAGE
    try:
        with path.open("rb") as file:
            there = SELF.search(file.read(HEAD))
    except FileNotFoundError:
        there = None
    else:
        if there is None:
            return False
    here = SELF.search(page()[:HEAD])
    if there is None or here is None or there.group() != here.group():
        replace_quickly(path, page())
    return True
