"""The Fourier transforms of docs/contract.md, section 7: written as the page is, on lists of complex numbers (re, im).

The rules of F(n) are the same in both precisions, so they are written once for an `Arithmetic`: f32 words computed from exact
integers, or, for Bluestein's filter, Python floats, which are binary64 and whose + - * round once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import copysign, gcd, prod
from typing import Any

import gmpy2

from . import binary32 as f32
from .elementary import Bounds, contexts, to_word, ziv
from .tensor import Tensor

Complex = tuple[Any, Any]  # two words, or two floats
HALF = 0x3F00_0000


# --- W(k, n) ----------------------------------------------------------------------------------------------------------


def _enclosed_turn(k: int, n: int, precision: int) -> tuple[Bounds, Bounds]:
    """Bounds of the cosine and of the sine of 2*pi*k/n, for 0 < k/n <= 1/8, where one falls and the other rises."""
    down, up = contexts(precision)
    low, high = (c.div(c.mul(c.const_pi(), 2 * k), n) for c in (down, up))
    return (down.cos(high), up.cos(low)), (down.sin(low), up.sin(high))


def _first_quarter(k: int, n: int, to: Callable[[gmpy2.mpfr], Any]) -> Complex:
    """The cosine and the sine of 2*pi*k/n for 0 <= k/n < 1/4: irrational, or 0, 1/2, 1 (Niven), so never a tie."""
    if k == 0:
        return to(gmpy2.mpfr(1)), to(gmpy2.mpfr(0))
    if 8 * k > n:  # mirrored at an eighth
        c, s = _first_quarter(n - 4 * k, 4 * n, to)
        return s, c
    return (
        ziv(lambda precision: _enclosed_turn(k, n, precision)[0], to),
        ziv(lambda precision: _enclosed_turn(k, n, precision)[1], to),
    )


@dataclass(frozen=True)
class Arithmetic:
    zero: Any
    add: Callable[[Any, Any], Any]
    subtract: Callable[[Any, Any], Any]
    multiply: Callable[[Any, Any], Any]
    fma: Callable[[Any, Any, Any], Any]
    negate: Callable[[Any], Any]
    from_mpfr: Callable[[gmpy2.mpfr], Any]

    def plus(self, x: Complex, y: Complex) -> Complex:
        return self.add(x[0], y[0]), self.add(x[1], y[1])

    def minus(self, x: Complex, y: Complex) -> Complex:
        return self.subtract(x[0], y[0]), self.subtract(x[1], y[1])

    def plus_i_times(self, x: Complex, y: Complex) -> Complex:
        """x + i*y"""
        return self.subtract(x[0], y[1]), self.add(x[1], y[0])

    def minus_i_times(self, x: Complex, y: Complex) -> Complex:
        """x - i*y"""
        return self.add(x[0], y[1]), self.subtract(x[1], y[0])

    def product(self, x: Complex, y: Complex) -> Complex:
        (a, b), (c, d) = x, y
        return self.fma(a, c, self.negate(self.multiply(b, d))), self.fma(a, d, self.multiply(b, c))

    def w(self, k: int, n: int) -> Complex:
        """W(k,n) = exp(-2*pi*i*k/n)"""
        common = gcd(k % n, n)
        return _w(self, k % n // common, n // common)


# Looked up when called, so that a test can plant a fault.
SINGLE = Arithmetic(
    0, lambda a, b: f32.add(a, b), lambda a, b: f32.subtract(a, b), lambda a, b: f32.multiply(a, b),
    lambda a, b, c: f32.fma(a, b, c), f32.negate, to_word,
)  # fmt: skip
DOUBLE = Arithmetic(
    0.0, lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b, c: a * b + c, lambda a: -a, float
)


@cache
def _w(arithmetic: Arithmetic, k: int, n: int) -> Complex:
    quarter, rest = divmod(4 * k, n)
    c, s = _first_quarter(rest, 4 * n, arithmetic.from_mpfr)

    def minus(x: Any) -> Any:
        return arithmetic.negate(x) if x != arithmetic.zero else x

    # (cosine, sine) turned by quarters; then W is the conjugate.
    cosine, sine = ((c, s), (minus(s), c), (minus(c), minus(s)), (s, minus(c)))[quarter]
    return cosine, minus(sine)


# --- F(n) -------------------------------------------------------------------------------------------------------------


def rows_of(n: int) -> int:
    """n1 of n = n1 * n2, or 1 where F(n) is not made of two."""
    if n in (1, 2, 4) or (n % 2 and all(n % d for d in range(3, n, 2))):
        return 1
    fitting = [d for d in range(1, n) if n % d == 0 and d * d <= n and ((d & -d).bit_length() - 1) % 2 == 0]
    return max(fitting) if max(fitting) > 1 else 2


def transform(x: Sequence[Complex], arithmetic: Arithmetic = SINGLE) -> list[Complex]:
    """F(n)."""
    n = len(x)
    plus, minus = arithmetic.plus, arithmetic.minus
    if n == 1:
        return list(x)
    if n == 2:
        return [plus(x[0], x[1]), minus(x[0], x[1])]
    if n == 4:
        s, d, t, e = plus(x[0], x[2]), minus(x[0], x[2]), plus(x[1], x[3]), minus(x[1], x[3])
        return [plus(s, t), arithmetic.minus_i_times(d, e), minus(s, t), arithmetic.plus_i_times(d, e)]
    n1 = rows_of(n)
    if n1 > 1:
        return _of_two(x, n1, arithmetic)
    return _of_small_prime(x, arithmetic) if n < 100 else _bluestein(x)


def _of_two(x: Sequence[Complex], n1: int, arithmetic: Arithmetic) -> list[Complex]:
    n = len(x)
    n2 = n // n1
    columns = [transform(x[j2::n2], arithmetic) for j2 in range(n2)]
    rows = [
        [
            arithmetic.product(columns[j2][k1], arithmetic.w(j2 * k1, n)) if j2 * k1 else columns[j2][k1]
            for j2 in range(n2)
        ]
        for k1 in range(n1)
    ]
    transformed = [transform(row, arithmetic) for row in rows]
    return [transformed[k % n1][k // n1] for k in range(n)]


def _of_small_prime(x: Sequence[Complex], arithmetic: Arithmetic) -> list[Complex]:
    n = len(x)
    h = (n - 1) // 2
    p = {j: arithmetic.plus(x[j], x[n - j]) for j in range(1, h + 1)}
    m = {j: arithmetic.minus(x[j], x[n - j]) for j in range(1, h + 1)}
    total = x[0]
    for j in range(1, h + 1):
        total = arithmetic.plus(total, p[j])
    result = [total] * n
    for k in range(1, h + 1):
        a, b = x[0], (arithmetic.zero, arithmetic.zero)
        for j in range(1, h + 1):
            c, d = arithmetic.w(j * k, n)
            a = arithmetic.fma(p[j][0], c, a[0]), arithmetic.fma(p[j][1], c, a[1])
            if j == 1:
                b = arithmetic.multiply(m[1][0], d), arithmetic.multiply(m[1][1], d)
            else:
                b = arithmetic.fma(m[j][0], d, b[0]), arithmetic.fma(m[j][1], d, b[1])
        result[k], result[n - k] = arithmetic.plus_i_times(a, b), arithmetic.minus_i_times(a, b)
    return result


def exchanged(x: Sequence[Complex]) -> list[Complex]:
    return [(im, re) for re, im in x]


def backwards(x: Sequence[Complex]) -> list[Complex]:
    """F(n) between two exchanges of the parts."""
    return exchanged(transform(exchanged(x)))


def convolution_length(n: int) -> int:
    length = 1
    while length < 2 * n - 1:
        length *= 2
    return length


def _bluestein(x: Sequence[Complex]) -> list[Complex]:
    n, length = len(x), convolution_length(len(x))
    chirp = [SINGLE.w(j * j, 2 * n) for j in range(n)]
    a = [SINGLE.product(u, w) for u, w in zip(x, chirp, strict=True)] + [(0, 0)] * (length - n)
    spectrum = [SINGLE.product(u, v) for u, v in zip(transform(a), filter_of(n), strict=True)]
    return [SINGLE.product(u, w) for u, w in zip(backwards(spectrum), chirp, strict=False)]


@cache
def filter_of(n: int) -> list[Complex]:
    """The filter of a prime n, in f32; all but the last rounding in binary64."""
    length = convolution_length(n)
    b: list[Complex] = [(0.0, 0.0)] * length
    for j in range(n):
        b[j] = b[-j] = DOUBLE.w(-j * j, 2 * n)
    return [(f32_of(re / length), f32_of(im / length)) for re, im in transform(b, DOUBLE)]


def f32_of(x: float) -> int:
    numerator, denominator = x.as_integer_ratio()
    return f32.SIGN * (copysign(1, x) < 0) | f32.round_ratio(abs(numerator) << 149, denominator)


# --- the operations ---------------------------------------------------------------------------------------------------


def scale_of(n: int, norm: str, forwards: bool) -> int:
    points = f32.from_integer(n)
    if norm == "ortho":
        return f32.divide(f32.ONE, f32.square_root(points))
    return f32.ONE if (norm == "backward") == forwards else f32.divide(f32.ONE, points)


def scaled(x: Sequence[Complex], scale: int) -> list[Complex]:
    return [(f32.multiply(re, scale), f32.multiply(im, scale)) for re, im in x]


def _fft_row(x: Sequence[Complex], norm: str) -> list[Complex]:
    return scaled(transform(x), scale_of(len(x), norm, forwards=True))


def _ifft_row(x: Sequence[Complex], norm: str) -> list[Complex]:
    return scaled(backwards(x), scale_of(len(x), norm, forwards=False))


def _parts(z: Complex, y: Complex) -> tuple[int, int, int, int]:
    """er, ei, or, oi"""
    return f32.add(z[0], y[0]), f32.subtract(z[1], y[1]), f32.subtract(z[0], y[0]), f32.add(z[1], y[1])


def _rfft_row(x: Sequence[int], norm: str) -> list[Complex]:
    n, m = len(x), len(x) // 2
    if n % 2:
        result = _fft_row([(value, 0) for value in x], norm)[: (n + 1) // 2]
        return [(result[0][0], 0), *result[1:]]
    scale = scale_of(n, norm, forwards=True)
    half = f32.multiply(scale, HALF)
    z = transform([(x[2 * j], x[2 * j + 1]) for j in range(m)])
    result = [(f32.multiply(f32.add(*z[0]), scale), 0)]
    for k in range(1, m):
        (er, ei, o_r, oi), (c, d) = _parts(z[k], z[m - k]), SINGLE.w(k, n)
        re = f32.add(er, f32.fma(oi, c, f32.multiply(o_r, d)))
        im = f32.add(ei, f32.fma(oi, d, f32.negate(f32.multiply(o_r, c))))
        result.append((f32.multiply(re, half), f32.multiply(im, half)))
    return [*result, (f32.multiply(f32.subtract(*z[0]), scale), 0)]


def _irfft_row(x: Sequence[Complex], norm: str, n: int) -> list[int]:
    m = n // 2
    if n % 2:
        first = [(x[0][0], 0), *x[1:]]
        mirrored = [(re, f32.negate(im)) for re, im in first[:0:-1]]
        return [re for re, _ in _ifft_row(first + mirrored, norm)]
    scale = scale_of(n, norm, forwards=False)
    z = [(f32.add(x[0][0], x[m][0]), f32.subtract(x[0][0], x[m][0]))]
    for k in range(1, m):
        (er, ei, o_r, oi), (c, d) = _parts(x[k], x[m - k]), SINGLE.w(k, n)
        re = f32.subtract(er, f32.fma(o_r, f32.negate(d), f32.multiply(oi, c)))
        im = f32.add(ei, f32.fma(o_r, c, f32.multiply(oi, d)))
        z.append((re, im))
    return [word for pair in scaled(backwards(z), scale) for word in pair]


def _complex_rows(x: Tensor) -> list[list[Complex]]:
    n, two = x.shape[-2:]
    if two != 2 or x.dtype != "f32":
        raise ValueError(f"complex points expected, got {x.dtype}{x.shape}")
    points = list(zip(x.words[::2], x.words[1::2], strict=True))
    return [points[i * n : (i + 1) * n] for i in range(prod(x.shape[:-2]))]


def _flat(rows: Sequence[Sequence[Complex]]) -> list[int]:
    return [word for row in rows for point in row for word in point]


def fft(x: Tensor, *, norm: str) -> Tensor:
    return Tensor("f32", x.shape, _flat([_fft_row(row, norm) for row in _complex_rows(x)]))


def ifft(x: Tensor, *, norm: str) -> Tensor:
    return Tensor("f32", x.shape, _flat([_ifft_row(row, norm) for row in _complex_rows(x)]))


def rfft(x: Tensor, *, norm: str) -> Tensor:
    n = x.shape[-1]
    rows = [x.words[i * n : (i + 1) * n] for i in range(prod(x.shape[:-1]))]
    return Tensor("f32", (*x.shape[:-1], n // 2 + 1, 2), _flat([_rfft_row(row, norm) for row in rows]))


def irfft(x: Tensor, *, norm: str, n: int) -> Tensor:
    if x.shape[-2] != n // 2 + 1:
        raise ValueError(f"irfft: {x.shape[-2]} complex points for {n} real ones")
    rows = [_irfft_row(row, norm, n) for row in _complex_rows(x)]
    return Tensor("f32", (*x.shape[:-2], n), [word for row in rows for word in row])


OPERATIONS: dict[str, Callable[..., Tensor]] = {"fft": fft, "ifft": ifft, "rfft": rfft, "irfft": irfft}
