"""THE operation table: for each operation its name, operands, attributes, dtypes or shape rule, and one line of prose.

What an operation computes is said in docs/contract.md; its derivative stands in autograd/derivatives.py. From this table come
the readers' checks, the public elementwise functions (tools/generate.py), and the fuzzer's entries for them; the tables of the
other languages and of docs/program.md are held to it by tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import shapes
from .errors import ShapeError
from .spec import DTYPES, Spec, checked

ANY, SIGNED, F32 = DTYPES, ("f32", "i32"), ("f32",)
FORMATS = ("f16", "bf16", "e4m3fn", "e5m2")


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    `operands` names the operands; ("*xs",) stands for one or more. An operation with `dtypes` is elementwise: its operands have
    one of them, the same for all, and are broadcast. `choices` has the words that an attribute may be, where it is a word.
    """

    name: str
    operands: tuple[str, ...]
    attributes: tuple[str, ...]
    infer: Callable[..., Spec]
    doc: str
    dtypes: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def arity(self) -> int | None:
        """The number of operands; None for one or more."""
        return None if self.operands[:1] and self.operands[0].startswith("*") else len(self.operands)

    def spec(self, operands: Sequence[Spec], attributes: Mapping[str, Any]) -> Spec:
        """The dtype and shape of the result. Raises ShapeError, naming the operation, when the operands do not fit."""
        if (self.arity is not None and len(operands) != self.arity) or (self.arity is None and not operands):
            wanted = "one or more" if self.arity is None else self.arity
            raise ShapeError(f"{self.name}: takes {wanted} operands, got {len(operands)}")
        if set(attributes) != set(self.attributes):
            raise ShapeError(f"{self.name}: attributes must be {sorted(self.attributes)}, got {sorted(attributes)}")
        try:
            return checked(self.infer(*operands, **attributes))
        except ShapeError as error:
            shown = ", ".join(map(str, operands))
            raise ShapeError(f"{self.name}({shown}): {error}") from None


def row(name: str, operands: str, attributes: str, infer: Callable[..., Spec], doc: str) -> Operation:
    """An operation with a shape rule of its own."""
    return Operation(name, tuple(operands.split()), tuple(attributes.split()), infer, doc)


def elementwise(
    name: str, operands: str, dtypes: tuple[str, ...], doc: str, result: str | None = None, **choices: tuple[str, ...]
) -> Operation:
    """An elementwise operation. The dtype of the result is that of the operands, unless `result` names another."""

    def infer(*xs: Spec, **attributes: Any) -> Spec:
        return shapes.elementwise(xs, dtypes, result, attributes, choices)

    return Operation(name, tuple(operands.split()), tuple(choices), infer, doc, dtypes, choices)


# fmt: off
_ROWS = (
    # --- elementwise ---
    elementwise("add", "x y", ANY, "x + y; integers wrap"),
    elementwise("sub", "x y", ANY, "x - y; integers wrap"),
    elementwise("mul", "x y", ANY, "x * y; integers wrap"),
    elementwise("div", "x y", F32, "x / y, correctly rounded"),
    elementwise("fma", "x y z", F32, "x * y + z, rounded once"),
    elementwise("neg", "x", ANY, "-x; integers wrap"),
    elementwise("abs", "x", SIGNED, "|x|"),
    elementwise("sqrt", "x", F32, "The square root, correctly rounded"),
    elementwise("maximum", "x y", ANY, "The larger of x and y; NaN if either is"),
    elementwise("minimum", "x y", ANY, "The smaller of x and y; NaN if either is"),
    elementwise("exp", "x", F32, "e^x, correctly rounded"),
    elementwise("expm1", "x", F32, "e^x - 1, correctly rounded"),
    elementwise("log", "x", F32, "The natural logarithm, correctly rounded"),
    elementwise("log1p", "x", F32, "log(1 + x), correctly rounded"),
    elementwise("tanh", "x", F32, "The hyperbolic tangent, correctly rounded"),
    elementwise("erf", "x", F32, "The error function, correctly rounded"),
    elementwise("sinpi", "x", F32, "sin(pi x), correctly rounded"),
    elementwise("cospi", "x", F32, "cos(pi x), correctly rounded"),
    elementwise("compare", "x y", ANY, "1 where x `how` y holds, else 0", "i32", how=shapes.COMPARISONS),
    elementwise("round_to", "x", F32, "x rounded to the nearest value of a format; the result is f32", format=FORMATS),
    row("select", "c x y", "", shapes.select, "x where c is not zero, else y"),
    row("cast", "x", "dtype", shapes.cast, "x as another dtype"),
    row("constant", "", "dtype shape word", shapes.constant, "An array whose every element is one word"),
    # --- reductions and contraction ---
    row("sum", "x", "axes keepdims panel", shapes.sum_, "The sum over some axes, by the reduction rule"),
    row("max", "x", "axes keepdims", shapes.max_, "The largest element over some axes"),
    row("argmax", "x", "axis keepdims", shapes.argmax, "The index of the largest element along an axis, the first of equals"),
    row("matmul", "x y", "transpose_a transpose_b panel", shapes.matmul, "The matrix product: dots by the reduction rule"),
    # --- movement ---
    row("reshape", "x", "shape", shapes.reshape, "The same elements under another shape"),
    row("transpose", "x", "axes", shapes.transpose, "The axes in another order"),
    row("broadcast", "x", "shape", shapes.broadcast, "x repeated along new and length-one axes"),
    row("slice", "x", "start stop step", shapes.slice_, "Every step-th element from start to stop, along each axis"),
    row("pad", "x", "low high interior word", shapes.pad, "x with a word put around it and between its elements"),
    row("concat", "*xs", "axis", shapes.concat, "The operands one after another along an axis"),
    row("gather", "x i", "axis", shapes.gather, "The slices of x at the indices"),
    row("scatter_add", "x i", "axis size panel", shapes.scatter_add, "The slices of x summed where the indices say"),
    row("one_hot", "i", "depth", shapes.one_hot, "1 at the index, 0 elsewhere, along a new last axis"),
    row("unfold", "x", "kernel stride padding dilation", shapes.unfold, "The windows of an image as rows"),
    row("fold", "x", "size kernel stride padding dilation panel", shapes.fold, "The transpose of unfold"),
    # --- recurrence, transforms, random words ---
    row("scan", "a b h0", "axis reverse", shapes.scan, "The recurrence h[t] = fma(a[t], h[t-1], b[t]), from h0"),
    row("fft", "x", "norm", shapes.fft, "The discrete Fourier transform of complex points"),
    row("ifft", "x", "norm", shapes.fft, "The inverse of `fft`"),
    row("rfft", "x", "norm", shapes.rfft, "The transform of n real points: n//2 + 1 points"),
    row("irfft", "x", "norm n", shapes.irfft, "The inverse of `rfft`"),
    row("bits", "seed step", "stream shape width", shapes.bits, "Random words, Philox4x32-10, the top `width` bits"),
)
# fmt: on

TABLE: dict[str, Operation] = {operation.name: operation for operation in _ROWS}
