"""What it costs to begin: importing, in fresh processes, beside the peers, and the size of the wheel."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .. import peers
from ..harness import OURS, Case, Figures, Goal, Settings
from ..workloads.startup import fresh_import

ROOT = Path(__file__).resolve().parents[2]
MODULES = {OURS: "paragon", "NumPy": "numpy", "torch": "torch", "JAX": "jax"}


def cases(settings: Settings) -> Iterator[Case]:
    """Once, with one thread."""
    if settings.threads > 1:
        return
    rounds = 3 if settings.quick else 11
    yield Case("startup", "import", lambda: imports(rounds), "s", 1, [Goal("value", 0.150, at_least=False)])
    if not settings.quick:
        yield Case("startup", "wheel", wheel, "B", 1, [Goal("value", 5e6, at_least=False)])


def imports(rounds: int) -> Figures:
    """Seconds of `import`, NumPy's included in ours: the median of fresh processes, in turns."""
    present = {name: module for name, module in MODULES.items() if name == OURS or peers.load(module)}
    times: dict[str, list[float]] = {name: [] for name in present}
    for _ in range(rounds + 1):
        for name, module in present.items():
            times[name].append(fresh_import(module))
    return Figures({name: statistics.median(found[1:]) for name, found in times.items()})


def wheel() -> Figures:
    """Bytes of the wheel that pip builds of this tree."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(ROOT)]
        subprocess.run(command, check=True)
        (built,) = Path(folder).glob("*.whl")
        return Figures({OURS: float(built.stat().st_size)})
