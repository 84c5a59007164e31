"""The limits of the machine, measured in the run: multiply-adds in registers, and bytes read from memory, on all threads asked for.
Without a C++ compiler there are none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import numpy as np

from .native import native

T = TypeVar("T")

CALLS = 16  # of the fma loop: a few milliseconds


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def _together(fn: Callable[[T], float], parts: Sequence[T]) -> float:
    """The sum of `fn` over the parts, each in a thread of its own; a single one in this thread."""
    return sum(map(fn, parts) if len(parts) == 1 else _pool(len(parts)).map(fn, parts))


class Fma:
    """f32 operations a second (two a multiply-add) of chains in registers, with the vectors of an instruction set."""

    def __init__(self, isa: str, threads: int) -> None:
        self.isa, self.threads = isa.encode(), threads

    def rate(self) -> float:
        library = native()
        assert library is not None
        begin = time.perf_counter()
        done = _together(lambda _: library.fma_peak(self.isa, CALLS), range(self.threads))
        return done / (time.perf_counter() - begin)


class Memory:
    """Bytes a second of reading `size` bytes, each thread its part."""

    def __init__(self, size: int, threads: int) -> None:
        self.bytes = np.ones(size, np.uint8)
        part = size // threads
        self.parts = [(self.bytes.ctypes.data + i * part, part) for i in range(threads)]

    def rate(self) -> float:
        library = native()
        assert library is not None
        begin = time.perf_counter()
        _together(lambda part: library.read_all(*part), self.parts)
        return len(self.bytes) / (time.perf_counter() - begin)


def fma(isa: str, threads: int) -> Fma | None:
    """None without a compiler, or for an instruction set without fused multiply-add."""
    library = native()
    return Fma(isa, threads) if library is not None and library.fma_peak(isa.encode(), 1) else None


def memory(size: int, threads: int) -> Memory | None:
    """None without a compiler."""
    return Memory(size, threads) if native() is not None else None
