"""Measures families in this process, with the threads of its environment; one JSON record a line to a file.

    python -m benchmarks.measure RECORDS [--quick] FAMILY...

Started by `python -m benchmarks`, once for each number of threads, because libraries read theirs when they are loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from . import peaks, peers
from .harness import OURS, Settings, run_case
from .workloads import isas


def main() -> None:
    path, *rest = sys.argv[1:]
    settings = Settings(peers.threads(), quick="--quick" in rest)
    keep_to_processors(settings.threads)
    with Path(path).open("w") as out:
        write(out, {"about": about(settings)})
        for family in (word for word in rest if word != "--quick"):
            measure(family, settings, out)


def keep_to_processors(count: int) -> None:
    """Everyone on that many processors: some libraries have no other limit."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def measure(family: str, settings: Settings, out: TextIO) -> None:
    module = importlib.import_module(f"benchmarks.contests.{family}")
    available = getattr(module, "available", None)
    if available is not None and (reason := available()):
        say(f"{family}: not measured: {reason}")
        write(out, {"absent": family, "reason": reason})
        return
    for case in module.cases(settings):
        begin = time.perf_counter()
        try:
            record = run_case(case, settings)
        except Exception as error:  # one broken case must not take the others' figures with it
            traceback.print_exc()
            record = {"family": family, "case": case.name, "threads": settings.threads}
            record["refused"] = f"{type(error).__name__}: {error}"
        write(out, record)
        say(f"{settings.threads}T {case.key}: {summary(record)}  [{time.perf_counter() - begin:.1f} s]")


def summary(record: Mapping[str, Any]) -> str:
    if "refused" in record:
        return f"REFUSED: {record['refused']}"
    ratios = " ".join(f"{peer} {ratio:.2f}x" for peer, ratio in record["ratios"].items())
    share = "" if record["share"] is None else f", {record['share']:.2f} of the peak"
    missed = " MISSED" if any(goal["met"] is False for goal in record["goals"]) else ""
    return f"{record['values'][OURS]:.3g}{share}; {ratios}{missed}"


def about(settings: Settings) -> dict[str, Any]:
    """What was measured with what, and the limits of this machine with these threads."""
    found: dict[str, float] = {}
    for isa in isas():
        if (fma := peaks.fma(isa, settings.threads)) is not None:
            found[f"fma {isa}, GFLOP/s"] = max(fma.rate() for _ in range(10)) / 1e9
    if (memory := peaks.memory(1 << 28, settings.threads)) is not None:
        found["memory read, GB/s"] = max(memory.rate() for _ in range(5)) / 1e9
    return {
        "threads": settings.threads,
        "peaks": found,
        "peers": peers.versions(),
        "blas": blas(),
        "isas": isas(),
    }


def blas() -> list[str]:
    """The kernels that the peers' BLAS libraries chose for this processor, where threadpoolctl can tell."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return [
        f"{found['internal_api']} {found['version']}, {found.get('architecture', '?')}"
        for found in threadpool_info()
        if found["user_api"] == "blas"
    ]


def write(out: TextIO, record: Mapping[str, Any]) -> None:
    out.write(json.dumps(record) + "\n")
    out.flush()


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
