"""Matrix products beside NumPy with its default OpenBLAS kernels, with the AVX-512 ones, and beside torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from peers import NumpyProcess, Timed, clock, medians

import paragon as pg
from conftest import Record
from paragon.executors import resolve
from paragon.ops import Spec

SHAPES = [
    (32, 128, 784, False, False),
    (128, 128, 784, False, False),
    (512, 128, 784, False, False),
    (784, 128, 128, True, False),
    (128, 784, 128, False, True),
    (128, 10, 128, False, False),
    (128, 10, 128, True, False),
    (1, 128, 784, False, False),
    (512, 512, 512, False, False),
    (1024, 1024, 1024, False, False),
]


@pytest.fixture(scope="module")
def numpys() -> Iterator[dict[str, NumpyProcess]]:
    found = {"numpy": NumpyProcess(), "numpy SKYLAKEX": NumpyProcess(OPENBLAS_CORETYPE="SKYLAKEX")}
    yield found
    for process in found.values():
        process.close()


def ours(m: int, n: int, k: int, ta: bool, tb: bool) -> tuple[Timed, Any]:
    """One product as a loaded program, so that what is timed is a run."""
    a, b = Spec("f32", (k, m) if ta else (m, k)), Spec("f32", (n, k) if tb else (k, n))
    program = pg.trace(lambda a, b: pg.matmul(a, b, transpose_a=ta, transpose_b=tb), a, b)
    executor, options = resolve("cpu", {})
    session = executor.load(program, **options)
    rng = np.random.default_rng(0)
    inputs = {name: rng.standard_normal(spec.shape).astype(np.float32) for name, spec in program.inputs.items()}
    return clock(lambda: session.run(inputs)), lambda: session.run(inputs)


def torch_matmul(m: int, n: int, k: int, ta: bool, tb: bool) -> Timed | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    a, b = torch.randn(*((k, m) if ta else (m, k))), torch.randn(*((n, k) if tb else (k, n)))
    x, y, out = a.T if ta else a, b.T if tb else b, torch.empty(m, n)
    return clock(lambda: torch.mm(x, y, out=out))


@pytest.mark.parametrize("m,n,k,ta,tb", SHAPES, ids=lambda v: str(v))
def test_gemm(
    benchmark: Any, record: Record, numpys: dict[str, NumpyProcess], m: int, n: int, k: int, ta: bool, tb: bool
) -> None:
    measure, run = ours(m, n, k, ta, tb)
    contestants = {"ours": measure, **{name: p.matmul(m, n, k, ta, tb) for name, p in numpys.items()}}
    if torch_time := torch_matmul(m, n, k, ta, tb):
        contestants["torch"] = torch_time
    found = medians(contestants)
    mine = found.pop("ours")
    record(f"matmul {m},{n},{k}{' At' * ta}{' Bt' * tb}", mine, f"{2 * m * n * k / mine / 1e9:.0f} GFLOP/s", found)
    benchmark.pedantic(run, rounds=5)
