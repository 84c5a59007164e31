"""A plan as plain data, kernels as text and memory as numbers, for whatever else speaks WebGPU: a browser, for instance.

python -m paragon.executors.webgpu.export MODEL_OR_JOB PLAN.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...ir.kinds import read_job, read_model
from ...ir.program import Program
from ...ir.spec import Spec
from ...ir.tensor_files import JOB, open_tensors, write_atomic
from .library import link
from .plan import make_plan


def export_plan(program: Program, kernels: dict[str, int], path: str = "integer") -> dict[str, Any]:
    """The plan of a program: what to allocate, what to dispatch in order, and where inputs, state and outputs lie.

    Args:
        kernels: the texts that dispatches refer to, with their numbers; those of this plan are added, so that the plans of
            many programs share one list.
        path: "integer" or "native".

    A value is [slot, dtype, shape]; a table is [slot, words], to be written once; an update is [slot of the state, slot of its
    new value, bytes]. Updates are done all at once after the outputs were read. Binding 0 is a buffer of 32 zero bytes where a
    kernel declares `guard`.
    """
    plan = make_plan(program, path)
    dispatches = []
    for d in plan.dispatches:
        text = link(d.code, path)
        number = kernels.setdefault(text, len(kernels))
        dispatches.append([number, [plan.slots[key] for key in d.buffers], list(d.groups)])

    def place(value: int) -> list[Any]:
        spec = plan.specs[value]
        return [plan.slots[plan.alias[value]], spec.dtype, list(spec.shape)]

    def places(names: Mapping[str, Spec], first: int) -> dict[str, Any]:
        return {name: place(i) for i, name in enumerate(names, first)}

    state = places(program.state, len(program.inputs))
    return {
        "slots": plan.sizes,
        "dispatches": dispatches,
        "tables": [[plan.slots[key], x.view(np.uint32).ravel().tolist()] for key, x in plan.tables.items()],
        "inputs": places(program.inputs, 0),
        "state": state,
        "outputs": {name: place(v) for name, v in program.outputs.items()},
        "updates": [[state[name][0], place(v)[0], program.state[name].size * 4] for name, v in program.updates.items()],
    }


def export_file(path: Path | str, which: str = "integer") -> dict[str, Any]:
    """The plan of the program of a model or job file, with its kernels: {"kernels": texts, "plan": as `export_plan` says}.

    Raises FileError when the file is neither a model nor a job, or breaks a rule of docs/files.md.
    """
    kernels: dict[str, int] = {}
    plan = export_plan(read_program(path), kernels, which)
    return {"kernels": list(kernels), "plan": plan}


def read_program(path: Path | str) -> Program:
    """The program of a model or job file, without its state. Raises FileError."""
    with open_tensors(path) as file:
        return read_job(file).program if file.metadata.get("format") == JOB else read_model(file)["program"]


def main() -> None:
    """The command: write the plan of a model or job file."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m paragon.executors.webgpu.export MODEL_OR_JOB PLAN.json")
    write_atomic(Path(sys.argv[2]), json.dumps(export_file(sys.argv[1])).encode())


if __name__ == "__main__":
    main()
