"""Functions traced once for each combination of argument shapes, and run as programs from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..executors.registry import loaded, resolve
from ..ir.program import Program
from ..ir.spec import Array
from ..tensor.tensor import Tensor, common_trace, from_array, tensor
from ..tensor.trace import Trace
from ..tensor.tracing import is_array, named_outputs
from ..tensor.trees import leaves, map_leaves


@dataclass
class Compiled:
    """A function traced for certain shapes: its program, and the structure of what it returns, whose leaves say what is boolean."""

    program: Program
    structure: Any

    def __call__(self, inputs: dict[str, Array]) -> Any:
        outputs = loaded(self.program.sessions, self.program, *resolve(None, {})).run(inputs)
        return map_leaves(
            lambda path, mask: None if mask is None else from_array(outputs[path or "output"], mask), self.structure
        )


def compile_call(fn: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Compiled, dict[str, Array]]:
    """`fn` traced for these arguments, and the arguments as inputs of the program."""
    scribe = Trace()
    inputs: dict[str, Array] = {}

    def enter(path: str, x: Any) -> Any:
        if not is_array(x):
            return x
        concrete = tensor(x)
        inputs[path] = concrete.numpy()
        return scribe.input(path, concrete.spec, concrete.boolean)

    returned = fn(*map_leaves(enter, arguments))
    outputs = named_outputs(returned)
    structure = map_leaves(lambda path, x: None if x is None else outputs[path or "output"].boolean, returned)
    return Compiled(scribe.finish(outputs), structure), inputs


def jit(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn`, traced once for each combination of argument shapes and dtypes, then run as one program.

    Python code inside runs only while tracing. Tensors that the function reads from outside are frozen into the program;
    pass as arguments what changes. Arguments that are neither tensors nor arrays must be hashable; a new one is a new trace.

    >>> @pg.jit
    ... def area(radius):
    ...     return radius * radius * np.pi
    >>> area(pg.tensor([1.0, 2.0]))
    Tensor([ 3.1415927, 12.566371 ], f32)
    """
    cache: dict[Any, Compiled] = {}

    @functools.wraps(fn)
    def call(*arguments: Any) -> Any:
        found = [x for _, x in leaves(arguments)]
        if common_trace([x for x in found if isinstance(x, Tensor)]) is not None:
            return fn(*arguments)
        arrays = {path: tensor(x).numpy() for path, x in leaves(arguments) if is_array(x)}
        key = tuple(
            (path, from_array(arrays[path]).spec if path in arrays else ("", type(x), x))
            for path, x in leaves(arguments)
        )
        if key not in cache:
            cache[key] = compile_call(fn, arguments)[0]
        return cache[key](arrays)

    call.cache = cache  # type: ignore[attr-defined]
    return call
