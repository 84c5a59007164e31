"""The table of vector files: one an operation, and `programs`."""

from collections.abc import Callable
from functools import partial

from oracle.case import Case
from oracle.elementary import FUNCTIONS

from . import elementary, elementwise, fourier, indexing, movement, programs, random_bits, reductions

FILES: dict[str, Callable[[], list[Case]]] = {
    "add": elementwise.add, "sub": elementwise.sub, "mul": elementwise.mul, "div": elementwise.div,
    "maximum": elementwise.maximum, "minimum": elementwise.minimum, "fma": elementwise.fma, "neg": elementwise.neg,
    "abs": elementwise.abs_, "sqrt": elementwise.sqrt, "compare": elementwise.compare, "round_to": elementwise.round_to,
    "select": elementwise.select, "cast": elementwise.cast, "constant": elementwise.constant,
    **{name: partial(elementary.cases_of, name) for name in FUNCTIONS},
    "sum": reductions.sum_, "max": reductions.max_, "argmax": reductions.argmax, "matmul": reductions.matmul,
    "scan": reductions.scan,
    "reshape": movement.reshape, "transpose": movement.transpose, "broadcast": movement.broadcast,
    "slice": movement.slice_, "pad": movement.pad, "concat": movement.concat,
    "gather": indexing.gather, "scatter_add": indexing.scatter_add, "one_hot": indexing.one_hot,
    "unfold": indexing.unfold, "fold": indexing.fold, "bits": random_bits.bits,
    "fft": fourier.fft, "ifft": fourier.ifft, "rfft": fourier.rfft, "irfft": fourier.irfft,
    "programs": programs.programs,
}  # fmt: skip
