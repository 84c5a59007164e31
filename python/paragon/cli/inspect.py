"""`paragon inspect` and `paragon doctor`: what is in a file, and what is on this machine."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.markup import escape

from .. import __version__
from ..executors.registry import Planned, executors, resolve
from ..ir.distance import ordered
from ..ir.errors import ExecutorError, FileError, ProgramError
from ..ir.fingerprint import fingerprint_of_file
from ..ir.program import CONTRACT, Program
from ..ir.spec import NUMPY_DTYPES
from ..ir.tensor_files import read_tensors
from .common import ExecutorOption, IsaOption, ThreadsOption, console, options, show_table


def inspect(
    file: Annotated[Path, typer.Argument(help="A model, job, run or any other safetensors file.")],
    operations: Annotated[bool, typer.Option(help="List the operations of the programs.")] = True,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show how an executor runs the programs: its steps in words.")
    ] = False,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Show what a file holds: its tensors, its programs, its fingerprint."""
    tensors, metadata = read_tensors(file)
    try:
        programs = {k: Program.from_json(v) for k, v in metadata.items() if k == "program" or k.startswith("program.")}
    except ProgramError as error:
        raise FileError(f"{file}: {error}") from None
    if not tensors and not programs:
        raise FileError(f"{file}: holds neither tensors nor a program")
    plans = {k: plan_of(p, executor, options(isa, threads)) for k, p in programs.items()} if plan else {}
    console.print(
        f"[bold]{escape(str(file))}[/bold]  {metadata.get('format', 'safetensors')}  {file.stat().st_size} bytes"
    )
    rows = []
    for name, x in tensors.items():
        spread = f"{x.min():.6g} ... {x.max():.6g}" if x.size and ordered(x).size else "empty"
        rows.append((name, x.dtype, "x".join(map(str, x.shape)) or "scalar", x.size, spread))
    show_table("tensors", ("name", "dtype", "shape", "elements", "range"), rows)
    for key, program in programs.items():
        console.print(f"[bold]{escape(key)}[/bold]: {len(program.operations)} operations", highlight=False)
        if operations:
            show_table("", ("value", "dtype[shape]", "operation", "operands; attributes"), program.describe())
        if plan:
            console.print(plans[key], highlight=False, markup=False, soft_wrap=True)
    console.print(f"fingerprint {fingerprint_of_file(tensors, metadata)}", highlight=False)


def plan_of(program: Program, executor: str, chosen: dict[str, Any]) -> str:
    """The steps that an executor makes of a program, in words. Raises ExecutorError for one that does not tell them."""
    found, merged = resolve(executor, chosen)
    # A plan does not depend on the state, which not every file with a program has.
    program.values = {name: np.zeros(spec.shape, NUMPY_DTYPES[spec.dtype]) for name, spec in program.state.items()}
    session = found.load(program, **merged)
    if not isinstance(session, Planned):
        raise ExecutorError(f"the executor {executor!r} does not tell how it runs a program; the cpu executor does")
    return session.plan()


def doctor(
    gpu: Annotated[bool, typer.Option("--gpu", help="Probe each WebGPU device and print what was found.")] = False,
) -> None:
    """Show versions, executors and their settings, and what is missing, with its remedy."""
    packages = []
    for name in ("numpy", "safetensors", "scikit-learn", "typer", "rich"):
        try:
            packages.append((name, version(name)))
        except PackageNotFoundError:
            packages.append((name, f"missing: pip install {name}"))
    show_table(
        "versions",
        ("what", "version"),
        [
            ("paragon", f"{__version__}, contract {CONTRACT}"),
            ("python", f"{sys.version.split()[0]} ({platform.machine()}, {platform.system()})"),
            *packages,
        ],
    )
    rows = []
    for name, executor in executors().items():
        detail = _in_words(executor.settings()) if executor.available else executor.reason
        rows.append((name, "available" if executor.available else "missing", detail))
    show_table("executors", ("executor", "state", "detail"), rows)
    settings = {k: os.environ[k] for k in ("PARAGON_ISA", "PARAGON_NUM_THREADS", "PARAGON_DATA") if k in os.environ}
    console.print(
        f"environment: {settings or 'none of PARAGON_ISA, PARAGON_NUM_THREADS, PARAGON_DATA is set'}", highlight=False
    )
    if gpu:
        probe_devices()
    if not executors()["cpu"].available:
        raise typer.Exit(1)


def _in_words(settings: list[dict[str, Any]]) -> str:
    """The options that an executor can be set to, e.g. "isa: avx2, avx512; threads: 1, 2"."""
    names = dict.fromkeys(name for options in settings for name in options)
    values = {name: dict.fromkeys(str(o[name]) for o in settings if name in o) for name in names}
    return "; ".join(f"{name}: {', '.join(found)}" for name, found in values.items())


def probe_devices() -> None:
    """Print the probe of every WebGPU device. The exit code is 1 where there is none or one is refused."""
    from ..executors.webgpu import WebGPU

    executor = WebGPU()
    if not executor.available:
        console.print(f"[red]webgpu:[/red] {escape(executor.reason)}", highlight=False)
        raise typer.Exit(1)
    paths = []
    for number, adapter in enumerate(executor.devices):
        found = executor.probe(number)
        paths.append(found.path)
        rows = [(name, "yes" if ok else "NO") for name, ok in {**found.checks, **found.integer}.items()]
        show_table(
            f"device {number}: {adapter}", ("check", "passed"), [("driver", found.driver), *rows, ("path", found.path)]
        )
    if "refused" in paths:
        raise typer.Exit(1)
