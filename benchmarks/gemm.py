"""Matrix products: every shape that training and inference of small networks meet, transposed operands, batches, large squares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import paragon as pg

from . import peaks, peers
from .harness import OURS, Call, Case, Contest, Goal, Settings, Timer


@dataclass(frozen=True)
class Shape:
    """(m, k) @ (k, n), each operand stored transposed where `form` has a T, `batch` times."""

    m: int
    n: int
    k: int
    form: str = "NN"
    batch: int = 1

    def __str__(self) -> str:
        batch = f"{self.batch} x " if self.batch > 1 else ""
        return f"{batch}{self.m}x{self.n}x{self.k}{' ' + self.form if self.form != 'NN' else ''}"

    @property
    def work(self) -> float:
        return 2.0 * self.batch * self.m * self.n * self.k


SHAPES = [
    # forward
    Shape(32, 128, 784), Shape(128, 128, 784), Shape(512, 128, 784), Shape(128, 10, 128),
    # weights' gradients
    Shape(784, 128, 32, "TN"), Shape(784, 128, 128, "TN"), Shape(784, 128, 512, "TN"), Shape(128, 10, 128, "TN"),
    # inputs' gradients
    Shape(128, 128, 10, "NT"), Shape(128, 784, 128, "NT"),
    # one sample
    Shape(1, 128, 784), Shape(1, 128, 784, "NT"), Shape(1, 10, 128), Shape(1, 1024, 1024), Shape(1024, 1, 1024),
    # convolutions of LeNet, batch 128: forward, weights' and inputs' gradients
    Shape(100352, 6, 25, "NT"), Shape(6, 25, 100352, "TN"),
    Shape(12800, 16, 150, "NT"), Shape(16, 150, 12800, "TN"), Shape(12800, 150, 16),
    # attention
    Shape(16, 16, 64, "NT", 64), Shape(1, 1, 256, "NN", 1024),
    # large
    Shape(512, 512, 512), Shape(512, 512, 512, "TN"), Shape(512, 512, 512, "NT"), Shape(512, 512, 512, "TT"),
    Shape(1024, 1024, 1024), Shape(10, 128, 60000),
]  # fmt: skip


def cases(settings: Settings, local: bool = False) -> Iterator[Case]:
    """Each shape with the best instruction set, and with AVX2. `local`: without the contestants of other processes."""
    sets = peers.isas()
    for isa in [None] + ["avx2"] * ("avx2" in sets[:-1]):
        for shape in SHAPES:
            if settings.quick and shape.work > 2e8:
                continue
            name = f"{shape}{' avx2' if isa else ''}"
            goals = [Goal("ratio", 1.0, peers=("NumPy",) if isa else ())]
            if min(shape.m, shape.n, shape.k) >= 512:
                goals.append(Goal("share", 0.9))
            yield Case(
                "gemm",
                name,
                lambda shape=shape, isa=isa, name=name: contest(shape, isa, name, settings, local),
                "flop",
                shape.work,
                goals,
            )


def contest(shape: Shape, isa: str | None, name: str, settings: Settings, local: bool) -> Contest:
    rng = np.random.default_rng(0)
    ta, tb = (letter == "T" for letter in shape.form)
    front = (shape.batch,) if shape.batch > 1 else ()

    def operand(rows: int, columns: int, transposed: bool) -> Any:
        return rng.standard_normal((*front, *((columns, rows) if transposed else (rows, columns)))).astype(np.float32)

    a, b = operand(shape.m, shape.k, ta), operand(shape.k, shape.n, tb)
    x, y = a.swapaxes(-1, -2) if ta else a, b.swapaxes(-1, -2) if tb else b
    out = np.empty((*front, shape.m, shape.n), np.float32)
    contestants: dict[str, Timer | None] = {
        OURS: peers.ours(lambda a, b: pg.matmul(a, b, transpose_a=ta, transpose_b=tb), a, b, isa=isa),
        "NumPy": Call(lambda: np.matmul(x, y, out=out)),
    }
    if not local:
        core = "Haswell" if isa else "SkylakeX"
        if peers.isas()[-1] == "avx512":
            worker = peers.worker("gemm", settings.quick, OPENBLAS_CORETYPE=core)
            contestants[f"NumPy {core}"] = peers.Remote(worker, name, "NumPy")
        contestants["torch"] = _torch(x, y)
        contestants["JAX"] = peers.jax_call(
            lambda a, b: (a.swapaxes(-1, -2) if ta else a) @ (b.swapaxes(-1, -2) if tb else b), a, b
        )
    return Contest(
        peers.present(contestants),
        x.astype(np.float64) @ y.astype(np.float64),
        peak=peaks.fma(isa or peers.isas()[-1], settings.threads),
    )


def _torch(x: Any, y: Any) -> Call | None:
    if (torch := peers.load("torch")) is None:
        return None
    a, b = torch.from_numpy(x), torch.from_numpy(y)  # views keep the order of the operands in memory
    out = torch.empty(*x.shape[:-1], y.shape[-1])
    return Call(lambda: torch.matmul(a, b, out=out), lambda: torch.matmul(a, b).numpy())
