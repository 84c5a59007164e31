"""`paragon check`: is a file what it says it is? (docs/files.md, section 5)"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..ir.errors import FileError
from ..ir.kinds import check_file


def check(
    paths: Annotated[list[str], typer.Argument(help="Files, or folders, which stand for all files in them.")],
) -> None:
    """Check models, jobs, vectors and tensor files, running nothing: one line a file. Exit code 1 when one is refused."""
    refused = 0
    for path in paths:
        for line, good in judged(path):
            typer.echo(line)
            refused += not good
    if refused:
        raise typer.Exit(1)


def judged(path: str) -> Iterator[tuple[str, bool]]:
    """The line of a file, or those of all files of a folder, and whether it is accepted."""
    files = [path]
    if os.path.isdir(path):
        names = sorted((entry.name for entry in os.scandir(path) if entry.is_file()), key=os.fsencode)
        if not names:
            yield f"{path}: refused: holds no files", False
        files = [f"{path}/{name}" for name in names]
    for file in files:
        try:
            check_file(Path(file))
            yield f"{file}: ok", True
        except FileError as error:
            reason = str(error).removeprefix(f"{Path(file)}: ")
            yield f"{file}: refused: {''.join(c if c.isprintable() else ' ' for c in reason)}", False
