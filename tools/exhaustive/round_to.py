"""Proves round_to: every kernel of every instruction set of this machine, all 2^32 inputs, all four formats.

    python tools/exhaustive/round_to.py build/exhaustive/exhaustive [FORMAT ...] [--jobs 2]

`exhaustive round_to` (round_to.cpp) holds the kernels to the scalar contract; here the compiled core, which so has been shown to
do what the contract says, is held to NumPy's float16 and to the types of ml_dtypes. NaNs count as one. A log goes to stdout; the
exit status is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from beside_peers import PEERS, WORDS, chunks, different, peer, session


@dataclass(frozen=True)
class Outcome:
    """What one format's run found."""

    format: str
    mismatches: dict[str, int]
    wrong: list[str]
    seconds: float

    @property
    def right(self) -> bool:
        return bool(self.mismatches) and not any(self.mismatches.values())


def kernels(program: list[str], format: str, first: int, count: int) -> tuple[dict[str, int], list[str]]:
    """The mismatches of each instruction set with the contract."""
    command = [*program, "round_to", format, str(first), str(count)]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    records = {line.split()[0]: line.split()[1:] for line in lines if not line.startswith("wrong")}
    if records["count"] != [str(count)]:
        raise RuntimeError(f"{' '.join(command)} did not try all {count} inputs")
    mismatches = dict(zip(records["versions"], map(int, records["mismatches"]), strict=True))
    return mismatches, [line for line in lines if line.startswith("wrong")]


def core(format: str, first: int, count: int) -> tuple[int, list[str]]:
    """The mismatches of the compiled core with NumPy's float16, or with ml_dtypes."""
    rounding = session("cpu", format, {"threads": 1})
    mismatches = 0
    wrong: list[str] = []
    for words in chunks(first, first + count, 1):
        found = different(rounding, words, peer(words, format))
        mismatches += len(found)
        wrong += [f"wrong core {word:08x}" for word in found[: max(0, 20 - len(wrong))]]
    return mismatches, wrong


def run(program: list[str], format: str, first: int, count: int) -> Outcome:
    start = time.monotonic()
    mismatches, wrong = kernels(program, format, first, count)
    name = "numpy" if format == "f16" else "ml_dtypes"
    mismatches[name], more = core(format, first, count)
    return Outcome(format, mismatches, wrong + more, time.monotonic() - start)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("program", help="the built `exhaustive` (an emulator may stand before it, in one argument)")
    parser.add_argument(
        "formats", nargs="*", metavar="FORMAT", help=f"some of {' '.join(PEERS)}; all when none is named"
    )
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="formats run at a time")
    parser.add_argument("--first", type=lambda text: int(text, 0), default=0, help="the first input word")
    parser.add_argument("--count", type=lambda text: int(text, 0), default=WORDS, help="how many inputs from there on")
    arguments = parser.parse_args()
    unknown = set(arguments.formats) - set(PEERS)
    if unknown:
        parser.error(f"no such format: {' '.join(sorted(unknown))}; there are {' '.join(PEERS)}")
    formats = arguments.formats or list(PEERS)

    print(f"{platform.system()} {platform.machine()}; NumPy {np.__version__}, ml_dtypes {ml_dtypes.__version__}")
    outcomes = []
    program, first, count = arguments.program.split(), arguments.first, arguments.count
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for outcome in pool.map(lambda name: run(program, name, first, count), formats):
            outcomes.append(outcome)
            counts = " ".join(f"{name}:{n}" for name, n in outcome.mismatches.items())
            verdict = "right" if outcome.right else "WRONG"
            print(f"{outcome.format:6} inputs {count}  mismatches {counts}  {verdict}  {outcome.seconds:.0f} s")
            for line in outcome.wrong:
                print("       " + line)
            sys.stdout.flush()
    right = all(outcome.right for outcome in outcomes)
    extent = "all 2^32 inputs" if count == WORDS else f"a sample of {count} inputs"
    print(f"{extent}: {'every result is correctly rounded' if right else 'WRONG RESULTS'}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
