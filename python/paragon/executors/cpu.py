"""The cpu executor: the compiled core, on every instruction set and number of threads that the machine has.

Options of `load`: `isa` (one of `Cpu().isas`; PARAGON_ISA or the best when absent), `threads` (PARAGON_NUM_THREADS or all
processors when absent), `memory_limit` in bytes (three quarters of the memory that the machine or its container has when absent).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from ..ir.errors import ExecutorError, ProgramError
from ..ir.program import Program
from ..ir.spec import Array

try:
    from .. import _core
except ImportError as error:
    _reason = f"the compiled module paragon._core is missing ({error}); install the package: pip install ."
else:
    _reason = ""

LIBRARY = Path(__file__).resolve().parents[1] / "libparagon.so"
"""The shared library with the C interface (include/paragon.h beside it), for other languages."""

_T = TypeVar("_T")
_OPTIONS = ("isa", "threads", "memory_limit")
MAX_THREADS = 1024
"""The most threads that the core takes (csrc/cpu/threads.h)."""


class Cpu:
    """The executor. `isas` names the instruction sets of this machine, best last; `threads` is how many it uses."""

    name = "cpu"
    available = not _reason
    reason = _reason

    @property
    def isas(self) -> list[str]:
        """The instruction sets that this machine can run, best last."""
        return list(_core.isas()) if self.available else []

    @property
    def threads(self) -> int:
        """The number of threads of sessions that do not ask for one. Assigning changes it for all of them."""
        return int(_call(_core.threads)) if self.available else 0

    @threads.setter
    def threads(self, count: int) -> None:
        _need_count("threads", count, MAX_THREADS)
        _call(lambda: _core.set_threads(count))

    def settings(self) -> list[dict[str, Any]]:
        """Every instruction set, with one thread and with all."""
        return [{"isa": isa, "threads": n} for isa in self.isas for n in sorted({1, self.threads})]

    def load(self, program: Program, **options: Any) -> CpuSession:
        """Plan a program and copy its state. Raises ExecutorError for an option that is unknown or cannot be met."""
        if not self.available:
            raise ExecutorError(f"the executor 'cpu' is not available: {self.reason}")
        unknown = sorted(set(options) - set(_OPTIONS))
        if unknown:
            raise ExecutorError(f"the cpu executor has no options {unknown}; it has {list(_OPTIONS)}")
        _need_count("the option threads", options.get("threads", 1), MAX_THREADS)
        _need_count("the option memory_limit", options.get("memory_limit", 1), 2**63 - 1)
        if not isinstance(options.get("isa", ""), str):
            raise ExecutorError(f"the option isa must be one of {', '.join(self.isas)}, got {options['isa']!r}")
        return CpuSession(program, options)


class CpuSession:
    """A program planned by the compiled core, with its own copy of the state. Calls from several threads come one after another."""

    def __init__(self, program: Program, options: Mapping[str, Any]) -> None:
        self._lock = Lock()  # the core's own guards one state at a time, this one all of them
        self._program = _call(lambda: _core.Program(program.to_json()), ProgramError)
        self._session = _call(lambda: _core.Session(self._program, **options))
        self.set_state({name: program.values[name] for name in program.state if name in program.values})

    @property
    def isa(self) -> str:
        """The instruction set in use."""
        return str(self._session.isa)

    @property
    def bytes(self) -> int:
        """The memory that the session holds, besides inputs and outputs."""
        return int(self._session.bytes)

    def plan(self) -> str:
        """The steps of a run in words, a line each: the kernel, what it reads, where it writes."""
        return str(self._session.plan())

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run once: update the state and return the outputs, fresh arrays. Raises ExecutorError for unfit inputs."""
        try:
            with self._lock:
                return self._session.run(inputs if type(inputs) is dict else dict(inputs))
        except (ValueError, MemoryError) as error:
            raise ExecutorError(str(error) or "out of memory") from None

    def state(self) -> dict[str, Array]:
        """A copy of the state. Raises ExecutorError when it was never set."""
        with self._lock:
            return _call(self._session.state)

    def set_state(self, values: Mapping[str, Array]) -> None:
        """Replace the named states. Raises ExecutorError for an unknown name, another dtype or another shape."""
        arrays = {name: np.ascontiguousarray(value).reshape(np.shape(value)) for name, value in values.items()}
        with self._lock:
            _call(lambda: self._session.set_state(arrays))

    def values(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Every value of a run, by value number, without updating the state."""
        return _call(lambda: self._session.observe(dict(inputs), list(range(self._program.values))))

    def fingerprint(self) -> str:
        """The fingerprint of the state, computed without copying it."""
        return str(_call(self._session.fingerprint))


def _need_count(what: str, value: object, most: int) -> None:
    """Raises ExecutorError, naming `what`, unless the value is an integer in 1 ... most."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ExecutorError(f"{what} must be an integer of at least 1 and at most {most}, got {value!r}")


def _call(fn: Callable[[], _T], error: type[Exception] = ExecutorError) -> _T:
    """Call into the core; its errors, and NumPy's for arrays that it cannot hold, become ours."""
    try:
        return fn()
    except (ValueError, MemoryError) as found:  # _core.Error is a ValueError
        raise error(str(found) or "out of memory") from None
