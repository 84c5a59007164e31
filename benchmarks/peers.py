"""Timing us beside a peer in one run: the two take turns, so that a noisy machine is noisy for both; medians and their ratio.

A peer that needs another environment (NumPy with another OpenBLAS kernel) works in a process of its own, spoken to in lines.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
Timed = Callable[[], float]


def clock(fn: Callable[[], Any], at_least: float = 0.005) -> Timed:
    """A function that runs `fn` often enough to fill `at_least` seconds and returns the seconds of one run."""
    fn()
    begin = time.perf_counter()
    fn()
    once = max(time.perf_counter() - begin, 1e-7)
    repeats = max(1, int(at_least / once))

    def measure() -> float:
        begin = time.perf_counter()
        for _ in range(repeats):
            fn()
        return (time.perf_counter() - begin) / repeats

    return measure


def medians(contestants: Mapping[str, Timed], rounds: int = 15) -> dict[str, float]:
    """The median seconds of each, measured in turns."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            times[name].append(measure())
    return {name: statistics.median(found) for name, found in times.items()}


class NumpyProcess:
    """NumPy in a process of its own, with its own OpenBLAS settings."""

    def __init__(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "numpy_worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def matmul(self, m: int, n: int, k: int, ta: bool = False, tb: bool = False) -> Timed:
        """Times the product of random f32 matrices in that process."""
        self._ask({"shape": [m, n, k], "ta": ta, "tb": tb})
        return lambda: self._ask({})

    def _ask(self, request: dict[str, Any]) -> float:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
