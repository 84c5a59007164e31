"""How long `paragon runs list` and `compare` take with many runs: `python benchmarks/runs.py [--runs 1000] [--epochs 100]`.

Makes the runs below a temporary folder (records alone: nothing is trained), and times whole commands.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from paragon.apps.runs import Recorder, Store
from paragon.apps.runs.files import SUMMARY


def make(root: Path, runs: int, epochs: int) -> None:
    """Records with so many epochs."""
    with Recorder(root, label="first") as first:
        pass
    for number in range(runs - 1):
        summary = first.summary.model_copy(deep=True)
        summary.id = f"20260101-{number // 3600:02d}{number // 60 % 60:02d}{number % 60:02d}-run-{number:08x}"
        curve = [2 * math.exp(-k / 20) + number / runs for k in range(epochs)]
        summary.history = {name: list(curve) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        summary.metrics = {name: values[-1] for name, values in summary.history.items()}
        summary.config = {"seed": number % 10, "width": number // 10}
        folder = root / summary.id
        folder.mkdir()
        (folder / SUMMARY).write_text(summary.model_dump_json(indent=1))


def seconds(*command: str) -> float:
    """How long a command takes, as a whole process."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "paragon", *command], check=False, stdout=subprocess.DEVNULL, env=os.environ)
    return time.perf_counter() - begin


def main() -> None:
    """Make the runs, and print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "artifacts"
        make(root, given.runs, given.epochs)
        where = ("--root", str(root))
        print(f"{given.runs} runs of {given.epochs} epochs")
        print(
            f"  paragon --help            {median(seconds('--help') for _ in range(5)):.2f} s (an empty command, for comparison)"
        )
        print(f"  list, index made anew     {seconds('runs', 'list', *where):.2f} s")
        print(f"  list                      {median(seconds('runs', 'list', *where) for _ in range(5)):.2f} s")
        two = Store(root).ids()[:2]
        print(f"  compare                   {median(seconds('runs', 'compare', *two, *where) for _ in range(5)):.2f} s")
        begin = time.perf_counter()
        Store(root).entries()
        print(f"  Store.entries()           {time.perf_counter() - begin:.3f} s")


if __name__ == "__main__":
    main()
