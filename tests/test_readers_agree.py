"""The comparison of readers (tools/readers_agree.py), on a few hundred files; planted differences are found."""

from __future__ import annotations

import itertools
import json
import stat
import sys
from pathlib import Path

import pytest

import toolchains
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import readers_agree as tool
from readers.odd_files import Object, OddFiles, Raw, parsed, written

HERE = ("python", "c interface", "reference", "webgpu export")
COMMANDS = {"c++": toolchains.native, "go": toolchains.go, "rust": toolchains.rust} | {
    "javascript": toolchains.javascript,
    "webassembly": toolchains.webassembly,
}


@pytest.fixture(scope="module")
def odd() -> list[bytes]:
    return list(itertools.islice(OddFiles(5, programs=80), 600))


def readers(*names: str) -> dict[str, tool.Reader]:
    return {name: tool.READERS[name]() for name in names}


def test_the_same_seed_makes_the_same_files(odd: list[bytes]) -> None:
    assert odd[:60] == list(itertools.islice(OddFiles(5, programs=80), 60))
    assert odd[:60] != list(itertools.islice(OddFiles(6, programs=80), 60))


def test_good_files_are_good_and_the_others_are_of_both_kinds(odd: list[bytes]) -> None:
    made = OddFiles(7, programs=40)
    good = tool.compare([made.good() for _ in range(80)], readers("python"))
    assert good.accepted == good.files == 80
    found = tool.compare(odd, readers("python"))
    assert found.files == 600 and 60 < found.accepted < 400


def test_what_was_parsed_is_written_again() -> None:
    text = '{"a":[1.0,-0,1e999,true,null,"\\u00e9"],"a":{"b":{}}}'
    value = parsed(text)
    assert isinstance(value, Object) and [key for key, _ in value] == ["a", "a"]
    assert isinstance(value[0][1][2], Raw) and written(value) == json.dumps("é", ensure_ascii=False).join(
        text.split('"\\u00e9"')
    )


def test_readers_in_this_process_agree(odd: list[bytes]) -> None:
    found = tool.compare(odd, readers(*HERE))
    assert not found.counts, found.smallest


@pytest.mark.slow
@pytest.mark.parametrize("name", toolchains.each(COMMANDS))
def test_commands_agree_with_python(name: str, odd: list[bytes]) -> None:
    found = tool.compare(odd, readers("python", name))
    assert not found.counts, found.smallest


# --- planted differences ----------------------------------------------------------------------------------------------


def test_a_lenient_reader_is_caught(odd: list[bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that takes everything, as Python's own JSON takes 1.0 for an integer: the smallest file is kept and shown."""

    def lenient(folder: Path) -> tool.Verdicts:
        return dict.fromkeys(tool.python(folder), tool.OK)

    found = tool.compare(odd, readers("python") | {"lenient": lenient})
    assert set(found.counts) == {("python: refused", "lenient: ok")}
    found.report(tmp_path)
    kept = (tmp_path / "difference-0.safetensors").read_bytes()
    assert (
        kept == min((d for d in odd if len(d) <= len(kept)), key=len)
        and "judged differently" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "where,replacement",
    [
        ("paragon.ir.fields.MAX_NAME", 256),
        ("paragon.ir.strict_json.MAX_DEPTH", 65),
        ("paragon.ir.kinds._MOST", 2**31),
        ("paragon.ir.kinds._need_tensors", lambda file, wanted: None),
        ("paragon.ir.strict_json._integer", int),
        ("paragon.ir.strict_json._without_duplicates", dict),
        ("paragon.ir.shapes._need_panel", lambda panel: None),
        ("paragon.ir.kinds.check_job_names", lambda program: None),
    ],
)
def test_a_rule_that_one_reader_lacks_is_caught(
    where: str, replacement: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [p.read_bytes() for p in sorted((ROOT / "bindings_tests/vectors/files").glob("*/*.safetensors"))]
    assert not tool.compare(files, readers("python", "c interface")).counts
    monkeypatch.setattr(where, replacement)
    found = tool.compare(files, readers("python", "c interface"))
    assert set(found.counts) == {("python: ok", "c interface: refused")} and found.counts.total() < 60


def test_a_reader_that_raises_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(file: object, wanted: object) -> None:
        raise KeyError("tensor")

    monkeypatch.setattr("paragon.ir.kinds._need_tensors", broken)
    found = tool.compare([OddFiles(8, programs=40).good()], readers(*HERE))
    [key] = found.counts
    assert key[:2] == ("python: died", "c interface: ok")


@pytest.mark.parametrize(
    "script",
    [
        'for f in "$2"/*; do echo "$f: ok"; done; exit 1',  # another exit code than its lines say
        'for f in "$2"/*[0-8]; do echo "$f: ok"; done',  # files left out
        'for f in "$2"/*; do echo "$f: refused: $(printf "a\\nb")"; done; exit 1',  # a reason of two lines
        "kill -SEGV $$",
        "true",
    ],
)
def test_a_command_that_dies_or_lies_is_caught(script: str, tmp_path: Path) -> None:
    path = tmp_path / "reader"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    good = OddFiles(8, programs=40)
    found = tool.compare([good.good() for _ in range(12)], {"command": tool.command([str(path)])})
    assert any("died" in verdict for key in found.counts for verdict in key)


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one").write_bytes(next(iter(OddFiles(9, programs=40))))
    monkeypatch.setattr("sys.argv", ["readers_agree.py", "--folder", str(tmp_path), "--readers", "python,c interface"])
    assert tool.main() == 0 and "1 files" in capsys.readouterr().out
    monkeypatch.setitem(tool.READERS, "c interface", lambda: lambda folder: {"000000": "neither"})
    monkeypatch.setattr("sys.argv", [*sys.argv, "--keep", str(tmp_path / "kept")])
    assert tool.main() == 1 and len(list((tmp_path / "kept").iterdir())) == 1
