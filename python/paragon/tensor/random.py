"""Random numbers of the contract (section 5): Philox4x32-10, counted by stream and step, the same on every machine.

A seed is an integer of 64 bits (or a u32[2] tensor, low word first, inside a trace). Streams are independent of each other;
nothing here keeps a state. The samplers are compositions of the operation `bits` and work eagerly and in a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..executors.compiled import core
from ..ir.errors import ShapeError
from ..ir.spec import Array
from . import functions as F
from .operands import integer, integers
from .tensor import Tensor, tensor

SHUFFLE_STREAM = 2**31
"""The stream of the order of the rows in training; the epoch is added to it."""

DROPOUT_STREAM = 2**30
"""The stream of the first draw of a forward pass in training; the k-th draw has this + k."""

Shape = int | Sequence[int]
"""A shape; an integer is a shape of one axis."""


def seed_words(seed: Any) -> Tensor:
    """A seed as u32[2] (low, high). Raises ShapeError when an integer is not in 0 ... 2^64-1."""
    if not isinstance(seed, (int, np.integer)):
        return tensor(seed, "u32")
    if not 0 <= seed < 2**64:
        raise ShapeError(f"seed {seed}: must be in 0 ... 2^64-1")
    return tensor(np.array([int(seed) & 0xFFFFFFFF, int(seed) >> 32], np.uint32))


def bits(shape: Shape, seed: Any, stream: int = 0, *, step: Any = 0, width: int = 32) -> Tensor:
    """u32 `shape`: the random words of a stream (0 ... 2^32-1) at a step (u32), the top `width` bits (1 ... 32) of each.

    >>> pg.random.bits(2, seed=0)
    Tensor([1713891541, 3781805453], u32)
    """
    at = step if isinstance(step, Tensor) else tensor(np.asarray(step, np.uint32))
    return F.bits(seed_words(seed), at, stream=stream, shape=integers(shape, "shape"), width=width)


def uniform(shape: Shape, seed: Any, stream: int = 0, *, step: Any = 0) -> Tensor:
    """f32 `shape`, uniform in [0, 1): multiples of 2^-24.

    >>> pg.random.uniform(3, seed=0)
    Tensor([0.39904642, 0.88052016, 0.73571277], f32)
    """
    return F.cast(bits(shape, seed, stream, step=step, width=24), "f32") * 2.0**-24


def normal(shape: Shape, seed: Any, stream: int = 0, *, step: Any = 0) -> Tensor:
    """f32 `shape`, standard normal, by the transform of Box & Muller (1958) of pairs of words; an odd last one is left out.

    >>> pg.random.normal((2, 2), seed=0, stream=1).shape
    (2, 2)
    >>> pg.random.normal(3, seed=0)
    Tensor([ 0.99113744, -0.92466277, -0.6176091 ], f32)
    """
    shape = integers(shape, "shape")
    n = int(np.prod(shape, dtype=np.int64))
    pairs = F.cast(bits((-(-n // 2), 2), seed, stream, step=step, width=24), "f32")
    u, v = pairs[:, 0], pairs[:, 1]
    r = F.sqrt(F.log((u + 1.0) * 2.0**-24) * -2.0)
    t = v * 2.0**-23
    both = F.concat([(r * F.cospi(t)).reshape((-1, 1)), (r * F.sinpi(t)).reshape((-1, 1))], axis=1)
    return both.reshape((both.size,))[:n].reshape(shape)


def permutation(n: int, seed: int, stream: int = 0) -> Array:
    """int64 [n]: the numbers 0 ... n-1 in random order (Fisher & Yates, from the end). A NumPy array.

    Raises:
        ShapeError: n is negative or beyond 2^31-1, or the seed or stream out of range.

    >>> pg.random.permutation(6, seed=0)
    array([0, 3, 1, 5, 4, 2])
    """
    n, seed, stream = integer(n, "n"), integer(seed, "seed"), integer(stream, "stream")
    if not 0 <= n < 2**31 or not 0 <= seed < 2**64 or not 0 <= stream < 2**32:
        raise ShapeError(f"permutation({n}, seed={seed}, stream={stream}): n < 2^31, seed < 2^64, stream < 2^32")
    return core.permutation(n, int(seed), int(stream)) if core else plain_permutation(n, seed, stream)


def plain_permutation(n: int, seed: int, stream: int) -> Array:
    """`permutation` without compiled code."""
    from ..executors.reference.arithmetic import philox

    if n < 2:
        return np.arange(n)
    words = philox(int(seed), 0, -(-(n - 1) // 4), stream).ravel()[: n - 1]
    partners = np.multiply(words, np.arange(n, 1, -1), dtype=np.uint64, casting="unsafe") >> np.uint64(32)
    a = list(range(n))
    for i, j in zip(range(n - 1, 0, -1), partners.tolist(), strict=True):
        a[i], a[j] = a[j], a[i]
    return np.array(a)


def _uniform_by_fan(shape: Shape, seed: Any, stream: int, fan: float) -> Tensor:
    """Uniform in +-sqrt(6 / fan)."""
    limit = F.sqrt(F.div(6.0, fan))
    return (uniform(shape, seed, stream) * 2.0 - 1.0) * limit


def glorot_uniform(shape: Shape, fan_in: int, fan_out: int, seed: Any, stream: int = 0) -> Tensor:
    """f32 `shape`, uniform in +-sqrt(6 / (fan_in + fan_out)). (Glorot & Bengio, 2010)"""
    return _uniform_by_fan(shape, seed, stream, float(fan_in + fan_out))


def he_uniform(shape: Shape, fan_in: int, fan_out: int, seed: Any, stream: int = 0) -> Tensor:
    """f32 `shape`, uniform in +-sqrt(6 / fan_in), for layers with relu; `fan_out` is not used. (He et al., 2015)"""
    return _uniform_by_fan(shape, seed, stream, float(fan_in))
