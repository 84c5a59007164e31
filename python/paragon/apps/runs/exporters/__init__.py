"""Runs for other tools: every point of every curve, nothing sampled. Each exporter needs a package of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from paragon import FileError

from ..compare import flatten
from ..record import RunSummary
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


def facts(summary: RunSummary) -> dict[str, str]:
    """What identifies a run and its work, by dotted name, as text."""
    parts = {
        "id": summary.id,
        "work_id": summary.work_id,
        "kind": summary.kind,
        "status": summary.status,
        "data": summary.data.sha256 if summary.data else None,
        **flatten(summary.fingerprints.model_dump(), "fingerprint."),
        **flatten(summary.code.model_dump(), "code."),
    }
    return {f"paragon.{name}": str(value) for name, value in parts.items() if value is not None}


def settings(summary: RunSummary) -> dict[str, str]:
    """Every setting by dotted name, as text."""
    return {name: str(value) for name, value in flatten(summary.config).items()}


def artifacts(folder: RunFolder, summary: RunSummary) -> list[Path]:
    """The files of a run: its record and its artifacts."""
    from ..files import SUMMARY

    return [folder.path / SUMMARY, *(folder.path / artifact.name for artifact in summary.artifacts)]
