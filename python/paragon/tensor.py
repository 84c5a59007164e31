"""The Tensor: eager by default, or a value of a program that is being traced.

Every operation goes through `apply`. With concrete tensors it runs at once, as a program of one operation, on the executor in
use; with traced ones it is written down. There is no third way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .errors import ProgramError, ShapeError
from .ops import TABLE
from .program import NUMPY_DTYPES, Array, Node, Program, check_name
from .shapes import DTYPES, Spec

if TYPE_CHECKING:
    from .executors import Session

# Array dtypes that become one of ours; integers only when every value fits.
_FROM_NUMPY = {"f": "f32", "i": "i32", "u": "i32", "b": "i32"}


class Tensor:
    """An immutable array of f32, i32 or u32: concrete (`numpy()`), or traced (a value of a `Trace`)."""

    __slots__ = ("_array", "spec", "trace", "value")
    __array_priority__ = 100.0  # array * tensor is a Tensor

    def __init__(self, spec: Spec, array: Array | None = None, trace: Trace | None = None, value: int = -1) -> None:
        self.spec, self._array, self.trace, self.value = spec, array, trace, value
        if array is not None:
            array.flags.writeable = False

    # --- what it is ---------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        return self.spec.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec.shape

    @property
    def ndim(self) -> int:
        return len(self.spec.shape)

    @property
    def size(self) -> int:
        return self.spec.size

    def numpy(self) -> Array:
        """The elements as a read-only NumPy array (no copy). Raises ProgramError inside a trace, where there are none."""
        if self._array is None:
            raise ProgramError(
                "a traced tensor has no elements: return it from the function instead of reading it while tracing"
            )
        return self._array

    def item(self) -> float | int:
        """The only element, as a Python number."""
        item: float | int = self.numpy().item()
        return item

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = self.numpy()
        if copy is False and dtype is not None and np.dtype(dtype) != array.dtype:
            raise ValueError(f"a {self.dtype} tensor cannot be seen as {dtype} without a copy")
        return np.array(array, dtype=dtype) if copy or dtype is not None else array

    def __reduce__(self) -> Any:
        return from_array, (self.numpy(),)

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

    def __repr__(self) -> str:
        if self._array is None:
            return f"Tensor({self.spec}, traced)"
        return f"Tensor({np.array2string(self._array, separator=', ', prefix='Tensor(')}, {self.dtype})"

    # --- operators ----------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Tensor:
        return F.add(self, other)

    def __radd__(self, other: Any) -> Tensor:
        return F.add(other, self)

    def __sub__(self, other: Any) -> Tensor:
        return F.sub(self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return F.sub(other, self)

    def __mul__(self, other: Any) -> Tensor:
        return F.mul(self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return F.mul(other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return F.div(self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return F.div(other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return F.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return F.matmul(other, self)

    def __neg__(self) -> Tensor:
        return F.neg(self)

    def __abs__(self) -> Tensor:
        return F.abs(self)

    def __lt__(self, other: Any) -> Tensor:
        return F.compare(self, other, how="lt")

    def __le__(self, other: Any) -> Tensor:
        return F.compare(self, other, how="le")

    def __gt__(self, other: Any) -> Tensor:
        return F.compare(self, other, how="gt")

    def __ge__(self, other: Any) -> Tensor:
        return F.compare(self, other, how="ge")

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return F.compare(self, other, how="eq")

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return F.compare(self, other, how="ne")

    __hash__ = object.__hash__  # identity: tensors are immutable

    def __getitem__(self, index: Any) -> Tensor:
        return F.getitem(self, index)

    # --- methods that read better than functions ----------------------------------------------------------------------

    def reshape(self, *shape: Any) -> Tensor:
        return F.reshape(self, shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)

    def transpose(self, axes: Sequence[int] | None = None) -> Tensor:
        return F.transpose(self, axes)

    @property
    def T(self) -> Tensor:
        return F.transpose(self)

    def broadcast_to(self, shape: Sequence[int]) -> Tensor:
        return F.broadcast(self, shape)

    def cast(self, dtype: str) -> Tensor:
        return F.cast(self, dtype)

    def sum(self, axis: Any = None, keepdims: bool = False, panel: int | None = 256) -> Tensor:
        return F.sum(self, axis, keepdims=keepdims, panel=panel)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return F.mean(self, axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        return F.max(self, axis, keepdims=keepdims)


def tensor(x: Any, dtype: str | None = None) -> Tensor:
    """A Tensor of the elements of `x` (an array, nested lists, a number, anything with `__array__` or DLPack).

    Floats become f32 (rounded to nearest even), integers and booleans i32; uint32 stays u32.

    Raises:
        ShapeError: a dtype that has no place here, or an integer that does not fit.
    """
    if isinstance(x, Tensor):
        return x if dtype in (None, x.dtype) else F.cast(x, str(dtype))
    array = np.asarray(x)
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
        return from_array(np.array(array, dtype=target, order="C"))


def from_array(array: Array) -> Tensor:
    """A Tensor that takes over `array`, which has one of our dtypes and is C-contiguous. No copy."""
    dtype = next(d for d, t in NUMPY_DTYPES.items() if t == array.dtype)
    return Tensor(Spec(dtype, array.shape), array)


# --- tracing ----------------------------------------------------------------------------------------------------------


Pullback = Callable[..., Sequence["Tensor | None"]]


@dataclass
class Record:
    """One value of a trace. `op` is "input", "state", "alias" (of its one operand) or an operation of the table.

    An alias may carry a `pullback`, which then replaces the derivative of what lies between `sources` and it.
    """

    op: str
    inputs: tuple[int, ...]
    attributes: dict[str, Any]
    spec: Spec
    name: str = ""
    pullback: Pullback | None = None
    sources: tuple[int, ...] = ()


class Trace:
    """A program being written. Equal operations on equal operands are written once."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.values: dict[str, Array] = {}
        self._seen: dict[Any, int] = {}
        self._captured: dict[int, tuple[Tensor, int]] = {}  # the tensor is kept so that its id stays taken

    def _append(self, record: Record) -> Tensor:
        self.records.append(record)
        return Tensor(record.spec, None, self, len(self.records) - 1)

    def input(self, name: str, spec: Spec) -> Tensor:
        return self._append(Record("input", (), {}, spec, check_name(name)))

    def state(self, name: str, array: Array) -> Tensor:
        self.values[check_name(name)] = np.array(array)  # the program owns its state
        return self._append(Record("state", (), {}, from_array(array).spec, name))

    def emit(self, op: str, operands: Sequence[Tensor], attributes: dict[str, Any], spec: Spec) -> Tensor:
        inputs = tuple(self.lift(x).value for x in operands)
        key = (op, inputs, tuple(sorted(attributes.items())))
        if key not in self._seen:
            self._seen[key] = self._append(Record(op, inputs, attributes, spec)).value
        return Tensor(spec, None, self, self._seen[key])

    def alias(self, x: Tensor, pullback: Pullback | None = None, sources: Sequence[Tensor] = ()) -> Tensor:
        """A new value equal to x. It costs nothing: it is gone from the finished program."""
        x = self.lift(x)
        return self._append(
            Record("alias", (x.value,), {}, x.spec, pullback=pullback, sources=tuple(s.value for s in sources))
        )

    def lift(self, x: Tensor) -> Tensor:
        """x as a value of this trace: a constant operation when all words are equal, else state that no run updates."""
        if x.trace is self:
            return x
        if x.trace is not None:
            raise ProgramError("a traced tensor was used outside its trace; return it from the traced function instead")
        if id(x) not in self._captured:
            words = x.numpy().view(np.uint32).ravel()
            if words.size and (words == words[0]).all():
                attributes = {"dtype": x.dtype, "shape": x.shape, "word": f"{int(words[0]):08x}"}
                lifted = self.emit("constant", (), attributes, x.spec)
            else:
                lifted = self.state(f"constant.{len(self._captured)}", x.numpy())
            self._captured[id(x)] = (x, lifted.value)
        return Tensor(x.spec, None, self, self._captured[id(x)][1])

    def finish(self, outputs: dict[str, Tensor], updates: dict[str, Tensor] | None = None) -> Program:
        """The program that yields these outputs and updates: everything else that was traced is left out."""
        ends = {name: self.lift(x).value for name, x in outputs.items()}
        changes = {name: self.lift(x).value for name, x in (updates or {}).items()}
        needed = set(ends.values()) | set(changes.values())
        for i in range(len(self.records) - 1, -1, -1):
            if i in needed:
                needed.update(self.records[i].inputs)
        number: dict[int, int] = {}
        kinds: dict[str, dict[str, Spec]] = {"input": {}, "state": {}}
        for kind, found in kinds.items():
            for i, record in enumerate(self.records):
                named = not record.name.startswith("constant.")
                if record.op == kind and (i in needed or named):
                    number[i] = len(number)
                    found[record.name] = record.spec
        nodes: list[Node] = []
        first = len(number)
        seen: dict[Any, int] = {}  # what differed only by an alias is equal now
        for i, record in enumerate(self.records):
            if i not in needed or record.op in kinds:
                continue
            inputs = tuple(number[v] for v in record.inputs)
            key = (record.op, inputs, tuple(sorted(record.attributes.items())))
            if record.op == "alias":
                number[i] = inputs[0]
            elif key in seen:
                number[i] = seen[key]
            else:
                number[i] = seen[key] = first + len(nodes)
                nodes.append(Node(record.op, inputs, record.attributes, record.spec))
        return Program(
            kinds["input"],
            kinds["state"],
            nodes,
            {name: number[v] for name, v in ends.items()},
            {name: number[v] for name, v in changes.items()},
            {name: self.values[name] for name in kinds["state"]},
        )


def common_trace(operands: Sequence[Tensor]) -> Trace | None:
    """The trace that the operands belong to; None when all are concrete."""
    return next((x.trace for x in operands if x.trace is not None), None)


def apply(op: str, *operands: Tensor, **attributes: Any) -> Tensor:
    """The result of one operation of the table. Raises ShapeError when the operands do not fit."""
    spec = TABLE[op].spec([x.spec for x in operands], attributes)
    trace = common_trace(operands)
    if trace is not None:
        return trace.emit(op, operands, attributes, spec)
    from .executors import resolve

    executor, options = resolve(None, {})
    session: Session = _single(
        executor, tuple(sorted(options.items())), op, tuple(x.spec for x in operands), tuple(sorted(attributes.items()))
    )
    inputs = {f"x{i}": x.numpy() for i, x in enumerate(operands)}
    return Tensor(spec, session.run(inputs)["out"])


@lru_cache(maxsize=256)
def _single(executor: Any, options: Any, op: str, specs: tuple[Spec, ...], attributes: Any) -> Session:
    trace = Trace()
    operands = [trace.input(f"x{i}", spec) for i, spec in enumerate(specs)]
    known = dict(attributes)
    program = trace.finish({"out": trace.emit(op, operands, known, TABLE[op].spec(specs, known))})
    session: Session = executor.load(program, **dict(options))
    return session


from . import functions as F  # noqa: E402

ArrayLike = Tensor | npt.ArrayLike
