"""From Python functions to programs: `trace` writes one down, `jit` keeps programs by shape."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import ProgramError
from .executors import Session, resolve
from .program import Array, Program
from .shapes import Spec
from .tensor import Tensor, Trace, common_trace, from_array, tensor
from .tree import leaves, map_leaves


def is_array(leaf: Any) -> bool:
    """Whether an argument is data (a tensor or an array, traced as an input); anything else is a constant of the program."""
    return isinstance(leaf, (Tensor, np.ndarray, Spec))


def trace(fn: Callable[..., Any], *examples: Any, state: Mapping[str, Any] | None = None) -> Program:
    """The program that `fn` computes on arguments of the shapes and dtypes of `examples`.

    Tensors, arrays and `Spec`s among the examples (also nested in dicts, lists, tuples) become inputs, named by the
    parameter and the path ("params.dense.weight"); everything else is a constant. The result's tensors become outputs,
    named by their path, or "output" when there is only one.

    Args:
        state: named arrays that the program keeps. `fn` is then called as fn(state, *examples) with a dict of tensors, and
            returns (result, new): new maps the names of the states that a run replaces to their new values.

    Raises:
        ShapeError: operands that do not fit.
        ProgramError: the function reads a traced value, or returns something that is not a tensor.
    """
    scribe = Trace()
    names = _parameter_names(fn, len(examples), skip=state is not None)
    tree = dict(zip(names, examples, strict=True))
    arguments = list(map_leaves(lambda path, x: scribe.input(path, _spec(x)) if is_array(x) else x, tree).values())
    if state is None:
        return scribe.finish(_outputs(fn(*arguments)))
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
    return scribe.finish(_outputs(result), updates)


def _spec(x: Any) -> Spec:
    return x if isinstance(x, Spec) else tensor(x).spec


def _parameter_names(fn: Callable[..., Any], count: int, skip: bool) -> list[str]:
    try:
        parameters = list(inspect.signature(fn).parameters.values())[skip:]
    except ValueError:
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [named[i] if i < len(named) else f"arg{i}" for i in range(count)]


def _outputs(result: Any) -> dict[str, Tensor]:
    return {path or "output": _output(path, x) for path, x in leaves(result) if x is not None}


def _output(path: str, x: Any) -> Tensor:
    if isinstance(x, (Tensor, np.ndarray, int, float)):
        return tensor(x)
    raise ProgramError(f"a traced function must return tensors; {path or 'its result'} is {type(x).__name__}")


@dataclass
class Compiled:
    """A function traced for certain shapes: its program, and the structure of what it returns."""

    program: Program
    structure: Any
    sessions: dict[Any, Session] = field(default_factory=dict)

    def __call__(self, inputs: dict[str, Array]) -> Any:
        executor, options = resolve(None, {})
        key = (executor.name, tuple(sorted(options.items())))
        if key not in self.sessions:
            self.sessions[key] = executor.load(self.program, **options)
        outputs = self.sessions[key].run(inputs)
        return map_leaves(lambda path, x: None if x is None else from_array(outputs[path or "output"]), self.structure)


def compile_call(fn: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Compiled, dict[str, Array]]:
    """`fn` traced for these arguments, and the arguments as inputs of the program."""
    scribe = Trace()
    inputs: dict[str, Array] = {}

    def enter(path: str, x: Any) -> Any:
        if not is_array(x):
            return x
        concrete = tensor(x)
        inputs[path] = concrete.numpy()
        return scribe.input(path, concrete.spec)

    structure = fn(*map_leaves(enter, arguments))
    return Compiled(
        scribe.finish(_outputs(structure)), map_leaves(lambda _, x: None if x is None else 0, structure)
    ), inputs


def jit(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn`, traced once for each combination of argument shapes and dtypes, then run as one program.

    Python code inside runs only while tracing. Tensors that the function reads from outside are frozen into the program;
    pass as arguments what changes. Arguments that are neither tensors nor arrays must be hashable; a new one is a new trace.
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
