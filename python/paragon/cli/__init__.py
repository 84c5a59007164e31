"""The command line `paragon`. One file a group of commands; none of them computes anything itself."""

from __future__ import annotations

import sys
from copy import copy

import typer
from rich.console import Console
from rich.markup import escape

from ..ir.errors import ParagonError
from . import check, conformance, demo, inspect, run, train
from .commands import add_brought

app = typer.Typer(
    help="Neural-network computation whose results can be checked: the same program gives the same bits everywhere.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("train")(train.train)
app.add_typer(conformance.app, name="conformance")
app.command("run")(run.run)
app.command("compare")(run.compare)
app.command("fingerprint")(run.fingerprint)
app.command("check")(check.check)
app.command("inspect")(inspect.inspect)
app.command("doctor")(inspect.doctor)


def main() -> None:
    """Run the command line: what the user did wrong is one line on stderr and exit code 2, without a traceback."""
    whole = copy(app)  # what is brought belongs to this call alone
    whole.registered_commands = list(app.registered_commands)
    add_brought(whole, sys.argv[1:])
    try:
        whole()
    except (ParagonError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(f"[red]error:[/red] {escape(str(error))}", highlight=False)
        sys.exit(2)
