"""Functions traced once for each combination of argument shapes, and run as programs from then on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from ..executors.registry import loaded, resolve
from ..ir.errors import ProgramError
from ..ir.float_modes import in_plain_modes
from ..ir.indices import index_checks
from ..ir.program import Program
from ..ir.recent import Recent
from ..ir.spec import Array
from ..tensor.operands import number
from ..tensor.tensor import Tensor, common_trace, from_array, tensor
from ..tensor.trace import Trace
from ..tensor.tracing import is_array, named_outputs
from ..tensor.trees import leaves, map_leaves, structure

TRACES = 128
"""How many programs a jit keeps, those that were used last."""


class Stateful(Protocol):
    """A model, as `jit` knows it: the interface of `nn.Module`, which stands above this module."""

    def state_dict(self) -> dict[str, Tensor]:
        """Its parameters and other states by name."""

    def bound(self, values: Mapping[str, Tensor]) -> AbstractContextManager[dict[str, Tensor]]:
        """Within: they are `values`. The dict has, at the end, those that were replaced."""


@dataclass
class Compiled:
    """A function traced for certain shapes: its program, and the structure of what it returns, whose leaves say what is boolean."""

    program: Program
    structure: Any

    def __post_init__(self) -> None:
        self._checks = index_checks(self.program)

    def __call__(self, inputs: dict[str, Array]) -> Any:
        for check in self._checks:
            check(inputs)
        outputs = loaded(self.program, *resolve(None, {})).run(inputs)
        return map_leaves(
            lambda path, mask: None if mask is None else from_array(outputs[path or "output"], mask), self.structure
        )


def compile_call(fn: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Compiled, dict[str, Array]]:
    """`fn` traced for these arguments, and those of them that are inputs of the program."""
    tensors = {path: tensor(x) for path, x in leaves(arguments) if is_array(x)}
    return _compile(fn, arguments, tensors, {}), {path: x.numpy() for path, x in tensors.items()}


@in_plain_modes
def _compile(
    fn: Callable[..., Any], tree: tuple[Any, ...], tensors: Mapping[str, Tensor], models: Mapping[str, _Model]
) -> Compiled:
    """`fn` traced with an input for each of the tensors, which replaces the leaf of its path, and for each state of the models."""
    scribe = Trace()

    def enter(path: str, x: Any) -> Any:
        return scribe.input(path, tensors[path].spec, tensors[path].boolean) if path in tensors else x

    arguments = map_leaves(enter, tree)
    with ExitStack() as stack:
        replaced = {}
        for path, model in models.items():
            states = {name: scribe.input(f"{path}.{name}", x.spec) for name, x in model.states.items()}
            replaced[path] = stack.enter_context(model.module.bound(states))
        returned = fn(*arguments)
    if moved := [f"{path}.{name}" for path, names in replaced.items() for name in names]:
        raise ProgramError(f"jit: the function replaces the states {moved}; return them, with model.apply(state, ...)")
    outputs = named_outputs(returned)
    booleans = map_leaves(lambda path, x: None if x is None else outputs[path or "output"].boolean, returned)
    return Compiled(scribe.finish(outputs), booleans)


# --- jit --------------------------------------------------------------------------------------------------------------


class _Model:
    """A model among the arguments, and its present states."""

    def __init__(self, module: Stateful) -> None:
        self.module, self.states = module, dict(module.state_dict())


_called: ContextVar[list[Stateful] | None] = ContextVar("paragon_called", default=None)
"""The models that are called while a jit traces."""


def note_call(module: Stateful) -> None:
    """A model computes with its own parameters: where a jit traces, they are inputs of its program."""
    if (called := _called.get()) is not None:
        called.append(module)


def _models_beside(called: Sequence[Stateful], known: Sequence[Stateful]) -> list[Stateful]:
    """Those of the models called whose states are not all states of models before, of which parts are called, too."""
    found: list[Stateful] = []
    seen = {id(x) for m in known for x in m.state_dict().values()}
    for module in called:
        states = {id(x) for x in module.state_dict().values()}
        if not states <= seen:
            found.append(module)
            seen |= states
    return found


def _is_model(x: Any) -> bool:
    return hasattr(x, "bound") and hasattr(x, "state_dict") and not isinstance(x, type)


def _constant(path: str, x: Any) -> Any:
    """What tells a constant of a program from others: equal numbers of different types, or signs of zero, differ."""
    try:
        hash(x)
    except TypeError:
        raise ProgramError(
            f"jit: the argument {path} is a {type(x).__name__}, which is no tensor and has no hash; close over it instead"
        ) from None
    return type(x), repr(x) if isinstance(x, complex) else x


class _Arguments:
    """The arguments of one call: tensors and states of models, which are inputs of the program, and the key of all else."""

    def __init__(self, tree: tuple[Any, ...], outside: Sequence[Stateful]) -> None:
        self.tree = tree
        self.tensors: dict[str, Tensor] = {}
        self.models = {f"model{i}": _Model(m) for i, m in enumerate(outside)}
        found: list[Any] = []
        for path, x in leaves(tree):
            if is_array(x) or isinstance(x, float):
                self.tensors[path] = t = tensor(x) if is_array(x) else number(x, "f32")
                found.append((path, t.spec, t.boolean))
            else:
                if _is_model(x):
                    self.models[path] = _Model(x)
                found.append((path, _constant(path, x)))
        states = [(path, tuple((k, x.spec) for k, x in m.states.items())) for path, m in self.models.items()]
        self.key = structure(tree), tuple(found), tuple(states)

    def inputs(self) -> dict[str, Tensor]:
        return self.tensors | {f"{path}.{k}": x for path, m in self.models.items() for k, x in m.states.items()}


def jit(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn`, traced once for each combination of argument shapes and dtypes, then run as one program.

    Python code inside runs only while tracing. Tensors, arrays and floats among the arguments are inputs of the program (so a
    learning rate may change), and so are the parameters of models: those among the arguments, `fn` itself or the model that it
    is a method of, and models that it calls (it is traced a second time when they have been found). Everything else (integers,
    bools, text, functions) must be hashable and is a constant: a new one is a new trace. What the function reads from outside
    is frozen into the program, tensors too: pass as arguments what changes, and close over a float that must be a constant.
    The 128 programs that were used last are kept.

    Raises:
        ProgramError: an argument without a hash, a value that is read while tracing, a model that changes its state.

    >>> @pg.jit
    ... def area(radius):
    ...     return radius * radius * np.pi
    >>> area(pg.tensor([1.0, 2.0]))
    Tensor([ 3.1415927, 12.566371 ], f32)
    """
    cache: Recent[tuple[Compiled, list[Stateful]]] = Recent(TRACES)
    first: Any = next((x for x in (fn, getattr(fn, "__self__", None)) if _is_model(x)), None)
    outside: list[Stateful] = [] if first is None else [first]

    @functools.wraps(fn, updated=())
    def call(*arguments: Any) -> Any:
        found = _Arguments(arguments, outside)
        if common_trace(tuple(found.inputs().values())) is not None:
            return fn(*arguments)
        compiled, beside = cache.get(found.key, lambda: traced(found)[:2])
        if not beside:
            return compiled({path: x.numpy() for path, x in found.inputs().items()})
        # Models that the function calls: their parameters shall be inputs. Those that it makes while it is traced are others the
        # next time, and stay constants.
        again = _Arguments(arguments, [*outside, *beside])
        program, others, called = traced(again)
        lasting = [model for model in beside if any(model is other for other in called)]
        outside.extend(model for model in lasting if not any(model is other for other in outside))
        beside.clear()
        if not others:
            cache.get(again.key, lambda: (program, others))
        return call(*arguments)

    def traced(found: _Arguments) -> tuple[Compiled, list[Stateful], list[Stateful]]:
        """The program; the models that the function calls, but for those whose parameters are inputs; and all that it calls."""
        called: list[Stateful] = []
        token = _called.set(called)
        try:
            compiled = _compile(fn, found.tree, found.tensors, found.models)
        finally:
            _called.reset(token)
        return compiled, _models_beside(called, [m.module for m in found.models.values()]), called

    call.cache = cache  # type: ignore[attr-defined]
    return call
