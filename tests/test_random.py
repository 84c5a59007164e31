"""Random numbers against Random123's known answers and against the contract spelled out word by word."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paragon as pg
from conftest import ROOT, assert_words
from paragon import random

KNOWN_ANSWERS = ROOT / "tests" / "data" / "random123_philox4x32.txt"
SEEDS = st.integers(0, 2**64 - 1)
STREAMS = st.integers(0, 2**32 - 1)


def philox(counter: list[int], key: list[int], rounds: int = 10) -> list[int]:
    """One block in Python integers (Salmon et al., SC 2011)."""
    c, k = list(counter), list(key)
    for _ in range(rounds):
        p, q = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [q >> 32 ^ c[1] ^ k[0], q & 0xFFFFFFFF, p >> 32 ^ c[3] ^ k[1], p & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def draw(seed: int, stream: int, i: int) -> int:
    """Draw i of a stream."""
    block = (i // 4) % 2**64
    return philox([block & 0xFFFFFFFF, block >> 32, stream, 0], [seed & 0xFFFFFFFF, seed >> 32])[i % 4]


def test_one_block_against_known_answers() -> None:
    lines = [line for line in KNOWN_ANSWERS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 6
    for line in lines:
        generator, rounds, *words = line.split()
        numbers = [int(w, 16) for w in words]
        assert generator == "philox4x32" and philox(numbers[:4], numbers[4:6], int(rounds)) == numbers[6:], line


@given(seed=SEEDS, stream=STREAMS, step=STREAMS, n=st.integers(0, 9), width=st.integers(1, 32))
def test_bits(seed: int, stream: int, step: int, n: int, width: int) -> None:
    first = step * -(-n // 4) * 4
    want = np.array([draw(seed, stream, first + j) >> (32 - width) for j in range(n)], np.uint32)
    for name in ("reference", "cpu"):
        with pg.use(name):
            assert_words(random.bits(n, seed, stream, step=step, width=width), want, name)


@given(seed=SEEDS, stream=STREAMS)
def test_uniform(seed: int, stream: int) -> None:
    want = [np.float32((draw(seed, stream, i) >> 8) * 2.0**-24) for i in range(6)]
    assert_words(random.uniform((2, 3), seed, stream), np.array(want, np.float32).reshape(2, 3))


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_normal(n: int, each_executor: str) -> None:
    """Step by step with the elementary functions on single words."""

    def one(fn: object, x: np.float32) -> np.float32:
        return np.float32(fn(pg.tensor(x)).item())  # type: ignore[operator]

    want: list[np.float32] = []
    for pair in range(-(-n // 2)):
        u, v = draw(11, 3, 2 * pair) >> 8, draw(11, 3, 2 * pair + 1) >> 8
        inner = np.float32(-2) * one(pg.log, np.float32(np.float32(u + 1) * np.float32(2.0**-24)))
        r, t = np.sqrt(inner), np.float32(v * 2.0**-23)
        want += [r * one(pg.cospi, t), r * one(pg.sinpi, t)]
    assert_words(random.normal(n, 11, 3), np.array(want[:n], np.float32))


def test_normal_is_normal() -> None:
    x = random.normal((200, 500), 1).numpy().astype(np.float64).ravel()
    assert abs(x.mean()) < 0.01 and abs(x.std() - 1) < 0.01
    assert abs((x**3).mean()) < 0.03 and abs((x**4).mean() - 3) < 0.1
    inside = np.mean(np.abs(x) < 1)
    assert abs(inside - math.erf(math.sqrt(0.5))) < 0.005


@given(n=st.integers(0, 40), seed=SEEDS, stream=STREAMS)
def test_permutation(n: int, seed: int, stream: int) -> None:
    a = list(range(n))
    for k, i in enumerate(range(n - 1, 0, -1)):
        j = draw(seed, stream, k) * (i + 1) >> 32
        a[i], a[j] = a[j], a[i]
    got = random.permutation(n, seed, stream)
    assert got.dtype == np.int64 and got.tolist() == a


def test_permutation_of_many_rows() -> None:
    start = time.perf_counter()
    got = random.permutation(60_000, 7, random.SHUFFLE_STREAM)
    assert time.perf_counter() - start < 1  # about 10 ms; the limit only catches a quadratic one
    assert sorted(got.tolist()) == list(range(60_000))
    assert (got != random.permutation(60_000, 7, random.SHUFFLE_STREAM + 1)).any()


def test_initialisers(each_executor: str) -> None:
    u = np.array([draw(5, 2, i) >> 8 for i in range(12)], np.float32) * np.float32(2.0**-24)
    for fn, fan in ((random.glorot_uniform, 7), (random.he_uniform, 3)):
        limit = np.sqrt(np.float32(6) / np.float32(fan))
        assert_words(fn((3, 4), 3, 4, 5, 2), ((u + u - np.float32(1)) * limit).reshape(3, 4))


def test_in_a_trace_a_seed_is_an_input() -> None:
    traced = pg.jit(lambda seed, step: random.uniform((3,), seed, 4, step=step))
    got = traced(random.seed_words(9 + (5 << 32)), pg.tensor(2, "u32"))
    assert_words(got, random.uniform((3,), 9 + (5 << 32), 4, step=2))
    assert len(traced.cache) == 1


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(pg.ShapeError, match="seed"):
        random.uniform(3, seed)
    with pytest.raises(pg.ShapeError, match="seed"):
        random.permutation(3, seed)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 255, 1000])
def test_the_compiled_permutation_is_the_plain_one(n: int) -> None:
    for seed, stream in ((0, 0), (2**63 + 5, 2**31 + 1)):
        np.testing.assert_array_equal(pg.random.permutation(n, seed, stream), random.plain_permutation(n, seed, stream))
