"""The versions of the contract (docs/contract.md, section 10): old files keep their bits; a reader names what it does not know.

The readers in other languages are held to the same in tests/languages.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest

import paragon as pg
from conftest import ROOT
from paragon.conformance import load_vectors
from paragon.executors.cpu import LIBRARY

OLD = ROOT / "tests" / "data" / "program_contract_1.json"  # as it was written under contract 1; never written again
OLD_FINGERPRINT = "bdca843864d670741f51f7237ba72b17210c5e3339e70c38b8528f63ffc6bfa4"
OF_CONTRACT_1 = """abs add argmax bits broadcast cast compare concat constant cospi div erf exp expm1 fft fma fold gather ifft
irfft log log1p matmul max maximum minimum mul neg one_hot pad reshape rfft scan scatter_add select sinpi slice sqrt sub sum
tanh transpose unfold"""
UNKNOWN: list[tuple[str, Any, list[str]]] = [
    ("operations/3/op", "tanh_of_tomorrow", ["tanh_of_tomorrow"]),
    ("contract", 2, ["contract", "2"]),
    ("contract", 0, ["contract", "0"]),
    ("version", 2, ["version", "2"]),
]


def changed(place: str, value: Any) -> str:
    """The old program with one thing in it that its reader does not know."""
    document = json.loads(OLD.read_text())
    *way, last = [int(p) if p.isdigit() else p for p in place.split("/")]
    inner = document
    for part in way:
        inner = inner[part]
    inner[last] = value
    return json.dumps(document)


def read_by_python(text: str) -> str:
    """What Python says about a program; empty when it takes it."""
    try:
        pg.Program.from_json(text)
    except pg.ProgramError as error:
        return str(error)
    return ""


def read_by_c(text: str) -> str:
    """What the C interface says about a program; empty when it takes it."""
    ffi = cffi.FFI()
    ffi.cdef(
        """void *pg_model_from_json(const char *, size_t); void pg_model_free(void *); const char *pg_last_error(void);"""
    )
    library = ffi.dlopen(str(LIBRARY))
    content = text.encode()
    model = library.pg_model_from_json(content, len(content))
    if model == ffi.NULL:
        return bytes(ffi.string(library.pg_last_error())).decode()
    library.pg_model_free(model)
    return ""


READERS = pytest.mark.parametrize("read", [read_by_python, read_by_c], ids=["python", "c"])


@READERS
@pytest.mark.parametrize("place,value,said", UNKNOWN)
def test_what_a_reader_does_not_know_is_refused_by_name(
    read: Callable[[str], str], place: str, value: Any, said: list[str]
) -> None:
    message = read(changed(place, value))
    assert message and all(part in message for part in said), message


@READERS
def test_an_old_program_is_read(read: Callable[[str], str]) -> None:
    assert read(OLD.read_text()) == ""


def test_an_old_program_gives_the_old_bits(each_executor: str) -> None:
    """Three steps of a training."""
    program = pg.Program.from_json(OLD.read_text())
    program.values = {"w": (np.arange(6, dtype=np.float32).reshape(3, 2) - 3) / 7}
    session = pg.executors()[each_executor].load(program)
    x = np.arange(12, dtype=np.float32).reshape(4, 3) / np.float32(8)
    outputs = [session.run({"x": x}) for _ in range(3)]
    assert pg.fingerprint({**outputs[-1], **session.state()}) == OLD_FINGERPRINT


def test_a_model_file_of_another_contract_is_named(tmp_path: Path) -> None:
    """The message names the file, too."""
    path = tmp_path / "tomorrow.safetensors"
    program = pg.Program.from_json(OLD.read_text())
    program.values = {"w": np.zeros((3, 2), np.float32)}
    program.save(path)
    old, new = b'\\"contract\\":1', b'\\"contract\\":7'
    assert path.read_bytes().count(old) == 1
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(pg.ParagonError, match=r"tomorrow\.safetensors.*contract is 7"):
        pg.load(path)


def test_no_operation_of_the_contract_is_removed() -> None:
    """Every reader runs the vectors (tests/languages), so an operation that they have is one that readers know."""
    seen = {n.op for case in load_vectors(ROOT / "bindings_tests" / "vectors") for n in case.program.operations}
    assert set(OF_CONTRACT_1.split()) <= seen
