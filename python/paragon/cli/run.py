"""`paragon run`, `paragon compare`, `paragon fingerprint`: run a model file, and compare what came out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ..executors import resolve
from ..ir.distance import compare_files
from ..ir.files import load
from ..ir.fingerprint import OUTPUT, RUN, fingerprint_of_file
from ..ir.fingerprint import fingerprint as fingerprint_of
from ..ir.indices import index_checks
from ..ir.spec import Array
from ..ir.tensor_files import read_tensors, write_tensors
from .common import ExecutorOption, IsaOption, ThreadsOption, console, options, say, show_table


def run(
    model: Annotated[Path, typer.Argument(help="A model file.")],
    inputs: Annotated[Path, typer.Argument(help="A safetensors file with a tensor for each input.")],
    outputs: Annotated[Path, typer.Argument(help="Where the results go (docs/program.md says under which names).")],
    values: Annotated[
        bool, typer.Option("--values", help="Keep every operation's value, so that `compare` can name one.")
    ] = False,
    program: Annotated[str | None, typer.Option(help="Another program of the file than the main one.")] = None,
    any_index: Annotated[
        bool, typer.Option("--any-index", help="Let an index outside its table yield zeros, as the operation does.")
    ] = False,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Run a model file once."""
    loaded = load(model, program)
    bound = loaded.bind(read_tensors(inputs)[0])
    for check in [] if any_index else index_checks(loaded):
        check(bound)
    chosen, merged = resolve(executor, options(isa, threads))
    session = chosen.load(loaded, **merged)
    kept = session.values(bound) if values else []
    found = session.run(bound)
    state = session.state()
    results: dict[str, Array] = {f"{OUTPUT}{name}": x for name, x in found.items()}
    results |= {f"state.{name}": state[name] for name in loaded.updates}
    first = loaded.first_operation
    results |= {f"value.{i}": x for i, x in enumerate(kept[first:], first)}
    write_tensors(outputs, results, {"format": RUN, "program": loaded.to_json(), "executor": executor})
    say(f"{len(loaded.outputs)} outputs, {len(loaded.updates)} updates -> {outputs}")
    console.print(f"fingerprint {fingerprint_of(found)}", highlight=False)
    if loaded.updates:
        console.print(f"of the state {fingerprint_of(state)}", highlight=False)


def compare(
    first: Annotated[Path, typer.Argument(help="A model, state or run.")],
    second: Annotated[Path, typer.Argument(help="Another one with the same tensors.")],
) -> None:
    """Compare two files word for word, and say how far they are apart. Exit code 1 when they differ."""
    found = compare_files(first, second)
    shown = {k: d for k, d in found.tensors.items() if not k.startswith("value.")} or found.tensors
    show_table(
        f"{first} and {second}",
        ("tensor", "words", "mismatched", "max_abs_diff", "mean_abs_diff", "l2_diff", "ulps"),
        [
            (k, d.words, d.mismatched, f"{d.max_abs_diff:.6g}", f"{d.mean_abs_diff:.6g}", f"{d.l2_diff:.6g}", d.ulps)
            for k, d in shown.items()
        ],
    )
    if found.divergence:
        console.print(f"[red]first difference[/red]: {escape(str(found.divergence))}", highlight=False)
    console.print("[green]same bits[/green]" if found.same else "[red]different bits[/red]")
    if not found.same:
        raise typer.Exit(1)


def fingerprint(
    file: Annotated[Path, typer.Argument(help="Any safetensors file of f32, i32 and u32 tensors.")],
) -> None:
    """Print the fingerprint of a file: of results that of the outputs, as `run` prints it, else of all tensors."""
    typer.echo(fingerprint_of_file(*read_tensors(file)))
