"""The contract's composites (sections 4 and 6), written out as operations. Arguments and results are values of a case.

`Formula` gives a case arithmetic; the functions below it are the formulas of docs/contract.md, step by step.
"""

from collections.abc import Sequence

from oracle.case import Case, Value

from .data import real

PANEL = 256
ZERO, ONE, HALF = 0, 0x3F800000, 0x3F000000
SQRT_HALF = real(70710678, 100000000)


class Formula:
    """Arithmetic on the values of one case; a plain int is the word of an f32 constant."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def constant(self, word: int, dtype: str = "f32") -> Value:
        return self.case.op("constant", dtype=dtype, shape=[], word=f"{word:08x}")

    def __call__(self, op: str, *operands: Value | int, **attributes: object) -> Value:
        values = [x if isinstance(x, Value) else self.constant(x) for x in operands]
        return self.case.op(op, *values, **attributes)

    def sum(self, x: Value, axes: Sequence[int], keepdims: bool = False) -> Value:
        return self("sum", x, axes=list(axes), keepdims=keepdims, panel=PANEL)

    def matmul(self, x: Value, y: Value, transpose_a: bool = False, transpose_b: bool = False) -> Value:
        return self("matmul", x, y, transpose_a=transpose_a, transpose_b=transpose_b, panel=PANEL)

    def relu(self, x: Value) -> Value:
        return self("select", self("compare", x, ZERO, how="le"), ZERO, x)

    def rsqrt(self, x: Value) -> Value:
        return self("div", ONE, self("sqrt", x))

    def sigmoid(self, x: Value) -> Value:
        """x >= 0: 1/(1+exp(-x)); x < 0: e/(1+e), e = exp(x); NaN stays NaN."""
        right = self("div", ONE, self("add", ONE, self("exp", self("neg", x))))
        e = self("exp", x)
        left = self("div", e, self("add", ONE, e))
        return self("select", self("compare", x, ZERO, how="lt"), left, right)

    def softplus(self, x: Value) -> Value:
        return self("add", self("maximum", x, ZERO), self("log1p", self("exp", self("neg", self("abs", x)))))

    def gelu(self, x: Value) -> Value:
        return self("mul", self("mul", HALF, x), self("add", ONE, self("erf", self("mul", x, SQRT_HALF))))

    def leaky_relu(self, x: Value, slope: int) -> Value:
        """x where x > 0 or NaN, else slope*x."""
        return self("select", self("compare", x, ZERO, how="le"), self("mul", slope, x), x)

    def elu(self, x: Value, alpha: int) -> Value:
        return self("select", self("compare", x, ZERO, how="gt"), x, self("mul", alpha, self("expm1", x)))

    def softmax(self, x: Value) -> Value:
        """Over the last axis."""
        last = [len(x.tensor.shape) - 1]
        e = self("exp", self("sub", x, self("max", x, axes=last, keepdims=True)))
        return self("div", e, self.sum(e, last, keepdims=True))

    def log_softmax(self, x: Value) -> Value:
        last = [len(x.tensor.shape) - 1]
        centred = self("sub", x, self("max", x, axes=last, keepdims=True))
        return self("sub", centred, self("log", self.sum(self("exp", centred), last, keepdims=True)))

    def cross_entropy(self, x: Value, classes: Value) -> tuple[Value, Value]:
        """The mean loss of logits [n, c] and i32 classes [n], and its gradient with respect to the logits."""
        n, c = x.tensor.shape
        count = real(n)
        hot = self("one_hot", classes, depth=c)
        flat = self("reshape", self.log_softmax(x), shape=[n * c])
        rows = [[i] for i in range(n)]
        offset = self.case.op(
            "concat", *(self("reshape", self.constant(c * i[0], "i32"), shape=[1]) for i in rows), axis=0
        )
        chosen = self("gather", flat, self("add", offset, classes), axis=0)
        loss = self("div", self.sum(self("neg", chosen), [0]), count)
        return loss, self("div", self("sub", self.softmax(x), hot), count)

    def layer_norm(self, x: Value, gamma: Value, beta: Value, epsilon: int) -> Value:
        """Over the last axis of x [n, c]: mu = mean(x), d = x-mu, v = dot(d,d)/c, fma(d*rsqrt(v+eps), gamma, beta)."""
        n, c = x.tensor.shape
        count = real(c)
        d = self("sub", x, self("div", self.sum(x, [1], keepdims=True), count))
        row, column = self("reshape", d, shape=[n, 1, c]), self("reshape", d, shape=[n, c, 1])
        v = self("div", self("reshape", self.matmul(row, column), shape=[n, 1]), count)
        return self("fma", self("mul", d, self.rsqrt(self("add", v, epsilon))), gamma, beta)

    def linear(self, x: Value, w: Value, b: Value) -> Value:
        return self("add", self.matmul(x, w), b)

    def complex_multiply(self, x: Value, y: Value) -> Value:
        """(a+bi)(c+di) = (fma(a, c, -(b*d)), fma(a, d, b*c)) of two [..., 2]."""
        (a, b), (c, d) = self._parts(x), self._parts(y)
        re = self("fma", a, c, self("neg", self("mul", b, d)))
        im = self("fma", a, d, self("mul", b, c))
        return self("concat", re, im, axis=len(x.tensor.shape) - 1)

    def conjugate(self, x: Value) -> Value:
        re, im = self._parts(x)
        return self("concat", re, self("neg", im), axis=len(x.tensor.shape) - 1)

    def _parts(self, x: Value) -> tuple[Value, Value]:
        *batch, _ = x.tensor.shape
        zeros, ones = [0] * len(batch), [1] * (len(batch) + 1)
        return (
            self("slice", x, start=[*zeros, 0], stop=[*batch, 1], step=ones),
            self("slice", x, start=[*zeros, 1], stop=[*batch, 2], step=ones),
        )

    def spectrum(self, x: Value, n: int) -> Value:
        """rfft of the last axis, padded with zeros to n points."""
        rank = len(x.tensor.shape)
        none, missing = [0] * rank, [0] * (rank - 1) + [n - x.tensor.shape[-1]]
        padded = self("pad", x, low=none, high=missing, interior=none, word="00000000")
        return self("rfft", padded, norm="backward")

    def first_points(self, spectrum: Value, n: int, points: int) -> Value:
        """The first of the n real points that have this spectrum."""
        y = self("irfft", spectrum, norm="backward", n=n)
        shape = y.tensor.shape
        return self("slice", y, start=[0] * len(shape), stop=[*shape[:-1], points], step=[1] * len(shape))

    def sgd(self, w: Value, g: Value, rate: int) -> Value:
        return self("fma", rate ^ 0x80000000, g, w)

    def momentum(self, w: Value, v: Value, g: Value, rate: int, mu: int) -> tuple[Value, Value]:
        """The new parameter and the new velocity."""
        v = self("fma", mu, v, g)
        return self.sgd(w, v, rate), v
