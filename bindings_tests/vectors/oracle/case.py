"""A test case: a program that is evaluated while it is written down."""

from dataclasses import dataclass
from typing import Any

from . import arithmetic, fourier, movement
from .binary32 import NAN, is_nan
from .tensor import Tensor

OPERATIONS = arithmetic.OPERATIONS | movement.OPERATIONS | fourier.OPERATIONS


@dataclass(frozen=True)
class Value:
    """A numbered value of a case, and what the oracle says it is."""

    id: int
    tensor: Tensor


def observed(x: Tensor) -> Tensor:
    """The tensor as a file shows it: every NaN is 7fc00000."""
    return Tensor(x.dtype, x.shape, [NAN if is_nan(w) else w for w in x.words]) if x.dtype == "f32" else x


class Case:
    """Inputs first, then state, then operations; `outputs` and `updates` at any time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._values = 0
        self._inputs: dict[str, Tensor] = {}
        self._state: dict[str, Tensor] = {}
        self._operations: list[dict[str, Any]] = []
        self._outputs: dict[str, Value] = {}
        self._updates: dict[str, Value] = {}

    def _value(self, tensor: Tensor) -> Value:
        self._values += 1
        return Value(self._values - 1, tensor)

    def input(self, name: str, tensor: Tensor) -> Value:
        if self._state or self._operations:
            raise ValueError("inputs come first")
        self._inputs[name] = tensor
        return self._value(tensor)

    def state(self, name: str, tensor: Tensor) -> Value:
        if self._operations:
            raise ValueError("state comes before operations")
        self._state[name] = tensor
        return self._value(tensor)

    def op(self, name: str, *operands: Value, **attributes: Any) -> Value:
        result = self._value(OPERATIONS[name](*(x.tensor for x in operands), **attributes))
        self._operations.append({
            "op": name, "inputs": [x.id for x in operands], "output": result.id, "dtype": result.tensor.dtype,
            "shape": list(result.tensor.shape), "attributes": attributes,
        })  # fmt: skip
        return result

    def output(self, name: str, value: Value) -> None:
        self._outputs[name] = value

    def update(self, state: str, value: Value) -> None:
        old = self._state[state]
        if (old.dtype, old.shape) != (value.tensor.dtype, value.tensor.shape):
            raise ValueError(f"state {state}: the new value has another dtype or shape")
        self._updates[state] = value

    def program(self) -> dict[str, Any]:
        def declared(tensors: dict[str, Tensor]) -> list[dict[str, Any]]:
            return [{"name": name, "dtype": t.dtype, "shape": list(t.shape)} for name, t in tensors.items()]

        return {
            "format": "paragon-program", "version": 1, "contract": 1,
            "inputs": declared(self._inputs), "state": declared(self._state), "operations": self._operations,
            "outputs": [{"name": name, "value": value.id} for name, value in self._outputs.items()],
            "updates": [{"state": name, "value": value.id} for name, value in self._updates.items()],
        }  # fmt: skip

    def tensors(self) -> dict[str, Tensor]:
        """What a vector file holds for this case, without the leading case number."""
        return {
            **{f"in/{name}": t for name, t in self._inputs.items()},
            **{f"state/{name}": t for name, t in self._state.items()},
            **{f"out/{name}": observed(value.tensor) for name, value in self._outputs.items()},
            **{f"new/{name}": observed(value.tensor) for name, value in self._updates.items()},
        }
