"""The C interface, used from Python through cffi as any other language would: the header and the shared library, nothing else."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest

import paragon as pg
from conftest import ROOT, assert_words
from paragon.executors.cpu import LIBRARY
from paragon.ir.program import Program
from paragon.ir.spec import Array

HEADER = ROOT / "csrc" / "include" / "paragon.h"


@pytest.fixture(scope="module")
def ffi() -> cffi.FFI:
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    for name, value in re.findall(r"#define (PG_\w+) (\d+)", text):
        text = re.sub(rf"\b{name}\b", value, text)
    text = re.sub(r'^#.*$|extern "C" \{|\bPG_API\b|^\}\s*$', "", text, flags=re.M)
    found = cffi.FFI()
    found.cdef(text)
    return found


@pytest.fixture(scope="module")
def lib(ffi: cffi.FFI) -> Any:
    return ffi.dlopen(str(LIBRARY))


class Abi:
    """The few lines that a binding needs."""

    def __init__(self, ffi: cffi.FFI, lib: Any) -> None:
        self.ffi, self.lib = ffi, lib

    def text(self, pointer: Any) -> str:
        return bytes(self.ffi.string(pointer)).decode()

    def error(self) -> str:
        return self.text(self.lib.pg_last_error())

    def check(self, status: int) -> None:
        if status != self.lib.PG_OK:
            raise ValueError(self.error())

    def model(self, source: Program | Path | bytes, name: bytes | None = None) -> Any:
        which = self.ffi.NULL if name is None else self.ffi.new("char[]", name)
        if isinstance(source, Program):
            text = source.to_json().encode()
            found = self.lib.pg_model_from_json(text, len(text))
        elif isinstance(source, bytes):
            found = self.lib.pg_model_from_memory(source, len(source), which)
        else:
            found = self.lib.pg_model_open(str(source).encode(), which)
        if found == self.ffi.NULL:
            raise ValueError(self.error())
        return self.ffi.gc(found, self.lib.pg_model_free)

    def session(self, model: Any, **options: Any) -> Any:
        isa = options.get("isa")
        text = self.ffi.NULL if isa is None else self.ffi.new("char[]", isa)
        packed = self.ffi.new("pg_options *", [text, options.get("threads", 0), options.get("memory_limit", 0)])
        found = self.lib.pg_session_open(model, packed)
        if found == self.ffi.NULL:
            raise ValueError(self.error())
        return self.ffi.gc(found, self.lib.pg_session_free)

    def tensors(self, model: Any, kind: int) -> list[tuple[str, str, tuple[int, ...]]]:
        found, tensor = [], self.ffi.new("pg_tensor *")
        for i in range(self.lib.pg_model_count(model, kind)):
            self.check(self.lib.pg_model_tensor(model, kind, i, tensor))
            dtype = {self.lib.PG_F32: "f32", self.lib.PG_I32: "i32", self.lib.PG_U32: "u32"}[tensor.dtype]
            found.append((self.text(tensor.name), dtype, tuple(tensor.shape[k] for k in range(tensor.rank))))
        return found

    def addresses(self, arrays: list[Array]) -> Any:
        return self.ffi.new("void *[]", [self.ffi.cast("void *", a.ctypes.data) for a in arrays])

    def run(self, session: Any, inputs: list[Array], outputs: list[Array]) -> None:
        self.check(self.lib.pg_session_run(session, self.addresses(inputs), self.addresses(outputs)))

    def fingerprint(self, call: Callable[..., int], *arguments: Any) -> str:
        found = self.ffi.new("char[65]")
        self.check(call(*arguments, found))
        return self.text(found)


@pytest.fixture(scope="module")
def abi(ffi: cffi.FFI, lib: Any) -> Abi:
    return Abi(ffi, lib)


def counter() -> Program:
    """y = x @ w + n, and n counts up."""

    def step(state: dict[str, pg.Tensor], x: pg.Tensor) -> tuple[dict[str, pg.Tensor], dict[str, pg.Tensor]]:
        return {"y": pg.matmul(x, state["w"]) + state["n"]}, {"n": state["n"] + 1.0}

    state = {"w": np.arange(6, dtype=np.float32).reshape(3, 2), "n": np.zeros((), np.float32)}
    return pg.trace(step, np.zeros((4, 3), np.float32), state=state)


def test_library_facts(abi: Abi) -> None:
    lib = abi.lib
    assert abi.text(lib.pg_version()) == "0.1.0" and lib.pg_contract_version() == 1
    assert [abi.text(lib.pg_isa_name(i)) for i in range(lib.pg_isa_count())] == pg.executors()["cpu"].isas  # type: ignore[attr-defined]
    assert lib.pg_isa_name(99) == abi.ffi.NULL and "number 99" in abi.error()
    assert abi.text(lib.pg_default_isa()) in pg.executors()["cpu"].isas  # type: ignore[attr-defined]
    assert lib.pg_threads() >= 1
    assert lib.pg_set_threads(0) == lib.PG_ERROR and "1024" in abi.error()


def test_exports_nothing_else() -> None:
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", str(LIBRARY)], check=True, capture_output=True, text=True
    ).stdout
    names = {line.split()[-1] for line in listing.splitlines()}
    declared = set(re.findall(r"\b(pg_\w+)\(", HEADER.read_text()))
    assert names == declared


def test_header_is_c(tmp_path: Path) -> None:
    source = tmp_path / "use.c"
    source.write_text('#include "paragon.h"\nint main(void) { return pg_contract_version() != 1; }\n')
    command = [
        "cc",
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        f"-I{HEADER.parent}",
        str(source),
        str(LIBRARY),
    ]
    subprocess.run([*command, f"-Wl,-rpath,{LIBRARY.parent}", "-o", str(tmp_path / "use")], check=True)
    subprocess.run([str(tmp_path / "use")], check=True)


def test_model_file(abi: Abi, tmp_path: Path) -> None:
    program, path = counter(), tmp_path / "model.safetensors"
    program.save(path)
    for source in (path, path.read_bytes()):
        model = abi.model(source)
        assert abi.tensors(model, abi.lib.PG_INPUT) == [(k, s.dtype, s.shape) for k, s in program.inputs.items()]
        assert abi.tensors(model, abi.lib.PG_STATE) == [(k, s.dtype, s.shape) for k, s in program.state.items()]
        assert abi.tensors(model, abi.lib.PG_OUTPUT) == [("y", "f32", (4, 2))]
        assert [t[1:] for t in abi.tensors(model, abi.lib.PG_VALUE)] == [(s.dtype, s.shape) for s in program.specs()]
        session = abi.session(model, threads=2)
        assert abi.lib.pg_session_threads(session) == 2
        x, y = np.ones((4, 3), np.float32), np.empty((4, 2), np.float32)
        reference = pg.executors()["reference"].load(program)
        for _ in range(3):
            abi.run(session, [x], [y])
            assert_words(y, reference.run({"x": x})["y"])
        assert abi.fingerprint(abi.lib.pg_session_fingerprint, session) == pg.fingerprint(reference.state())
        saved = tmp_path / "saved.safetensors"
        abi.check(abi.lib.pg_session_save(session, str(saved).encode()))
        assert pg.fingerprint(pg.load(saved)) == pg.fingerprint(reference.state())
        assert abi.fingerprint(abi.lib.pg_fingerprint_file, str(saved).encode()) == pg.fingerprint(reference.state())
        assert [p.name for p in tmp_path.iterdir() if "saved" in p.name] == ["saved.safetensors"]


def test_state_and_observation(abi: Abi) -> None:
    program = counter()
    model = abi.model(program)
    session = abi.session(model, isa=b"baseline" if "baseline" in pg.executors()["cpu"].isas else None)  # type: ignore[attr-defined]
    x, y = np.ones((4, 3), np.float32), np.empty((4, 2), np.float32)
    with pytest.raises(ValueError, match="is not set"):
        abi.run(session, [x], [y])
    for i, name in enumerate(program.state):
        abi.check(abi.lib.pg_session_set_state(session, i, abi.ffi.cast("void *", program.values[name].ctypes.data)))
    specs = program.specs()
    arrays = [np.empty(s.shape, {"f32": np.float32, "i32": np.int32, "u32": np.uint32}[s.dtype]) for s in specs]
    ids = abi.ffi.new("uint32_t[]", list(range(len(specs))))
    abi.check(abi.lib.pg_session_observe(session, abi.addresses([x]), ids, len(specs), abi.addresses(arrays)))
    wanted = pg.executors()["reference"].load(program).values({"x": x})
    for i, (got, want) in enumerate(zip(arrays, wanted, strict=True)):
        assert_words(got, want, f"value {i}")
    n = np.empty((), np.float32)
    abi.check(abi.lib.pg_session_get_state(session, 1, abi.ffi.cast("void *", n.ctypes.data)))
    assert n == 0  # observing updates nothing
    assert abi.lib.pg_session_get_state(session, 2, abi.ffi.NULL) == abi.lib.PG_ERROR
    assert abi.error() == "there is no state 2; the program has 2"


def test_fingerprint_of_arrays(abi: Abi) -> None:
    a, b = np.array([[1.5, np.nan]], np.float32), np.array(7, np.uint32)
    names = [abi.ffi.new("char[]", b"b"), abi.ffi.new("char[]", "ä".encode())]
    tensors = abi.ffi.new(
        "pg_tensor[]", [[names[0], abi.lib.PG_U32, 0, [], 0], [names[1], abi.lib.PG_F32, 2, [1, 2], 0]]
    )
    found = abi.fingerprint(abi.lib.pg_fingerprint, tensors, abi.addresses([b, a]), 2)
    assert found == pg.fingerprint({"ä": a, "b": b})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "ends too early"),
        (b"{}", '"format" is missing'),
        (b'{"format":"paragon-program","version":3}', "version 3 is not supported"),
        (b"\xff", "not valid UTF-8"),
    ],
)
def test_bad_programs(abi: Abi, text: bytes, message: str) -> None:
    assert abi.lib.pg_model_from_json(text, len(text)) == abi.ffi.NULL
    assert message in abi.error()


def test_bad_files(abi: Abi, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    counter().save(path)
    whole = path.read_bytes()
    for cut in (0, 7, 20, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=re.escape(str(path))):
            abi.model(path)
    with pytest.raises(ValueError, match="No such file"):
        abi.model(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match='no "program.other"'):
        abi.model(whole, b"other")
    model = abi.model(whole)
    with pytest.raises(ValueError, match="memory limit of 10"):
        abi.session(model, memory_limit=10)
    with pytest.raises(ValueError, match="unknown or not available"):
        abi.session(model, isa=b"mmx")
    for null in (
        abi.lib.pg_session_open(abi.ffi.NULL, abi.ffi.NULL),
        abi.lib.pg_model_open(abi.ffi.NULL, abi.ffi.NULL),
    ):
        assert null == abi.ffi.NULL and "is null" in abi.error()
    assert abi.lib.pg_session_run(abi.session(model), abi.ffi.NULL, abi.ffi.NULL) == abi.lib.PG_ERROR
    assert abi.error() == 'the argument "inputs" is null'


def test_errors_belong_to_their_thread(abi: Abi) -> None:
    assert abi.lib.pg_model_from_json(b"[", 1) == abi.ffi.NULL
    mine, theirs = abi.error(), []

    def other() -> None:
        theirs.append(abi.error())
        abi.lib.pg_model_from_json(b"\xff", 1)
        theirs.append(abi.error())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert theirs[0] == "" and "UTF-8" in theirs[1] and abi.error() == mine


def test_sessions_run_at_the_same_time(abi: Abi) -> None:
    program = counter()
    model = abi.model(program)
    results: list[Array] = []

    def work() -> None:
        session = abi.session(model, threads=2)
        for i, name in enumerate(program.state):
            abi.check(
                abi.lib.pg_session_set_state(session, i, abi.ffi.cast("void *", program.values[name].ctypes.data))
            )
        x, y = np.ones((4, 3), np.float32), np.empty((4, 2), np.float32)
        for _ in range(200):
            abi.run(session, [x], [y])
        results.append(y)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for y in results:
        assert_words(y, results[0])
    assert results[0][0, 0] == 0 + 2 + 4 + 199


def test_whole_files(abi: Abi, tmp_path: Path) -> None:
    from paragon import nn
    from paragon.ir.tensor_files import read_tensors, write_tensors

    rng = np.random.default_rng(3)
    x, y = rng.random((50, 5), np.float32), rng.integers(0, 3, 50).astype(np.int32)
    model = nn.Sequential(nn.Dense(5, 8, "tanh"), nn.Dropout(0.25), nn.Dense(8, 3))
    job, out = tmp_path / "job.safetensors", tmp_path / "out.safetensors"
    pg.save_job(job, model, x, y, steps=7, batch_size=16, seed=11)
    mine = pg.run_job(job, executor="reference")
    found = abi.fingerprint(abi.lib.pg_train_file, str(job).encode(), str(out).encode(), abi.ffi.NULL)
    assert found == pg.fingerprint(mine.state)
    tensors, _ = read_tensors(out)
    for name, array in {**mine.state, **{f"output.{k}": v for k, v in mine.outputs.items()}}.items():
        assert_words(tensors[name], array, name)
    assert len(tensors) == len(mine.state) + len(mine.outputs)

    program, inputs = counter(), tmp_path / "inputs.safetensors"
    program.save(job)
    write_tensors(inputs, {"x": np.ones((4, 3), np.float32)}, {})
    abi.check(abi.lib.pg_run_files(str(job).encode(), str(inputs).encode(), str(out).encode(), 1, abi.ffi.NULL))
    tensors, _ = read_tensors(out)
    values = pg.executors()["reference"].load(program).values({"x": np.ones((4, 3), np.float32)})
    for i in range(program.first_operation, len(values)):
        assert_words(tensors.pop(f"value.{i}"), values[i], f"value {i}")
    assert_words(tensors.pop("output.y"), values[program.outputs["y"]])
    ((state, value),) = program.updates.items()
    assert_words(tensors.pop(f"state.{state}"), values[value])
    assert not tensors
