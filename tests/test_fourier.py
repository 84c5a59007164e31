"""The Fourier operations as a user meets them: NumPy's answers, complex helpers, convolutions, and errors that name the remedy."""

from __future__ import annotations

import decimal
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paragon as pg
from paragon.executors import fourier_tables
from paragon.ir.shapes import NORMS

rng = np.random.default_rng(5)
EXECUTORS = ("reference", "cpu")
LENGTHS = (1, 2, 3, 4, 5, 6, 8, 12, 15, 16, 30, 64, 97, 101, 128, 202, 1000, 1009)


def signal(*shape: int) -> np.ndarray:
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)


def relative_error(got: np.ndarray, want: np.ndarray) -> float:
    return float(np.linalg.norm(got - want) / np.linalg.norm(want))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("norm", NORMS)
def test_numpy_agrees(n: int, norm: str) -> None:
    x = signal(3, n)
    wide = x.astype(np.complex128)
    with pg.use("cpu"):
        pairs = pg.complex_pairs(x)
        assert relative_error(pg.to_complex64(pg.fft(pairs, norm=norm)), np.fft.fft(wide, norm=norm)) < 3e-7
        assert relative_error(pg.to_complex64(pg.ifft(pairs, norm=norm)), np.fft.ifft(wide, norm=norm)) < 3e-7
        half = pg.rfft(x.real.copy(), norm=norm)
        assert relative_error(pg.to_complex64(half), np.fft.rfft(wide.real, norm=norm)) < 3e-7
        assert relative_error(pg.irfft(half, n, norm=norm).numpy(), x.real) < 6e-7


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    n=st.one_of(st.integers(1, 128), st.integers(1, 1500)),
    lead=st.lists(st.integers(0, 20), max_size=2),
    norm=st.sampled_from(NORMS),
    seed=st.integers(0, 2**32 - 1),
)
def test_executors_agree_word_for_word(n: int, lead: list[int], norm: str, seed: int) -> None:
    if np.prod([n, *lead]) > 6000:
        lead = lead[:1] if n < 300 else []
    words = np.random.default_rng(seed).integers(0, 2**32, (*lead, n, 2), np.uint32)
    usual = np.random.default_rng(seed).standard_normal((*lead, n, 2)).astype(np.float32)
    for x in (usual, words.view(np.float32)):
        results = []
        for executor in EXECUTORS:
            with pg.use(executor), np.errstate(all="ignore"):
                half = pg.irfft(x[..., : n // 2 + 1, :].copy(), n, norm=norm)
                results.append(
                    [pg.fingerprint(t) for t in (pg.fft(x, norm=norm), pg.ifft(x, norm=norm), half, pg.rfft(half))]
                )
        assert results[0] == results[1]


def test_a_row_does_not_depend_on_the_batch() -> None:
    for n in (7, 16, 101, 240):
        x = signal(37, n)
        with pg.use("cpu"):
            together = pg.fft(pg.complex_pairs(x)).numpy()
            alone = [pg.fft(pg.complex_pairs(row)).numpy() for row in x]
        assert together.tobytes() == np.stack(alone).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_twiddles_are_correctly_rounded(dtype: type) -> None:
    """The twiddles against a sine summed here, at 60 digits, from the series."""
    with decimal.localcontext() as context:
        context.prec = 60
        pi = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
        for n in (7, 64, 100, 211, 1009):
            k = np.arange(n)
            re, im = fourier_tables.twiddles(k, n, dtype)
            for found, phase in ((re, Decimal(1) / 4), (im, Decimal(0))):
                for i in range(n):
                    exact = _sin(2 * pi * (phase - Decimal(i) / n))  # cos(-t) = sin(pi/2 - t), and -sin(t)
                    middle = Decimal(float(found[i]))
                    for neighbour in (np.nextafter(found[i], dtype(2)), np.nextafter(found[i], dtype(-2))):
                        assert abs(exact - middle) <= abs(exact - Decimal(float(neighbour)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 12, 97, 360, 65536])
def test_twiddles_are_those_computed_one_by_one(n: int, dtype: type) -> None:
    for k in (np.arange(n)[:1000], -np.arange(n)[-500:], np.arange(6).reshape(2, 3) * 7, np.zeros((0, 3), int)):
        pairs = zip(fourier_tables.twiddles(k, n, dtype), fourier_tables.exact_twiddles(k, n, dtype), strict=True)
        assert all(got.tobytes() == want.tobytes() and got.shape == want.shape for got, want in pairs)


def _sin(x: Decimal) -> Decimal:
    term = total = x
    for k in range(1, 60):
        term *= -x * x / (2 * k * (2 * k + 1))
        total += term
    return total


def test_split_follows_the_contract() -> None:
    splits = {
        n: fourier_tables.split(n)
        for n in (1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 1000, 1024, 4096, 97, 101, 202, 2**20)
    }
    assert splits == {
        1: 1, 2: 1, 3: 1, 4: 1, 6: 2, 8: 2, 12: 3, 16: 4, 32: 4, 64: 4, 128: 4, 1000: 25, 1024: 16, 4096: 64, 97: 1, 101: 1,
        202: 2, 2**20: 1024,
    }  # fmt: skip


# --- convolution ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n,m", [(1, 1), (8, 3), (30, 30), (101, 17), (64, 1)])
def test_circular_convolution(n: int, m: int) -> None:
    x, kernel = rng.standard_normal((2, 3, n)), rng.standard_normal((3, m))
    want = np.zeros_like(x)
    for j in range(m):
        want += kernel[..., j : j + 1] * np.roll(x, j, axis=-1)
    got = pg.circular_convolve(x.astype(np.float32), kernel.astype(np.float32)).numpy()
    np.testing.assert_allclose(got, want, atol=2e-5)


@pytest.mark.parametrize("n,m", [(1, 1), (8, 3), (30, 100), (101, 17), (250, 250)])
def test_causal_convolution(n: int, m: int) -> None:
    x, kernel = rng.standard_normal((2, n)), rng.standard_normal(m)
    want = np.stack([np.convolve(row, kernel)[:n] for row in x])
    got = pg.causal_convolve(x.astype(np.float32), kernel.astype(np.float32)).numpy()
    np.testing.assert_allclose(got, want, atol=1e-4)


def test_convolution_has_a_gradient() -> None:
    x, kernel, weights = (rng.standard_normal(s).astype(np.float32) for s in ((2, 12), (12,), (2, 12)))

    def loss(x: pg.Tensor, kernel: pg.Tensor) -> pg.Tensor:
        return pg.sum(pg.causal_convolve(x, kernel) * weights)

    dx, dk = pg.grad(loss, (0, 1))(pg.tensor(x), pg.tensor(kernel))
    want_x = np.stack([[sum(kernel[t - j] * w[t] for t in range(j, 12)) for j in range(12)] for w in weights])
    want_k = [sum(x[b, t - j] * weights[b, t] for b in (0, 1) for t in range(j, 12)) for j in range(12)]
    np.testing.assert_allclose(dx.numpy(), want_x, atol=1e-5)
    np.testing.assert_allclose(dk.numpy(), want_k, atol=1e-5)


@given(st.integers(1, 5000))
def test_fast_length(n: int) -> None:
    found = pg.fast_length(n)
    assert n <= found <= 2 * n and found % 2 == 0
    rest = found
    for prime in (2, 3, 5, 7):
        while rest % prime == 0:
            rest //= prime
    assert rest == 1


# --- complex helpers and errors ---------------------------------------------------------------------------------------


def test_complex_helpers() -> None:
    x, y = signal(3, 4), signal(4)
    x[0, 0] = complex(-0.0, np.inf)
    assert pg.to_complex64(pg.complex_pairs(x)).tobytes() == x.tobytes()
    assert pg.complex_pairs(x[::2, ::-1]).shape == (2, 4, 2)
    assert pg.complex_pairs(np.complex128(1 + 2j)).numpy().tolist() == [1.0, 2.0]
    product = pg.to_complex64(pg.complex_multiply(pg.complex_pairs(x[1:]), pg.complex_pairs(y)))
    np.testing.assert_allclose(product, x[1:] * y, rtol=1e-5)
    assert pg.to_complex64(pg.conjugate(pg.complex_pairs(y))).tobytes() == y.conj().tobytes()


@pytest.mark.parametrize(
    "call,says",
    [
        (lambda: pg.fft(np.zeros(8, np.float32)), "complex_pairs"),
        (lambda: pg.fft(np.zeros((8, 3), np.float32)), "complex_pairs"),
        (lambda: pg.fft(np.zeros((0, 2), np.float32)), "1 to 16777216 points"),
        (lambda: pg.fft(np.zeros((4, 2), np.int32)), "cast first"),
        (lambda: pg.fft(np.zeros((4, 2), np.float32), norm="unitary"), "backward, ortho, forward"),
        (lambda: pg.rfft(np.zeros((), np.float32)), "axis of points"),
        (lambda: pg.irfft(np.zeros((5, 2), np.float32), 10), "10 real points come from 6"),
        (lambda: pg.irfft(np.zeros((1, 2), np.float32)), "1 to 16777216 points"),
        (lambda: pg.circular_convolve(np.zeros(4, np.float32), np.zeros(5, np.float32)), "fold the kernel"),
        (lambda: pg.causal_convolve(np.zeros(0, np.float32), np.zeros(5, np.float32)), "at least one point"),
        (lambda: pg.fast_length(0), "1 to 16777216 points"),
        (lambda: pg.to_complex64(pg.zeros(3)), "real, imaginary"),
    ],
)
def test_errors_name_the_remedy(call: object, says: str) -> None:
    with pytest.raises(pg.ShapeError, match=says):
        call()  # type: ignore[operator]


def test_complex_pairs_refuses_reals() -> None:
    with pytest.raises(TypeError, match="add 0j"):
        pg.complex_pairs(np.zeros(3))
