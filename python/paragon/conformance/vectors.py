"""The vectors: known right words for every operation (docs/vectors.md), and running them on an executor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..executors import Executor
from ..ir.distance import compare_tensors, first_divergence
from ..ir.errors import FileError, ParagonError
from ..ir.program import Program
from ..ir.spec import Array
from ..ir.tensor_files import read_tensors


@dataclass
class Case:
    """One program with inputs and state, and the words that must come out."""

    file: str
    name: str
    program: Program
    inputs: dict[str, Array]
    outputs: dict[str, Array]
    new_state: dict[str, Array]

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def load_vectors(folder: str | Path) -> Iterator[Case]:
    """The cases of every `*.safetensors` file in a folder. Raises FileError, naming the file, when one is damaged."""
    files = sorted(Path(folder).glob("*.safetensors"))
    if not files:
        raise FileError(f"{folder}: holds no vectors (*.safetensors)")
    for path in files:
        tensors, metadata = read_tensors(path)
        try:
            cases = json.loads(metadata["cases"])
        except (KeyError, ValueError):
            raise FileError(f"{path}: has no list of cases in its metadata") from None
        groups: dict[tuple[str, str], dict[str, Array]] = {}
        for key, x in tensors.items():
            number, kind, name = key.split("/", 2)
            groups.setdefault((number, kind), {})[name] = x
        for k, item in enumerate(cases):
            program = Program.from_json(json.dumps(item["program"]))
            part = {kind: groups.get((str(k), kind), {}) for kind in ("in", "state", "out", "new")}
            program.values = part["state"]
            yield Case(path.stem, item["name"], program, part["in"], part["out"], part["new"])


def run_case(case: Case, executor: Executor, **options: Any) -> str:
    """What is wrong with an executor's answer to a case: one line, empty when nothing is."""
    try:
        session = executor.load(case.program, **options)
        outputs = session.run(case.inputs)
        state = session.state()
        found = compare_tensors(outputs, case.outputs) | compare_tensors(
            {k: state[k] for k in case.new_state}, case.new_state
        )
    except ParagonError as error:
        return f"{type(error).__name__}: {error}"
    wrong = {name: d for name, d in found.items() if not d.same}
    return "; ".join(
        f"{name}: {d.mismatched} of {d.words} words differ, by up to {d.ulps} ulp" for name, d in wrong.items()
    )


def explain(case: Case, executor: Executor, reference: Executor, **options: Any) -> str:
    """The first operation of a case at which an executor leaves the reference."""
    values = [e.load(case.program, **o).values(case.inputs) for e, o in ((executor, options), (reference, {}))]
    return str(first_divergence(case.program, *values) or "")
