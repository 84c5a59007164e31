"""Functions whose derivative is given instead of following from their operations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .tensor import Tensor, common_trace, tensor
from .trace import Pullback, Trace


def custom_gradient(fn: Callable[..., Tensor], pullback: Pullback) -> Callable[..., Tensor]:
    """`fn` (tensors in, one tensor out) with a derivative of its own, for a formula that is better than that of the operations.

    `pullback(g, out, *operands)` gets the gradient g of the result, the result and the operands, and returns a gradient for
    each operand, of its shape, or None for one that has none.

    >>> cube = pg.custom_gradient(lambda x: x * x * x, lambda g, out, x: (3.0 * x * x * g,))
    >>> pg.grad(lambda x: pg.sum(cube(x)))(pg.tensor([1.0, 2.0]))
    Tensor([ 3., 12.], f32)
    """

    @functools.wraps(fn)
    def call(*operands: Tensor) -> Tensor:
        trace: Trace | None = common_trace(operands)
        if trace is None:
            return fn(*operands)
        lifted = [trace.lift(x) for x in operands]
        return trace.alias(fn(*lifted), pullback, lifted)

    return call


_stopped = custom_gradient(lambda x: x, lambda g, out, x: (None,))


def stop_gradient(x: Any) -> Tensor:
    """x itself, which derivatives take for a constant. Same shape and dtype.

    >>> pg.grad(lambda x: x * pg.stop_gradient(x))(pg.tensor(3.0))
    Tensor(3., f32)
    """
    return _stopped(tensor(x))
