"""Reductions and products of the webgpu executor: tiles of every size, chains and panels longer than a driver's loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon.executors import executors
from paragon.executors.webgpu import device as devices
from paragon.executors.webgpu import gemm, reductions
from paragon.executors.webgpu.plan import make_plan
from webgpu_device import EXECUTOR, device, right_fma

pytestmark = pytest.mark.slow

CPU = executors()["cpu"]


@pytest.mark.parametrize("m, n, k", [(5, 3, 17), (33, 65, 40), (70, 9, 300)])
@pytest.mark.parametrize("swapped", [(False, False), (True, False), (False, True), (True, True)])
def test_tiled_products(m: int, n: int, k: int, swapped: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Any shape, with batches that broadcast, and words of every class in a corner."""
    device()
    monkeypatch.setattr(reductions, "SMALL", 0)
    monkeypatch.setattr(reductions, "FEW", 0)
    rng = np.random.Generator(np.random.PCG64(m + n + k))
    x = rng.standard_normal((2, k, m) if swapped[0] else (2, m, k)).astype(np.float32)
    y = rng.standard_normal((1, n, k) if swapped[1] else (1, k, n)).astype(np.float32)
    x[1] = (rng.integers(0, 2**32, x[1].size, np.uint64).astype(np.uint32)).view(np.float32).reshape(x[1].shape)
    x[0].flat[0], y.flat[0] = np.inf, 0.0

    def products(x: pg.Tensor, y: pg.Tensor) -> dict[str, pg.Tensor]:
        swap = {"transpose_a": swapped[0], "transpose_b": swapped[1]}
        return {str(panel): pg.matmul(x, y, panel=panel, **swap) for panel in (None, 16, 7)}

    program = pg.trace(products, x, y)
    session = EXECUTOR.load(program)
    assert all("tile_a" in d.code for d in make_plan(program, session.path).dispatches)
    want = CPU.load(program).run({"x": x, "y": y})
    for panel, got in session.run({"x": x, "y": y}).items():
        assert_words(got, want[panel], f"panel {panel}")


@pytest.mark.parametrize(
    "path, tiles",
    [
        ("native", (16, 16, 8, 8)),
        ("native", (8, 8, 8, 8)),
        ("native", (4, 16, 4, 8)),
        ("native", (64, 4, 1, 2)),
        ("native", (16, 16, 2, 1)),
        ("integer", (16, 4, 4, 8)),
    ],
)
def test_large_blocks(path: str, tiles: tuple[int, int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of large products, tried on small ones."""
    device()
    monkeypatch.setattr(gemm, "UNROLLED", 1)
    monkeypatch.setattr(gemm, "choose_tiles", lambda m, n, batches, path: gemm.Tiles(*tiles))
    right_fma(monkeypatch)
    monkeypatch.setattr(devices.Device, "path", lambda self, wanted: path)
    test_tiled_products(33, 65, 40, (False, True), monkeypatch)


def test_a_tile_that_goes_beyond_k_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: a tile is used to its end even where k ends before."""
    device()
    monkeypatch.setattr(reductions, "SMALL", 0)
    monkeypatch.setattr(reductions, "FEW", 0)
    pipeline = devices.Device.pipeline
    faulty = lambda self, code, path: pipeline(self, code.replace("19u - k0", "16u"), path)  # noqa: E731
    monkeypatch.setattr(devices.Device, "pipeline", faulty)
    with pytest.raises(AssertionError, match="words differ"):
        test_tiled_products(5, 3, 19, (False, False), monkeypatch)


@pytest.mark.parametrize("n", [50_001, 66_000])
def test_chains_longer_than_a_driver_loops(n: int) -> None:
    device()
    x = np.random.Generator(np.random.PCG64(3)).standard_normal((n, 1)).astype(np.float32)

    def all_of_them(x: pg.Tensor) -> dict[str, pg.Tensor]:
        return {
            "sum": pg.sum(x, panel=None),
            "dot": pg.matmul(x, x, transpose_a=True, panel=None),
            "argmax": pg.argmax(x, 0),
            "max": pg.max(x),
        }

    program = pg.trace(all_of_them, x)
    want = CPU.load(program).run({"x": x})
    for name, got in EXECUTOR.load(program).run({"x": x}).items():
        assert_words(got, want[name], name)


@pytest.mark.parametrize("m, n, k, panel", [(8, 512, 20_000, 256), (64, 64, 6000, 2), (16, 80, 18_000, None)])
def test_products_with_more_terms_than_a_driver_loops(m: int, n: int, k: int, panel: int | None) -> None:
    """What a thread does besides its fma are steps of loops as well: fetching tiles, going from panel to panel."""
    device()
    rng = np.random.Generator(np.random.PCG64(5))
    x, y = (rng.standard_normal(shape).astype(np.float32) for shape in ((m, k), (k, n)))
    program = pg.trace(lambda x, y: pg.matmul(x, y, panel=panel), x, y)
    want = CPU.load(program).run({"x": x, "y": y})
    assert_words(EXECUTOR.load(program).run({"x": x, "y": y})["output"], want["output"])


@pytest.mark.parametrize("panel", [2, 3, 60_000])
def test_sums_of_many_panels(panel: int) -> None:
    device()
    x = np.random.Generator(np.random.PCG64(6)).standard_normal((2, 70_000)).astype(np.float32)
    many = x.reshape(-1)[:122_400].reshape(6, 20_400)
    program = pg.trace(lambda x, y: {"few": pg.sum(x, 1, panel=panel), "many": pg.sum(y, 1, panel=panel)}, x, many)
    for few in (reductions.FEW, 1):  # as it is, and one thread for a result
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reductions, "FEW", few)
            got = EXECUTOR.load(program).run({"x": x, "y": many})
        for name, want in CPU.load(program).run({"x": x, "y": many}).items():
            assert_words(got[name], want, f"{name}, {few}")


@pytest.mark.parametrize("path", ["native", "integer"])
def test_tiles_fit_the_memory_of_a_workgroup(path: str) -> None:
    """Every device has 16384 bytes; some of them do not say when that is too little."""
    sizes = (1, 2, 3, 8, 10, 16, 17, 64, 100, 128, 784, 1000, 4096, 100_352)
    for m, n, batches in itertools.product(sizes, sizes, (1, 7, 64)):
        tiles = gemm.choose_tiles(m, n, batches, path)
        words = {"native": 1, "integer": 2}[path]
        assert (tiles.high + tiles.wide) * gemm.DEPTH * words * 4 <= 16384 and tiles.threads <= 256, (m, n, batches)
