"""`paragon conformance run`: every executor on the vectors, the standard programs and random ones, compared word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ..conformance import contenders, run_conformance, write_report
from ..ir.errors import ExecutorError
from .common import console, say, show_table

app = typer.Typer(help="Hold executors to the contract and to each other.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Hold executors to the contract and to each other."""


@app.command()
def run(
    executor: Annotated[
        list[str] | None, typer.Option(help='Only these executors: "cpu", "cpu avx2", "reference", ...')
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option(help='NAME="COMMAND" of an implementation in another process.')
    ] = None,
    vectors: Annotated[Path | None, typer.Option(help="A folder of vectors (bindings_tests/vectors).")] = None,
    fuzz: Annotated[int, typer.Option(min=0, help="Random programs an operation; needs hypothesis.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the random programs.")] = 0,
    out: Annotated[Path, typer.Option(help="Where drift_report.json and drift_summary.csv go.")] = Path(),
) -> None:
    """Compare executors. Exit code 1 when any word differs."""
    commands = dict(_split(item) for item in command or ())
    who = contenders(executor or (), commands)
    with console.status("conformance") as status:
        findings = run_conformance(who, vectors, fuzz, seed, lambda line: status.update(line))
    if findings.vectors:
        show_table(
            "vectors", ("executor", "passed", "of"), [(name, *counts) for name, counts in findings.vectors.items()]
        )
    columns = ("program", "first", "second", "match", "mismatched", "max_abs_diff", "ulps", "first_differing_operation")
    pairs = findings.report["pairs"]
    first = who[0].name
    show_table(
        "programs",
        columns,
        [[row.get(c, "") for c in columns] for row in pairs if not row["match"] or row["first"] == first],
    )
    for path in write_report(findings.report, out):
        say(f"wrote {path}")
    for failure in findings.failures:
        console.print(f"[red]failed[/red] {escape(failure)}", highlight=False)
    console.print("[green]same bits[/green]" if findings.passed else f"[red]{len(findings.failures)} failures[/red]")
    if not findings.passed:
        raise typer.Exit(1)


def _split(item: str) -> tuple[str, str]:
    name, separator, command = item.partition("=")
    if not separator or not name or not command:
        raise ExecutorError(f'--command {item!r}: must be NAME="COMMAND"')
    return name, command
