"""The Tensor: eager by default, or a value of a program that is being traced.

Every operation goes through `apply`. With concrete tensors it runs at once, as a program of one operation, on the executor in
use; with traced ones it is written down (trace.py). There is no third way.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, Protocol

import numpy as np

from ..executors.registry import Executor, Session, resolve
from ..ir.errors import ProgramError, ShapeError
from ..ir.float_modes import in_plain_modes
from ..ir.operations import TABLE
from ..ir.program import Node, Program
from ..ir.recent import Recent
from ..ir.spec import DTYPES, MASKED, NUMPY_DTYPES, Array, Spec, checked, spec_of

# From the kinds of NumPy dtypes (float, signed, unsigned, boolean) to ours; integers only when every value fits.
_FROM_NUMPY = {"f": "f32", "i": "i32", "u": "i32", "b": "i32"}

# Operations whose result is boolean when these of its operands are.
_TRUTH: dict[str, Callable[[Sequence[Any]], Sequence[Any]]] = {
    **dict.fromkeys(("reshape", "transpose", "broadcast", "slice", "concat", "max", "mul", "maximum", "minimum"), list),
    "gather": lambda operands: operands[:1],
    "select": lambda operands: operands[1:],
}


class Scribe(Protocol):
    """What writes a program down, as a tensor knows it: the interface of `trace.Trace`, which stands above this module."""

    def emit(self, op: str, operands: Sequence[Tensor], attributes: dict[str, Any], spec: Spec) -> Tensor:
        """Write one operation down."""

    def lift(self, x: Tensor) -> Tensor:
        """x as a value of this program."""


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {}
_METHODS: list[tuple[str, Callable[..., Tensor]]] = []


def _method(name: str, swapped: bool = False, **fixed: Any) -> Callable[..., Tensor]:
    """The function `name` as a method; `swapped` for the reflected form of an operator."""

    def method(self: Tensor, *arguments: Any, **named: Any) -> Tensor:
        operands = (*arguments, self) if swapped else (self, *arguments)
        return _FUNCTIONS[name](*operands, **fixed, **named)

    if not swapped and not fixed:
        _METHODS.append((name, method))
    return method


def attach(functions: dict[str, Callable[..., Any]]) -> None:
    """Put functions behind the methods that name them. They stand on the Tensor, so they bring themselves (functions.py)."""
    _FUNCTIONS.update(functions)
    for name, method in _METHODS:
        functools.update_wrapper(method, functions[name])
    for attribute, method in vars(Tensor).items():
        if isinstance(method, FunctionType):
            method.__qualname__ = f"Tensor.{attribute}"


class Tensor:
    """An immutable array of f32, i32 or u32: concrete (`numpy()`), or traced (a value of a program that is being written).

    `paragon.tensor` makes one. Operators and indexing are those of NumPy; comparisons give i32 1 or 0 and are `boolean`, so that
    `x[x > 2]` selects, and `& | ^ ~` combine them.

    >>> x = pg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x @ x.T + 1
    Tensor([[ 6., 12.],
            [12., 26.]], f32)
    >>> x[:, 0], x > 2, x[x > 2]
    (Tensor([1., 3.], f32), Tensor([[0, 0],
            [1, 1]], i32), Tensor([3., 4.], f32))
    """

    __slots__ = ("_array", "boolean", "spec", "trace", "value")
    __array_priority__ = 100.0  # array * tensor is a Tensor

    def __init__(
        self, spec: Spec, array: Array | None = None, trace: Any = None, value: int = -1, boolean: bool = False
    ) -> None:
        self.spec, self._array, self.trace, self.value = spec, array, trace, value
        self.boolean = boolean
        """Whether it is a mask: i32 with 1 for true and 0 for false. `cast(x, "i32")` makes plain integers of it."""
        if array is not None:
            array.flags.writeable = False

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """ "f32", "i32" or "u32"."""
        return self.spec.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.spec.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.spec.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.spec.size

    def numpy(self) -> Array:
        """The elements as a read-only NumPy array (no copy). Raises ProgramError inside a trace, where there are none."""
        if self._array is None:
            raise ProgramError(
                "a traced tensor has no elements: return it from the function instead of reading it while tracing "
                "(jit traces floats, too: one that Python code must read is closed over)"
            )
        return self._array

    @in_plain_modes
    def item(self) -> float | int:
        """The only element, as a Python number. Raises ValueError when there are more, ProgramError inside a trace."""
        item: float | int = self.numpy().item()
        return item

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self.numpy()
        if copy is False and dtype is not None and np.dtype(dtype) != array.dtype:
            raise ValueError(f"a {self.dtype} tensor cannot be seen as {dtype} without a copy")
        return in_plain_modes(np.array)(array, dtype=dtype) if copy or dtype is not None else array

    def __reduce__(self) -> Any:
        return from_array, (self.numpy(), self.boolean)

    def __buffer__(self, flags: int) -> memoryview:  # Python 3.12; before it, memoryview(t.numpy())
        return self.numpy().data

    def __dlpack__(self, **options: Any) -> Any:
        # Consumers may write through DLPack, so they get their own copy.
        return self.numpy().copy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.numpy().__dlpack_device__()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar tensor has no length")
        return self.shape[0]

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype == "f32" or self.shape or self.trace is not None:
            raise TypeError(f"only a concrete integer scalar is an index, not {self!r}")
        return int(self.item())

    def __repr__(self) -> str:
        if self._array is None:
            return f"Tensor({self.spec}, traced)"
        return f"Tensor({np.array2string(self._array, separator=', ', prefix='Tensor(')}, {self.dtype})"

    # --- operators ----------------------------------------------------------------------------------------------------

    __add__ = _method("add")
    __radd__ = _method("add", swapped=True)
    __sub__ = _method("sub")
    __rsub__ = _method("sub", swapped=True)
    __mul__ = _method("mul")
    __rmul__ = _method("mul", swapped=True)
    __truediv__ = _method("div")
    __rtruediv__ = _method("div", swapped=True)
    __matmul__ = _method("matmul")
    __rmatmul__ = _method("matmul", swapped=True)
    __neg__ = _method("neg")
    __abs__ = _method("abs")
    __lt__ = _method("compare", how="lt")
    __le__ = _method("compare", how="le")
    __gt__ = _method("compare", how="gt")
    __ge__ = _method("compare", how="ge")
    __eq__ = _method("compare", how="eq")  # type: ignore[assignment]
    __ne__ = _method("compare", how="ne")  # type: ignore[assignment]
    __hash__ = object.__hash__  # identity: tensors are immutable
    __and__ = _method("logical", op="mul")
    __rand__ = _method("logical", swapped=True, op="mul")
    __or__ = _method("logical", op="maximum")
    __ror__ = _method("logical", swapped=True, op="maximum")
    __xor__ = _method("logical", op="compare", how="ne")
    __rxor__ = _method("logical", swapped=True, op="compare", how="ne")

    def __invert__(self) -> Tensor:
        return _FUNCTIONS["logical"](self, True, op="compare", how="ne")

    __getitem__ = _method("getitem")

    # --- methods that read better than functions ----------------------------------------------------------------------

    transpose = _method("transpose")
    cast = _method("cast")
    sum = _method("sum")
    mean = _method("mean")
    max = _method("max")

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements under another shape, given as one tuple or as numbers; one of them may be -1."""
        return _FUNCTIONS["reshape"](
            self, shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        )

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        return self.transpose()

    def broadcast_to(self, shape: Sequence[int]) -> Tensor:
        """The elements repeated along new and length-one axes; see `paragon.broadcast`."""
        return _FUNCTIONS["broadcast"](self, shape)


@in_plain_modes
def tensor(x: Any, dtype: str | None = None) -> Tensor:
    """A Tensor of the elements of `x`: an array, nested lists, a number, anything with `__array__` or DLPack.

    Without `dtype` floats become f32 (rounded to nearest even), integers i32, booleans a `boolean` i32; uint32 stays u32.
    What becomes f32 is rounded once, integers of any size, too.
    The elements are copied; a Tensor of that dtype is returned as it is.

    Raises:
        ShapeError: a dtype that has no place here, an integer that does not fit, or a masked element.

    >>> pg.tensor([[1, 2], [3, 4]]) * 2
    Tensor([[2, 4],
            [6, 8]], i32)
    """
    if isinstance(x, Tensor):
        return x if dtype in (None, x.dtype) and not (dtype and x.boolean) else x.cast(str(dtype))
    if np.ma.is_masked(x):
        raise ShapeError(f"tensor: {MASKED}")
    array = np.asarray(x)
    boolean = dtype is None and (array.dtype.kind == "b" or (array.dtype == np.int32 and _all_boolean(x)))
    wide = array.dtype.kind == "O" or (array.dtype == np.float64 and isinstance(x, (list, tuple)))
    if wide and (exact := _with_whole_numbers(x, array, dtype)) is not None:
        array = exact
    if dtype is None:
        dtype = "u32" if array.dtype == np.uint32 else _FROM_NUMPY.get(array.dtype.kind)
    if dtype not in DTYPES or array.dtype.kind not in _FROM_NUMPY:
        raise ShapeError(f"tensor: cannot hold {array.dtype} as {dtype}; dtypes are {', '.join(DTYPES)}")
    target = NUMPY_DTYPES[dtype]
    if target.kind in "iu":
        if array.dtype.kind == "f":
            raise ShapeError(f"tensor: {array.dtype} does not become {dtype} by itself; round it, or cast the tensor")
        limits = np.iinfo(target)
        if array.size and (int(array.min()) < limits.min or int(array.max()) > limits.max):
            raise ShapeError(f"tensor: integers outside {limits.min} ... {limits.max} do not fit {dtype}")
    with np.errstate(over="ignore", under="ignore"):
        checked(Spec(dtype, array.shape))
        return from_array(np.array(array, dtype=target, order="C"), boolean)


def _all_boolean(x: Any) -> bool:
    """Whether nested lists have nothing but boolean tensors and bools in them."""
    if isinstance(x, (list, tuple)):
        return len(x) > 0 and all(map(_all_boolean, x))
    return x.boolean if isinstance(x, Tensor) else isinstance(x, (bool, np.bool_))


def round_to_odd(n: int) -> float:
    """An integer as f64, its last bit set where it is not exact: an f32 that is rounded from it is rounded as if from n.

    (Boldo & Melquiond, 2008.) Infinity beyond the largest f64.
    """
    excess = n.bit_length() - 53
    if excess <= 0:
        return float(n)
    if excess > 1024 - 53:
        return math.copysign(math.inf, n)
    whole = abs(n) >> excess
    inexact = abs(n) != whole << excess
    return math.copysign(math.ldexp(float(whole | inexact), excess), n)


def _with_whole_numbers(x: Any, array: Array, dtype: str | None) -> Array | None:
    """x, of which NumPy has made objects or f64, as an f64 array whose integers are rounded to odd; None if it has none to round.

    Raises ShapeError for integers that are to become i32 or u32 and do not fit.
    """
    if array.dtype.kind == "f" and not (np.abs(array) > 2.0**53).any():
        return None
    objects = np.asarray(x, object)
    numbers = objects.ravel().tolist()
    if not all(isinstance(v, (int, float, np.number)) for v in numbers):
        return None
    if dtype in ("i32", "u32") or (not any(isinstance(v, (float, np.floating)) for v in numbers) and dtype is None):
        raise ShapeError(f"tensor: integers outside 32 bits do not fit {dtype or 'i32'}")
    found = [round_to_odd(int(v)) if isinstance(v, (int, np.integer)) else float(v) for v in numbers]
    return np.array(found, np.float64).reshape(objects.shape)


def from_array(array: Array, boolean: bool = False) -> Tensor:
    """A Tensor that takes over `array`, which has one of our dtypes and is C-contiguous. No copy."""
    return Tensor(spec_of(array), array, boolean=boolean)


# --- one operation ----------------------------------------------------------------------------------------------------


def common_trace(operands: Sequence[Tensor]) -> Any:
    """The trace that the operands belong to; None when all are concrete."""
    return next((x.trace for x in operands if x.trace is not None), None)


def apply(op: str, *operands: Tensor, **attributes: Any) -> Tensor:
    """The result of one operation of the table. Raises ShapeError when the operands do not fit."""
    spec = TABLE[op].spec([x.spec for x in operands], attributes)
    boolean = op == "compare" or (op in _TRUTH and all(x.boolean for x in _TRUTH[op](operands)))
    scribe: Scribe | None = common_trace(operands)
    if scribe is not None:
        written = scribe.emit(op, operands, attributes, spec)
        written.boolean = boolean
        return written
    executor, options = resolve(None, {})
    specs = tuple(x.spec for x in operands)
    key = (id(executor), tuple(sorted(options.items())), op, specs, tuple(sorted(attributes.items())))
    session = _sessions.get(key, lambda: _one_operation(executor, options, op, specs, attributes))[1]
    return Tensor(spec, session.run({f"x{i}": x.numpy() for i, x in enumerate(operands)})["out"], boolean=boolean)


_sessions: Recent[tuple[Executor, Session]] = Recent(256)


def _one_operation(
    executor: Executor, options: dict[str, Any], op: str, specs: tuple[Spec, ...], attributes: dict[str, Any]
) -> tuple[Executor, Session]:
    """A program of one operation, loaded; and the executor, so that its id stays taken."""
    node = Node(op, tuple(range(len(specs))), attributes, TABLE[op].spec(specs, attributes))
    program = Program({f"x{i}": spec for i, spec in enumerate(specs)}, {}, [node], {"out": len(specs)})
    return executor, executor.load(program, **options)
