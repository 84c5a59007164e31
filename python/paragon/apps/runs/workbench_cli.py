"""`paragon dashboard`: the workbench in a browser; `paragon runs export`: runs as one HTML file."""

from __future__ import annotations

import io
import webbrowser
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from paragon.cli.common import say
from paragon.ir.tensor_files import write_atomic

from . import workbench
from .exporters import exporter
from .index_page import PAGE
from .options import ROOT, RootOption
from .store import RunFolder, Store

ADDRESS = "127.0.0.1"
LARGE = 20_000_000  # bytes; an export beyond them is said to be large


class Handler(SimpleHTTPRequestHandler):
    """The files of a root, to this machine alone, without listings.

    Other names of this host are refused: a page elsewhere could have made one (DNS rebinding).
    """

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in (ADDRESS, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN, "the dashboard answers to 127.0.0.1 and localhost")
            return None
        return super().send_head()

    def list_directory(self, path: object) -> None:
        self.send_error(HTTPStatus.NOT_FOUND, "no listing")

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the terminal is for the address and for errors."""


def server(root: Path, port: int) -> ThreadingHTTPServer:
    """A server of the root at a port of this machine, any free one for 0. Raises BadParameter when it is taken."""
    try:
        return ThreadingHTTPServer((ADDRESS, port), partial(Handler, directory=str(root)))
    except OSError as error:
        raise typer.BadParameter(
            f"port {port}: {error.strerror}; choose another with --port, or 0 for any free one"
        ) from None


def dashboard(
    root: RootOption = ROOT,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 8000,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    write_only: Annotated[
        bool, typer.Option("--write-only", help="Only write index.html and the scripts beside it.")
    ] = False,
) -> None:
    """Show the runs in a browser. The page also opens from the file index.html in the root, without any server."""
    if not workbench.prepare(Store(root)):
        say(f"{root / PAGE}: is another page and was left alone; the workbench needs that name")
        raise typer.Exit(2)
    if write_only:
        say(str(root / PAGE))
        return
    with server(root, port) as http:
        address = f"http://{ADDRESS}:{http.server_port}/"
        say(f"{address} shows the runs in {root}; Ctrl+C ends")
        if open_browser:
            webbrowser.open(address)
        try:
            http.serve_forever()
        except KeyboardInterrupt:
            say("ended")


def export(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Runs, by id, label or latest; all of them for other tools.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="One HTML file that shows the runs.")] = None,
    mlflow: Annotated[str | None, typer.Option(help="An MLflow tracking store, such as sqlite:///mlflow.db.")] = None,
    tensorboard: Annotated[str | None, typer.Option(help="A folder of TensorBoard's event files.")] = None,
    root: RootOption = ROOT,
) -> None:
    """Write runs as one HTML file that shows, predicts and trains them again, or every point of their curves for another tool."""
    chosen = {"mlflow": mlflow, "tensorboard": tensorboard}
    tools = {name: where for name, where in chosen.items() if where is not None}
    if (output is None and not tools) or (output is not None and not runs):
        raise typer.BadParameter("name RUN... and -o page.html, or another tool: --mlflow STORE, --tensorboard FOLDER")
    store = Store(root)
    found = map(store.find, runs) if runs else (RunFolder(store.root / i) for i in store.ids())
    folders = list({folder.id: folder for folder in found}.values())
    if output is not None:
        _export_page(store, folders, output)
    for tool, where in tools.items():
        _export_to(tool, folders, where)


def _export_page(store: Store, folders: list[RunFolder], output: Path) -> None:
    content = workbench.export(store, folders)
    write_atomic(output, content)
    size = f"{len(content) / 1e6:.1f} MB{', which browsers open slowly' * (len(content) > LARGE)}"
    say(f"{output}: {len(folders)} run{'s' * (len(folders) != 1)}, {size}")


def _export_to(tool: str, folders: list[RunFolder], where: str) -> None:
    """What is there already is left alone."""
    try:
        written = exporter(tool)(folders, where)
    except ImportError as error:
        typer.echo(
            f'error: the export needs what is not installed ({error}): pip install "paragon-compute[{tool}]"', err=True
        )
        raise typer.Exit(3) from None
    say(f"{written} runs -> {where}, {len(folders) - written} were there already")
