"""Runs: one record of anything computed and worth keeping, in a folder of its own, that anyone can run again to the bit.

`Recorder` makes runs, `Store` finds them, `reproduce` runs one again, `compare` says what differs. docs/runs.md tells more.
"""

from .compare import Difference, compare
from .record import KINDS, RunSummary, Versioned, migration, parse, register, schemas
from .recorder import Recorder
from .reproduce import Finding, reproduce
from .store import RunFolder, Store

__all__ = [
    "KINDS",
    "Difference",
    "Finding",
    "Recorder",
    "RunFolder",
    "RunSummary",
    "Store",
    "Versioned",
    "compare",
    "migration",
    "parse",
    "register",
    "reproduce",
    "schemas",
]
