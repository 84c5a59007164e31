"""The vectors: known right words for every operation (docs/vectors.md), and running them on an executor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..executors import Executor
from ..ir.distance import Difference, compare_tensors, first_divergence
from ..ir.errors import FileError, ParagonError
from ..ir.kinds import read_cases
from ..ir.program import Node, Program
from ..ir.spec import Array
from ..ir.tensor_files import open_tensors, read_within_memory


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
    """The cases of every `*.safetensors` file in a folder.

    Raises:
        FileError: there is none, or one is damaged: a case without the words of an output or of an updated state, a tensor that
            belongs to no case. The message names the file.
    """
    files = sorted(Path(folder).glob("*.safetensors"))
    if not files:
        raise FileError(f"{folder}: holds no vectors (*.safetensors)")
    for path in files:
        with open_tensors(path) as file:
            programs = read_cases(file)
            tensors = read_within_memory(file, file.tensors)
        yield from _cases(path.stem, programs, tensors)


def _cases(file: str, programs: list[tuple[str, Program]], tensors: Mapping[str, Array]) -> Iterator[Case]:
    for k, (name, program) in enumerate(programs):

        def part(kind: str, names: Iterable[str], k: int = k) -> dict[str, Array]:
            return {name: tensors[f"{k}/{kind}/{name}"] for name in names}

        program.values = part("state", program.state)
        inputs, outputs = part("in", program.inputs), part("out", program.outputs)
        yield Case(file, name, program, inputs, outputs, part("new", program.updates))


def run_case(case: Case, executor: Executor, **options: Any) -> str:
    """What is wrong with an executor's answer to a case: one line, empty when nothing is."""
    try:
        found = _compared(case, executor, options)
    except ParagonError as error:
        return f"{type(error).__name__}: {error}"
    return _in_words(found)


def run_cases(cases: Sequence[Case], executor: Executor, **options: Any) -> list[tuple[Case, str]]:
    """The cases that an executor gets wrong, and what is wrong, from one run of all of them as one program.

    For executors whose every run costs a process. When the run fails, each case has a run of its own, so that one bad case
    is not held against the others.
    """
    try:
        found = _compared(merged(cases), executor, options)
    except ParagonError:
        return [(case, wrong) for case in cases if (wrong := run_case(case, executor, **options))]
    of_case: list[dict[str, Difference]] = [{} for _ in cases]
    for name, d in found.items():
        kind, number, rest = re.fullmatch(r"(output|state) (\d+)/(.*)", name, re.DOTALL).groups()  # type: ignore[union-attr]
        of_case[int(number)][f"{kind} {rest}"] = d
    return [(case, wrong) for case, part in zip(cases, of_case, strict=True) if (wrong := _in_words(part))]


def merged(cases: Sequence[Case]) -> Case:
    """Cases as one: their programs side by side in one program, every name of case k behind `k/`."""
    inputs, state, values, arrays, out, new = ({} for _ in range(6))  # type: ignore[var-annotated]
    for k, case in enumerate(cases):
        pairs = (
            (inputs, case.program.inputs), (state, case.program.state), (values, case.program.values),
            (arrays, case.inputs), (out, case.outputs), (new, case.new_state),
        )  # fmt: skip
        for joined, part in pairs:
            joined.update({f"{k}/{name}": x for name, x in part.items()})
    nodes: list[Node] = []
    outputs, updates = {}, {}
    before_inputs, before_state = 0, len(inputs)
    for k, case in enumerate(cases):
        program = case.program
        numbers = [before_inputs + i for i in range(len(program.inputs))]
        numbers += [before_state + i for i in range(len(program.state))]
        numbers += [len(inputs) + len(state) + len(nodes) + i for i in range(len(program.operations))]
        nodes += [Node(n.op, tuple(numbers[v] for v in n.inputs), n.attributes, n.spec) for n in program.operations]
        outputs.update({f"{k}/{name}": numbers[v] for name, v in program.outputs.items()})
        updates.update({f"{k}/{name}": numbers[v] for name, v in program.updates.items()})
        before_inputs, before_state = before_inputs + len(program.inputs), before_state + len(program.state)
    program = Program(inputs, state, nodes, outputs, updates, values)
    return Case(cases[0].file, f"{len(cases)} cases", program, arrays, out, new)


def _compared(case: Case, executor: Executor, options: Mapping[str, Any]) -> dict[str, Difference]:
    """The difference of every output ("output NAME") and updated state ("state NAME") to what must come out."""
    session = executor.load(case.program, **options)
    outputs, state = session.run(case.inputs), session.state()
    found = {f"output {name}": d for name, d in compare_tensors(outputs, case.outputs).items()}
    updated = {name: state[name] for name in case.new_state}
    return found | {f"state {name}": d for name, d in compare_tensors(updated, case.new_state).items()}


def _in_words(found: Mapping[str, Difference]) -> str:
    wrong = {name: d for name, d in found.items() if not d.same}
    return "; ".join(
        f"{name}: {d.mismatched} of {d.words} words differ, by up to {d.ulps} ulp" for name, d in wrong.items()
    )


def explain(case: Case, executor: Executor, reference: Executor, **options: Any) -> str:
    """The first operation of a case at which an executor leaves the reference."""
    values = [e.load(case.program, **o).values(case.inputs) for e, o in ((executor, options), (reference, {}))]
    return str(first_divergence(case.program, *values) or "")
