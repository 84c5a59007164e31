"""Holds the integer arithmetic of a device (softfloat.wgsl) to the compiled executor, on many millions of words of all classes.

    python tools/shaders/device_check.py --millions 200 fma fma_factors
    python tools/shaders/device_check.py --millions 100
    python tools/shaders/device_check.py --every-word sqrt exp
    python tools/shaders/device_check.py --every-word --step 16 log

Without names every function is checked. `--every-word` takes all 2^32 words, or with `--step N` every N-th, N a power of two,
for the functions of one operand. Prints one line a function: how many operands, how many wrong words, and the first of them. The
exit code is 1 when a word is wrong. `--device` picks an adapter; `--seed` another stream of operands.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

import paragon as pg
from paragon.executors.webgpu.device import Device, open_device, pick
from paragon.executors.webgpu.library import library
from paragon.ir.fingerprint import canonical
from paragon.ir.spec import NUMPY_DTYPES

Words = npt.NDArray[np.uint32]
BATCH = 1 << 22
# zero, subnormals, powers of two and their neighbours, halves of the smallest, the largest, infinity, NaNs
EDGES = np.array(
    [0, 1, 2, 3, 0x3FFFFF, 0x400000, 0x7FFFFF, 0x800000, 0x800001, 0xFFFFFF, 0x0C800000, 0x1A000000, 0x1A000001, 0x1FFFFFFF,
     0x20000000, 0x33800000, 0x34000000, 0x3EFFFFFF, 0x3F000000, 0x3F000001, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x3FC00000,
     0x40000000, 0x4AFFFFFF, 0x4B000000, 0x4B7FFFFF, 0x4B800000, 0x4EFFFFFF, 0x4F000000, 0x4F7FFFFF, 0x4F800000, 0x5F000000,
     0x7EFFFFFF, 0x7F000000, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF], np.uint32)  # fmt: skip
# Biased exponents, lowest and one above the highest: of the first two operands, and of the third.
RANGES = {
    "near one": ((110, 145), (110, 145)),
    "small": ((0, 40), (0, 40)),
    "small product": ((40, 90), (0, 40)),
    "large": ((180, 255), (200, 255)),
    "any": ((0, 256), (0, 256)),
}
KINDS = ("random", "edges", *RANGES, "cancelling")

# The native division and square root with a right fma, whatever the device's is, and approximations that are 8 units off.
OFF = "((x * 0x9e3779b1u) >> 28u) - 8u"
NATIVE = {
    **{name: library("integer")[name] for name in ("f32_fma", "f32_mul")},
    "reciprocal": f"fn reciprocal(x: u32) -> u32 {{ return guarded_out(1.0 / operand_a(x)) + {OFF}; }}",
    "reciprocal_root": f"fn reciprocal_root(x: u32) -> u32 {{ return guarded_out(inverseSqrt(operand_a(x))) + {OFF}; }}",
}
NATIVE_NAMES = ("native div", "native sqrt")
# name: expression in WGSL, dtype of the operands, how many, the operation in Paragon
FUNCTIONS: dict[str, tuple[str, str, int, Callable[..., Any]]] = {
    "fma": ("f32_fma(a, b, c)", "f32", 3, pg.fma),
    "fma_factors": ("fma_factors(factor(a), factor(b), c)", "f32", 3, pg.fma),
    "add": ("f32_add(a, b)", "f32", 2, pg.add),
    "sub": ("f32_sub(a, b)", "f32", 2, pg.sub),
    "mul": ("f32_mul(a, b)", "f32", 2, pg.mul),
    "div": ("f32_div(a, b)", "f32", 2, pg.div),
    "sqrt": ("f32_sqrt(a)", "f32", 1, pg.sqrt),
    "native div": ("f32_div(a, b)", "f32", 2, pg.div),
    "native sqrt": ("f32_sqrt(a)", "f32", 1, pg.sqrt),
    "maximum": ("f32_maximum(a, b)", "f32", 2, pg.maximum),
    "minimum": ("f32_minimum(a, b)", "f32", 2, pg.minimum),
    **{
        how: (f"u32(f32_{how}(a, b))", "f32", 2, lambda x, y, how=how: pg.compare(x, y, how=how))
        for how in ("lt", "le", "eq", "ne", "ge", "gt")
    },
    "f32 to i32": ("f32_to_i32(a)", "f32", 1, lambda x: pg.cast(x, "i32")),
    "f32 to u32": ("f32_to_u32(a)", "f32", 1, lambda x: pg.cast(x, "u32")),
    "i32 to f32": ("f32_from_i32(a)", "i32", 1, lambda x: pg.cast(x, "f32")),
    "u32 to f32": ("f32_from_u32(a)", "u32", 1, lambda x: pg.cast(x, "f32")),
    **{
        name: (f"f32_{name}(a)", "f32", 1, getattr(pg, name))
        for name in ("exp", "expm1", "log", "log1p", "tanh", "erf", "sinpi", "cospi")
    },
}  # fmt: skip


def operands(kind: str, count: int, rng: np.random.Generator) -> list[Words]:
    """`count` arrays of BATCH words of a kind. Few bits are set in most, so that results are often exact or ties."""

    def draw(high: int) -> Words:
        return rng.integers(0, high, BATCH, np.uint32)

    def word(low: int, high: int) -> Words:
        fraction = rng.integers(0, 1 << 23, BATCH, np.uint32) >> draw(24) << draw(24) & np.uint32(0x7FFFFF)
        return (draw(2) << 31) | (np.uint32(low) + draw(high - low)) << 23 | fraction

    if kind == "random":
        return [rng.integers(0, 2**32, BATCH, np.uint32) for _ in range(count)]
    if kind == "edges":
        return [EDGES[draw(len(EDGES))] | draw(2) << 31 for _ in range(count)]
    if (
        kind == "cancelling"
    ):  # the last operand is minus the product of the others, or the other, or a unit or two beside it
        found = [word(1, 254)] if count < 3 else [word(60, 190), word(60, 190)]
        f = [x.view(np.float32) for x in found]
        with np.errstate(all="ignore"):
            last = -f[0] if count == 2 else -(f[0] * f[1]) if count == 3 else f[0]
        return [*found, last.view(np.uint32) + draw(5) - np.uint32(2)][-count:]
    return [word(*RANGES[kind][i == 2]) for i in range(count)]


def kernel(expression: str, count: int) -> str:
    """A kernel that computes an expression in a, b, c for arrays of words."""
    return "\n".join([
        *(f"@group(0) @binding({i}) var<storage, read> in_{n}: array<u32>;" for i, n in enumerate("abc"[:count], 1)),
        f"@group(0) @binding({count + 1}) var<storage, read_write> result: array<u32>;",
        "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {",
        "let i = id.x + id.y * 4194240u;",
        "if (i >= arrayLength(&result)) { return; }",
        *(f"let {n} = in_{n}[i];" for n in "abc"[:count]),
        f"result[i] = {expression};",
        "}",
    ])  # fmt: skip


def check(device: Device, name: str, batches: int, seed: int | None, step: int = 1) -> int:
    """Runs the batches of one function; the number of wrong words. Without a seed the operand goes from 0 on by steps."""
    expression, dtype, count, operation = FUNCTIONS[name]
    rng = np.random.Generator(np.random.PCG64([seed or 0, *name.encode()]))
    program = pg.trace(lambda *x: operation(*x), *(np.zeros(BATCH, NUMPY_DTYPES[dtype]) for _ in range(count)))
    cpu = pg.executors()["cpu"].load(program)
    path = "native" if name in NATIVE_NAMES else "integer"
    wrong, first, begin = 0, "", time.perf_counter()
    for batch in range(batches):
        kind = KINDS[batch % len(KINDS)] if seed is not None else "every word"
        counted = np.arange(batch * BATCH, (batch + 1) * BATCH, dtype=np.uint32) * np.uint32(step)
        x = operands(kind, count, rng) if seed is not None else [counted]
        inputs = {key: w.view(NUMPY_DTYPES[dtype]) for key, w in zip(program.inputs, x, strict=True)}
        want = canonical(cpu.run(inputs)["output"])
        answer = device.run_once(kernel(expression, count), path, x, 4 * BATCH, BATCH)
        got = canonical(np.frombuffer(answer, np.uint32).view(NUMPY_DTYPES[program.specs()[-1].dtype]))
        differ = np.flatnonzero(got != want)
        wrong += len(differ)
        if len(differ) and not first:
            i = differ[0]
            first = f"; first: {' '.join(f'{w[i]:08x}' for w in x)} gave {got[i]:08x}, not {want[i]:08x} ({kind})"
    seconds = time.perf_counter() - begin
    print(f"{name:12} {batches * BATCH:>12,} operands  {wrong} wrong  {seconds:.0f} s{first}", flush=True)
    return wrong


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="all when none is given")
    parser.add_argument(
        "--millions", type=float, default=100, help="operands of each function, rounded up to whole batches"
    )
    parser.add_argument("--every-word", action="store_true", help="all 2^32 words instead of drawn ones")
    parser.add_argument("--step", type=int, default=1, help="with --every-word: every STEP-th word")
    parser.add_argument("--device", help="a part of the adapter's name")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    device = open_device(pick(given.device))
    library("native").update(NATIVE)
    print(f"{device.adapter}, {device.probe.driver}")
    if given.every_word:
        names = [name for name in given.functions or FUNCTIONS if FUNCTIONS[name][2] == 1]
        wrong = [check(device, name, 2**32 // BATCH // given.step, None, given.step) for name in names]
    else:
        batches = -(-int(given.millions * 1_000_000) // BATCH)
        wrong = [check(device, name, batches, given.seed) for name in given.functions or FUNCTIONS]
    sys.exit(any(wrong))


if __name__ == "__main__":
    main()
