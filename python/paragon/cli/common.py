"""What the commands share: the console, tables, and the options that choose an executor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

console = Console(soft_wrap=False)

ExecutorOption = Annotated[
    str, typer.Option("--executor", help="Which executor runs the program (see `paragon doctor`).")
]
IsaOption = Annotated[
    str | None, typer.Option("--isa", help="Instruction set of the cpu executor; the best one by default.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads of the cpu executor; all by default.")
]


def one_of(names: Iterable[str]) -> Callable[[str], str]:
    """The callback of an option that is a name of a registry: refuses any other, naming them all."""
    known = list(names)

    def check(value: str) -> str:
        if value not in known:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}")
        return value

    return check


def say(line: str) -> None:
    """Print a line as it is: names of files are no markup."""
    console.print(line, highlight=False, markup=False)


def options(isa: str | None, threads: int | None) -> dict[str, Any]:
    """Executor options that were given."""
    return {k: v for k, v in (("isa", isa), ("threads", threads)) if v is not None}


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers to the right. A cell is never cut when the output is not a terminal."""
    listed = [[str(c) for c in row] for row in rows]
    table = Table(title=title, title_justify="left", header_style="bold")
    for i, column in enumerate(columns):
        numeric = bool(listed) and all(
            row[i].replace(".", "").replace("-", "").replace("e", "").isdigit() for row in listed
        )
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*row)
    (console if console.is_terminal else Console(width=160)).print(table)
