"""What every exporter says of a run."""

from __future__ import annotations

from pathlib import Path

from ..compare import flatten
from ..files import SUMMARY
from ..record import RunSummary
from ..store import RunFolder


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
    return [folder.path / SUMMARY, *(folder.path / artifact.name for artifact in summary.artifacts)]
