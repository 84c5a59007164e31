"""Compiled code for the benchmarks: native.cpp, and calls through C interfaces that are timed there, as a C++ program sees them.

native.cpp is built by the machine's C++ compiler (CXX, c++) when first needed; without one, what needs it is not measured.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import paragon as pg

from .harness import Array

LIBRARY = Path(pg.__file__).with_name("libparagon.so")

SOURCE = Path(__file__).with_name("native.cpp")
Pointer = ctypes.c_void_p


@cache
def native() -> ctypes.CDLL | None:
    """The functions of native.cpp; None without a compiler."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "native.so"
        flags = ["-std=c++20", "-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(SOURCE), "-o", str(library)], check=True)
        found = ctypes.CDLL(str(library))
    found.fma_peak.restype, found.fma_peak.argtypes = ctypes.c_double, [ctypes.c_char_p, ctypes.c_size_t]
    found.read_all.restype, found.read_all.argtypes = ctypes.c_uint64, [Pointer, ctypes.c_size_t]
    found.time_calls.restype, found.time_calls.argtypes = ctypes.c_double, [Pointer] * 4 + [ctypes.c_size_t]
    return found


class NativeCall:
    """A C function of up to three pointers as a contestant. `keep` are the objects whose memory they point to."""

    def __init__(self, function: Any, arguments: tuple[Any, ...], out: Array, keep: Any = ()) -> None:
        padded = (*arguments, None, None, None)[:3]
        self.call = (ctypes.cast(function, Pointer), *(ctypes.cast(a, Pointer) for a in padded))
        self.out, self.keep = out, keep

    def seconds(self, repeats: int) -> float:
        library = native()
        assert library is not None
        return float(library.time_calls(*self.call, repeats)) / repeats

    def result(self) -> Array:
        self.seconds(1)
        return self.out


def session_call(source: pg.Program | Path, inputs: Mapping[str, Array], out: Array) -> NativeCall:
    """A run of a program, or of a model file, through our C ABI."""
    library = ctypes.CDLL(str(LIBRARY))
    for name in ("pg_model_from_json", "pg_model_open", "pg_session_open"):
        getattr(library, name).restype = Pointer
    if isinstance(source, pg.Program):
        text = source.to_json().encode()
        model = library.pg_model_from_json(text, ctypes.c_size_t(len(text)))
    else:
        model = library.pg_model_open(str(source).encode(), None)
    session = library.pg_session_open(Pointer(model), None) if model else None
    if not session:
        library.pg_last_error.restype = ctypes.c_char_p
        raise RuntimeError(library.pg_last_error().decode())
    given = (Pointer * len(inputs))(*(array.ctypes.data for array in inputs.values()))
    results = (Pointer * 1)(out.ctypes.data)
    return NativeCall(library.pg_session_run, (session, given, results), out, (library, inputs, given, results))


def address(array: Array) -> ctypes.c_void_p:
    return Pointer(array.ctypes.data)


def aligned(shape: tuple[int, ...], dtype: Any) -> Array:
    """Zeros that begin at a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    return memory[begin : begin + size].view(dtype).reshape(shape)
