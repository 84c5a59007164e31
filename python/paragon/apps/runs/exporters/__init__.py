"""Runs for other tools: every point of every curve, nothing sampled. Each exporter needs a package of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paragon import FileError

from ..store import RunFolder

Export = Callable[[Sequence[RunFolder], str], int]
"""(runs, where to) -> how many runs were written."""


def exporter(name: str) -> Export:
    """The exporter of a name: mlflow or tensorboard. Raises FileError for another one, ImportError without its package."""
    if name == "mlflow":
        from .mlflow import export as to_mlflow

        return to_mlflow
    if name == "tensorboard":
        from .tensorboard import export as to_tensorboard

        return to_tensorboard
    raise FileError(f"there is no exporter {name!r}; there are mlflow and tensorboard")
