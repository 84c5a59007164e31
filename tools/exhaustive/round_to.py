"""Proves round_to: every kernel of every instruction set of this machine, all 2^32 inputs, all four formats.

    python tools/exhaustive/round_to.py build/exhaustive/exhaustive [FORMAT ...] [--jobs 2]

`exhaustive round_to` (round_to.cpp) holds the kernels to the scalar contract; here the compiled core, which so has been shown to
do what the contract says, is held to NumPy's float16 and to the types of ml_dtypes. NaNs count as one. A log goes to stdout; the
exit status is 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import numpy.typing as npt

from paragon import _core

WORDS = 2**32
CHUNK = 2**22
TYPES: dict[str, npt.DTypeLike] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "e4m3fn": ml_dtypes.float8_e4m3fn,
    "e5m2": ml_dtypes.float8_e5m2,
}
NAN = 0x7FC00000


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


def rounding_program(format: str, size: int) -> str:
    operation = {
        "op": "round_to",
        "inputs": [0],
        "output": 1,
        "dtype": "f32",
        "shape": [size],
        "attributes": {"format": format},
    }
    return json.dumps(
        {
            "format": "paragon-program",
            "version": 1,
            "contract": 1,
            "inputs": [{"name": "x", "dtype": "f32", "shape": [size]}],
            "state": [],
            "operations": [operation],
            "outputs": [{"name": "y", "value": 1}],
            "updates": [],
        }
    )


def observed(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return np.where(np.isnan(words.view(np.float32)), np.uint32(NAN), words)


def core(format: str, first: int, count: int) -> tuple[int, list[str]]:
    """The mismatches of the compiled core with NumPy's float16, or with ml_dtypes."""
    size = min(CHUNK, count)
    session = _core.Session(_core.Program(rounding_program(format, size)), threads=1)
    counted = np.arange(size, dtype=np.uint32)
    mismatches = 0
    wrong: list[str] = []
    for chunk in range(first, first + count, size):
        start = min(chunk, first + count - size)  # the last chunk may overlap the one before it
        inputs = counted + np.uint32(start)
        x = inputs.view(np.float32)
        with np.errstate(all="ignore"):
            expected = x.astype(TYPES[format]).astype(np.float32).view(np.uint32)
        found = session.run({"x": x})["y"].view(np.uint32)
        if np.array_equal(found, expected):
            continue
        differs = np.flatnonzero(observed(found) != observed(expected))  # NaNs may have other words
        mismatches += len(differs)
        for i in differs[: max(0, 20 - len(wrong))]:
            wrong.append(f"wrong core {inputs[i]:08x} {found[i]:08x} {expected[i]:08x}")
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
        "formats", nargs="*", metavar="FORMAT", help=f"some of {' '.join(TYPES)}; all when none is named"
    )
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="formats run at a time")
    parser.add_argument("--first", type=lambda text: int(text, 0), default=0, help="the first input word")
    parser.add_argument("--count", type=lambda text: int(text, 0), default=WORDS, help="how many inputs from there on")
    arguments = parser.parse_args()
    unknown = set(arguments.formats) - set(TYPES)
    if unknown:
        parser.error(f"no such format: {' '.join(sorted(unknown))}; there are {' '.join(TYPES)}")
    formats = arguments.formats or list(TYPES)

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
