"""Tracing: from a Python function of tensors to the program that it computes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..ir.errors import ProgramError
from ..ir.float_modes import in_plain_modes
from ..ir.program import Program
from ..ir.spec import Spec
from .tensor import Tensor, tensor
from .trace import Trace
from .trees import leaves, map_leaves


def is_array(leaf: Any) -> bool:
    """Whether an argument is data: a tensor, a Spec, an array or a scalar of NumPy, anything with `__array__`.

    It is traced as an input; anything else is a constant of the program.
    """
    if isinstance(leaf, (Tensor, np.ndarray, Spec)):
        return True
    return hasattr(leaf, "__array__") and not isinstance(
        leaf, (type, str, bytes)
    )  # NumPy's text and types have one, too


@in_plain_modes
def trace(fn: Callable[..., Any], *examples: Any, state: Mapping[str, Any] | None = None) -> Program:
    """The program that `fn` computes on arguments of the shapes and dtypes of `examples`.

    Tensors, arrays (NumPy's scalars, too) and `Spec`s among the examples (also nested in dicts, lists, tuples) become inputs,
    named by the parameter and the path ("params.dense.weight"); everything else is a constant. The result's tensors become
    outputs, named by their path, or "output" when there is only one.

    Args:
        state: named arrays that the program keeps. `fn` is then called as fn(state, *examples) with a dict of tensors, and
            returns (result, new): new maps the names of the states that a run replaces to their new values.

    Raises:
        ShapeError: operands that do not fit.
        ProgramError: the function reads a traced value, or returns something that is not a tensor; or two inputs, states or
            outputs have one name.

    >>> program = pg.trace(lambda x, w: pg.tanh(x @ w), np.ones((4, 3), np.float32), np.ones((3, 2), np.float32))
    >>> print(program)
    %0  f32[4,3]  input   x
    %1  f32[3,2]  input   w
    %2  f32[4,2]  matmul  x, w; transpose_a=False, transpose_b=False, panel=256
    %3  f32[4,2]  tanh    %2
    %3  f32[4,2]  output  output
    """
    scribe = Trace()
    names = _parameter_names(fn, len(examples), skip=state is not None)
    tree = dict(zip(names, examples, strict=True))
    arguments = list(map_leaves(lambda path, x: _input(scribe, path, x) if is_array(x) else x, tree).values())
    if state is None:
        return scribe.finish(named_outputs(fn(*arguments)))
    held = {name: scribe.state(name, tensor(x).numpy()) for name, x in state.items()}
    returned = fn(dict(held), *arguments)
    if not isinstance(returned, tuple) or len(returned) != 2 or not isinstance(returned[1], Mapping):
        raise ProgramError("trace: with a state the function must return (result, dict of new state values)")
    result, new = returned
    if unknown := set(new) - set(held):
        raise ProgramError(f"trace: {sorted(unknown)} are not states")
    updates = {name: tensor(x) for name, x in new.items() if x is not held[name]}
    for name, x in updates.items():
        if x.spec != held[name].spec:
            raise ProgramError(f"trace: the state {name!r} is {held[name].spec}, its new value {x.spec}")
    return scribe.finish(named_outputs(result), updates)


def _input(scribe: Trace, path: str, x: Any) -> Tensor:
    if isinstance(x, Spec):
        return scribe.input(path, x)
    example = tensor(x)
    return scribe.input(path, example.spec, example.boolean)


def _parameter_names(fn: Callable[..., Any], count: int, skip: bool) -> list[str]:
    try:
        parameters = list(inspect.signature(fn).parameters.values())[skip:]
    except ValueError:
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [named[i] if i < len(named) else f"arg{i}" for i in range(count)]
    if len(set(names)) < count:
        raise ProgramError(
            f"trace: the parameters {names} would be inputs of one name; rename the one that is called arg..."
        )
    return names


def named_outputs(result: Any) -> dict[str, Tensor]:
    """The tensors of a result by their paths; "output" for the only one. Raises ProgramError for two paths that print alike."""
    found: dict[str, Tensor] = {}
    for path, x in leaves(result):
        if x is None:
            continue
        name = path or "output"
        if name in found:
            raise ProgramError(f"two outputs have the name {name!r}: their paths print alike; rename a key")
        found[name] = _output(path, x)
    return found


def _output(path: str, x: Any) -> Tensor:
    if isinstance(x, (Tensor, np.ndarray, np.generic, int, float)):
        return tensor(x)
    raise ProgramError(f"a traced function must return tensors; {path or 'its result'} is {type(x).__name__}")
