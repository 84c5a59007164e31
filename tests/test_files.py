"""Files are written so that nothing is lost and read so that nothing surprises (docs/reliability.md)."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
from paragon import nn
from paragon.ir.program import MAX_OPERATIONS, Node
from paragon.ir.spec import Spec
from paragon.ir.tensor_files import most_memory, read_tensors, write_atomic, write_tensors
from paragon.training.job import Job, JobResult

ONE = np.ones(1, np.float32)


@pytest.fixture(autouse=True)
def _usual_permissions() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


# --- writing: links, permissions, what is no file ---------------------------------------------------------------------


def test_a_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    target, link, second = tmp_path / "a" / "target", tmp_path / "link", tmp_path / "second"
    target.parent.mkdir()
    link.symlink_to("a/target")
    second.symlink_to("link")
    for content in (b"new", b"again"):  # the first through links that lead to nothing yet
        write_atomic(second, content)
        assert target.read_bytes() == content and link.is_symlink() and second.is_symlink()
    assert os.listdir(target.parent) == ["target"] and sorted(os.listdir(tmp_path)) == ["a", "link", "second"]


def test_a_fifo_is_written_through(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(fifo.read_bytes()))
    reader.start()
    write_atomic(fifo, b"through")
    reader.join()
    assert found == [b"through"] and stat.S_ISFIFO(fifo.stat().st_mode) and os.listdir(tmp_path) == ["fifo"]


def device(path: Path, minor: int) -> Path:
    """A device of the test's own, so that nothing of the system is at stake. Only root can make one; a skip for others."""
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        path.open("wb").close()
    except OSError as error:
        pytest.skip(f"cannot make a device: {error}")
    return path


def test_a_device_is_written_through(tmp_path: Path) -> None:
    null = device(tmp_path / "null", 3)
    write_atomic(null, b"gone")
    assert stat.S_ISCHR(null.stat().st_mode) and os.listdir(tmp_path) == ["null"]


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o640])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(mode)
    write_atomic(path, b"second")
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() == b"second"


def test_a_full_disk_names_the_file_and_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    write_atomic(path, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*/model.safetensors'") as caught:
        write_atomic(path, b"new")
    assert caught.value.errno == errno.ENOSPC and caught.value.filename == str(path)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["model.safetensors"]


def test_a_device_that_is_full_is_named(tmp_path: Path) -> None:
    full = device(tmp_path / "full", 7)
    with pytest.raises(OSError, match=f"No space left on device: '{full}'"):
        write_atomic(full, b"x")


@pytest.mark.parametrize("place", ["missing/file", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=f"{place}'$"):
        write_atomic(tmp_path / place, b"x")
    assert os.listdir(tmp_path) == ["folder"]


# --- writing: only what can be read back ------------------------------------------------------------------------------


def counter(name: str = "w", **meta: object) -> pg.Program:
    program = pg.trace(lambda state, x: (x, {name: state[name] + x}), ONE, state={name: ONE})
    program.meta = meta
    return program


@pytest.mark.parametrize(
    "program,said",
    [
        (counter("__metadata__"), "__metadata__"),
        (counter(score=float("nan")), "meta"),
        (counter(score=float("-inf")), "meta"),
        (counter(score=np.float32(1)), "meta"),
        (counter(text="\ud800"), "Unicode|meta"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved_over_a_good_file(tmp_path: Path, program: pg.Program, said: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"good")
    with pytest.raises((pg.ProgramError, pg.FileError), match=said):
        program.save(path)
    assert path.read_bytes() == b"good"


def test_a_program_that_its_reader_refuses_is_not_saved(tmp_path: Path) -> None:
    broken = counter()
    broken.outputs = {"y": 99}
    with pytest.raises(pg.ProgramError, match="99"):
        broken.save(tmp_path / "m")
    with pytest.raises(pg.ProgramError, match="'v'"):
        counter().save(tmp_path / "m", {"other": counter("v")})
    with pytest.raises(pg.ProgramError, match="name"):
        counter().save(tmp_path / "m", {"": counter()})
    assert not (tmp_path / "m").exists()


def test_a_number_beyond_binary64_in_meta_is_refused() -> None:
    text = counter(score=1.5).to_json()
    assert pg.Program.from_json(text).meta == {"score": 1.5}
    with pytest.raises(pg.ProgramError, match="1e999"):
        pg.Program.from_json(text.replace("1.5", "1e999"))


@pytest.mark.parametrize(
    "tensors,metadata,said",
    [
        ({"__metadata__": ONE}, {}, "__metadata__"),
        ({"x": np.ones(1)}, {}, "float64"),
        ({"x": np.ones((1,) * 9, np.float32)}, {}, "8 axes"),
        ({"\ud800": ONE}, {}, "Unicode"),
        ({"x": ONE}, {"k": "x" * 100_000_001}, "100000000"),
    ],
)
def test_tensors_that_no_reader_takes_are_not_written(
    tmp_path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str], said: str
) -> None:
    with pytest.raises(pg.FileError, match=f"f.safetensors: .*{said}"):
        write_tensors(tmp_path / "f.safetensors", tensors, metadata)
    assert not os.listdir(tmp_path)


class Clashing(nn.Module):
    """Its parameter has the name that the loss has in a file of results."""

    def __init__(self) -> None:
        self.output = nn.Module()
        self.output.parameter("loss", (1,), lambda shape, seed, stream: pg.zeros(shape))

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        return x


def test_a_state_with_the_name_of_an_output_is_refused(tmp_path: Path) -> None:
    x, y = np.eye(4, dtype=np.float32), np.arange(4)
    path = tmp_path / "job.safetensors"
    with pytest.raises(pg.ProgramError, match="'output.loss' has the name that the output 'loss' gets"):
        pg.save_job(path, Clashing(), x, y, steps=1, batch_size=2)
    assert not path.exists()
    pg.save_job(path, nn.Dense(4, 4), x, y, steps=1, batch_size=2)
    tensors, metadata = read_tensors(path)
    program = json.loads(metadata["program"])
    program["state"].append({"name": "output.loss", "dtype": "f32", "shape": [1]})
    first = len(program["inputs"]) + len(program["state"]) - 1
    for node in program["operations"]:
        node["inputs"] = [v + (v >= first) for v in node["inputs"]]
        node["output"] += 1
    for item in program["outputs"] + program["updates"]:
        item["value"] += item["value"] >= first
    write_tensors(path, {**tensors, "output.loss": ONE}, {**metadata, "program": json.dumps(program)})
    with pytest.raises(pg.FileError, match=r"job.safetensors: .*output.loss"):
        Job.load(path)
    with pytest.raises(pg.ProgramError, match=r"output.loss"):
        JobResult({"output.loss": ONE}, {"loss": ONE}).save(tmp_path / "out")


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_only_regular_files_are_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)  # nobody writes: opening it would wait for ever
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/dev/zero")
    for read in (pg.load, read_tensors, Job.load):
        with pytest.raises(pg.FileError, match=f"{path}: is not a regular file"):
            read(path)


def sparse(path: Path, names: list[str], metadata: dict[str, str]) -> None:
    """A file with tensors of 2^31-1 zeros that takes no place on the disk."""
    size = 4 * (2**31 - 1)
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    for i, name in enumerate(names):
        header[name] = {"dtype": "F32", "shape": [2**31 - 1], "data_offsets": [i * size, (i + 1) * size]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size * len(names))


def test_more_than_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    names = [f"t{i}" for i in range(most_memory() // (4 * (2**31 - 1)) + 1)]
    try:
        sparse(path, names, {})
    except OSError as error:
        pytest.skip(f"no sparse files here: {error}")
    with pytest.raises(pg.FileError, match=r"huge.safetensors: its tensors take \d+ bytes; this machine reads at most"):
        read_tensors(path)


def test_only_what_a_program_needs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    small = pg.trace(lambda x: x * 2.0, ONE).to_json()
    names = [f"t{i}" for i in range(most_memory() // (4 * (2**31 - 1)) + 1)]
    main = json.loads(small) | {"state": [{"name": name, "dtype": "f32", "shape": [2**31 - 1]} for name in names]}
    main |= {"operations": [], "outputs": [{"name": "output", "value": 0}]}
    try:
        sparse(path, names, {"format": "paragon-model", "program": json.dumps(main), "program.small": small})
    except OSError as error:
        pytest.skip(f"no sparse files here: {error}")
    assert pg.load(path, "small").run({"x": ONE})["output"] == 2
    with pytest.raises(pg.FileError, match=r"its tensors take \d+ bytes"):
        pg.load(path)


# --- limits that agree ------------------------------------------------------------------------------------------------


def chain(length: int) -> pg.Program:
    """`length` operations whose attributes are long, one after the other."""
    spec = Spec("f32", (1, 1, 1, 1, 1, 1, 1, 1))
    attributes = {"start": (0,) * 8, "stop": (1,) * 8, "step": (1,) * 8}
    return pg.Program({"x": spec}, {}, [Node("slice", (i,), attributes, spec) for i in range(length)], {"y": length})


@pytest.mark.slow
def test_the_largest_program_fits_into_a_model_file(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    chain(MAX_OPERATIONS).save(path)
    assert len(pg.load(path).operations) == MAX_OPERATIONS
    content = path.read_bytes()
    with pytest.raises(pg.ProgramError, match=f"{MAX_OPERATIONS + 1} operations; the most is {MAX_OPERATIONS}"):
        chain(MAX_OPERATIONS + 1).save(path)
    assert path.read_bytes() == content
