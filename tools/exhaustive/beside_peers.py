"""Holds `round_to` to other people's conversions, NumPy's float16 and those of ml_dtypes, for all 2^32 words of each format.

    python tools/exhaustive/beside_peers.py [--executor NAME] [--formats f16 bf16 ...] [--step 1] [--jobs 2]

Of an executor with instruction sets each one is compared. `--step N` takes every N-th word only. A log goes to stdout; the
exit status is 1 if a single word differs (all NaNs are one).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

import paragon as pg
from paragon.executors import Session

Words = npt.NDArray[np.uint32]

PEERS: dict[str, type] = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "e4m3fn": ml_dtypes.float8_e4m3fn,
    "e5m2": ml_dtypes.float8_e5m2,
}
WORDS, CHUNK = 2**32, 2**20
SHARE = 2**28  # what a process gets at a time


def session(executor: str, format: str, options: Mapping[str, Any]) -> Session:
    """A program that rounds a chunk, loaded."""
    program = pg.trace(lambda x: pg.round_to(x, format), np.zeros(CHUNK, np.float32))
    return pg.executors()[executor].load(program, **options)


def peer(words: Words, format: str) -> Words:
    """The words that the peer gives: the conversion to its type and back."""
    with np.errstate(all="ignore"):
        return words.view(np.float32).astype(PEERS[format]).astype(np.float32).view(np.uint32)


def is_nan(words: Words) -> npt.NDArray[np.bool_]:
    return (words & 0x7FFFFFFF) > 0x7F800000


def different(rounding: Session, words: Words, right: Words) -> Words:
    """Those of the words (a chunk at most) that a session rounds otherwise than `right`."""
    x = np.zeros(CHUNK, np.uint32)
    x[: len(words)] = words
    (result,) = rounding.run({"x": x.view(np.float32)}).values()
    got = np.asarray(result).view(np.uint32)[: len(words)]
    return words[(got != right) & ~(is_nan(got) & is_nan(right))]


def chunks(start: int, stop: int, step: int) -> Iterator[Words]:
    """Every step-th word from start on, in chunks."""
    for first in range(start, stop, CHUNK * step):
        yield np.arange(first, min(first + CHUNK * step, stop), step, dtype=np.uint64).astype(np.uint32)


def compare(
    executor: str, format: str, settings: Mapping[str, Mapping[str, Any]], step: int, start: int
) -> tuple[int, dict[str, list[int]]]:
    """How many words were compared in the share from `start` on, and by setting the words that came out wrong."""
    sessions = {name: session(executor, format, options) for name, options in settings.items()}
    wrong: dict[str, list[int]] = {name: [] for name in settings}
    count = 0
    first = -(-start // step) * step
    for words in chunks(first, start + SHARE, step):
        right = peer(words, format)
        count += len(words)
        for name, rounding in sessions.items():
            wrong[name] += different(rounding, words, right).tolist()
    return count, wrong


def settings_of(executor: str) -> dict[str, dict[str, Any]]:
    """The instruction sets of an executor, each with one thread; of one that has none, its name."""
    listed = pg.executors()[executor].settings()
    sets = {str(options["isa"]): {"isa": options["isa"], "threads": 1} for options in listed if "isa" in options}
    return sets or {executor: {}}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executor", default="cpu", choices=sorted(pg.executors()))
    parser.add_argument("--formats", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    chosen = parser.parse_args(arguments)
    if chosen.step < 1:
        parser.error("--step must be at least 1")
    settings = settings_of(chosen.executor)
    print(
        f"{platform.system()} {platform.machine()}; NumPy {np.__version__}, ml_dtypes {ml_dtypes.__version__}",
        flush=True,
    )
    failed = False
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for format in chosen.formats:
            began, count = time.monotonic(), 0
            wrong: dict[str, list[int]] = {name: [] for name in settings}
            share = partial(compare, chosen.executor, format, settings, chosen.step)
            for compared, found in pool.map(share, range(0, WORDS, SHARE)):
                count += compared
                for name, words in found.items():
                    wrong[name] += words
            failed |= any(wrong.values())
            counts = " ".join(f"{name}:{len(words)}" for name, words in wrong.items())
            seconds = time.monotonic() - began
            print(
                f"{format:6} words {count}  beside {PEERS[format].__name__}  mismatches {counts}  {seconds:.0f} s",
                flush=True,
            )
            for name, words in wrong.items():
                for word in words[:5]:
                    print(f"       {name}: {word:08x} is rounded otherwise", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
