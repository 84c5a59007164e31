"""`paragon digits`: train the classifier and keep the run; `cross-validate`; `seed-sample`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from paragon import Callback, use
from paragon.apps.runs import RunSummary, Store
from paragon.cli.common import ExecutorOption, IsaOption, ThreadsOption, options
from paragon.data.sets import SETS
from paragon.training.callbacks import Run

from .config import DEFAULT_FILE, Config, read_config

app = typer.Typer(
    help="Train a small classifier and keep the run with every artifact of the workbench.",
    pretty_exceptions_enable=False,
    add_completion=False,
    invoke_without_command=True,
)
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help=f"Settings in YAML; {DEFAULT_FILE} of this folder by default, if there is one."),
]
DatasetOption = Annotated[str | None, typer.Option(help=f"{', '.join(SETS)}, or a FILE.csv.")]
ModelOption = Annotated[str | None, typer.Option(help="mlp or logistic.")]
HiddenOption = Annotated[str | None, typer.Option("--hidden-sizes", help="Widths of the hidden layers: 128,64.")]
RateOption = Annotated[float | None, typer.Option(help="The first learning rate.")]
DecayOption = Annotated[float | None, typer.Option("--lr-decay", help="Its factor from epoch to epoch.")]
SeedOption = Annotated[int | None, typer.Option("--seed", "--random-state", help="Of splits, weights and order.")]


class Bar(Callback):
    """A progress bar on stderr, where that is a terminal."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_begin(self, run: Run) -> None:
        self.task = self.progress.add_task("training", total=run.epochs)

    def on_epoch_end(self, run: Run) -> None:
        figures = "  ".join(f"{name} {values[-1]:.4f}" for name, values in run.history.items())
        self.progress.update(self.task, completed=run.epoch, description=figures)


@contextmanager
def bar() -> Iterator[Bar]:
    """A progress bar that is gone at the end."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bar(progress)


@app.callback()
def digits(
    context: typer.Context,
    config: ConfigOption = None,
    root: Annotated[
        Path, typer.Option("--artifacts-root", "--output-dir", envvar="PARAGON_RUNS", help="Where runs lie.")
    ] = Path("artifacts"),
    label: Annotated[str | None, typer.Option("--run-label", help="Becomes part of the run's name.")] = None,
    dataset: DatasetOption = None,
    model: ModelOption = None,
    hidden_sizes: HiddenOption = None,
    dropout: Annotated[float | None, typer.Option(help="Share of hidden units that are dropped in training.")] = None,
    epochs: Annotated[int | None, typer.Option()] = None,
    batch_size: Annotated[int | None, typer.Option()] = None,
    learning_rate: RateOption = None,
    lr_decay: DecayOption = None,
    test_size: Annotated[
        float | None, typer.Option("--test-size", "--test-split", help="Share of the rows to test with.")
    ] = None,
    val_size: Annotated[float | None, typer.Option(help="Share of the other rows to validate with.")] = None,
    sample_count: Annotated[int | None, typer.Option(help="Pictures in the gallery.")] = None,
    seed: SeedOption = None,
    bootstrap: Annotated[int | None, typer.Option(help="Resamples for the intervals.")] = None,
    roc_per_class: Annotated[bool | None, typer.Option(help="Keep ROC curves.")] = None,
    learning_rate_trace: Annotated[bool | None, typer.Option(help="Keep the rate and the norm of the weights.")] = None,
    timing_stats: Annotated[bool | None, typer.Option(help="Keep times.")] = None,
    figures: Annotated[bool | None, typer.Option(help="Draw figures with matplotlib.")] = None,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Train, evaluate, and keep the run. Prints a JSON summary."""
    if context.invoked_subcommand is not None:
        return
    from .run import run

    given = {name: value for name, value in context.params.items() if name in Config.model_fields and value is not None}
    settings = read_config(config, given)
    with use(executor, **options(isa, threads)), bar() as shown:
        summary = run(settings, root, label, (shown,))
    typer.echo(json.dumps(short(summary, root), indent=1))


def short(summary: RunSummary, root: Path) -> dict[str, Any]:
    """What the command prints of a run."""
    return {
        "run": summary.id,
        "folder": str(root / summary.id),
        "metrics": summary.metrics,
        "fingerprints": summary.fingerprints.model_dump(),
        "work_id": summary.work_id,
        "seconds": summary.timing.seconds,
        "artifacts": [artifact.name for artifact in summary.artifacts],
    }


@app.command("cross-validate")
def cross_validate(
    context: typer.Context,
    folds: Annotated[int, typer.Option(min=2)] = 10,
    config: ConfigOption = None,
    dataset: DatasetOption = None,
    model: ModelOption = None,
    hidden_sizes: HiddenOption = None,
    epochs: Annotated[int | None, typer.Option()] = None,
    learning_rate: RateOption = None,
    lr_decay: DecayOption = None,
    seed: SeedOption = None,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
) -> None:
    """The accuracy on rows that were held out, fold by fold (stratified). Prints JSON; keeps no run."""
    from .folds import accuracies

    given = {name: value for name, value in context.params.items() if name in Config.model_fields and value is not None}
    settings = read_config(config, given)
    with use(executor, **options(isa, threads)):
        found = accuracies(settings, folds)
    mean = sum(found) / len(found)
    spread = (sum((a - mean) ** 2 for a in found) / (len(found) - 1)) ** 0.5
    typer.echo(json.dumps({"model": settings.model, "folds": found, "accuracy": mean, "deviation": spread}, indent=1))


@app.command("seed-sample")
def seed_sample(
    root: Annotated[Path, typer.Option("--artifacts-root", "--output-dir", help="Where runs lie.")] = Path("artifacts"),
) -> None:
    """Write two synthetic runs, so that there is something to look at. They are marked as synthetic."""
    from .seed_sample import write

    for folder in write(root):
        typer.echo(folder)
    Store(root).index()
