"""Derivatives as a program transformation: the operations of the backward pass are written into the same trace.

Reverse mode over the table of derivatives.py, in the manner of Wengert lists (Griewank & Walther,
Evaluating Derivatives, 2nd ed., ch. 3).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..ir.errors import ProgramError
from ..tensor import functions as F
from ..tensor.tensor import Tensor, common_trace, tensor
from ..tensor.trace import Trace
from ..tensor.tracing import is_array
from ..tensor.trees import leaves, map_leaves
from .compiled import compile_call
from .derivatives import DERIVATIVES


def gradients(y: Tensor, xs: Sequence[Tensor]) -> list[Tensor]:
    """The gradient of the traced f32 scalar y with respect to each of the traced xs (zeros where y does not depend on it).

    Raises:
        ProgramError: y is not an f32 scalar, or not traced.
    """
    trace: Trace | None = y.trace
    if trace is None or y.shape != () or y.dtype != "f32":
        raise ProgramError(f"gradients: needs a traced f32 scalar, got {y!r}")
    active = _depends_on(trace, {x.value for x in xs}, y.value)
    found: dict[int, Tensor] = {y.value: trace.lift(F.ones(()))}
    for number in range(y.value, -1, -1):
        if number in found and number in active:
            _pull(trace, number, active, found)
    return [found[x.value] if x.value in found else trace.lift(F.zeros(x.shape)) for x in xs]


def _depends_on(trace: Trace, sources: set[int], last: int) -> set[int]:
    """The values up to `last` that depend on the sources; an alias with a pullback depends on what it names."""
    active = set(sources)
    for number, record in enumerate(trace.records[: last + 1]):
        operands = record.sources if record.pullback else record.inputs
        if number not in sources and any(v in active for v in operands):
            active.add(number)
    return active


def _pull(trace: Trace, number: int, active: set[int], found: dict[int, Tensor]) -> None:
    """Add to the operands of one value what its gradient contributes to theirs."""
    record, g = trace.records[number], found[number]
    if record.op in ("input", "state"):
        return
    numbers = record.sources if record.pullback else record.inputs
    out, *operands = (Tensor(trace.records[v].spec, None, trace, v) for v in (number, *numbers))
    if record.pullback:
        pulled = record.pullback(g, out, *operands)
    elif record.op == "alias":
        pulled = (g,)
    else:
        pulled = DERIVATIVES[record.op](g, out, *operands, **record.attributes)
    for v, x, gx in zip(numbers, operands, pulled, strict=True):
        if gx is None or v not in active or x.dtype != "f32":
            continue
        gx = trace.lift(F.sum_to(gx, x.shape))
        found[v] = found[v] + gx if v in found else gx


def value_and_grad(
    fn: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns (fn's value, its gradient with respect to the arguments `argnums`).

    `fn` returns an f32 scalar, or (scalar, anything) with `has_aux`. The gradient has the structure of the argument: a
    nested dict of tensors gives a nested dict of gradients. Works eagerly, inside `trace` and `jit`, and on itself.

    Raises:
        ProgramError: `fn` returns no f32 scalar, or an argument to differentiate by is not f32.

    >>> pg.value_and_grad(lambda p: p["a"] * p["b"])({"a": pg.tensor(2.0), "b": pg.tensor(5.0)})
    (Tensor(10., f32), {'a': Tensor(5., f32), 'b': Tensor(2., f32)})
    """
    chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def traced(*arguments: Any) -> Any:
        trace: Trace | None = common_trace([x for _, x in leaves(arguments) if isinstance(x, Tensor)])
        assert trace is not None
        # Aliases make the arguments independent of each other and of what they were computed from.
        own = list(arguments)
        for i in chosen:
            own[i] = map_leaves(lambda _, x: trace.alias(tensor(x)) if is_array(x) else x, arguments[i])
        returned = fn(*own)
        value = trace.lift(tensor(returned[0] if has_aux else returned))
        wanted = [x for i in chosen for _, x in leaves(own[i]) if isinstance(x, Tensor)]
        if not all(x.dtype == "f32" for x in wanted):
            raise ProgramError("grad: an argument to differentiate by is not f32")
        slopes = iter(gradients(value, wanted))
        trees = [map_leaves(lambda _, x: next(slopes) if isinstance(x, Tensor) else None, own[i]) for i in chosen]
        return (returned if has_aux else value), (trees[0] if isinstance(argnums, int) else tuple(trees))

    @functools.wraps(fn)
    def call(*arguments: Any) -> Any:
        if common_trace([x for _, x in leaves(arguments) if isinstance(x, Tensor)]) is not None:
            return traced(*arguments)
        compiled, inputs = compile_call(traced, arguments)
        return compiled(inputs)

    return call


def grad(fn: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that returns the gradient of the f32 scalar that `fn` returns; see `value_and_grad`.

    >>> pg.grad(lambda x: pg.sum(x * x))(pg.tensor([1.0, 2.0, 3.0]))
    Tensor([2., 4., 6.], f32)
    """
    both = value_and_grad(fn, argnums)
    return functools.wraps(fn)(lambda *arguments: both(*arguments)[1])
