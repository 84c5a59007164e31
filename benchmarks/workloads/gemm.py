"""Matrix products: every shape that training and inference of small networks meet, transposed operands, batches, large squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import paragon as pg

from ..harness import Array
from . import Problem, Size, Workload


@dataclass(frozen=True)
class Product(Workload):
    """(m, k) @ (k, n), each operand stored transposed where `form` has a T, `batch` times."""

    m: int
    n: int
    k: int
    form: str = "NN"
    batch: int = 1

    family = "gemm"
    unit = "flop"

    @property
    def name(self) -> str:
        batch = f"{self.batch} x " if self.batch > 1 else ""
        return f"{batch}{self.m}x{self.n}x{self.k}{' ' + self.form if self.form != 'NN' else ''}"

    @property
    def work(self) -> float:
        return 2.0 * self.batch * self.m * self.n * self.k

    @property
    def transposed(self) -> tuple[bool, bool]:
        """Which operands are stored transposed."""
        return self.form[0] == "T", self.form[1] == "T"

    def views(self, a: Array, b: Array) -> tuple[Array, Array]:
        """Stored operands, of any library, as the factors of a plain product."""
        ta, tb = self.transposed
        return a.swapaxes(-1, -2) if ta else a, b.swapaxes(-1, -2) if tb else b

    def problem(self) -> Problem:
        rng = np.random.default_rng(0)
        ta, tb = self.transposed
        front = (self.batch,) if self.batch > 1 else ()

        def operand(rows: int, columns: int, transposed: bool) -> Array:
            shape = (*front, *((columns, rows) if transposed else (rows, columns)))
            return rng.standard_normal(shape).astype(np.float32)

        a, b = operand(self.m, self.k, ta), operand(self.k, self.n, tb)
        x, y = self.views(a.astype(np.float64), b.astype(np.float64))
        return Problem.of(lambda a, b: pg.matmul(a, b, transpose_a=ta, transpose_b=tb), a, b, wanted=x @ y)


PRODUCTS = [
    # forward
    Product(32, 128, 784), Product(128, 128, 784), Product(512, 128, 784), Product(128, 10, 128),
    # weights' gradients
    Product(784, 128, 32, "TN"), Product(784, 128, 128, "TN"), Product(784, 128, 512, "TN"), Product(128, 10, 128, "TN"),
    # inputs' gradients
    Product(128, 128, 10, "NT"), Product(128, 784, 128, "NT"),
    # one sample
    Product(1, 128, 784), Product(1, 128, 784, "NT"), Product(1, 10, 128), Product(1, 1024, 1024),
    Product(1024, 1, 1024),
    # convolutions of LeNet, batch 128: forward, weights' and inputs' gradients
    Product(100352, 6, 25, "NT"), Product(6, 25, 100352, "TN"),
    Product(12800, 16, 150, "NT"), Product(16, 150, 12800, "TN"), Product(12800, 150, 16),
    # attention
    Product(16, 16, 64, "NT", 64), Product(1, 1, 256, "NN", 1024),
    # large
    Product(512, 512, 512), Product(512, 512, 512, "TN"), Product(512, 512, 512, "NT"), Product(512, 512, 512, "TT"),
    Product(1024, 1024, 1024), Product(10, 128, 60000),
]  # fmt: skip
LIMITS: dict[Size, float] = {"full": np.inf, "quick": 2e8, "tiny": 5e6}


def workloads(size: Size) -> list[Product]:
    return [product for product in PRODUCTS if product.work <= LIMITS[size]]
