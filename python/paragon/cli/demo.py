"""`paragon demo`: train the digit classifier on every executor and setting of this machine, and compare the bits.

Drivers that compute on the processor in place of a GPU take their time, so they are left out unless `--all` is given.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from .. import data, nn
from ..executors.registry import Setting, executors, settings, use
from ..ir.fingerprint import fingerprint
from ..nn.optim import Adam
from ..training.checkpoint import check_writable
from ..training.evaluation import evaluate
from ..training.fit import fit
from .common import console, say, show_table


@dataclass(frozen=True)
class Result:
    """What a training came to."""

    setting: Setting
    accuracy: float
    loss: float
    seconds: float
    fingerprint: str
    model: nn.Module


def train_digits(setting: Setting, found: data.Dataset, epochs: int) -> Result:
    """The same training each time: 64-32-10, Adam, batches of 32, seed 0."""
    model = nn.Sequential(nn.Dense(64, 32, activation="relu"), nn.Dense(32, 10))
    with use(setting.name, **setting.options):
        begin = time.perf_counter()
        history = fit(
            model, found.x_train, found.y_train, optimizer=Adam(3e-3), epochs=epochs, batch_size=32, progress=False
        )
        seconds = time.perf_counter() - begin
        accuracy = evaluate(model, found.x_test, found.y_test)["accuracy"]
    return Result(setting, accuracy, history["loss"][-1], seconds, fingerprint(model), model)


def demo(
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    save: Annotated[Path, typer.Option(help="Where the trained model goes.")] = Path("digits.safetensors"),
    everything: Annotated[bool, typer.Option("--all", help="Also on software drivers of GPUs, which is slow.")] = False,
) -> None:
    """Train the digits on every executor and setting; the exit code is 1 when any bit differs."""
    check_writable(save)
    found = data.digits()
    for name, executor in executors().items():
        if not executor.available:
            console.print(f"[yellow]{name} is left out:[/yellow] {escape(executor.reason)}", highlight=False)
    chosen = []
    for setting in settings():
        if everything or not setting.software:
            chosen.append(setting)
        else:
            reason = "a software driver; --all trains on it, too"
            console.print(f"[yellow]{setting} is left out:[/yellow] {reason}", highlight=False)
    results = []
    with console.status("") as status:
        for setting in chosen:
            status.update(f"training on {setting}")
            results.append(train_digits(setting, found, epochs))
    first = results[0].fingerprint
    rows = [
        (
            r.setting,
            f"{r.accuracy:.4f}",
            f"{r.loss:.7f}",
            f"{r.seconds:.2f}",
            r.fingerprint[:16],
            "same bits" if r.fingerprint == first else "DIFFERENT",
        )
        for r in results
    ]
    title = f"digits, 64-32-10, {epochs} epochs, {len(found.x_train)} rows"
    show_table(title, ("executor", "accuracy", "final loss", "seconds", "fingerprint", "same bits"), rows)
    results[0].model.save(save, found.x_test[:1], output="logits")
    say(f"fingerprint {first}\nsaved {save}")
    if any(r.fingerprint != first for r in results):
        raise typer.Exit(1)
