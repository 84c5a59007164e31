"""The commands that applications bring: entry points of the group `paragon.commands`, imported only when they are asked for.

An entry point names a Typer app, or a function that is a command by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

import typer

from ..ir.errors import ParagonError

GROUP = "paragon.commands"
MISSING = 3  # the exit code when something is missing on this machine


def add_brought(app: typer.Typer, arguments: list[str]) -> None:
    """Add what is installed to `app`. Its own commands are never replaced; for a page of help, each command is imported."""
    own = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    listing = not arguments or arguments[0] == "--help"
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        if entry.name not in own:
            settings = {"allow_extra_args": True, "ignore_unknown_options": True}
            passed_on = app.command(
                entry.name,
                help=_summary(entry) if listing else None,
                context_settings=settings,
                add_help_option=False,
            )
            passed_on(_delegate(entry))


def _delegate(entry: EntryPoint) -> Callable[[typer.Context], None]:
    def call(context: typer.Context) -> None:
        try:
            app = _load(entry)
        except ImportError as error:
            missing = f"the command {entry.name!r} needs what is not installed ({error})"
            typer.echo(
                f'error: {missing}; pip install "paragon-compute[all]" brings what paragon\'s own need', err=True
            )
            raise typer.Exit(MISSING) from None
        app(args=context.args, prog_name=f"paragon {entry.name}")

    return call


def _load(entry: EntryPoint) -> typer.Typer:
    found = entry.load()
    if isinstance(found, typer.Typer):
        return found
    if not inspect.isfunction(found):
        raise ParagonError(f"the command {entry.name!r} ({entry.value}) is neither a Typer app nor a function")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(found)
    return app


def _summary(entry: EntryPoint) -> str:
    try:
        app = _load(entry)
    except Exception as error:  # a page of help is shown whatever an import may raise
        return f"Not available ({error})."
    if app.info.help and isinstance(app.info.help, str):
        return app.info.help
    documented = app.registered_commands[0].callback if app.registered_commands else None
    return ((documented.__doc__ if documented else "") or "").strip().split("\n")[0]
