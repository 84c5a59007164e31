"""An f64 interpreter of programs for finite differences: what the operations mean, without any rounding to f32."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from paragon.executors.reference.kernels import COMPARISONS, KERNELS
from paragon.ir.program import Program
from paragon.ir.spec import Array


def _vector(fn: Callable[[float], float]) -> Callable[[Array], Array]:
    return lambda x: np.vectorize(fn, otypes=[np.float64])(x)


def _sum(x: Array, *, axes: Any, keepdims: bool, panel: int | None) -> Array:
    return np.sum(x, axis=tuple(axes), keepdims=keepdims)


def _matmul(x: Array, y: Array, *, transpose_a: bool, transpose_b: bool, panel: int | None) -> Array:
    return np.matmul(x.swapaxes(-1, -2) if transpose_a else x, y.swapaxes(-1, -2) if transpose_b else y)


def _scan(a: Array, b: Array, h0: Array, *, axis: int, reverse: bool) -> Array:
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    out, h = np.empty_like(a), h0
    for t in range(len(a))[:: -1 if reverse else 1]:
        h = out[t] = a[t] * h + b[t]
    return np.moveaxis(out, 0, axis)


def _constant(*, dtype: str, shape: Any, word: str) -> Array:
    return np.asarray(KERNELS["constant"](dtype=dtype, shape=shape, word=word), np.float64 if dtype == "f32" else None)


def _pad(x: Array, *, low: Any, high: Any, interior: Any, word: str) -> Array:
    spread = [max(d - 1, 0) * i + d for d, i in zip(x.shape, interior, strict=True)]
    value = np.uint32(int(word, 16)).view(np.float32)
    out = np.full([a + s + b for a, s, b in zip(low, spread, high, strict=True)], float(value))
    out[tuple(slice(a, a + s, i + 1) for a, s, i in zip(low, spread, interior, strict=True))] = x
    return out


def _pairs(z: Array) -> Array:
    return np.stack([z.real, z.imag], axis=-1)


def _complex(x: Array) -> Array:
    return x[..., 0] + 1j * x[..., 1]


# The movement kernels of the reference executor work on any dtype.
F64: dict[str, Callable[..., Array]] = KERNELS | {
    "maximum": np.maximum, "minimum": np.minimum, "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p,
    "tanh": np.tanh, "erf": _vector(math.erf), "sinpi": lambda x: np.sin(np.pi * x), "cospi": lambda x: np.cos(np.pi * x),
    "fma": lambda x, y, z: x * y + z, "sum": _sum, "matmul": _matmul, "scan": _scan, "constant": _constant, "pad": _pad,
    "max": lambda x, *, axes, keepdims: np.max(x, axis=tuple(axes), keepdims=keepdims),
    "compare": lambda x, y, *, how: COMPARISONS[how](x, y).astype(np.int32),
    "cast": lambda x, *, dtype: x.astype(np.float64) if dtype == "f32" else KERNELS["cast"](x.astype(np.float32), dtype=dtype),
    "fft": lambda x, *, norm: _pairs(np.fft.fft(_complex(x), norm=norm)),
    "ifft": lambda x, *, norm: _pairs(np.fft.ifft(_complex(x), norm=norm)),
    "rfft": lambda x, *, norm: _pairs(np.fft.rfft(x, norm=norm)),
    "irfft": lambda x, *, norm, n: np.fft.irfft(_complex(x), n, norm=norm),
    "one_hot": lambda i, *, depth: (i[..., None] == np.arange(depth)).astype(np.float64),
}  # fmt: skip


def run(program: Program, inputs: dict[str, Array]) -> dict[str, Array]:
    """The outputs of a program, every f32 of it computed in f64."""

    def wide(x: Array) -> Array:
        return x.astype(np.float64) if x.dtype == np.float32 else x

    values = [wide(inputs[name]) for name in program.inputs] + [wide(program.values[name]) for name in program.state]
    for node in program.operations:
        result = F64[node.op](*(values[v] for v in node.inputs), **node.attributes)
        values.append(np.asarray(result).reshape(node.spec.shape))
    return {name: values[v] for name, v in program.outputs.items()}
