"""Options that the commands on runs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RootOption = Annotated[Path, typer.Option("--root", envvar="PARAGON_RUNS", help="Where runs lie.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunArgument = Annotated[str, typer.Argument(help='An id, its beginning or its end, a label, or "latest".')]
ROOT = Path("artifacts")
