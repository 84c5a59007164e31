"""Runs into an MLflow tracking store, such as `sqlite:///mlflow.db`: parameters, every point of every curve, tags, artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..record import RunSummary
from ..store import RunFolder
from .common import artifacts, facts, settings

EXPERIMENT = "paragon"
MOST_VALUE = 500  # characters of a parameter, and MOST_BATCH values in a call: limits of MLflow's stores
MOST_BATCH = {"metrics": 1000, "params": 100}
STATUS = {"running": "RUNNING", "finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


def export(runs: Sequence[RunFolder], where: str) -> int:
    """Write runs to the store `where`; those that are there (tag `paragon.id`) are left alone. Returns how many were written."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=where)
    known = client.get_experiment_by_name(EXPERIMENT)
    experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT)
    written = 0
    for folder in runs:
        summary = folder.read()
        if not client.search_runs([experiment], f"tags.`paragon.id` = '{summary.id}'", max_results=1):
            _write(client, experiment, folder, summary)
            written += 1
    return written


def _write(client: Any, experiment: str, folder: RunFolder, summary: RunSummary) -> None:
    from mlflow.entities import Metric, Param

    start = round(datetime.fromisoformat(summary.timing.started).timestamp() * 1000)
    run = client.create_run(experiment, start_time=start, run_name=summary.id, tags={**facts(summary), **summary.tags})
    number = run.info.run_id
    points = [
        Metric(name, value, start, epoch)
        for name, values in summary.history.items()
        for epoch, value in enumerate(values, 1)
        if value is not None
    ]
    points += [
        Metric(name, value, start, summary.epochs or 0)
        for name, value in summary.metrics.items()
        if value is not None and name not in summary.history
    ]
    given = [Param(name, value[:MOST_VALUE]) for name, value in settings(summary).items()]
    for name, values in (("metrics", points), ("params", given)):
        for k in range(0, len(values), MOST_BATCH[name]):
            client.log_batch(number, **{name: values[k : k + MOST_BATCH[name]]})
    for path in artifacts(folder, summary):
        client.log_artifact(number, str(path))
    end = start + round(1000 * (summary.timing.seconds or 0))
    client.set_terminated(number, STATUS[summary.status], end)
