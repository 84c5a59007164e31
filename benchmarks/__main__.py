"""Measures us and every peer present, and writes the report.

    python -m benchmarks [--quick] [--only FAMILY ...] [--threads N ...] [--out FOLDER]

A whole run goes to docs/benchmarks; a quick or partial one, whose figures are not for the docs, to build/benchmarks.
The exit status is 1 when a case was refused (a wrong result, an error) or a process ended early.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import report

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = [
    "gemm", "elementary", "reductions", "fft", "fft_native", "fft_accuracy", "training", "inference", "startup",
]  # fmt: skip
THREAD_VARIABLES = ("PARAGON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# Threads of a peer that wait for more work must not take the processor from the next contestant.
PASSIVE = {"OPENBLAS_THREAD_TIMEOUT": "20", "OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "GOMP_SPINCOUNT": "0"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten, small cases, rough figures")
    parser.add_argument("--only", nargs="+", choices=FAMILIES, help="only these families")
    parser.add_argument("--threads", nargs="+", type=int, help="numbers of threads; 1 and all processors when absent")
    parser.add_argument("--out", type=Path, help="the folder of the report")
    given = parser.parse_args()
    processors = len(os.sched_getaffinity(0))
    counts = given.threads or sorted({1, processors})
    if wrong := [count for count in counts if not 1 <= count <= processors]:
        parser.error(f"--threads: must be 1 to {processors}, the processors of this machine, not {wrong[0]}")
    partial = given.quick or given.only or given.threads
    folder = given.out or ROOT / ("build" if partial else "docs") / "benchmarks"
    begin = time.time()
    load = os.getloadavg()[0]
    records: list[dict[str, Any]] = []
    failed = False
    for threads in counts:
        found, status = measure(threads, given.only or FAMILIES, given.quick)
        records += found
        failed |= status != 0 or any("refused" in record for record in found)
    report.write(folder, report.Report.of(records, load, time.time() - begin, given.quick))
    print(f"{time.time() - begin:.0f} s; the report is {folder / 'results.md'}")
    return int(failed)


def measure(threads: int, families: list[str], quick: bool) -> tuple[list[dict[str, Any]], int]:
    """The records of a process with so many threads, also those before an early end, and its status."""
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **PASSIVE}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        command = [sys.executable, "-m", "benchmarks.measure", str(path), *(["--quick"] if quick else []), *families]
        status = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        lines = path.read_text().splitlines() if path.exists() else []
    if status:
        print(f"the process with {threads} thread(s) ended with status {status}", file=sys.stderr)
    return [json.loads(line) for line in lines], status


if __name__ == "__main__":
    sys.exit(main())
