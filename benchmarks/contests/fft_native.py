"""Fourier transforms of powers of two through C interfaces: ours, FFTW's and MKL's, each on planned, aligned arrays.

FFTW is the library inside pyFFTW, or the system's; MKL is the one inside PyTorch. Neither allocates, nor do we.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from .. import peaks, peers
from ..harness import OURS, Array, Case, Contest, Goal, Settings, Timer
from ..native import NativeCall, Pointer, address, aligned, native, session_call
from ..workloads import isas
from ..workloads.fft import Transform, workloads
from .fft import abscissa

MEASURE, FORWARD = 0, -1


def available() -> str:
    """Empty, or why this family cannot be measured."""
    return "" if native() else "no C++ compiler"


def cases(settings: Settings) -> Iterator[Case]:
    for transform in workloads(settings.size):
        if not transform.is_power:
            continue
        goals = [Goal("ratio", 1.0)] if 1 << 8 <= transform.n <= 1 << 20 and not transform.real else []
        build = lambda t=transform: contest(t, settings)  # noqa: E731
        yield Case("fft_native", transform.name, build, transform.unit, transform.work, goals, abscissa(transform))


def contest(transform: Transform, settings: Settings) -> Contest:
    problem, x = transform.problem(), transform.signal()
    given = aligned(x.shape, x.dtype)
    outs = [aligned(problem.wanted.shape, np.complex64) for _ in range(3)]
    contestants: dict[str, Timer | None] = {
        "FFTW": fftw(
            transform, given, outs[0], 1 if settings.quick else 10
        ),  # before x is there: planning overwrites it
        OURS: session_call(problem.program, {"x": given}, outs[1]),
        "MKL": mkl(transform, given, outs[2]),
    }
    given[...] = x
    return Contest(peers.present(contestants), problem.wanted, peak=peaks.fma(isas()[-1], settings.threads))


@cache
def fftw_libraries() -> tuple[ctypes.CDLL, ctypes.CDLL | None] | None:
    """FFTW in single precision, and its threads where they are to be had; None where it is absent."""
    if (pyfftw := peers.load("pyfftw")) is None:
        return None

    def find(name: str) -> ctypes.CDLL | None:
        inside = sorted((Path(pyfftw.__file__).parents[1] / "pyfftw.libs").glob(f"lib{name}-*.so*"))
        path = str(inside[0]) if inside else ctypes.util.find_library(name)
        return ctypes.CDLL(path) if path else None

    single, parallel = find("fftw3f"), find("fftw3f_omp") or find("fftw3f_threads")
    if single is None:
        return None
    single.fftwf_set_timelimit.argtypes = [ctypes.c_double]
    single.fftwf_plan_many_dft.restype = single.fftwf_plan_many_dft_r2c.restype = Pointer
    if parallel is not None:
        parallel.fftwf_init_threads()
        parallel.fftwf_plan_with_nthreads(peers.threads())
    return single, parallel


def fftw(transform: Transform, x: Array, out: Array, seconds: float) -> NativeCall | None:
    """A plan that FFTW found by measuring for at most so many seconds."""
    if (found := fftw_libraries()) is None:
        return None
    library = found[0]
    library.fftwf_set_timelimit(seconds)
    n, points = ctypes.c_int(transform.n), out.shape[-1]
    head = (1, ctypes.byref(n), transform.batch, address(x), None, 1, transform.n, address(out), None, 1, points)
    if transform.real:
        plan = library.fftwf_plan_many_dft_r2c(*head, MEASURE)
    else:
        plan = library.fftwf_plan_many_dft(*head, FORWARD, MEASURE)
    return NativeCall(library.fftwf_execute, (plan,), out, (library, x))


# Names and numbers of the DFTI interface (Intel oneMKL Developer Reference, "DFT functions").
DFTI_TRANSFORMS, DFTI_STORAGE, DFTI_PLACEMENT, DFTI_INPUT_DISTANCE, DFTI_OUTPUT_DISTANCE = 7, 10, 11, 14, 15
DFTI_COMPLEX, DFTI_REAL, DFTI_COMPLEX_COMPLEX, DFTI_NOT_INPLACE = 32, 33, 39, 44


def mkl(transform: Transform, x: Array, out: Array) -> NativeCall | None:
    """A plan of MKL; None where PyTorch is absent, or built without it."""
    if (torch := peers.load("torch")) is None:
        return None
    path = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
    library = ctypes.CDLL(str(path)) if path.exists() else None
    if library is None or not hasattr(library, "DftiCreateDescriptor_s_1d"):
        return None
    plan = Pointer()
    domain = DFTI_REAL if transform.real else DFTI_COMPLEX
    status = library.DftiCreateDescriptor_s_1d(ctypes.byref(plan), domain, ctypes.c_long(transform.n))
    settings = {
        DFTI_PLACEMENT: DFTI_NOT_INPLACE,
        DFTI_TRANSFORMS: transform.batch,
        DFTI_INPUT_DISTANCE: transform.n,
        DFTI_OUTPUT_DISTANCE: out.shape[-1],
        **({DFTI_STORAGE: DFTI_COMPLEX_COMPLEX} if transform.real else {}),
    }
    for key, value in settings.items():
        status |= library.DftiSetValue(plan, key, ctypes.c_long(value))
    if status | library.DftiCommitDescriptor(plan):
        raise RuntimeError(f"MKL cannot plan {transform.name}")
    return NativeCall(library.DftiComputeForward, (plan, address(x), address(out)), out, (library, x))
