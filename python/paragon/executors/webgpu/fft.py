"""fft, ifft, rfft, irfft: one kernel for each factor of n, one after another.

F(n) of docs/contract.md, section 7, transforms the columns of an array [n, columns] of complex numbers. Where it cuts n into
n1 * n2, the two transforms that it is made of have n2 * columns and n1 * columns columns. What happens to a number between two
factors (twiddles, exchange of axes, padding, scaling) is done while the one kernel reads it (`Load`) or the other writes it
(`Target`), or in a kernel of its own where reading it is costly (`_gathered`). Tables of twiddles are computed on the host and
uploaded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...ir.program import Node
from ...ir.spec import Array, Spec
from ..fourier_tables import (
    LARGEST_DIRECT_PRIME,
    bluestein_chirp,
    bluestein_filter,
    bluestein_length,
    norm_scale,
    split,
    twiddles,
)
from .kernel import Index, Kernel
from .reductions import Builder

Load = Callable[[Kernel, str, str], str]  # (kernel, point, column): the name of the Complex that is read there


class Target(NamedTuple):
    """Where results go: the key of the buffer, and what writes a result: (kernel, point, column, name of the Complex)."""

    key: int
    write: Callable[[Kernel, str, str, str], None]


def _read(k: Kernel, key: int, place: str) -> str:
    """Complex number `place` of a buffer."""
    buffer = k.buffer(key)
    return k.let(f"vec2<u32>({buffer}[{k.let(f'2u * {place}')}], {buffer}[{k.let(f'2u * {place} + 1u')}])")


def _write(k: Kernel, place: str, value: str) -> None:
    """Writes complex number `place` of the result."""
    k.line(f"result[2u * {place}] = {value}.x;")
    k.line(f"result[2u * {place} + 1u] = {value}.y;")


def _divide(k: Kernel, x: str, by: int) -> tuple[str, str]:
    """The quotient and the remainder of x by a number."""
    divisor = k.let(k.number(by))
    return k.let(f"{x} / {divisor}"), k.let(f"{x} % {divisor}")


def _finish(b: Builder, k: Kernel, target: int, threads: int) -> None:
    """Ends a kernel; the numbers that it reads from a buffer (`Kernel.number`) become a table."""
    limit = k.number(threads)
    if k.numbers:
        numbers = np.array(k.numbers, np.uint32)
        k.buffers[b.table(("numbers", *k.numbers), lambda: numbers)] = "numbers"
    b.dispatches.append(k.finish(target, threads, limit))


def _memory(key: int, columns: int) -> Target:
    """Results go to a buffer [n, columns]."""
    return Target(
        key, lambda k, point, column, value: _write(k, k.let(f"{point} * {k.number(columns)} + {column}"), value)
    )


def _pairs(b: Builder, name: str, n: int, make: Callable[[], tuple[Array, Array]]) -> int:
    """The key of a table of complex numbers, made of their (re, im)."""
    return b.table((name, n), lambda: np.stack(make(), -1))


def _twiddles(b: Builder, n: int) -> int:
    """The key of the table of W(k, n) for k = 0 ... n-1."""
    return _pairs(b, "twiddles", n, lambda: twiddles(np.arange(n), n, np.float32))


# --- F(n) -------------------------------------------------------------------------------------------------------------


def transform(b: Builder, n: int, columns: int, load: Load, target: Target) -> None:
    """Writes the kernels of F(n) over [n, columns] numbers that `load` reads, with results for `target`."""
    if (n1 := split(n)) > 1:
        _composite(b, n, n1, columns, load, target)
    elif n in (1, 2, 4):
        _small(b, n, columns, load, target)
    elif n <= LARGEST_DIRECT_PRIME:
        _prime(b, n, columns, load, target)
    else:
        _bluestein(b, n, columns, load, target)


def _gathered(b: Builder, n: int, columns: int, load: Load) -> Load:
    """What `load` reads, written to memory by a kernel of its own and read from there.

    That is worth it where each number is read by many threads; and the compiler of SwiftShader, Chromium's software device, does
    not terminate on loops with more than a few operations, so a costly `load` must stand outside of them.
    """
    key = b.scratch(Spec("u32", (n, columns, 2)))
    k = b.fresh()
    point, column = _divide(k, "i", columns)
    _write(k, "i", load(k, point, column))
    _finish(b, k, key, n * columns)
    return lambda k, point, column: _read(k, key, k.let(f"{point} * {k.number(columns)} + {column}"))


def _small(b: Builder, n: int, columns: int, load: Load, target: Target) -> None:
    """n = 1, 2, 4: one thread for each column. In loops, which keep the text short, as an operation in integers is long."""
    k = b.fresh()
    k.line(f"var x: array<Complex, {n}>;")
    with k.loop("0u", k.number(n)) as j:
        k.line(f"x[{j}] = {load(k, j, 'i')};")
    if n > 1:
        half = n // 2
        with k.loop("0u", k.number(half)) as step, k.loop("0u", k.number(half)) as j:
            y, z = k.let(f"x[{j}]"), k.let(f"x[{j} + {half}u]")
            k.line(f"x[{j}] = c_add({y}, {z});")
            k.line(f"x[{j} + {half}u] = c_sub({y}, {z});")
            if n == 4:  # after the first of two steps x is s, t, d, e of the contract; the second needs s, d, t, -i*e
                with k.block(f"if ({step} == 0u && {j} == 1u)"):
                    k.line(
                        "x = array<Complex, 4>(x[0], x[2], x[1], vec2<u32>(x[3].y, f32_neg(x[3].x)));  // d, and -i*e"
                    )
    with k.loop("0u", k.number(n)) as j:
        target.write(k, j, "i", k.let(f"x[{j}]"))
    _finish(b, k, target.key, columns)


def _prime(b: Builder, n: int, columns: int, load: Load, target: Target) -> None:
    """n an odd prime: results k and n - k in one thread. Result 0, whose twiddles are all 1, is its own partner.

    The contract's second sum starts with a product; here it is an fma that starts from -0, which is the same.
    """
    gathered = _gathered(b, n, columns, load)
    table, half = _twiddles(b, n), (n - 1) // 2
    k = b.fresh()
    whole = k.let(k.number(n))
    point, column = _divide(k, "i", columns)
    near, far = k.var(gathered(k, "0u", column)), k.var("vec2<u32>(opaque(SIGN))")
    for total, combine, part in ((near, "c_add", "x"), (far, "c_sub", "y")):
        with k.loop("1u", k.number(half + 1)) as j:
            x, y = gathered(k, j, column), gathered(k, k.let(f"{whole} - {j}"), column)
            w = _read(k, table, k.let(f"{j} * {point} % {whole}"))
            k.line(f"{total} = c_fma({combine}({x}, {y}), {w}.{part}, {total});")
    turned = k.let(
        f"select(vec2<u32>(f32_neg({far}.y), {far}.x), vec2<u32>(opaque(SIGN)), {point} == 0u)"
    )  # i times it
    other = k.let(f"select({whole} - {point}, 0u, {point} == 0u)")
    target.write(k, other, column, k.let(f"c_sub({near}, {turned})"))
    target.write(k, point, column, k.let(f"c_add({near}, {turned})"))
    _finish(b, k, target.key, (half + 1) * columns)


def _composite(b: Builder, n: int, n1: int, columns: int, load: Load, target: Target) -> None:
    """n = n1 * n2: F(n1) of the columns, the twiddles, F(n2) of the rows."""
    n2, table = n // n1, _twiddles(b, n)
    between = b.scratch(Spec("u32", (n, columns, 2)))  # [n1, n2, columns]

    def before(k: Kernel, j1: str, column: str) -> str:
        j2, c = _divide(k, column, columns)
        return load(k, k.let(f"{j1} * {k.number(n2)} + {j2}"), c)

    def turned(k: Kernel, j2: str, column: str) -> str:
        k1, c = _divide(k, column, columns)
        y = _read(k, between, k.let(f"({k1} * {k.number(n2)} + {j2}) * {k.number(columns)} + {c}"))
        turn = k.let(f"{k1} * {j2}")
        return k.let(f"select(c_mul({y}, {_read(k, table, turn)}), {y}, {turn} == 0u)")

    def after(k: Kernel, k2: str, column: str, value: str) -> None:
        k1, c = _divide(k, column, columns)
        target.write(k, k.let(f"{k1} + {k.number(n1)} * {k2}"), c, value)

    transform(b, n1, n2 * columns, before, _memory(between, n2 * columns))
    transform(b, n2, n1 * columns, turned, Target(target.key, after))


def _bluestein(b: Builder, n: int, columns: int, load: Load, target: Target) -> None:
    """n a large prime: a convolution with the chirp, by transforms of a power of two."""
    wide = bluestein_length(n)
    chirp = _pairs(b, "chirp", n, lambda: bluestein_chirp(n))
    kernel = b.table(("filter", n), lambda: np.concatenate(bluestein_filter(n), -1))
    spectrum, result = (b.scratch(Spec("u32", (wide, columns, 2))) for _ in range(2))

    def padded(k: Kernel, j: str, column: str) -> str:
        inside = k.let(f"min({j}, {k.number(n - 1)})")
        value = f"c_mul({load(k, inside, column)}, {_read(k, chirp, inside)})"
        return k.let(f"select(vec2<u32>(opaque(0u)), {value}, {j} < {k.number(n)})")

    def filtered(k: Kernel, j: str, column: str) -> str:
        x = _read(k, spectrum, k.let(f"{j} * {k.number(columns)} + {column}"))
        return k.let(f"c_mul({x}, {_read(k, kernel, j)}).yx")

    transform(b, wide, columns, _gathered(b, wide, columns, padded), _memory(spectrum, columns))
    transform(b, wide, columns, _gathered(b, wide, columns, filtered), _memory(result, columns))
    k = b.fresh()
    point, column = _divide(k, "i", columns)
    target.write(k, point, column, k.let(f"c_mul({_read(k, result, 'i')}.yx, {_read(k, chirp, point)})"))
    _finish(b, k, target.key, n * columns)


# --- the operations ---------------------------------------------------------------------------------------------------


def _scale(k: Kernel, node: Node, n: int, inverse: bool, factor: float = 1.0) -> str:
    """The word of the factor that results are multiplied by: the norm's, times `factor`."""
    word = (norm_scale(n, node.attributes["norm"], inverse) * np.float32(factor)).view(np.uint32)
    return f"opaque({k.number(int(word))})"


def _point(k: Kernel, value: int, spec: Spec, place: str) -> str:
    """Complex number `place` of an operand of pairs."""
    words = (k.load(value, Index(spec.shape, k.let(f"2u * {place} + {part}u"))) for part in (0, 1))
    return k.let(f"vec2<u32>({', '.join(words)})")


def _complex(b: Builder, node: Node, out: int, specs: list[Spec], inverse: bool) -> None:
    """fft, and ifft, which exchanges the parts of every number before and after."""
    x, order = specs[node.inputs[0]], ".yx" if inverse else ""
    n = x.shape[-2]

    def load(k: Kernel, point: str, column: str) -> str:
        return k.let(f"{_point(k, node.inputs[0], x, k.let(f'{column} * {k.number(n)} + {point}'))}{order}")

    def write(k: Kernel, point: str, column: str, value: str) -> None:
        scaled = k.let(f"c_scale({value}{order}, {_scale(k, node, n, inverse)})")
        _write(k, k.let(f"{column} * {k.number(n)} + {point}"), scaled)

    transform(b, n, x.size // (2 * n), load, Target(out, write))


def fft(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The transform of complex numbers, [..., n, 2]."""
    _complex(b, node, out, specs, inverse=False)


def ifft(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The inverse of fft."""
    _complex(b, node, out, specs, inverse=True)


def rfft(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The transform of real numbers, [..., n]: half of the points of fft, since the others are their conjugates."""
    (_rfft_odd if specs[node.inputs[0]].shape[-1] % 2 else _rfft_even)(b, node, out, specs[node.inputs[0]])


def _real(k: Kernel, node: Node, x: Spec, place: str) -> str:
    return k.load(node.inputs[0], Index(x.shape, k.let(place)))


def _rfft_odd(b: Builder, node: Node, out: int, x: Spec) -> None:
    """As complex numbers with +0 for the imaginary parts."""
    n, half = x.shape[-1], x.shape[-1] // 2

    def load(k: Kernel, point: str, column: str) -> str:
        return k.let(f"vec2<u32>({_real(k, node, x, f'{column} * {k.number(n)} + {point}')}, opaque(0u))")

    def write(k: Kernel, point: str, column: str, value: str) -> None:
        with k.block(f"if ({point} <= {k.number(half)})"):
            scaled = k.let(f"c_scale({value}, {_scale(k, node, n, False)})")
            whole = k.let(f"select({scaled}, vec2<u32>({scaled}.x, 0u), {point} == 0u)")
            _write(k, k.let(f"{column} * {k.number(half + 1)} + {point}"), whole)

    transform(b, n, x.size // n, load, Target(out, write))


def _rfft_even(b: Builder, node: Node, out: int, x: Spec) -> None:
    """As n / 2 complex numbers, each of two neighbouring points; then the transforms of even and odd points are taken apart."""
    n, half = x.shape[-1], x.shape[-1] // 2
    rows = x.size // n
    halves = b.scratch(Spec("u32", (half, rows, 2)))

    def pair(k: Kernel, point: str, column: str) -> str:
        words = (_real(k, node, x, f"{column} * {k.number(n)} + 2u * {point} + {part}u") for part in (0, 1))
        return k.let(f"vec2<u32>({', '.join(words)})")

    transform(b, half, rows, pair, _memory(halves, rows))
    k = b.fresh()
    column, point = _divide(k, "i", half + 1)
    middle, stride = k.let(k.number(half)), k.let(k.number(rows))
    z = _read(k, halves, k.let(f"{point} % {middle} * {stride} + {column}"))
    y = _read(k, halves, k.let(f"({middle} - {point}) % {middle} * {stride} + {column}"))
    w = _read(k, _twiddles(b, n), point)
    inner = k.let(f"c_scale(c_unweave({z}, {y}, {w}), {_scale(k, node, n, False, 0.5)})")
    end = k.let(f"select(f32_sub({z}.x, {z}.y), f32_add({z}.x, {z}.y), {point} == 0u)")
    edge = k.let(f"vec2<u32>(f32_mul({end}, {_scale(k, node, n, False)}), 0u)")
    _write(k, "i", k.let(f"select({inner}, {edge}, {point} % {middle} == 0u)"))
    _finish(b, k, out, rows * (half + 1))


def irfft(b: Builder, node: Node, out: int, specs: list[Spec]) -> None:
    """The inverse of rfft, [..., n // 2 + 1, 2] to [..., n]."""
    (_irfft_odd if node.attributes["n"] % 2 else _irfft_even)(b, node, out, specs[node.inputs[0]])


def _given(k: Kernel, node: Node, x: Spec, point: str, column: str) -> str:
    """A point of the first half, which is the one that irfft is given."""
    return _point(k, node.inputs[0], x, k.let(f"{column} * {k.number(x.shape[-2])} + {point}"))


def _irfft_odd(b: Builder, node: Node, out: int, x: Spec) -> None:
    """By all n points, those of the second half being conjugates. The imaginary part of point 0 counts as +0."""
    n = node.attributes["n"]

    def load(k: Kernel, point: str, column: str) -> str:
        value = _given(k, node, x, k.let(f"min({point}, {k.number(n)} - {point})"), column)
        im = f"select({value}.y, f32_neg({value}.y), {point} > {k.number(n // 2)})"
        return k.let(f"vec2<u32>(select({im}, opaque(0u), {point} == 0u), {value}.x)")

    def write(k: Kernel, point: str, column: str, value: str) -> None:
        place, scale = k.let(f"{column} * {k.number(n)} + {point}"), _scale(k, node, n, True)
        k.line(f"result[{place}] = f32_mul({value}.y, {scale});")

    transform(b, n, math.prod(x.shape[:-2]), load, Target(out, write))


def _irfft_even(b: Builder, node: Node, out: int, x: Spec) -> None:
    """By n / 2 complex numbers, whose transform is put together from the two halves; each result is two neighbouring points."""
    n, half = node.attributes["n"], node.attributes["n"] // 2
    rows = math.prod(x.shape[:-2])

    def load(k: Kernel, point: str, column: str) -> str:
        z = _given(k, node, x, point, column)
        y = _given(k, node, x, k.let(f"{k.number(half)} - {point}"), column)
        inner = k.let(f"c_weave({z}, {y}, {_read(k, _twiddles(b, n), point)})")
        edge = k.let(f"vec2<u32>(f32_add({z}.x, {y}.x), f32_sub({z}.x, {y}.x))")
        return k.let(f"select({inner}, {edge}, {point} == 0u).yx")

    def write(k: Kernel, point: str, column: str, value: str) -> None:
        place, scale = k.let(f"{column} * {k.number(half)} + {point}"), _scale(k, node, n, True)
        _write(k, place, k.let(f"c_scale({value}.yx, {scale})"))

    transform(b, half, rows, _gathered(b, half, rows, load), Target(out, write))


KERNELS = {"fft": fft, "ifft": ifft, "rfft": rfft, "irfft": irfft}
