"""The peers: libraries that are measured beside us where they are installed, and how their functions become contestants."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from .harness import Array, Call, Timer

# module -> distribution. The report names those that are absent.
PEERS = {
    "numpy": "numpy",
    "torch": "torch",
    "scipy": "scipy",
    "pyfftw": "pyfftw",
    "sklearn": "scikit-learn",
    "jax": "jax",
}


@cache
def load(module: str) -> ModuleType | None:
    """A peer's module with its threads set, or None when it is not installed."""
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    if module == "torch":
        found.set_num_threads(threads())
    return found


def versions() -> dict[str, str | None]:
    """The version of every peer; None for one that is absent."""
    found: dict[str, str | None] = {}
    for distribution in PEERS.values():
        try:
            found[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            found[distribution] = None
    return found


def threads() -> int:
    """How many threads everyone has in this process; set by `__main__` before anything is imported."""
    return int(os.environ["PARAGON_NUM_THREADS"])


def jax_call(fn: Callable[..., Any], *arrays: Array) -> Call | None:
    """A function of JAX arrays, compiled, as a contestant; None without JAX. `fn` gets the module's arrays."""
    if (jax := load("jax")) is None:
        return None
    compiled, given = jax.jit(fn), [jax.numpy.asarray(a) for a in arrays]
    return Call(lambda: compiled(*given).block_until_ready(), lambda: np.asarray(compiled(*given)))


def present(contestants: dict[str, Timer | None]) -> dict[str, Timer]:
    """Without those that are absent."""
    return {name: contestant for name, contestant in contestants.items() if contestant is not None}


class Remote:
    """A contestant of a case, in a process of its own with another environment (`python -m benchmarks.worker`).

    The worker builds the same case, checks it, and is spoken to in lines of JSON.
    """

    def __init__(self, process: subprocess.Popen[str], case: str, contestant: str) -> None:
        self.process = process
        self._ask({"case": case, "contestant": contestant})

    def result(self) -> None:
        """Checked by the worker itself, against the same wanted result."""

    def seconds(self, repeats: int) -> float:
        return float(self._ask({"repeats": repeats}))

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended with status {self.process.wait()}; its message is above")
        return json.loads(answer)


@cache
def worker(family: str, quick: bool, **environment: str) -> subprocess.Popen[str]:
    """The process for contestants of a family under an environment; it ends with this one, when its input does."""
    command = [sys.executable, "-m", "benchmarks.worker", family, *(["--quick"] if quick else [])]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
