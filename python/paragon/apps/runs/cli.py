"""`paragon runs`: list, show, compare, run again, check, and tidy what was recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from paragon import FileError
from paragon.cli.common import ExecutorOption, IsaOption, ThreadsOption, console, options, say, show_table

from .compare import Difference, flatten
from .compare import compare as compare_runs
from .options import ROOT, JsonOption, RootOption, RunArgument
from .record import IndexEntry, RunSummary
from .reproduce import reproduce as run_again
from .store import RunFolder, Store
from .validate import validate as check_run
from .workbench_cli import export

app = typer.Typer(
    help="What was recorded: list, show, compare, run again, check, tidy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(export)
SHOWN = 20  # lines of a difference of programs


def print_json(value: Any) -> None:
    """Print JSON for programs, on stdout."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))


@app.command("list")
def list_runs(
    root: RootOption = ROOT,
    kind: Annotated[str | None, typer.Option(help="Only runs of a kind.")] = None,
    status: Annotated[str | None, typer.Option(help="Only running, finished, failed or interrupted ones.")] = None,
    last: Annotated[int | None, typer.Option("--last", min=1, help="Only the last so many.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs, the oldest first."""
    entries = [e for e in Store(root).entries() if kind in (None, e.kind) and status in (None, e.status)]
    entries = entries[-last:] if last else entries
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
    elif not entries:
        say(f"no runs in {root}")
    else:
        _print_columns(("run", "kind", "status", "s", "figure", "state"), [_row(entry) for entry in entries])


def _row(entry: IndexEntry) -> tuple[str, ...]:
    seconds = "" if entry.seconds is None else f"{entry.seconds:.1f}"
    return entry.id, entry.kind, entry.status, seconds, _figure(entry.metrics), (entry.final or "")[:8]


def _figure(metrics: Mapping[str, float | None]) -> str:
    """The figure by which people tell runs apart: the accuracy on test rows, else on others, else the first one."""
    known = {name: value for name, value in metrics.items() if value is not None}
    chosen = next(
        (name for name in ("test_accuracy", "val_accuracy", "accuracy", "loss") if name in known),
        next(iter(known), None),
    )
    return "" if chosen is None else f"{known[chosen]:.4f} {chosen}"


def _print_columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns, a line a run: narrow, and good to search in."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        typer.echo(
            "  ".join(
                cell.rjust(w) if head == "s" else cell.ljust(w)
                for cell, w, head in zip(row, widths, heads, strict=True)
            ).rstrip()
        )


@app.command()
def show(run: RunArgument = "latest", root: RootOption = ROOT, as_json: JsonOption = False) -> None:
    """Show the record of a run."""
    folder = Store(root).find(run)
    summary = folder.read()
    if as_json:
        print_json(summary.model_dump(mode="json"))
        return
    show_table(
        f"{folder.path}",
        ("field", "value"),
        [(name, value) for name, value in _facts(summary) if value not in (None, "")],
    )


def _facts(summary: RunSummary) -> list[tuple[str, object]]:
    prints, executor = summary.fingerprints, summary.executor
    facts: list[tuple[str, object]] = [
        ("status", summary.status),
        ("failure", summary.failure and f"{summary.failure.type}: {summary.failure.message}"),
        ("kind", summary.kind),
        ("started", summary.timing.started),
        ("seconds", summary.timing.seconds),
        ("work", summary.work_id),
        ("data", summary.data and f"{summary.data.name}, {summary.data.rows} rows, {summary.data.sha256}"),
        ("seed", summary.seed),
        ("steps", summary.steps and f"{summary.steps} in {summary.epochs} epochs"),
        (
            "sizes",
            summary.sizes and ", ".join(f"{value:,} {name}" for name, value in summary.sizes.model_dump().items()),
        ),
        ("executor", executor and " ".join(str(v) for v in (executor.name, executor.isa, executor.device) if v)),
        *((f"fingerprint: {name}", value) for name, value in prints.model_dump().items()),
        *((f"figure: {name}", f"{value:.6g}") for name, value in summary.metrics.items() if value is not None),
        *(
            (name, json.dumps(value) if isinstance(value, list) else value)
            for name, value in flatten(summary.config).items()
        ),
        (
            "code",
            f"paragon {summary.code.version}, commit {summary.code.commit}{', changed' * bool(summary.code.dirty)}",
        ),
        (
            "machine",
            f"{summary.environment.processor}, {summary.environment.cores} cores, {summary.environment.system}",
        ),
        *((f"artifact: {a.name}", f"{a.kind}, {a.bytes} bytes") for a in summary.artifacts),
        ("parent", summary.parent),
    ]
    return facts


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(help="Two or more runs; each is compared with the first.")],
    root: RootOption = ROOT,
    as_json: JsonOption = False,
) -> None:
    """Say what sets runs apart: bits, rows, program, configuration. Exit code 1 when the bits differ."""
    if len(runs) < 2:
        raise typer.BadParameter("name at least two runs")
    store = Store(root)
    first, *others = [store.find(run) for run in runs]
    found = [compare_runs(first, other) for other in others]
    if as_json:
        print_json([_document(difference) for difference in found])
    else:
        for difference in found:
            _print_difference(difference)
    if not all(difference.same_bits for difference in found):
        raise typer.Exit(1)


def _document(d: Difference) -> dict[str, Any]:
    return {
        "first": d.first,
        "second": d.second,
        "verdict": d.verdict,
        "same_bits": d.same_bits,
        "other_data": d.data,
        "other_program": d.program,
        "operations": list(d.operations),
        "config": {name: list(pair) for name, pair in d.config.items()},
        "metrics": {name: list(pair) for name, pair in d.metrics.items()},
    }


def _print_difference(d: Difference) -> None:
    say(f"{d.first}  {d.second}: {d.verdict}")
    if d.config:
        show_table(
            "configuration",
            ("setting", "first", "second"),
            [(n, *map(json.dumps, pair)) for n, pair in d.config.items()],
        )
    if d.metrics:
        rows = [(n, f"{a:.6g}", f"{b:.6g}", f"{b - a:+.3g}") for n, (a, b) in d.metrics.items()]
        show_table("figures", ("figure", "first", "second", "change"), rows)
    if d.operations:
        say(f"operations of the step program ({len(d.operations)} lines differ):")
        for line in d.operations[:SHOWN]:
            say(f"  {line}")
        if len(d.operations) > SHOWN:
            say(f"  ... and {len(d.operations) - SHOWN} more (--json has them all)")


@app.command()
def reproduce(
    run: RunArgument = "latest",
    root: RootOption = ROOT,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a record again. Says "equal", or the first span, step and operation that differ; exit code 1 then."""
    store = Store(root)
    folder = store.find(run)
    columns = (TextColumn("running again"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, console=console, disable=as_json or not console.is_terminal) as bar:
        task = bar.add_task("")

        def tell(done: int, steps: int) -> None:
            bar.update(task, completed=done, total=steps)

        found = run_again(store, folder, executor, options(isa, threads), tell)
    if as_json:
        operation = found.divergence and {"number": found.divergence.operation, "op": found.divergence.op}
        facts = {
            name: getattr(found, name)
            for name in ("equal", "steps", "compared", "executor", "span", "step", "between", "why")
        }
        print_json({"run": folder.id, **facts, "operation": operation})
    else:
        say(f"{folder.id}")
        say(str(found))
    if not found.equal:
        raise typer.Exit(1)


@app.command()
def validate(
    runs: Annotated[list[str] | None, typer.Argument(help="Runs; all of them by default.")] = None,
    root: RootOption = ROOT,
    as_json: JsonOption = False,
) -> None:
    """Check records against their schemas, and artifacts against their hashes. Exit code 1 when something is wrong."""
    store = Store(root)
    folders = [store.find(run) for run in runs] if runs else [RunFolder(store.root / i) for i in store.ids()]
    faults = {folder.id: check_run(store, folder) for folder in folders}
    if as_json:
        print_json(faults)
    else:
        for run_id, lines in faults.items():
            for line in lines:
                say(f"{run_id}: {line}")
        wrong = sum(bool(lines) for lines in faults.values())
        say(f"{len(folders)} runs, {wrong} with faults" if wrong else f"{len(folders)} runs, no fault")
    if any(faults.values()):
        raise typer.Exit(1)


@app.command()
def prune(
    root: RootOption = ROOT,
    keep: Annotated[int | None, typer.Option(min=0, help="Keep the last so many.")] = None,
    older_than: Annotated[float | None, typer.Option(min=0, help="Only runs older than so many days.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only runs of this status; may be given again.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only say what would be deleted.")] = False,
) -> None:
    """Delete runs that are no longer wanted, and rows that no run needs any more. Runs that go on are never deleted."""
    if keep is None and older_than is None and not status:
        raise typer.BadParameter("say which: --keep N, --older-than DAYS or --status STATUS")
    store = Store(root)
    entries = store.entries()
    doomed = [
        e for e in (entries[: max(0, len(entries) - keep)] if keep is not None else entries) if e.status != "running"
    ]
    if older_than is not None:
        limit = datetime.now(timezone.utc) - timedelta(days=older_than)
        doomed = [e for e in doomed if datetime.fromisoformat(e.started) < limit]
    if status:
        doomed = [e for e in doomed if e.status in status]
    for entry in doomed:
        say(f"{'deleted' if yes else 'would delete'} {entry.id} ({entry.status})")
    if yes:
        store.delete([entry.id for entry in doomed])
        rows = store.delete_unused_arrays()
        say(f"{len(doomed)} runs and {rows} files of rows deleted")
    elif doomed:
        say("nothing was deleted; --yes deletes")


@app.command()
def reindex(root: RootOption = ROOT) -> None:
    """Make the index anew from the directories."""
    index = Store(root).index(rebuild=True)
    if not Path(root).is_dir():
        raise FileError(f"{root}: there is no such folder")
    say(f"{len(index.runs)} runs, the latest is {index.latest or 'none'}")
