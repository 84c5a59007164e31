"""A report on one WebGPU device: probe, path, vectors, the fingerprint of a training beside the CPU's, and GEMM throughput
beside the device's peak.

    python benchmarks/gpu.py --sizes 1024 2048 4096 > docs/devices/NAME.json
    python benchmarks/gpu.py --sizes 256 --train digits mnist    # on a software device

The vendor's library is measured in the same run through PyTorch where that sees a GPU. Everything in the report was run on
the device named in it. The exit code is 1 when a vector or a fingerprint is wrong.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import paragon as pg
from paragon import data, nn
from paragon.conformance import load_vectors, run_case
from paragon.executors.webgpu.device import Device, open_device, pick  # for a shader that no program asks for
from paragon.nn.optim import Adam

VECTORS = Path(__file__).resolve().parents[1] / "bindings_tests" / "vectors"


def best_of(run: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of some timings, after one that compiles and fills caches."""
    run()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


# Eight chains of fma on vectors of four in each thread, nothing else; the operands come from memory, so that nothing is folded.
CHAINS, LOOPS = 8, 4096
PEAK = """
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = x[0];
  let b = x[1];
""" + "\n".join([
    *(f"  var s{i} = x[2] + vec4<f32>({i}.0);" for i in range(CHAINS)),
    f"  for (var i = 0; i < {LOOPS}; i++) {{",
    *(f"    s{i} = fma(s{i}, a, b);" for _ in range(4) for i in range(CHAINS)),
    "  }",
    f"  result[id.x % 64u] = {' + '.join(f's{i}' for i in range(CHAINS))};",
    "}",
])  # fmt: skip


def fp32_peak(device: Device) -> float | None:
    """GFLOP/s of the device's own fma in f32, fused or not: what a product can reach at most. None where it cannot be measured."""
    x = np.float32([0.5] * 4 + [0.25] * 4 + [1.0] * 4)

    def seconds(threads: int) -> float:
        return best_of(lambda: device.run_once(PEAK, "native", [x], 16 * 64, threads))

    threads = 1 << 8
    while (long := seconds(2 * threads)) < 0.1 and threads < 1 << 21:
        threads *= 2
    half = long - seconds(threads)
    return threads * LOOPS * CHAINS * 4 * 4 * 2 / half / 1e9 if half > long / 4 else None


def gemm(executor: Any, options: dict[str, Any], n: int, peak: float | None, products: int = 8) -> dict[str, Any]:
    """GFLOP/s of an n^3 product. A run makes `products` of them, each of the one before, and hands out one element."""
    rng = np.random.Generator(np.random.PCG64(n))
    x = rng.standard_normal((n, n)).astype(np.float32) / np.float32(n**0.5)

    def chain(count: int) -> float:
        def run(s: dict[str, pg.Tensor]) -> object:
            y = s["x"]
            for _ in range(count):
                y = pg.matmul(s["x"], y)
            return {"corner": y[:1, :1]}, {}

        session = executor.load(pg.trace(run, state={"x": x}), **options)
        return best_of(lambda: session.run({}))

    seconds = (chain(products + 1) - chain(1)) / products
    rate = 2 * n**3 / seconds / 1e9
    return {"n": n, "seconds": seconds, "gflops": rate, "share_of_peak": rate / peak if peak else None}


def vendor_gemm(n: int) -> dict[str, Any] | None:
    """The same product by the vendor's library, in f32 without reduced precision; None without PyTorch or a GPU."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    torch.backends.cuda.matmul.allow_tf32 = False
    x = torch.randn(n, n, device="cuda")

    def run() -> None:
        for _ in range(8):
            x @ x
        torch.cuda.synchronize()

    seconds = best_of(run) / 8
    return {"device": torch.cuda.get_device_name(), "n": n, "seconds": seconds, "gflops": 2 * n**3 / seconds / 1e9}


# name: the width of the layers, the size of a batch, the rate
TRAININGS = {"digits": ((64, 32, 10), 32, 3e-3), "mnist": ((784, 128, 10), 128, 1e-3)}


def train(name: str, executor: str, options: dict[str, Any]) -> dict[str, Any]:
    """One epoch with Adam: the fingerprint, the seconds, compilation included, and those of the processor (all its cores)."""
    (inputs, hidden, classes), batch, rate = TRAININGS[name]
    rows = getattr(data, name)()
    model = nn.Sequential(nn.Dense(inputs, hidden, activation="relu"), nn.Dense(hidden, classes))
    begin, begin_processor = time.perf_counter(), time.process_time()
    with pg.use(executor, **options):
        pg.fit(model, rows.x_train, rows.y_train, optimizer=Adam(rate), epochs=1, batch_size=batch, progress=False)
    return {
        "fingerprint": pg.fingerprint(model),
        "seconds": time.perf_counter() - begin,
        "processor_seconds": time.process_time() - begin_processor,
    }


def training(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """An epoch on the device and on the CPU."""
    return {"webgpu": train(name, "webgpu", options), "cpu": train(name, "cpu", {})}


def report(device: int | str | None, path: str | None, sizes: list[int], trainings: list[str]) -> dict[str, Any]:
    executor: Any = pg.executors()["webgpu"]
    options = {key: value for key, value in (("device", device), ("path", path)) if value is not None}
    probe = executor.probe(device)
    peak = fp32_peak(open_device(pick(device)))
    session = executor.load(pg.trace(lambda x: x + x, np.ones(1, np.float32)), **options)
    cases = list(load_vectors(VECTORS))
    wrong = [f"{case}: {found}" for case in cases if (found := run_case(case, executor, **options))]
    return {
        "adapter": session.adapter,
        "path": session.path,
        "system": f"{platform.system()} {platform.machine()}",
        "probe": probe.row(),
        "vectors": {"cases": len(cases), "passed": len(cases) - len(wrong), "wrong": wrong},
        "training": {name: training(name, options) for name in trainings},
        "peak_gflops": peak,
        "gemm": [gemm(executor, options, n, peak) for n in sizes],
        "gemm_vendor": [found for n in sizes if (found := vendor_gemm(n))],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", help="a number or a part of the adapter's name")
    parser.add_argument("--path", choices=("native", "integer"), help="instead of what the probe picks")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1024, 2048, 4096], help="n of the n^3 products")
    parser.add_argument("--train", nargs="*", choices=TRAININGS, default=["digits"], help="what to train for an epoch")
    given = parser.parse_args()
    device = int(given.device) if given.device and given.device.isdigit() else given.device
    found = report(device, given.path, given.sizes, given.train)
    print(json.dumps(found, indent=1))
    right = all(run["webgpu"]["fingerprint"] == run["cpu"]["fingerprint"] for run in found["training"].values())
    sys.exit(0 if right and not found["vectors"]["wrong"] else 1)


if __name__ == "__main__":
    main()
