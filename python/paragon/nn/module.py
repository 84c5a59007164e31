"""The Module: a function with named parameters.

A module declares its parameters in `__init__` (`self.parameter(name, shape, initialiser)`), uses them as plain tensors in
`forward`, and knows them by dotted names, with those of the modules in its attributes, and in their lists, tuples and dicts.
`apply` puts other tensors in their places for one call, traced ones too: so the same `forward` serves eager calls, training and
files. A state that `forward` replaces (`self.running_mean = ...`) comes back from `apply` as new state. (As the attributes change
for the time of a call, a module is to be used from one thread at a time; programs and sessions have no such limit.) `jit` takes a
module for a function of its states.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..autograd.compiled import note_call
from ..data.boundary import finite_array
from ..data.feed import run_batches
from ..ir.errors import ParagonError, ShapeError
from ..ir.float_modes import in_plain_modes
from ..ir.program import Program
from ..ir.spec import Array, Spec
from ..tensor import random
from ..tensor.operands import integers
from ..tensor.tensor import Tensor, tensor
from ..tensor.tracing import trace
from .checks import need_count

Initialiser = Callable[[tuple[int, ...], int, int], Tensor]
"""(shape, seed, stream) -> the first value of a parameter."""


@dataclass(frozen=True)
class Declaration:
    """A parameter as a module declared it. One that is not trainable is state that `forward` itself replaces."""

    shape: tuple[int, ...]
    initialiser: Initialiser
    trainable: bool


@dataclass
class Call:
    """What a forward pass is told besides its operands: whether it trains, and where its random numbers come from.

    In training `parts` are the modules of `model` by identity: no other one may be called.
    """

    training: bool = False
    seed: Tensor | Callable[[], Tensor] | None = None
    step: Tensor | None = None
    model: Module | None = None
    parts: set[int] = field(default_factory=set)
    draws: int = 0

    def randomness(self) -> tuple[Tensor, Tensor, int]:
        """(seed, step, stream) for the next draw; the k-th draw of a forward pass has the stream DROPOUT_STREAM + k."""
        if self.seed is None or self.step is None:
            raise ParagonError(
                "this layer draws random numbers in training: call apply(..., training=True, seed=, step=)"
            )
        if not isinstance(self.seed, Tensor):
            self.seed = self.seed()
        self.draws += 1
        return self.seed, self.step, random.DROPOUT_STREAM + self.draws - 1

    def check_part(self, module: Module) -> None:
        """Raises ParagonError for a module that would stay untrained, as the model does not know it."""
        if (
            self.training
            and id(module) not in self.parts
            and any(d.trainable for d in vars(module).get("_declared", {}).values())
        ):
            name, whole = type(module).__name__, type(self.model).__name__
            raise ParagonError(
                f"a {name} is called in training, but is no part of {whole}, so it would not learn; make it an attribute, "
                "or call its apply(state_dict(), ...) where it is to stay as it is"
            )


_INFERENCE = Call()
_call: ContextVar[Call | None] = ContextVar("paragon_call", default=None)


def current_call() -> Call:
    """The `Call` of the forward pass that is running; outside of one, that of inference."""
    return _call.get() or _INFERENCE


def _modules_in(name: str, value: Any, around: tuple[int, ...] = ()) -> Iterator[tuple[str, Module]]:
    """The modules in an attribute by dotted names: itself, or those in lists, tuples and dicts, in each other as may be.

    Raises ParagonError, naming the place, for modules whose name would not be stable or not be unique.
    """
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, (list, tuple, Mapping, set, frozenset, deque)) and id(value) not in around:
        inside = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in inside:
            for found in _modules_in(f"{name}.{key}", item, (*around, id(value))):
                if isinstance(value, (set, frozenset, deque)):
                    raise ParagonError(
                        f"{name}: a module in a {type(value).__name__} has no lasting name; take a list or a dict"
                    )
                if isinstance(value, Mapping) and (not isinstance(key, str) or not key or "." in key):
                    raise ParagonError(f"{name}: the key {key!r} of a module must be a string without a dot")
                yield found


class Module:
    """The base of layers and models. A subclass defines `__init__` and `forward(*tensors)`.

    >>> class Scale(pg.nn.Module):
    ...     def __init__(self, features):
    ...         self.parameter("factor", (features,), lambda shape, seed, stream: pg.ones(shape))
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale(2).init(seed=0)(pg.tensor([3.0, 4.0]))
    Tensor([3., 4.], f32)
    """

    # --- declaring ----------------------------------------------------------------------------------------------------

    def parameter(self, name: str, shape: Sequence[int], initialiser: Initialiser, trainable: bool = True) -> None:
        """Declare the attribute `name` as an f32 parameter. It has a value after `init` or `load_state_dict`.

        Args:
            initialiser: (shape, seed, stream) -> the first value.
            trainable: False for state that `forward` itself replaces, such as running means.

        Raises ParagonError when the name is not an identifier, or that of a method of modules; ShapeError for a shape that is not
        integers.
        """
        self._check_name(name)
        declared: dict[str, Declaration] = self.__dict__.setdefault("_declared", {})
        if "." in name or not name.isidentifier():
            raise ParagonError(f"parameter name {name!r}: must be an identifier")
        declared[name] = Declaration(integers(shape, f"the shape of parameter {name!r}"), initialiser, trainable)

    def __setattr__(self, name: str, value: Any) -> None:
        if list(_modules_in(name, value)) or isinstance(value, (list, tuple)):
            self._check_name(name)
        super().__setattr__(name, value)

    @staticmethod
    def _check_name(name: str) -> None:
        """Raises ParagonError for an attribute that would hide a method, which the module itself needs."""
        if hasattr(Module, name) or name == "_declared":
            raise ParagonError(f"the name {name!r} is that of a method of modules; give the attribute another one")

    def forward(self, *operands: Any) -> Any:
        """The function of the module, in terms of its attributes. Subclasses define it; users call the module itself."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward")

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules among the attributes, in the order of assignment; those in lists, tuples and dicts as "attribute.0.key"."""
        for name, value in vars(self).items():
            yield from _modules_in(name, value)

    def _places(self, prefix: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Module, str, Declaration]]:
        """(dotted name, owner, attribute, declaration) of every parameter: its own first, then those of the children.

        A module that stands in several places counts once, under its first name.
        """
        seen = set() if seen is None else seen
        if id(self) in seen:
            return
        seen.add(id(self))
        for name, declaration in vars(self).get("_declared", {}).items():
            yield prefix + name, self, name, declaration
        for name, child in self.children():
            yield from child._places(f"{prefix}{name}.", seen)

    # --- values -------------------------------------------------------------------------------------------------------

    def init(self, seed: int = 0) -> Module:
        """Give every parameter its first value, in place: the k-th one, in the order of `state_dict`, draws from stream k.

        Raises ShapeError unless the seed is an integer in 0 ... 2^64-1.
        """
        need_count("seed", seed, 0, 2**64 - 1)
        for stream, (_, owner, name, d) in enumerate(self._places()):
            setattr(owner, name, d.initialiser(d.shape, seed, stream))
        return self

    @property
    def initialised(self) -> bool:
        """Whether every parameter has a value."""
        return all(name in vars(owner) for _, owner, name, _ in self._places())

    def state_dict(self) -> dict[str, Tensor]:
        """Every parameter and every other state by its dotted name. Raises ParagonError before `init`."""
        found = {}
        for path, owner, name, _ in self._places():
            if name not in vars(owner):
                raise ParagonError(f"the parameter {path!r} has no value yet: call init(seed) or load_state_dict first")
            found[path] = getattr(owner, name)
        return found

    def load_state_dict(self, values: Mapping[str, Any]) -> Module:
        """Set every parameter, in place. Raises ShapeError for names, shapes or dtypes that are not the module's."""
        places = {path: (owner, name, d) for path, owner, name, d in self._places()}
        if set(values) != set(places):
            missing, unknown = sorted(set(places) - set(values)), sorted(set(values) - set(places))
            raise ShapeError(f"load_state_dict: missing {missing}, unknown {unknown}")
        new = {path: tensor(x) for path, x in values.items()}
        for path, (_, _, declaration) in places.items():
            if new[path].spec != Spec("f32", declaration.shape):
                raise ShapeError(f"load_state_dict: {path!r} is f32{list(declaration.shape)}, got {new[path].spec}")
        for path, (owner, name, _) in places.items():
            setattr(owner, name, new[path])
        return self

    @property
    def trainable(self) -> list[str]:
        """The names of the parameters that an optimiser changes, in order."""
        return [path for path, _, _, d in self._places() if d.trainable]

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={child!r}" for name, child in self.children())
        return f"{type(self).__name__}({inner})"

    # --- calling ------------------------------------------------------------------------------------------------------

    @in_plain_modes
    def __call__(self, *operands: Any) -> Any:
        """`forward` on tensors (or arrays), with the present parameters; inference, unless within a training `apply`."""
        if (call := _call.get()) is None:
            note_call(self)
        else:
            call.check_part(self)
        return self.forward(*(tensor(x) if isinstance(x, np.ndarray) else x for x in operands))

    @contextmanager
    def bound(self, values: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        """Within: the parameters are `values`. The yielded dict has, at the end, those that forward replaced."""
        places = list(self._places())
        before = [(owner, name, vars(owner).get(name)) for _, owner, name, _ in places]
        replaced: dict[str, Tensor] = {}
        try:
            for path, owner, name, _ in places:
                setattr(owner, name, values[path])
            yield replaced
            replaced.update(
                {
                    path: getattr(owner, name)
                    for path, owner, name, _ in places
                    if getattr(owner, name) is not values[path]
                }
            )
        finally:
            for owner, name, value in before:
                if value is None:
                    vars(owner).pop(name, None)
                else:
                    setattr(owner, name, value)

    def apply(
        self,
        state: Mapping[str, Tensor],
        *operands: Any,
        training: bool = False,
        seed: Tensor | Callable[[], Tensor] | None = None,
        step: Tensor | None = None,
    ) -> tuple[Any, dict[str, Tensor]]:
        """The module as a pure function of its state: (result, the states that the pass replaced).

        Args:
            state: a tensor for every name of `state_dict`.
            training: whether dropout drops and batch norm uses the batch. Modules that are no parts of this one are then refused.
            seed: u32[2], or a function that gives it when it is first needed. step: u32[]. Needed by dropout in training.
        """
        token = _call.set(Call(training, seed, step, self, {id(owner) for _, owner, _, _ in self._places()}))
        try:
            with self.bound(state) as replaced:
                result = self(*operands)
            return result, replaced
        finally:
            _call.reset(token)

    # --- programs -----------------------------------------------------------------------------------------------------

    def program(self, example: Any, *, batch: int | None = None, output: str = "output") -> Program:
        """The program that predicts: input "x", one output, the parameters as state that no run changes.

        Args:
            example: an array, or a Spec, of the input's dtype and shape. Shapes in a program are static: it takes this
                many rows, or `batch` rows when that is given. (The bits of a row do not depend on the batch.)
        """
        spec = example if isinstance(example, Spec) else tensor(example).spec
        if batch is not None:
            spec = Spec(spec.dtype, (batch, *spec.shape[1:]))
        state = self.state_dict()
        if "x" in state:
            raise ParagonError("the parameter 'x' has the name of the program's input; rename the attribute")
        return trace(lambda state, x: ({output: self.apply(state, x)[0]}, {}), spec, state=state)

    def save(self, path: str | Path, example: Any, *, batch: int | None = None, output: str = "output") -> None:
        """Write a model file whose program predicts; see `program`. `paragon.load` reads it, and any executor runs it.

        >>> model = pg.nn.Dense(3, 2).init(seed=0)
        >>> model.save("model.safetensors", example=np.ones((1, 3), np.float32))
        >>> pg.load("model.safetensors").run({"x": np.ones((1, 3), np.float32)})
        {'output': array([[1.3298712, 0.7626337]], dtype=float32)}
        """
        self.program(example, batch=batch, output=output).save(path)

    def predict(self, x: Any, batch_size: int = 1000, *, check_finite: bool = True) -> Array:
        """The outputs for all rows of x, an array [rows, ...], `batch_size` rows at a time, on the executor in use.

        Args:
            check_finite: refuse a NaN, an infinity or a number beyond f32 among x; False for a model that is made for them.

        Raises ShapeError, naming the place, for such a number or an index that is outside its embedding, or when x has no rows or
        does not fit the module.
        """
        return run_batches(lambda spec: self.program(spec), finite_array("x", x) if check_finite else x, batch_size)
