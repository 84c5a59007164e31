"""The kinds of files that hold programs: models, jobs and vectors, as docs/files.md pins them (section 4).

Each reader takes an open file, checks all of it but the words of its tensors, and raises ValueError, saying what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import strict_json
from .errors import ProgramError
from .fields import check_name, integer, members
from .fingerprint import OUTPUT
from .program import Program
from .safetensors_file import TensorFile
from .spec import Spec
from .tensor_files import JOB, MODEL, VECTORS, open_tensors

PROGRAM, FURTHER = "program", "program."  # keys of the metadata
DATA = "data."  # what stands before the names of a job's data
SEED = Spec("u32", (2,))
_MOST = 2**31 - 1
_CALLED = {MODEL: "a model file", JOB: "a training job", VECTORS: "a file of vectors"}


def read_model(file: TensorFile) -> dict[str, Program]:
    """All programs of a model file by their keys in the metadata, "program" first; their state has no arrays."""
    _need_format(file, MODEL)
    for key in file.metadata:
        if key.startswith(FURTHER):
            check_name(key.removeprefix(FURTHER))
    keys = [PROGRAM, *(key for key in file.metadata if key.startswith(FURTHER))]
    _need_metadata(file, "format", *keys)
    programs = {key: Program.from_json(file.metadata[key]) for key in keys}
    for key, program in programs.items():
        if foreign := [name for name, spec in program.state.items() if programs[PROGRAM].state.get(name) != spec]:
            raise ProgramError(f"{key!r} has the state {foreign[0]!r}, which the main program has not")
    _need_tensors(file, programs[PROGRAM].state)
    return programs


@dataclass
class JobOutline:
    """A job without its arrays."""

    program: Program
    steps: int
    batch: int
    seed: int
    rows: int
    """Of the data; 0 where no input has any."""


def read_job(file: TensorFile) -> JobOutline:
    """What a job file says."""
    _need_format(file, JOB)
    _need_metadata(file, "format", "program", "job")
    program = Program.from_json(file.metadata["program"])
    check_job_names(program)
    settings = members("job", _parse(file, "job"), ("steps", "batch", "seed"))
    steps, batch = (integer(f"job: {key}", settings[key], 1, _MOST) for key in ("steps", "batch"))
    words = settings["seed"]
    if not isinstance(words, list) or len(words) != 2:
        raise ProgramError(f"job: the seed must be two words, [low, high], got {words!r}")
    low, high = (integer("job: seed", word, 0, 2**32 - 1) for word in words)
    wanted, rows = dict(program.state), 0
    for name, spec in program.inputs.items():
        key = DATA + name
        if key not in file.tensors and name == "seed" and spec == SEED:
            continue
        if spec.shape[:1] != (batch,):
            raise ProgramError(f"the input {name!r} is {spec}, but the batch is {batch}")
        first = file.tensors[key].spec.shape[:1] if key in file.tensors else (batch,)
        if first and first[0] < batch:
            raise ProgramError(f"the data have fewer rows than the batch of {batch}")
        rows = rows or (first[0] if first else 0)
        wanted[key] = Spec(spec.dtype, (rows, *spec.shape[1:]))
    _need_tensors(file, wanted)
    return JobOutline(program, steps, batch, low | high << 32, rows)


def check_job_names(program: Program) -> None:
    """Raises ProgramError for a state with the name of data, or of an output among the results."""
    for name in program.state:
        if name.startswith(DATA):
            raise ProgramError(
                f'the state {name!r} has a name that the file needs for data; rename the attribute "data"'
            )
        if name.removeprefix(OUTPUT) in program.outputs and name.startswith(OUTPUT):
            raise ProgramError(
                f"the state {name!r} has the name that the output {name.removeprefix(OUTPUT)!r} gets in results; rename one"
            )


def read_cases(file: TensorFile) -> list[tuple[str, Program]]:
    """The name and the program of every case of a file of vectors."""
    _need_format(file, VECTORS)
    _need_metadata(file, "format", "cases")
    listed = _parse(file, "cases")
    if not isinstance(listed, list):
        raise ProgramError("cases: must be a list")
    cases: list[tuple[str, Program]] = []
    wanted: dict[str, Spec] = {}
    for k, item in enumerate(listed):
        case = members(f"case {k}", item, ("name", "program"))
        program = Program.from_document(case["program"])
        cases.append((check_name(case["name"]), program))
        specs = program.specs()
        new = {name: program.state[name] for name in program.updates}
        out = {name: specs[value] for name, value in program.outputs.items()}
        for kind, found in (("in", program.inputs), ("state", program.state), ("out", out), ("new", new)):
            wanted |= {f"{k}/{kind}/{name}": spec for name, spec in found.items()}
    _need_tensors(file, wanted)
    return cases


def check_file(path: str | Path) -> None:
    """Is a file the model, the job, the vectors or the tensors that its metadata say? Raises FileError, naming it."""
    readers = {MODEL: read_model, JOB: read_job, VECTORS: read_cases}
    with open_tensors(path) as file:
        reader = readers.get(file.metadata.get("format", ""))
        if reader:
            reader(file)


def _parse(file: TensorFile, key: str) -> Any:
    """The JSON under a key of the metadata."""
    try:
        return strict_json.parse(file.metadata[key])
    except ValueError as error:
        raise ProgramError(f"{key}: not valid JSON: {error}") from None


def _need_format(file: TensorFile, wanted: str) -> None:
    found = file.metadata.get("format")
    if found != wanted:
        raise ProgramError(f"not {_CALLED[wanted]} (format {found!r}, not {wanted!r})")


def _need_metadata(file: TensorFile, *keys: str) -> None:
    """The metadata have these keys and no others."""
    missing, unknown = set(keys) - set(file.metadata), set(file.metadata) - set(keys)
    if missing or unknown:
        wrong = f"hold no {sorted(missing)}" if missing else f"hold the unknown {sorted(unknown)}"
        raise ProgramError(f"its metadata {wrong}")


def _need_tensors(file: TensorFile, wanted: Mapping[str, Spec]) -> None:
    """The tensors are these and no others."""
    for name, spec in wanted.items():
        if name not in file.tensors:
            raise ProgramError(f"{name!r} has no tensor")
        if (found := file.tensors[name].spec) != spec:
            raise ProgramError(f"the tensor {name!r}: needs {spec}, got {found}")
    if unknown := set(file.tensors) - set(wanted):
        raise ProgramError(f"the tensors {sorted(unknown)} belong to nothing")
