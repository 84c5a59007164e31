"""What is wrong with a run: its record against the schema, its artifacts against their hashes and their own schemas."""

from __future__ import annotations

import hashlib

from paragon import FileError

from .files import read_bytes
from .record import KINDS, parse
from .recorder import work_id
from .store import RunFolder, Store


def validate(store: Store, folder: RunFolder) -> list[str]:
    """The faults of a run, a line each; none when all is as the record says."""
    try:
        summary = folder.read()
    except FileError as error:
        return [str(error)]
    faults = []
    for artifact in summary.artifacts:
        path = folder.path / artifact.name
        try:
            content = read_bytes(path)
        except FileError as error:
            faults.append(str(error))
            continue
        found = hashlib.sha256(content).hexdigest()
        if found != artifact.sha256:
            faults.append(f"{artifact.name}: changed since it was recorded (SHA-256 {found}, not {artifact.sha256})")
        elif artifact.schema_version is not None and artifact.kind in KINDS:
            try:
                parse(KINDS[artifact.kind], content, artifact.name)
            except FileError as error:
                faults.append(str(error))
    if summary.status == "finished" and summary.work_id != work_id(summary):
        faults.append("work_id: is not that of the programs, rows, seed, steps and first state of the record")
    return faults
