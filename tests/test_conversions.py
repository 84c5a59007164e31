"""From numbers to f32: rounded once, to nearest even, also where the host flushes subnormals or rounds another way."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paragon as pg
from conftest import assert_words
from paragon.ir.float_modes import modes_are_plain

BIG = 2**60 + 2**36 + 1  # above a tie of f32, onto which f64 would round it


@pytest.fixture(autouse=True)
def _reference() -> Any:
    with pg.use("reference"):
        yield


def rounded(n: int) -> np.float32:
    """The f32 nearest to an integer, by exact arithmetic."""
    if abs(n) >= 2**128 - 2**103:
        return np.float32(np.inf if n > 0 else -np.inf)
    near = [np.float32(float(n))]
    near += [np.nextafter(near[0], np.float32(np.inf)), np.nextafter(near[0], np.float32(-np.inf))]
    finite = [x for x in near if np.isfinite(x)]
    return min(finite, key=lambda x: (abs(Fraction(float(x)) - n), int(x.view(np.uint32)) & 1))


@given(st.one_of(st.integers(-(2**140), 2**140), st.integers(24, 127).map(lambda k: 2**k + 2 ** (k - 24) + 1)))
def test_integers_are_rounded_once(n: int) -> None:
    want = rounded(n)
    with pg.use("reference"):
        assert_words(pg.full((2,), n), np.full(2, want))
        assert_words(pg.zeros((2,)) + n, np.full(2, want))
        assert_words(pg.tensor(n, "f32"), want)
        assert_words(pg.tensor([n, 0.5], "f32"), np.array([want, 0.5], np.float32))
        assert_words(pg.tensor([[n], [0.5]]), np.array([[want], [0.5]], np.float32))
        assert_words(pg.pad(pg.zeros((0,)), [1], [0], value=n), np.array([want]))


def test_big_numbers() -> None:
    assert rounded(BIG) == 2.0**60 + 2.0**37
    for x in (np.int64(BIG), np.uint64(BIG), np.array([BIG], object)):
        assert_words(pg.tensor(x, "f32"), np.full(np.shape(x), rounded(BIG)))
    assert pg.jit(lambda x: x + BIG)(pg.tensor(0.0)).item() == 2.0**60 + 2.0**37
    with pytest.raises(pg.ShapeError, match="do not fit i32"):
        pg.tensor([2**70])
    with pytest.raises(pg.ShapeError, match="cannot hold object"):
        pg.tensor([1, None])


# --- modes of the host ------------------------------------------------------------------------------------------------

UP, DOWN, ZERO, FLUSH = "up", "down", "towards zero", "flush"
CONTROL = {
    "x86_64": (28, "uint32", {UP: 0x5F80, DOWN: 0x3F80, ZERO: 0x7F80, FLUSH: 0x9FC0}),
    "aarch64": (0, "uint32", {UP: 1 << 22, DOWN: 2 << 22, ZERO: 3 << 22, FLUSH: 1 << 24}),
}
"""Where glibc's fenv_t has the control word, and its values."""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in CONTROL, reason="the layout of fenv_t is known for Linux only"
)


@contextmanager
def host(mode: str) -> Iterator[None]:
    """This thread in another mode."""
    offset, dtype, words = CONTROL[platform.machine()]
    library = ctypes.CDLL(None)
    found, other = (ctypes.c_byte * 1024)(), (ctypes.c_byte * 1024)()
    library.fegetenv(found)
    library.fegetenv(other)
    np.frombuffer(other, dtype, 1, offset)[0] = words[mode]
    library.fesetenv(other)
    try:
        yield
    finally:
        library.fesetenv(found)


POINTS = np.arange(7) * (0.1 + 0.3j)


def results() -> dict[str, Any]:
    """Tensors that come about by a conversion, a constant or the reference executor."""

    def model(x: pg.Tensor) -> Any:
        y = pg.gelu(x) + pg.softplus(x * 0.1) + 1e-40
        return pg.grad(lambda t: pg.sum(pg.erf(t) * y))(x)

    x, n = pg.tensor([0.1, -0.7, 1e-40, 3.3]), np.array([0.1, 1e-40, 2**24 + 1.5])
    norm = pg.nn.BatchNorm(2).init()
    moved = norm.apply(norm.state_dict(), pg.random.normal((7, 2), seed=1), training=True)[1]
    return {
        "tensor": pg.tensor([1e-40, 0.1, -0.1, 1 / 3]), "f64": pg.tensor(n), "f16": pg.tensor(n[:1].astype(np.float16)),
        "int": pg.tensor([BIG, 2**24 + 1, -(2**24) - 1], "f32"), "full": pg.full((2,), 0.1), "pad": pg.pad(x, [1], [0], value=-0.1),
        "eager": x * 1e-39 + 0.7, "jit": pg.jit(model)(x), "grad": model(x),
        "float": pg.jit(lambda x, r: x * r)(x, 0.3),
        "program": pg.trace(model, x).run({"x": x})["output"],
        "dropout": pg.dropout(x, 0.3, seed=[1, 2], step=0, stream=0), "normal": pg.random.normal(4, seed=3),
        "glorot": pg.random.glorot_uniform((2, 2), 3, 4, seed=1), "variance": moved["running_variance"],
        "fft": pg.fft(pg.complex_pairs(POINTS)), "item": np.float64(pg.tensor(1e-40).item()),
        "wide": np.asarray(pg.tensor([1e-40]), np.float64),
    }  # fmt: skip


@pytest.mark.parametrize("executor", ["reference", "cpu"])
@pytest.mark.parametrize("mode", [UP, DOWN, ZERO, FLUSH])
def test_the_hosts_mode_changes_nothing(executor: str, mode: str) -> None:
    with pg.use(executor):
        want = results()
        with host(mode):
            assert not modes_are_plain()
            found = results()
            assert not modes_are_plain()  # the host has its own back
    assert modes_are_plain()
    for name, x in want.items():
        # As words: the comparison of subnormals is another thing that flushing changes.
        assert np.asarray(found[name]).tobytes() == np.asarray(x).tobytes(), name


def test_an_error_leaves_the_hosts_mode() -> None:
    with host(FLUSH):
        with pytest.raises(pg.ShapeError):
            pg.tensor("text")
        assert not modes_are_plain()
