"""An executor in another process: any command with the interface `run MODEL INPUTS OUTPUTS --values` (docs/program.md).

Nothing is taken on trust: what counts are the words in the file that the command writes, of exactly the names, dtypes and shapes
that the program has. An exit code can only make a run fail.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..ir.errors import ExecutorError, ProgramError
from ..ir.program import Program
from ..ir.spec import Array, Spec, check_array
from ..ir.tensor_files import read_tensors, write_tensors

TIMEOUT_S = 600


class External:
    """Runs programs through a command, one process a run.

    Args:
        name: what reports call it.
        command: the command and its first arguments, as a list or as one line for a shell-like split.
    """

    def __init__(self, name: str, command: str | Sequence[str]) -> None:
        self.name = name
        self.command = shlex.split(command) if isinstance(command, str) else list(command)

    @property
    def available(self) -> bool:
        """Whether the command is there."""
        return bool(self.command) and shutil.which(self.command[0]) is not None

    @property
    def reason(self) -> str:
        """Why it is not available; empty when it is."""
        return "" if self.available else f"the command {self.command[0] if self.command else ''!r} is not there"

    def settings(self) -> list[dict[str, Any]]:
        """One: the command has no options."""
        return [{}]

    def load(self, program: Program, **options: Any) -> ExternalSession:
        """A session of the program; the command starts with its first run. Raises ExecutorError for any option."""
        if options:
            raise ExecutorError(f"the executor {self.name!r} has no options, got {sorted(options)}")
        return ExternalSession(self, program)

    def call(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command; returns the finished process, whatever its exit code. Raises ExecutorError when it does not end."""
        try:
            return subprocess.run(
                [*self.command, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExecutorError(f"{self.name}: {error}") from None


class ExternalSession:
    """A program and its state; every run writes the files that the command reads."""

    def __init__(self, executor: External, program: Program) -> None:
        self.executor, self.program = executor, program
        self._state = {name: np.array(program.values[name]) for name in program.state}

    def state(self) -> dict[str, Array]:
        """A copy of the state."""
        return {name: x.copy() for name, x in self._state.items()}

    def set_state(self, values: Mapping[str, Array]) -> None:
        """Replace the named states."""
        self._state.update({name: np.array(x) for name, x in values.items()})

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run once: update the state and return the outputs. Raises ExecutorError, with the end of what the command said."""
        found = self._results(inputs)
        self._state.update({name: found[f"state.{name}"] for name in self.program.updates})
        return {name: found[f"output.{name}"] for name in self.program.outputs}

    def values(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Every value of a run, by value number, without updating the state."""
        found = self._results(inputs, "--values")
        known = [np.asarray(inputs[name]) for name in self.program.inputs]
        known += [self._state[name] for name in self.program.state]
        first = self.program.first_operation
        return known + [found[f"value.{first + i}"] for i in range(len(self.program.operations))]

    def _expected(self, values: bool) -> dict[str, Spec]:
        """What the file of results must hold: no less and no more."""
        program, specs = self.program, self.program.specs()
        expected = {f"output.{name}": specs[v] for name, v in program.outputs.items()}
        expected |= {f"state.{name}": specs[v] for name, v in program.updates.items()}
        return expected | {f"value.{v}": specs[v] for v in range(program.first_operation, len(specs)) if values}

    def _results(self, inputs: Mapping[str, Array], *flags: str) -> dict[str, Array]:
        """The tensors in the file of results that the command writes, checked against the program."""
        who = self.executor.name
        with tempfile.TemporaryDirectory() as folder:
            model, given, results = (Path(folder) / f"{name}.safetensors" for name in ("model", "inputs", "outputs"))
            program = Program.from_json(self.program.to_json())
            program.values = self._state
            program.save(model)
            write_tensors(given, dict(inputs), {})
            done = self.executor.call("run", model, given, results, *flags)
            if done.returncode:
                raise ExecutorError(f"{who}: exit code {done.returncode}: {done.stderr.strip()[-500:]}")
            if not results.exists():
                raise ExecutorError(f"{who}: ends with exit code 0, but writes no results")
            found = read_tensors(results)[0]
        expected = self._expected("--values" in flags)
        for what, names in (("lacks", set(expected) - set(found)), ("has the extra", set(found) - set(expected))):
            if names:
                raise ExecutorError(f"{who}: the file of results {what} {', '.join(sorted(names)[:5])}")
        try:
            return {name: check_array(f"{who}: the result {name!r}", found[name], expected[name]) for name in expected}
        except ProgramError as error:
            raise ExecutorError(str(error)) from None
