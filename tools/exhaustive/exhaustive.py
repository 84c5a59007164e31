"""Proves the elementary functions: every kernel of every instruction set of this machine, all 2^32 inputs.

    python tools/exhaustive/exhaustive.py build/exhaustive [FUNCTION ...] [--jobs 2] [--hard-cases FILE]

`exhaustive` (exhaustive.cpp) compares every input with a fast filter and hands over the inputs that the filter cannot
decide; here MPFR decides them, through gmpy2, with the correctly rounded 24-bit result. The filter's own error bound is
checked against MPFR on the sample of its values that the program prints. A log goes to stdout; the exit status is 1 if
anything was wrong. `--hard-cases` writes the inputs whose results come nearest to the middle of two floats.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import gmpy2
from gmpy2 import mpfr, mpq

WORDS = 2**32
FUNCTIONS = ("exp", "expm1", "log", "log1p", "tanh", "erf", "sinpi", "cospi")
FILTER_BOUND = mpq(1, 2**50)  # what is demanded of the filter; it is trusted with 2^-46 only
UNDERFLOW = mpq(1, 2**200)  # below, the float is 0, however inaccurate a double that underflows itself may be
FLOAT = gmpy2.context(precision=24, emin=-148, emax=128, subnormalize=True, round=gmpy2.RoundToNearest)
WIDE = gmpy2.context(precision=300, emin=-100000, emax=100000)
NAN = 0x7FC00000


def float_of(word: int) -> float:
    value: float = struct.unpack("<f", struct.pack("<I", word))[0]
    return value


def word_of(value: float) -> int:
    word: int = struct.unpack("<I", struct.pack("<f", value))[0]
    return NAN if value != value else word


def exact(function: str, word: int) -> mpfr:
    """The value at this input to 300 bits, or the exact zero, infinity or NaN of the contract."""
    x = float_of(word)
    with gmpy2.context(WIDE):
        if function not in ("sinpi", "cospi"):
            if x == 0.0 and function not in ("exp", "log"):
                return mpfr(x)
            return getattr(gmpy2, function)(mpfr(x))
        if x != x or abs(x) == float("inf"):
            return mpfr("nan")
        turns = mpq(x) % 2  # sin and cos of pi*x have the period 2
        if function == "cospi":
            turns = (turns + mpq(1, 2)) % 2  # cos(pi*x) = sin(pi*(x + 1/2))
        if turns in (0, 1):
            return mpfr(0.0) if function == "cospi" else mpfr(-0.0 if word >> 31 else 0.0)
        sign = 1
        if turns > 1:
            turns, sign = turns - 1, -1
        if turns > mpq(1, 2):
            turns = 1 - turns
        return sign * gmpy2.sin(gmpy2.const_pi() * turns)


def rounded(value: mpfr) -> int:
    """The word of the nearest float, ties to even, gradual underflow, overflow to infinity."""
    with gmpy2.context(FLOAT):
        return word_of(float(+value))


def distance(value: mpfr) -> float:
    """How far the value is from the nearest middle of two neighbouring floats, in units of their distance: 0 … 0.5."""
    with gmpy2.context(WIDE):
        exponent = max(gmpy2.get_exp(value) - 24, -149)
        position = abs(value) / mpfr(2) ** exponent
        return float(abs(position - gmpy2.floor(position) - mpfr(0.5)))


@dataclass
class Outcome:
    """What one function's run found."""

    function: str
    seconds: float = 0.0
    versions: list[str] = field(default_factory=list)
    inputs: int = 0
    doubtful: int = 0
    contract: int = 0
    mismatches: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    filter_values: int = 0
    filter_error: float = 0.0
    cases: list[tuple[float, int, int]] = field(default_factory=list)  # distance, input, result

    @property
    def right(self) -> bool:
        return self.inputs > 0 and not any(self.mismatches) and self.filter_error <= FILTER_BOUND


def run(program: list[str], function: str, words: list[int]) -> Outcome:
    outcome = Outcome(function)
    start = time.monotonic()
    command = [*program, function, *(str(word) for word in words)]
    doubtful: list[list[str]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            kind, *values = line.split()
            if kind == "versions":
                outcome.versions = values
            elif kind == "doubtful":
                doubtful.append(values)
            elif kind == "wrong":
                outcome.wrong.append(line.strip())
            elif kind == "filter":
                check_filter(outcome, int(values[0], 16), float.fromhex(values[1]))
            elif kind == "count":
                outcome.inputs, outcome.doubtful, outcome.contract = (int(value) for value in values)
            elif kind == "mismatches":
                outcome.mismatches = [int(value) for value in values]
    if process.returncode != 0 or len(doubtful) != outcome.doubtful or not outcome.mismatches:
        raise RuntimeError(f"{' '.join(command)} failed with exit status {process.returncode}")
    for words in doubtful:
        decide(outcome, int(words[0], 16), [int(word, 16) for word in words[1:]])
    outcome.cases.sort()
    outcome.seconds = time.monotonic() - start
    return outcome


def check_filter(outcome: Outcome, word: int, value: float) -> None:
    truth = exact(outcome.function, word)
    with gmpy2.context(WIDE):
        if truth == value or max(abs(truth), abs(value)) < UNDERFLOW:
            error = 0.0
        else:
            error = float(abs(mpfr(value) / truth - 1)) if truth != 0 else float("inf")
    outcome.filter_values += 1
    outcome.filter_error = max(outcome.filter_error, error)


def decide(outcome: Outcome, word: int, results: list[int]) -> None:
    value = exact(outcome.function, word)
    right = rounded(value)
    outcome.cases.append((distance(value), word, right))
    for version, result in enumerate(results):
        if result != right:
            outcome.mismatches[version] += 1
            outcome.wrong.append(f"wrong {outcome.versions[version]} {word:08x} {result:08x} {right:08x}")


def power_of_two(x: float) -> str:
    return f"2^{math.log2(x):.1f}" if x > 0 else "0"


def report(outcome: Outcome) -> None:
    nearest = power_of_two(outcome.cases[0][0]) if outcome.cases else "-"
    wrong = " ".join(f"{name}:{n}" for name, n in zip(outcome.versions, outcome.mismatches, strict=True))
    print(
        f"{outcome.function:6} inputs {outcome.inputs}  doubtful {outcome.doubtful}  nearest to a middle {nearest}  "
        f"contract on {outcome.contract} and the doubtful  "
        f"filter error {power_of_two(outcome.filter_error)} on {outcome.filter_values}  {outcome.seconds:.0f} s\n"
        f"       mismatches {wrong}  {'right' if outcome.right else 'WRONG'}"
    )
    for line in outcome.wrong:
        print("       " + line)
    sys.stdout.flush()


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("program", help="the built `exhaustive` (an emulator may stand before it, in one argument)")
    parser.add_argument("functions", nargs="*", help=f"some of {' '.join(FUNCTIONS)}; all when none is named")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="functions run at a time")
    parser.add_argument("--stride", type=int, default=1021, help="the contract is checked on every STRIDE-th input")
    parser.add_argument("--first", type=lambda text: int(text, 0), default=0, help="the first input word")
    parser.add_argument("--count", type=lambda text: int(text, 0), default=WORDS, help="how many inputs from there on")
    parser.add_argument("--step", type=int, default=1, help="the distance from one input to the next")
    parser.add_argument("--hard-cases", type=Path, help="write the hardest inputs and their results to this JSON file")
    parser.add_argument("--cases", type=int, default=256, help="how many of them a function")
    arguments = parser.parse_args()
    unknown = set(arguments.functions) - set(FUNCTIONS)
    if unknown:
        parser.error(f"no such function: {' '.join(sorted(unknown))}; there are {' '.join(FUNCTIONS)}")
    functions = arguments.functions or list(FUNCTIONS)

    print(f"{processor()}, {platform.system()} {platform.machine()}; gmpy2 {gmpy2.version()}, {gmpy2.mpfr_version()}")
    program = arguments.program.split()
    outcomes = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        words = [arguments.first, arguments.count, arguments.step, arguments.stride]
        for outcome in pool.map(lambda name: run(program, name, words), functions):
            report(outcome)
            outcomes.append(outcome)

    if arguments.hard_cases:
        lines = []
        for outcome in outcomes:
            pairs = [[f"{word:08x}", f"{result:08x}"] for _, word, result in outcome.cases[: arguments.cases]]
            lines.append(f"{json.dumps(outcome.function)}: {json.dumps(pairs, separators=(',', ':'))}")
        arguments.hard_cases.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    right = all(outcome.right for outcome in outcomes)
    extent = "all 2^32 inputs" if arguments.count == WORDS else f"a sample of {arguments.count} inputs"
    print(f"{extent}: {'every result is correctly rounded' if right else 'WRONG RESULTS'}")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
