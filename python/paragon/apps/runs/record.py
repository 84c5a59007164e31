"""The record of a run: the models of `run_summary.json` and of the index, their versions, and their JSON Schemas.

What a record says of work (`work_id`, `fingerprints`, `trace`) holds contract words and integers only; figures, times and the
machine stand beside it and are part of no hash.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paragon import FileError

HASH = r"^[0-9a-f]{64}$"
RUN_ID = r"^\d{8}-\d{6}(-[A-Za-z0-9._+=-]+)?-[0-9a-f]{8}$"

Figure = float | None  # None where the figure is no finite number
Status = Literal["running", "finished", "failed", "interrupted"]


class Part(BaseModel):
    """A part of a record: no unknown fields, and no NaN."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Versioned(Part):
    """A document that lies in a file: it says which schema it follows."""

    KIND: ClassVar[str]
    schema_version: str


class Data(Part):
    """The rows that a run works on."""

    name: str = Field(description="What people call it: digits, mnist, a file's name.")
    rows: int = Field(ge=0, description="Rows that are trained on.")
    sha256: str = Field(pattern=HASH, description="The fingerprint of all arrays, words as the contract has them.")
    arrays: dict[str, str] = Field(default={}, description="dtype and shape of each array.")
    split: dict[str, Any] = Field(
        default={}, description="How rows were divided: names and numbers of rows, fractions."
    )
    source: dict[str, Any] | None = Field(
        default=None, description="From what the same rows can be made again: `loader`, and its settings."
    )
    licence: str | None = None


class Programs(Part):
    """SHA-256 of the JSON of each program."""

    step: str | None = Field(default=None, pattern=HASH, description="A training step on a whole batch.")
    rest: str | None = Field(default=None, pattern=HASH, description="A training step on the smaller last batch.")
    predict: str | None = Field(default=None, pattern=HASH)
    others: dict[str, str] = {}
    contract: int = Field(ge=1, description="The version of the numeric contract.")


class Fingerprints(Part):
    """What came out, as hashes over words."""

    initial: str | None = Field(default=None, pattern=HASH, description="The state before the first step.")
    final: str | None = Field(default=None, pattern=HASH, description="The state after the last step.")
    predictions: str | None = Field(default=None, pattern=HASH)
    history: str | None = Field(
        default=None, pattern=HASH, description="The figures of every epoch, as binary64 words."
    )


class Trace(Part):
    """The fingerprint of the state every so many steps: the k-th one after (k + 1) * every steps."""

    every: int = Field(ge=1, description="Steps between two hashes.")
    states: list[str] = []


class Executed(Part):
    """What the run was computed on."""

    name: str
    options: dict[str, Any] = {}
    isa: str | None = None
    threads: int | None = None
    device: str | None = None


class Timing(Part):
    """Seconds by the clock of the machine."""

    started: str = Field(description="UTC, ISO 8601.")
    seconds: float | None = Field(default=None, ge=0, description="From the beginning to the end of the run.")
    epoch_seconds: list[float] = []


class Memory(Part):
    """Bytes."""

    peak_bytes: int | None = Field(default=None, ge=0, description="The largest resident size of the process so far.")


class Sizes(Part):
    """How large the work is."""

    parameters: int = Field(ge=0, description="Numbers that are trained.")
    state: int = Field(
        ge=0, description="Words of the whole state: parameters, the optimiser's slots, counters, constants."
    )
    operations: int = Field(ge=0, description="Operations of the step program.")


class Environment(Part):
    """The machine and what is installed on it."""

    python: str
    packages: dict[str, str]
    system: str
    processor: str
    cores: int


class Code(Part):
    """Which code ran."""

    version: str = Field(description="Of paragon.")
    commit: str | None = None
    dirty: bool | None = None
    diff_sha256: str | None = Field(default=None, description="Of `git diff HEAD`, when there is one.")


class Artifact(Part):
    """A file of the run's directory."""

    name: str
    kind: str
    schema_version: str | None = None
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=HASH)


class Failure(Part):
    """Why a run failed."""

    type: str
    message: str


class RunSummary(Versioned):
    """The one record of anything computed and worth keeping."""

    KIND: ClassVar[str] = "paragon.run"
    schema_version: Literal["paragon.run/1"] = "paragon.run/1"
    id: str = Field(pattern=RUN_ID)
    work_id: str | None = Field(
        default=None, pattern=HASH, description="Equal for equal work; None while the run goes on."
    )
    kind: str = "run"
    label: str | None = None
    command: list[str] = Field(default=[], description="The command line, argument by argument.")
    config: dict[str, Any] = Field(default={}, description="Every setting, defaults included.")
    data: Data | None = None
    program: Programs | None = None
    order: str | None = Field(default=None, description="How the order of the rows is made.")
    seed: int | None = Field(default=None, ge=0)
    batch_size: int | None = Field(default=None, ge=1)
    steps: int | None = Field(default=None, ge=0)
    epochs: int | None = Field(default=None, ge=0)
    executor: Executed | None = None
    fingerprints: Fingerprints = Field(default_factory=Fingerprints)
    trace: Trace | None = None
    sizes: Sizes | None = None
    metrics: dict[str, Figure] = {}
    history: dict[str, list[Figure]] = Field(default={}, description="Figures, one an epoch.")
    timing: Timing
    memory: Memory = Field(default_factory=Memory)
    environment: Environment
    code: Code
    status: Status = "running"
    failure: Failure | None = None
    artifacts: list[Artifact] = []
    parent: str | None = None
    tags: dict[str, str] = {}


class IndexEntry(Part):
    """What the index keeps of a run, and which file it read that from."""

    id: str
    kind: str
    label: str | None = None
    status: Status
    started: str
    seconds: float | None = None
    work_id: str | None = None
    final: str | None = None
    data: str | None = None
    seed: int | None = None
    group: str = Field(description="A hash of the configuration without the seed: runs that differ by chance alone.")
    metrics: dict[str, Figure] = {}
    parent: str | None = None
    tags: dict[str, str] = {}
    stamp: list[int] = Field(description="Time of the last change in ns, and bytes, of the summary.")


class Index(Versioned):
    """`index.json`: a cache of what the directories say."""

    KIND: ClassVar[str] = "paragon.runs"
    schema_version: Literal["paragon.runs/1"] = "paragon.runs/1"
    latest: str | None = None
    runs: list[IndexEntry] = []


KINDS: dict[str, type[Versioned]] = {model.KIND: model for model in (RunSummary, Index)}
"""The present model of each kind of document. Applications add theirs with `register`."""

Document = dict[str, Any]
MIGRATIONS: dict[str, Callable[[Document], Document]] = {}
"""From a schema version to the document of the next version."""

_M = TypeVar("_M", bound=Versioned)


def register(model: type[_M]) -> type[_M]:
    """Make a kind of artifact known, as a decorator: `parse` reads it, `schemas` publishes it."""
    KINDS[model.KIND] = model
    return model


def migration(old: str) -> Callable[[Callable[[Document], Document]], Callable[[Document], Document]]:
    """Register how a document of the version `old` becomes one of the next version, as a decorator."""

    def add(step: Callable[[Document], Document]) -> Callable[[Document], Document]:
        MIGRATIONS[old] = step
        return step

    return add


def current(model: type[Versioned]) -> str:
    """The schema version that a model writes."""
    return str(model.model_fields["schema_version"].default)


def parse(model: type[_M], content: bytes | str, where: str) -> _M:
    """A document of a kind, brought to the present version.

    Raises FileError, naming `where`, the field and what is wrong with it: no JSON, another kind, a version that is too new.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise FileError(f"{where}: is no JSON ({error})") from None
    if not isinstance(document, dict) or not isinstance(version := document.get("schema_version"), str):
        raise FileError(f"{where}: has no schema_version; it should be {current(model)}")
    kind, _, number = version.partition("/")
    if kind != model.KIND:
        raise FileError(f"{where}: is a {version!r}, not a {current(model)!r}")
    seen = {version}
    while version != current(model):
        if version not in MIGRATIONS:
            newer = number.isdigit() and int(number) > int(current(model).partition("/")[2])
            remedy = (
                "it was written by a newer version of paragon: upgrade" if newer else "there is no migration from it"
            )
            raise FileError(f"{where}: has schema {version}, this version reads {current(model)}; {remedy}")
        document = MIGRATIONS[version](document)
        version = document["schema_version"]
        if version in seen:
            raise FileError(f"{where}: the migration from {version} goes round in a circle")
        seen.add(version)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise FileError(f"{where}: {first_error(error)}") from None


def first_error(error: ValidationError) -> str:
    """The first thing that is wrong, on one line, with its place."""
    found = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in found["loc"]) or "document"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{place}: {found['msg']}{more}"


def dump(document: Versioned) -> bytes:
    """The bytes of a document's file. Validated by its own schema, so that no wrong one is written.

    Raises FileError, naming the kind and the field.
    """
    content = document.model_dump_json(indent=1).encode() + b"\n"
    try:
        type(document).model_validate_json(content)
    except ValidationError as error:
        raise FileError(f"{document.schema_version}: {first_error(error)}") from None
    return content


def schemas() -> Mapping[str, dict[str, Any]]:
    """The JSON Schema (draft 2020-12) of every kind of document, by schema version."""
    return {current(model): _plain_schema(model.model_json_schema()) for _, model in sorted(KINDS.items())}


def _plain_schema(schema: Any) -> Any:
    """Without what says nothing and not every version of pydantic writes: `additionalProperties: true`, `enum` beside `const`."""
    if isinstance(schema, list):
        return [_plain_schema(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    idle = {"enum"} if "const" in schema else set()
    return {
        name: _plain_schema(value)
        for name, value in schema.items()
        if name not in idle and not (name == "additionalProperties" and value is True)
    }
