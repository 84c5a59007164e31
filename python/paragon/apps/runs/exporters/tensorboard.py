"""Runs into a folder of TensorBoard's event files, a folder a run: every point of every curve, and the settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ..store import RunFolder
from .common import facts, settings


def export(runs: Sequence[RunFolder], where: str) -> int:
    """Write runs below the folder `where`; one that is there already is left alone. Returns how many were written."""
    from tensorboardX import SummaryWriter

    written = 0
    for folder in runs:
        target = Path(where) / folder.id
        if target.exists():
            continue
        summary = folder.read()
        wall = datetime.fromisoformat(summary.timing.started).timestamp()
        seconds = summary.timing.epoch_seconds
        with SummaryWriter(str(target)) as writer:
            for name, values in summary.history.items():
                for epoch, value in enumerate(values, 1):
                    if value is not None:
                        writer.add_scalar(name, value, epoch, walltime=wall + sum(seconds[:epoch]))
            for name, value in summary.metrics.items():
                if value is not None and name not in summary.history:
                    writer.add_scalar(name, value, summary.epochs or 0, walltime=wall + sum(seconds))
            text = {**facts(summary), **settings(summary)}
            writer.add_text("record", f"```\n{json.dumps(text, indent=1)}\n```", 0, walltime=wall)
        written += 1
    return written
