"""Programs and model files: round trips, every kind of malformation, and mutation of real ones."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import os
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paragon as pg
from conftest import assert_words
from paragon.ir.tensor_files import MODEL, read_tensors, write_atomic, write_tensors


def example() -> pg.Program:
    def step(state: dict[str, pg.Tensor], x: pg.Tensor) -> Any:
        def loss(w: pg.Tensor) -> pg.Tensor:
            y = pg.matmul(x, w, panel=2)
            return pg.sum(pg.where(y > 0, y, pg.exp(y)))

        value, slope = pg.value_and_grad(loss)(state["w"])
        return {"loss": value, "first": pg.argmax(x)}, {"w": pg.fma(-0.125, slope, state["w"])}

    program = pg.trace(step, np.ones((4, 3), np.float32), state={"w": np.ones((3, 2), np.float32), "note": [1, 2]})
    program.meta = {"name": "example"}
    return program


DOCUMENT: dict[str, Any] = json.loads(example().to_json())
X = np.arange(12, dtype=np.float32).reshape(4, 3)


def test_round_trip() -> None:
    program = example()
    again = pg.Program.from_json(program.to_json())
    again.values = dict(program.values)
    assert again == program
    assert again.to_json() == program.to_json() == pg.Program.from_json(program.to_json(indent=1)).to_json()
    assert_words(again.run({"x": X}, executor="reference")["loss"], program.run({"x": X}, executor="reference")["loss"])
    assert "matmul" in str(program) and "panel=2" in str(program)


def _edit(path: str, value: Any) -> dict[str, Any]:
    """DOCUMENT with one place changed; value None deletes it."""
    document = copy.deepcopy(DOCUMENT)
    *way, last = [int(p) if p.lstrip("-").isdigit() else p for p in path.split("/")]
    place: Any = document
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


MATMUL = next(i for i, op in enumerate(DOCUMENT["operations"]) if op["op"] == "matmul")
M = f"operations/{MATMUL}"


@pytest.mark.parametrize(
    "path,value,message",
    [
        ("format", "other", "format is 'other'"),
        ("version", 2, "version is 2"),
        ("version", True, "version is True"),
        ("contract", 9, "contract is 9"),
        ("extra", 1, r"unknown keys \['extra'\]"),
        ("inputs", None, r"missing keys \['inputs'\]"),
        ("meta", 1, "meta must be an object"),
        ("operations", {}, "operations must be a list"),
        ("inputs/0/dtype", "f64", "dtype 'f64'"),
        ("inputs/0/dtype", ["f32"], "dtype"),
        ("inputs/0/shape", [4, -3], "shape must be"),
        ("inputs/0/shape", [4, True], "shape must be"),
        ("inputs/0/shape", [2**31, 1], "shape must be"),
        ("inputs/0/shape", [2**20, 2**20], "more than"),
        ("inputs/0/shape", [1] * 9, "rank 9"),
        ("inputs/0/name", "", "name ''"),
        ("inputs/0/name", "a\x00b", "control characters"),
        ("inputs/0/name", "a" * 256, "255 bytes"),
        ("inputs/0/name", "\ud800", "Unicode"),
        ("inputs/0/name", 7, "name 7"),
        ("inputs/0/name", "w", "both inputs and state"),
        ("state/1/name", "w", "appears twice"),
        (f"{M}/op", "matmull", rf"operation {MATMUL} \(matmull\): there is no such operation"),
        (f"{M}/op", ["matmul"], "no such operation"),
        (f"{M}/inputs", [0], "takes 2 operands, got 1"),
        (f"{M}/inputs/0", 99, rf"operation {MATMUL} \(matmul\): there is no value 99"),
        (f"{M}/inputs/0", -1, "there is no value -1"),
        (f"{M}/inputs/0", 0.0, "there is no value 0.0"),
        (f"{M}/inputs/0", 1, "the inner dimensions 2 and 3 differ"),
        (f"{M}/output", 0, "output is 0"),
        (f"{M}/shape", [4, 3], r"declared f32\[4,3\], the operation yields f32\[4,2\]"),
        (f"{M}/dtype", "i32", "declared"),
        (f"{M}/attributes", [], "attributes an object"),
        (f"{M}/attributes/panel", 1, "panel must be"),
        (f"{M}/attributes/panel", 256.0, "panel must be"),
        (f"{M}/attributes/transpose_a", 0, "true or false"),
        (f"{M}/attributes/more", 0, "attributes must be"),
        (f"{M}/attributes/panel", None, "attributes must be"),
        ("outputs/0/value", 99, "there is no value 99"),
        ("outputs/1/name", "loss", "appears twice"),
        ("updates/0/state", "v", "is not a state"),
        ("updates/0/value", 0, r"'w' is f32\[3,2\], value 0 is"),
    ],
)
def test_malformed_programs_are_named(path: str, value: Any, message: str) -> None:
    with pytest.raises(pg.ProgramError, match=message):
        pg.Program.from_json(json.dumps(_edit(path, value)))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": NaN}', '{"a":1,"a":2}', "[" * 100_000, "9" * 10_000]
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(pg.ProgramError):
        pg.Program.from_json(text)


@settings(max_examples=300)
@given(st.data())
def test_mutated_programs_never_crash(data: st.DataObject) -> None:
    text = example().to_json()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        size = data.draw(st.integers(0, 12))
        text = (
            text[:at]
            + data.draw(st.sampled_from(["", "0", "-1", "null", "[]", "{}", '"', "1e9", "2147483648", ",", "true"]))
            + text[at + size :]
        )
    with contextlib.suppress(pg.ProgramError):
        pg.Program.from_json(text)


def test_inputs_arechecked() -> None:
    program = example()
    for inputs, message in [
        ({}, r"missing \['x'\]; the program takes x: f32\[4,3\]"),
        ({"x": X, "y": X}, r"unknown \['y'\]"),
        ({"x": X.T}, r"input 'x': needs f32\[4,3\], got float32\[3, 4\]"),
        ({"x": X.astype(np.float64)}, "got float64"),
    ]:
        with pytest.raises(pg.ProgramError, match=message):
            program.run(inputs, executor="reference")
    assert program.run({"x": np.asfortranarray(X)}, executor="reference")["loss"].shape == ()


# --- files ------------------------------------------------------------------------------------------------------------


def test_model_file_round_trip(tmp_path: Path) -> None:
    program = example()
    program.values["w"][0, 0] = np.nan
    path = tmp_path / "model.safetensors"
    program.save(path, {"again": program})
    loaded = pg.load(path)
    assert loaded.to_json() == program.to_json() == pg.load(path, "again").to_json()
    assert_words(loaded.values["w"], program.values["w"])
    assert pg.fingerprint(loaded) == pg.fingerprint(program) == loaded.fingerprint()
    tensors, metadata = read_tensors(path)
    assert set(tensors) == {"w", "note"} and metadata["format"] == "paragon-model"


def test_a_file_without_tensors_and_metadata_is_one(tmp_path: Path) -> None:
    write_tensors(tmp_path / "empty.safetensors", {}, {})
    assert read_tensors(tmp_path / "empty.safetensors") == ({}, {})


def test_no_module_hides_a_function() -> None:
    """Importing every module leaves the public functions in their places."""
    for name in ("compare", "tensor", "trace", "fingerprint", "grad", "jit", "fit", "load"):
        assert callable(getattr(pg, name)), name
    for module in pkgutil.walk_packages(pg.__path__, "paragon."):
        if module.name.split(".")[1] not in ("_core", "libparagon", "executors", "__main__"):
            importlib.import_module(module.name)
    for name in ("compare", "tensor", "trace", "fingerprint", "grad", "jit", "fit", "load"):
        assert callable(getattr(pg, name)), f"{name} is hidden by a module"


def test_file_errors(tmp_path: Path) -> None:
    with pytest.raises(pg.FileError, match="no such file"):
        pg.load(tmp_path / "nothing")
    path = tmp_path / "model.safetensors"
    program = example()
    program.save(path)
    with pytest.raises(pg.FileError, match="holds no 'program.train'"):
        pg.load(path, "train")
    write_tensors(path, {"w": program.values["w"]}, {"format": MODEL, "program": program.to_json()})
    with pytest.raises(pg.FileError, match="'note' has no tensor"):
        pg.load(path)
    write_tensors(
        path,
        {"w": program.values["w"].T, "note": program.values["note"]},
        {"format": MODEL, "program": program.to_json()},
    )
    with pytest.raises(pg.FileError, match="tensor 'w': needs"):
        pg.load(path)
    write_tensors(path, {}, {"format": MODEL, "program": "{"})
    with pytest.raises(pg.FileError, match="model.safetensors: program: not valid JSON"):
        pg.load(path)


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_files_are_named(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    example().save(path)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 8))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        pg.load(path)
    except pg.FileError as error:
        assert "damaged.safetensors" in str(error)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def broken(handle: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]
