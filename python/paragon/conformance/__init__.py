"""The conformance lab: vectors, standard programs, differential fuzzing and drift reports for any set of executors."""

from .external import External
from .report import Outcome, drift_report, write_report
from .run import Contender, Findings, contenders, run_conformance
from .vectors import Case, load_vectors, run_case

__all__ = [
    "Case", "Contender", "External", "Findings", "Outcome", "contenders", "drift_report", "load_vectors", "run_case",
    "run_conformance", "write_report",
]  # fmt: skip
