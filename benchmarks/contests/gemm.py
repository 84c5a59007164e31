"""Matrix products beside NumPy with OpenBLAS's kernels, PyTorch (MKL) and JAX; with the best instruction set, and with AVX2."""

from __future__ import annotations

from collections.abc import Iterator
from operator import matmul

import numpy as np

from .. import peaks, peers
from ..harness import OURS, Array, Call, Case, Contest, Goal, Settings, Timer
from ..workloads import Setting, isas
from ..workloads.gemm import Product, workloads


def cases(settings: Settings, local: bool = False) -> Iterator[Case]:
    """`local`: without the contestants of other processes."""
    for isa in [None] + ["avx2"] * ("avx2" in isas()[:-1]):
        for product in workloads(settings.size):
            name = f"{product.name}{' avx2' if isa else ''}"
            goals = [Goal("ratio", 1.0, peers=("NumPy",) if isa else ())]
            if min(product.m, product.n, product.k) >= 512:
                goals.append(Goal("share", 0.9))
            build = lambda p=product, isa=isa, name=name: contest(p, isa, name, settings, local)  # noqa: E731
            yield Case("gemm", name, build, product.unit, product.work, goals)


def contest(product: Product, isa: str | None, name: str, settings: Settings, local: bool) -> Contest:
    problem = product.problem()
    a, b = problem.inputs.values()
    x, y = product.views(a, b)
    out = np.empty(problem.wanted.shape, np.float32)
    contestants: dict[str, Timer | None] = {
        OURS: problem.on(Setting("cpu", {"isa": isa} if isa else {})),
        "NumPy": Call(lambda: np.matmul(x, y, out=out)),
    }
    if not local:
        core = "Haswell" if isa else "SkylakeX"
        if isas()[-1] == "avx512":
            worker = peers.worker("gemm", settings.quick, OPENBLAS_CORETYPE=core)
            contestants[f"NumPy {core}"] = peers.Remote(worker, name, "NumPy")
        contestants["torch"] = _torch(x, y)
        contestants["JAX"] = peers.jax_call(lambda a, b: matmul(*product.views(a, b)), a, b)
    return Contest(peers.present(contestants), problem.wanted, peak=peaks.fma(isa or isas()[-1], settings.threads))


def _torch(x: Array, y: Array) -> Call | None:
    if (torch := peers.load("torch")) is None:
        return None
    a, b = torch.from_numpy(x), torch.from_numpy(y)  # views keep the order of the operands in memory
    out = torch.empty(*x.shape[:-1], y.shape[-1])
    return Call(lambda: torch.matmul(a, b, out=out), lambda: torch.matmul(a, b).numpy())
