"""The reference executor: the contract in plain NumPy and Python, slow and readable, without any compiled code of ours.

It is the example of an executor plug-in (docs/executors.md): `Reference` is registered as an entry point, `load` prepares a
program, and one function an operation (kernels.py) says what the contract means by it. No other executor uses any code of this
folder, so that their agreement means something; the tables of the FFT, which it shares with one, stand outside of it
(../fourier_tables.py, with the reason why that is sound).
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any

import numpy as np

from ...ir.errors import ExecutorError
from ...ir.float_modes import in_plain_modes
from ...ir.program import Node, Program
from ...ir.spec import NUMPY_DTYPES, Array, Spec
from .kernels import KERNELS


class Reference:
    """The executor. It runs on every machine that has NumPy."""

    name = "reference"
    available = True
    reason = ""

    def settings(self) -> list[dict[str, Any]]:
        """One: there is nothing to set."""
        return [{}]

    def load(self, program: Program, **options: Any) -> ReferenceSession:
        """Copy the state. Raises ExecutorError for any option."""
        if options:
            raise ExecutorError(f"the reference executor has no options, got {sorted(options)}")
        return ReferenceSession(program)


class ReferenceSession:
    """A program and its state. A run is one pass over the operations. Calls from several threads come one after another."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._lock = RLock()
        self._state = {name: np.array(program.values[name]) for name in program.state}

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run once: update the state and return the outputs, all of them copies."""
        with self._lock:
            values = self._evaluate(inputs)
            outputs = {name: np.array(_held(values[v])) for name, v in self.program.outputs.items()}
            self._state.update({name: np.array(_held(values[v])) for name, v in self.program.updates.items()})
            return outputs

    def state(self) -> dict[str, Array]:
        """A copy of the state."""
        with self._lock:
            return {name: value.copy() for name, value in self._state.items()}

    def set_state(self, values: Mapping[str, Array]) -> None:
        """Replace the named states by copies."""
        with self._lock:
            self._state.update({name: np.array(values[name]) for name in values})

    def values(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Every value of a run, by value number, without updating the state."""
        return [_held(value) for value in self._evaluate(inputs)]

    @in_plain_modes
    def _evaluate(self, inputs: Mapping[str, Array]) -> list[Array | Spec]:
        found: list[Array | Spec] = [np.asarray(inputs[name]) for name in self.program.inputs]
        with self._lock:
            found += [self._state[name] for name in self.program.state]
        with np.errstate(all="ignore"):
            for node in self.program.operations:
                found.append(_result(node, [found[v] for v in node.inputs]))
        return found


def _result(node: Node, operands: list[Array | Spec]) -> Array | Spec:
    """The result of one operation; a Spec stands for a value without elements whose shape is beyond NumPy.

    What has no elements is not computed: kernels would loop over lengths that do not matter.
    """
    spec, dtype = node.spec, NUMPY_DTYPES[node.spec.dtype]
    arrays = [x for x in operands if not isinstance(x, Spec)]
    if spec.size == 0:
        try:
            return np.empty(spec.shape, dtype)
        except ValueError:
            return spec
    if len(arrays) < len(operands):  # only a reduction makes something of such a value: what it starts from
        lowest = -np.inf if spec.dtype == "f32" else np.iinfo(dtype).min
        return np.full(spec.shape, lowest if node.op == "max" else 0, dtype)
    return np.asarray(KERNELS[node.op](*arrays, **node.attributes), dtype).reshape(spec.shape)


def _held(value: Array | Spec) -> Array:
    """Raises ExecutorError for a value that NumPy cannot hold."""
    if isinstance(value, Spec):
        raise ExecutorError(f"NumPy cannot hold an array {value}, though it has no elements")
    return value
