"""One rule for the fingerprint of a run, and for writing and reading files, in every language (docs/program.md)."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
import toolchains
from conftest import ROOT
from paragon.conformance import External
from paragon.ir.tensor_files import read_tensors, write_tensors

pytestmark = pytest.mark.slow

X = np.arange(4, dtype=np.float32)
VECTORS = ROOT / "bindings_tests" / "vectors"


@pytest.fixture(scope="session", params=toolchains.each(toolchains.IMPLEMENTATIONS))
def other(request: pytest.FixtureRequest) -> External:
    return External(request.param, toolchains.IMPLEMENTATIONS[request.param]())


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A model that updates a state and has an output with an awkward name, and its inputs."""
    folder = tmp_path / "given"
    folder.mkdir()

    def step(state: dict[str, pg.Tensor], x: pg.Tensor) -> tuple[object, object]:
        total = state["w"] + x
        return {"logits": total * 2.0, "output.x": x}, {"w": total}

    pg.trace(step, X, state={"w": X}).save(folder / "model")
    write_tensors(folder / "inputs", {"x": X}, {})
    return folder / "model", folder / "inputs"


def run(other: External, *arguments: str | Path) -> str:
    done = other.call(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_run_has_one_fingerprint(other: External, files: tuple[Path, Path], tmp_path: Path) -> None:
    model, inputs = files
    program = pg.load(model)
    text = program.to_json()
    want = pg.fingerprint(program.run({"x": X}, executor="reference"))
    for flags in ((), ("--values",)):
        out = tmp_path / "out"
        assert run(other, "run", model, inputs, out, *flags) == want
        assert run(other, "fingerprint", out) == want
        metadata = read_tensors(out)[1]
        assert metadata == {"format": "paragon-run", "program": text}
    tensors = read_tensors(out)[0]
    write_tensors(out, tensors, {})  # the same tensors in a file that is none of results
    assert run(other, "fingerprint", out) == pg.fingerprint(tensors) != want


def test_results_go_through_links_fifos_and_devices(other: External, files: tuple[Path, Path], tmp_path: Path) -> None:
    model, inputs = files
    plain = tmp_path / "plain"
    run(other, "run", model, inputs, plain)
    content = plain.read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()
    target, link, second, fifo = folder / "target", tmp_path / "link", tmp_path / "second", tmp_path / "fifo"
    link.symlink_to("folder/target")
    second.symlink_to("link")
    for mode in (None, 0o640, 0o600):
        if mode is not None:
            target.chmod(mode)
            target.write_bytes(b"old")
        run(other, "run", model, inputs, second)
        assert target.read_bytes() == content and link.is_symlink() and second.is_symlink()
        assert mode in (None, stat.S_IMODE(target.stat().st_mode))
    assert os.listdir(folder) == ["target"]

    os.mkfifo(fifo)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(fifo.read_bytes()))
    reader.start()
    run(other, "run", model, inputs, fifo)
    reader.join()
    assert found == [content] and stat.S_ISFIFO(fifo.stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ["fifo", "folder", "given", "link", "plain", "second"]


def test_devices_are_not_replaced_and_a_full_one_is_named(
    other: External, files: tuple[Path, Path], tmp_path: Path
) -> None:
    model, inputs = files
    for name, minor in (("null", 3), ("full", 7)):
        path = tmp_path / name
        try:
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            path.open("wb").close()
        except OSError as error:
            pytest.skip(f"cannot make a device: {error}")
        done = other.call("run", model, inputs, path)
        assert stat.S_ISCHR(path.stat().st_mode)
        if name == "null":
            assert done.returncode == 0, done.stderr
        else:
            assert done.returncode not in (0, 101) and str(path) in done.stderr, done
    assert sorted(os.listdir(tmp_path)) == ["full", "given", "null"]


def test_only_regular_files_are_read(other: External, files: tuple[Path, Path], tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)  # nobody writes: opening it would wait for ever
    for path in (fifo, tmp_path, Path("/dev/zero")):
        for arguments in (("fingerprint", path), ("run", path, files[1], tmp_path / "out"), ("train", path, "out")):
            done = other.call(*arguments)
            assert done.returncode not in (0, 101) and str(path) in done.stderr, (arguments, done)


def test_a_file_that_is_too_large_is_not_read(other: External, tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(5 << 30)
    done = other.call("fingerprint", path)
    assert done.returncode not in (0, 101) and done.returncode > 0 and str(path) in done.stderr, done
    assert other.name not in ("go", "rust") or "at most 4294967296 are read" in done.stderr


def test_a_state_with_the_name_of_an_output_is_refused(other: External, tmp_path: Path) -> None:
    one = np.ones(1, np.float32)
    program = pg.trace(lambda state, x: ({"y": x}, {"output.y": x}), one, state={"output.y": one})
    metadata = {"format": "paragon-job", "program": program.to_json()}
    metadata["job"] = json.dumps({"steps": 1, "batch": 1, "seed": [0, 0]})
    job, out = tmp_path / "job", tmp_path / "out"
    write_tensors(job, {"output.y": one, "data.x": one}, metadata)
    done = other.call("train", job, out)
    assert done.returncode not in (0, 101) and "output.y" in done.stderr and not out.exists(), done


def test_the_example_files(other: External) -> None:
    """docs/files.md: what every reader accepts or refuses."""
    for verdict, code in (("accept", 0), ("refuse", 1)):
        folder = VECTORS / "files" / verdict
        names = sorted(path.name for path in folder.iterdir())
        done = other.call("check", folder)
        lines = done.stdout.splitlines()
        assert done.returncode == code and len(lines) == len(names) > 100, done.stderr
        for name, line in zip(names, lines, strict=True):
            said = f"{folder}/{name}: ok" if verdict == "accept" else f"{folder}/{name}: refused: "
            assert line == said if verdict == "accept" else line.startswith(said) and line > said, line


def test_exit_codes(other: External, files: tuple[Path, Path], tmp_path: Path) -> None:
    """docs/files.md, section 5."""
    for arguments in ((), ("dance",), ("run", *files), ("check",), ("train", "a"), ("vectors", tmp_path, tmp_path)):
        done = other.call(*arguments)
        assert done.returncode == 2 and "usage" in done.stderr and not done.stdout, (arguments, done)
    none, out, empty = tmp_path / "none", tmp_path / "out", tmp_path / "empty"
    empty.mkdir()
    extra = tmp_path / "extra"
    write_tensors(extra, {"x": X, "y": X}, {})  # y is no input
    for arguments in (
        ("run", none, files[1], out),
        ("run", files[0], files[0], out),
        ("run", files[0], extra, out),
        ("run", files[1], files[1], out),
        ("run", *files, empty / "no" / "out"),
        ("train", files[0], out),
        ("fingerprint", none),
        ("vectors", none),
        ("vectors", empty),
    ):
        done = other.call(*arguments)
        assert done.returncode == 1 and not done.stdout and done.stderr.count("\n") == 1, (arguments, done)
    assert not out.exists()


def test_vectors_name_what_is_wrong(other: External, tmp_path: Path) -> None:
    source = VECTORS / "add.safetensors"
    tensors, metadata = read_tensors(source)
    cases = len(json.loads(metadata["cases"]))
    for name in ("b.safetensors", "a.safetensors", "c"):  # c is not taken
        (tmp_path / name).write_bytes(source.read_bytes() if name != "c" else b"")
    done = other.call("vectors", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{2 * cases} cases in 2 files, all right\n"), done
    tensors["0/out/result"].view(np.uint32)[1] ^= 1
    write_tensors(tmp_path / "b.safetensors", tensors, metadata)
    done = other.call("vectors", tmp_path)
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and len(lines) == 1 and "b.safetensors" in lines[0], done
    (tmp_path / "a.safetensors").write_bytes(b"")
    assert other.call("vectors", tmp_path).returncode == 1


def test_the_fingerprint_that_paragon_run_prints(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from paragon import cli

    program = pg.load(files[0])
    want = pg.fingerprint(program.run({"x": X}))
    monkeypatch.setenv("COLUMNS", "200")
    for arguments in (
        ("run", *files, tmp_path / "out"),
        ("fingerprint", tmp_path / "out"),
        ("inspect", tmp_path / "out"),
    ):
        monkeypatch.setattr("sys.argv", ["paragon", *map(str, arguments)])
        with pytest.raises(SystemExit):
            cli.main()
        printed = capsys.readouterr().out
        assert want in printed, printed
        assert (program.fingerprint() in printed) == (arguments[0] == "run")
