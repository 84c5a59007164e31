"""Every reader in Python and C++ says to the example files what docs/files.md says, and they show what they are meant to show."""

from __future__ import annotations

import ctypes
import json
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
import toolchains
from conftest import ROOT
from paragon.cli.check import judged
from paragon.conformance.vectors import load_vectors
from paragon.executors.webgpu.export import export_file
from paragon.ir.kinds import check_file
from paragon.ir.tensor_files import read_tensors
from paragon.training.job import Job

FOLDER = ROOT / "bindings_tests" / "vectors" / "files"
INDEX = json.loads((FOLDER / "index.json").read_text())
ONE = np.ones(1, np.float32)
ACCEPT = {item["file"]: bool(item["accept"]) for item in INDEX}
EXAMPLES = {name: (FOLDER / name).read_bytes() for name in ACCEPT}


def kind_of(name: str) -> str:
    """What an example is meant to be; the refused ones cannot always tell."""
    data = EXAMPLES[name]
    found = [kind for kind in ("model", "job", "vectors") if b'"format":"paragon-%s"' % kind.encode() in data]
    return found[0] if found else "tensors"


def of(*kinds: str) -> list[str]:
    return [name for name in EXAMPLES if kind_of(name) in kinds]


def test_the_files_are_what_their_program_writes() -> None:
    from generate_files import wanted  # type: ignore[import-not-found]

    files = {str(p.relative_to(FOLDER)): p.read_bytes() for p in FOLDER.rglob("*") if p.is_file()}
    assert files == wanted()


def test_every_rule_has_examples_of_both_verdicts() -> None:
    verdicts = Counter((item["rule"], item["accept"]) for item in INDEX)
    rules = {rule for rule, _ in verdicts} - {"Kinds: any other"}  # which has nothing to refuse
    assert len(rules) >= 15
    assert not [rule for rule in rules if not (verdicts[rule, True] and verdicts[rule, False])]
    assert len(INDEX) > 900 and max(map(len, EXAMPLES.values())) < 16_000


def test_python() -> None:
    for name, accept in ACCEPT.items():
        [(line, good)] = judged(f"{FOLDER}/{name}")
        assert good == accept, line
        assert line.isprintable() and line.startswith(f"{FOLDER}/{name}: {'ok' if good else 'refused: '}")


def test_python_loads_models() -> None:
    for name in of("model"):
        if ACCEPT[name]:
            assert pg.load(FOLDER / name).state.keys() == read_tensors(FOLDER / name)[0].keys()
        else:
            with pytest.raises(pg.FileError, match=f"{name}: ."):
                pg.load(FOLDER / name)


def test_python_loads_and_runs_jobs() -> None:
    for name in of("job"):
        if not ACCEPT[name]:
            with pytest.raises(pg.FileError, match=f"{name}: ."):
                Job.load(FOLDER / name)
        elif (job := Job.load(FOLDER / name)).steps < 100 and job.data.get("x", ONE).size:
            assert len({pg.run_job(FOLDER / name, executor).fingerprint for executor in ("reference", "cpu")}) == 1


def test_python_loads_vectors(tmp_path: Path) -> None:
    for name in of("vectors"):
        (tmp_path / "v.safetensors").write_bytes(EXAMPLES[name])
        if ACCEPT[name]:
            list(load_vectors(tmp_path))
        else:
            with pytest.raises(pg.FileError, match=r"v.safetensors: ."):
                list(load_vectors(tmp_path))


def test_the_export_for_webgpu_takes_and_refuses_alike() -> None:
    """It takes models and jobs; what a kernel cannot be made for is another matter than the file."""
    for name in of("model", "job"):
        if not ACCEPT[name]:
            with pytest.raises(pg.FileError):
                export_file(FOLDER / name)
    for name in ("model-plain", "model-by-hand", "job-plain", "job-no-inputs", "job-seed-without-data"):
        assert export_file(FOLDER / "accept" / f"{name}.safetensors")["plan"]["state"].keys() == {"w"}
    with pytest.raises(pg.FileError, match="not a model file"):
        export_file(FOLDER / "accept" / "vectors-plain.safetensors")


# --- the compiled core ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def core() -> ctypes.CDLL:
    library = ctypes.CDLL(str(Path(pg.__file__).parent / "libparagon.so"))
    library.pg_last_error.restype = ctypes.c_char_p
    library.pg_check_memory.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.pg_check_file.argtypes = [ctypes.c_char_p]
    for opened in (library.pg_model_from_memory, library.pg_model_open, library.pg_model_from_json):
        opened.restype = ctypes.c_void_p
    library.pg_model_from_memory.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
    library.pg_model_open.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    library.pg_model_from_json.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    library.pg_model_free.argtypes = [ctypes.c_void_p]
    return library


def test_the_c_interface(core: ctypes.CDLL) -> None:
    for name, data in EXAMPLES.items():
        path = str(FOLDER / name).encode()
        assert (core.pg_check_memory(data, len(data)) == 0) == ACCEPT[name], (name, core.pg_last_error())
        assert (core.pg_check_file(path) == 0) == ACCEPT[name], (name, core.pg_last_error())
        assert ACCEPT[name] or core.pg_last_error().startswith(path + b": ")


def test_the_c_interface_opens_models(core: ctypes.CDLL) -> None:
    for name in of("model"):
        path = str(FOLDER / name).encode()
        for model in (
            core.pg_model_from_memory(EXAMPLES[name], len(EXAMPLES[name]), None),
            core.pg_model_open(path, None),
        ):
            assert (model is not None) == ACCEPT[name], (name, core.pg_last_error())
            core.pg_model_free(model)


def test_program_texts_alone(core: ctypes.CDLL) -> None:
    """The text of a program is judged the same without a file around it; where the file is at fault, it is not asked."""
    for name in of("model"):
        try:
            text = read_tensors(FOLDER / name)[1]["program"]
        except (pg.FileError, KeyError):
            continue
        try:
            pg.Program.from_json(text)
            python = True
        except pg.ProgramError:
            python = False
        encoded = text.encode()
        model = core.pg_model_from_json(encoded, len(encoded))
        assert (model is not None) == python, (name, core.pg_last_error())
        core.pg_model_free(model)
        assert python or not ACCEPT[name]


def test_a_window_that_strides_beyond_its_range_never_reaches_a_kernel(core: ctypes.CDLL) -> None:
    """2^63-1 overflows 64-bit sums of a stride and an offset."""
    text = read_tensors(FOLDER / "refuse" / "unfold-stride-2-63.safetensors")[1]["program"].encode()
    assert core.pg_model_from_json(text, len(text)) is None
    assert b"9223372036854775807 is outside 0 ... 2147483647" in core.pg_last_error()


# --- check ------------------------------------------------------------------------------------------------------------


def test_check_of_the_runner() -> None:
    runner = toolchains.native()
    for folder, good in (("accept", True), ("refuse", False)):
        done = subprocess.run([*runner, "check", str(FOLDER / folder)], capture_output=True, check=False)
        names = sorted(name for name in ACCEPT if name.startswith(folder))
        lines = done.stdout.decode().splitlines()
        assert done.returncode == (not good) and len(lines) == len(names)
        for line, name in zip(lines, names, strict=True):
            assert line.startswith(f"{FOLDER / name}: {'ok' if good else 'refused: '}"), line


def test_check_of_missing_files_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    assert [good for _, good in judged(str(tmp_path))] == [False]
    assert "no such file" in next(judged(str(tmp_path / "none")))[0]
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "a").symlink_to(FOLDER / "accept" / "model-plain.safetensors")
    lines = list(judged(str(tmp_path)))
    assert [good for _, good in lines] == [True, False] and lines[0][0] == f"{tmp_path}/a: ok"
    check_file(tmp_path / "a")
