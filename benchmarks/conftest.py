"""Fixtures of the benchmarks, and the table of ratios that ends a run."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

# One thread unless told otherwise, for us and for every peer, before any of them is imported.
THREADS = os.environ.setdefault("PARAGON_NUM_THREADS", "1")
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, THREADS)

ROOT = Path(__file__).resolve().parents[1]
if "PARAGON_DATA" not in os.environ and (ROOT.parent / "shared" / "data").is_dir():
    os.environ["PARAGON_DATA"] = str(ROOT.parent / "shared" / "data")

ROWS: list[tuple[str, float, str, Mapping[str, float]]] = []

Record = Callable[[str, float, str, Mapping[str, float]], None]


@pytest.fixture
def record(benchmark: Any) -> Record:
    """record(name, our seconds, our rate, peers' seconds): a row of the final table, also kept in the benchmark's JSON."""

    def keep(name: str, ours: float, rate: str, peers: Mapping[str, float]) -> None:
        ROWS.append((name, ours, rate, peers))
        benchmark.extra_info.update({"ours_s": ours, "rate": rate, "peers_s": dict(peers)})
        benchmark.extra_info["ratios"] = {peer: seconds / ours for peer, seconds in peers.items()}

    return keep


def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None] | None:
    if not ROWS:
        return None
    write = terminalreporter.write_line
    terminalreporter.section("us and our peers in the same run")
    write(
        f"{platform.processor() or platform.machine()}, {THREADS} thread(s); a ratio above 1 means that we are faster"
    )
    for name, ours, rate, peers in ROWS:
        ratios = "  ".join(f"{peer} {seconds / ours:.2f}x" for peer, seconds in peers.items())
        write(f"{name:<34} {ours * 1e6:>12.1f} us  {rate:<16} {ratios}")
    return None
