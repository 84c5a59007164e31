"""The matrix product by tiles: a workgroup brings tiles of both operands into its memory, a thread computes a block of results.

Every result is one chain of fma over k in ascending order within a panel, and panel results are summed by the contract's rule,
as in reductions.py, which has the same product in a form without tiles. Rows and columns beyond the edge are computed from
repeated ones and not stored; k is never padded.
"""

from __future__ import annotations

import math
from itertools import product

from ...program import Node
from ...shapes import Spec
from .device import MOST_GROUPS, WORKGROUP
from .kernel import ZERO, Dispatch, Index, Kernel

DEPTH = 16  # terms that stand in workgroup memory at a time
BLOCKS = (1, 2, 4, 8)  # rows and columns of a thread's block
MOST_IN_BLOCK = {"native": 64, "integer": 32}  # an fma in integers is a lot of text
BUSY = {"native": 16, "integer": 4}  # workgroups that keep a device busy; few where a thread has much to do
WIDTHS = (4, 8, 16)  # threads side by side


def shape_of_tiles(m: int, n: int, batches: int, path: str) -> tuple[int, int, int]:
    """(threads side by side, rows, columns of a thread's block): little computed in vain, and large blocks."""

    def cost(width: int, rows: int, columns: int) -> float:
        high, wide = WORKGROUP // width * rows, width * columns
        groups = math.ceil(m / high) * math.ceil(n / wide) * batches
        traffic = 1 / rows + 1 / columns
        return float(groups * high * wide * (1 + 0.25 * traffic) * max(1.0, BUSY[path] / groups) ** 0.5)

    shapes = (c for c in product(WIDTHS, BLOCKS, BLOCKS) if c[1] * c[2] <= MOST_IN_BLOCK[path])
    return min(shapes, key=lambda c: cost(*c))


def gemm(k: Kernel, node: Node, out: int, spans: list[int], path: str) -> Dispatch | None:
    """The kernel of a product whose panels are `spans` (reductions.py), or None when its grid is too large for a device."""
    x, y = (k.specs[v] for v in node.inputs)
    *lead, m, n = node.spec.shape
    depth = x.shape[-2 if node.attributes["transpose_a"] else -1]
    width, rows, columns = shape_of_tiles(m, n, math.prod(lead), path)
    high, wide = WORKGROUP // width * rows, width * columns
    groups = -(-n // wide), -(-m // high), math.prod(lead)
    if max(groups) > MOST_GROUPS:
        return None

    k.line(f"let across = t % {width}u;")
    k.line(f"let down = t / {width}u;")
    batch = k.coordinates(Index(tuple(lead), "group.z"))

    def load(value: int, spec: Spec, swap: bool, tile: str, size: int, most: int, by_row: bool) -> None:
        """Lines that bring `size` rows (or columns) of one operand, DEPTH terms of each, into a tile."""
        own = batch[len(lead) - (len(spec.shape) - 2) :]
        first = tuple(ZERO if d == 1 else c for c, d in zip(own, spec.shape, strict=False))
        near = f"group.{'y' if by_row else 'x'} * {size}u"
        with k.loop("t", f"{size * DEPTH}u", WORKGROUP) as e:
            along_terms = by_row != swap  # neighbouring threads read neighbouring words
            q = k.let(f"{e} % {DEPTH}u" if along_terms else f"{e} / {size}u")
            r = k.let(f"{e} / {DEPTH}u" if along_terms else f"{e} % {size}u")
            term, place = k.let(f"min(k0 + {q}, {depth - 1}u)"), k.let(f"min({near} + {r}, {most - 1}u)")
            pair = (place, term) if by_row != swap else (term, place)
            word = k.load(value, Index(spec.shape, None, (*first, *pair)))
            k.line(f"{tile}[{q} * {size}u + {r}] = factor({word});")

    def chain(level: int, start: str, stop: str) -> None:
        names = [f"s{level}_{i}_{j}" for i in range(rows) for j in range(columns)]
        for name in names:
            k.line(f"var {name} = opaque(0u);")
        if level:
            span = spans[level - 1]
            with k.loop(start, stop, span) as begin:
                chain(level - 1, begin, k.let(f"min({begin} + {span}u, {stop})"))
                for name in names:
                    k.line(f"{name} = f32_add({name}, s{level - 1}{name[name.index('_') :]});")
            return
        with k.block(f"for (var k0 = {start}; k0 < {stop}; k0 += {DEPTH}u)"):
            load(node.inputs[0], x, node.attributes["transpose_a"], "tile_a", high, m, True)
            load(node.inputs[1], y, node.attributes["transpose_b"], "tile_b", wide, n, False)
            k.line("workgroupBarrier();")
            with k.loop("0u", f"min({DEPTH}u, {stop} - k0)") as q:
                for i in range(rows):
                    k.line(f"let a{i} = tile_a[{q} * {high}u + down * {rows}u + {i}u];")
                for j in range(columns):
                    k.line(f"let b{j} = tile_b[{q} * {wide}u + across + {j * width}u];")
                for i, j in product(range(rows), range(columns)):
                    k.line(f"s0_{i}_{j} = fma_factors(a{i}, b{j}, s0_{i}_{j});")
            k.line("workgroupBarrier();")

    chain(len(spans), "0u", f"{depth}u")
    for i, j in product(range(rows), range(columns)):
        k.line(f"let r{i}_{j} = group.y * {high}u + down * {rows}u + {i}u;")
        k.line(f"let c{i}_{j} = group.x * {wide}u + across + {j * width}u;")
        with k.block(f"if (r{i}_{j} < {m}u && c{i}_{j} < {n}u)"):
            k.line(f"result[(group.z * {m}u + r{i}_{j}) * {n}u + c{i}_{j}] = s{len(spans)}_{i}_{j};")
    code = [
        *k.bindings(),
        f"var<workgroup> tile_a: array<Factor, {high * DEPTH}>;",
        f"var<workgroup> tile_b: array<Factor, {wide * DEPTH}>;",
        f"@compute @workgroup_size({WORKGROUP})",
        "fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3<u32>) {",
        f"let {ZERO} = 0u;",
        *k.lines,
        "}",
    ]
    return Dispatch("\n".join(code), (*k.buffers, out), groups)
