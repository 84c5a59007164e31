"""Data sets: the real files, downloads from a local server, and damaged files of every kind."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paragon as pg
from conftest import assert_words, published
from paragon import data
from paragon.data.batches import epoch_order
from paragon.data.feed import Gatherer
from paragon.data.idx import parse_idx

f32 = np.float32


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


# --- the format -------------------------------------------------------------------------------------------------------

SMALL = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("array", [SMALL, np.zeros((0, 28, 28), np.uint8), np.array([7], np.uint8), SMALL[None]])
def test_idx_goes_round(array: np.ndarray, tmp_path: Path) -> None:
    for name, content in (("plain", idx(array)), ("packed.gz", gzip.compress(idx(array)))):
        (tmp_path / name).write_bytes(content)
        got = data.read_idx(tmp_path / name)
        assert got.dtype == np.uint8 and got.shape == array.shape and (got == array).all()


@pytest.mark.parametrize("packed", [False, True])
def test_every_truncation_is_named(packed: bool, tmp_path: Path) -> None:
    content = gzip.compress(idx(SMALL), mtime=0) if packed else idx(SMALL)
    path = tmp_path / "images.gz"
    for cut in range(len(content)):
        path.write_bytes(content[:cut])
        with pytest.raises(pg.FileError, match="images.gz: "):
            data.read_idx(path)


@given(
    st.binary(max_size=80)
    | st.binary(max_size=60).map(lambda b: b"\0\0\x08" + b)
    | st.binary(max_size=60).map(gzip.compress)
)
def test_any_bytes_are_an_array_or_a_named_error(content: bytes) -> None:
    try:
        array = parse_idx(content, "some file")
    except pg.FileError as error:
        assert str(error).startswith("some file: ")
    else:
        plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        assert idx(array) == plain


@given(
    flips=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), min_size=1, max_size=4), packed=st.booleans()
)
def test_flipped_bytes(flips: list[tuple[int, int]], packed: bool) -> None:
    content = bytearray(gzip.compress(idx(SMALL), mtime=0) if packed else idx(SMALL))
    for at, mask in flips:
        content[at % len(content)] ^= mask
    try:
        array = parse_idx(bytes(content), "some file")
    except pg.FileError as error:
        assert str(error).startswith("some file: ")
    else:
        assert array.dtype == np.uint8 and array.size <= 24


@pytest.mark.parametrize(
    "content,what",
    [
        (b"", "begins with nothing"),
        (b"\x89PNG\r\n\x1a\n", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\0", "not an IDX file"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 28, 28), "more than"),
        (b"\0\0\x08\x03" + struct.pack(">3I", 60000, 28, 28) + b"abc", "truncated"),
        (idx(SMALL) + b"x", "too long"),
        (gzip.compress(idx(SMALL) + bytes(1 << 26), mtime=0), "too long"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, what: str) -> None:
    with pytest.raises(pg.FileError, match=f"^the-file: .*{what}"):
        parse_idx(content, "the-file")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(pg.FileError, match="nothing.gz: cannot be read"):
        data.read_idx(tmp_path / "nothing.gz")


# --- the sets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name,label", [("mnist", 5), ("fashion_mnist", 9)])
def test_the_published_files(name: str, label: int) -> None:
    found = published(name)
    assert found.x_train.shape == (60000, 784) and found.x_test.shape == (10000, 784) and len(found.classes) == 10
    assert found.x_train.dtype == f32 and found.y_train.dtype == np.int32 and found.y_train[0] == label
    assert (
        np.bincount(found.y_test, minlength=10).sum() == 10000 and found.x_train.max() == 1 and found.x_train.min() == 0
    )
    images = getattr(data, name)(images=True)
    assert images.x_test.shape == (10000, 1, 28, 28)
    assert_words(images.x_test.reshape(10000, 784), found.x_test)


def test_pixels_are_divided() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    got = data.scale_pixels(pixels)
    assert_words(got, pg.div(pg.cast(pg.tensor(pixels), "f32"), 255.0))
    wrong = pixels.astype(f32) * f32(1 / 255)
    assert (got != wrong).sum() == 126  # the number that the contract states


def test_digits() -> None:
    found = data.digits()
    assert found.x_train.shape == (1437, 64) and found.x_test.shape == (360, 64)
    assert found.x_train.dtype == f32 and found.y_train.dtype == np.int32 and found.x_train.max() == 1
    rows = {row.tobytes() for row in np.concatenate([found.x_train, found.x_test])}
    assert len(rows) > 1790  # nearly all different, and none in both parts by the split
    assert np.bincount(found.y_test).min() > 20
    known = "c6e6a119dc419f3ca3a68e39a85983c7b003e867c4bf65dcca803f181b010647"
    assert pg.fingerprint({"x": found.x_train, "y": found.y_train}) == known


class Home:
    """A local server in the place of a data set's home, with small files."""

    def __init__(self) -> None:
        images, labels = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2), np.arange(5, dtype=np.uint8)
        contents = (images, labels, images[:2], labels[:2])
        self.files = {n: gzip.compress(idx(a), mtime=0) for n, a in zip(data.sets.FILES, contents, strict=True)}
        self.asked: list[str] = []
        home = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rpartition("/")[2]
                home.asked.append(name)
                content = home.files.get(name)
                self.send_response(200 if content is not None else 404)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        self.source = replace(data.sets.MNIST, home=f"http://127.0.0.1:{self.server.server_port}/set/", sha256=hashes)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Home]:
    served = Home()
    monkeypatch.setattr(data.sets, "MNIST", served.source)
    monkeypatch.setenv("PARAGON_DATA", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield served
    served.server.shutdown()
    served.server.server_close()


def test_a_set_is_downloaded_once(home: Home, tmp_path: Path) -> None:
    found = data.mnist()
    assert found.x_train.shape == (5, 4) and found.y_train.tolist() == [0, 1, 2, 3, 4]
    assert_words(found.x_train[4], np.array([16, 17, 18, 19], f32) / f32(255))
    assert sorted(home.asked) == sorted(data.sets.FILES)
    assert sorted(p.name for p in (tmp_path / "cache" / "mnist").iterdir()) == sorted(data.sets.FILES)
    data.mnist()
    assert len(home.asked) == 4


def test_what_arrives_is_checked(home: Home, tmp_path: Path) -> None:
    name = data.sets.FILES[1]
    home.files[name] = home.files[name][:-3]
    with pytest.raises(pg.FileError, match=f"{name}: what arrived is not the published file"):
        data.mnist()
    assert not (tmp_path / "cache" / "mnist" / name).exists()
    del home.files[name]
    with pytest.raises(pg.FileError, match=f"{name}.*404"):
        data.mnist()


def test_a_damaged_file_is_named(home: Home, tmp_path: Path) -> None:
    data.mnist()
    path = tmp_path / "cache" / "mnist" / data.sets.FILES[2]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(pg.FileError, match=f"{data.sets.FILES[2]}: damaged.*delete it"):
        data.mnist()
    path.unlink()
    path.mkdir()
    with pytest.raises(pg.FileError, match=f"{data.sets.FILES[2]}: cannot be read"):
        data.mnist()


def test_without_a_network(home: Home, tmp_path: Path) -> None:
    home.server.shutdown()
    home.server.server_close()
    with pytest.raises(pg.FileError, match=f"{data.sets.FILES[0]}: there is no such file.*cannot be reached.*by hand"):
        data.mnist()
    with pytest.raises(pg.FileError, match="or allow the download"):
        data.mnist(download=False)


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PARAGON_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert data.folder() == tmp_path / "paragon"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data.folder() == Path.home() / ".cache" / "paragon"


# --- batches ----------------------------------------------------------------------------------------------------------


def test_batches() -> None:
    x, y = np.arange(20, dtype=f32).reshape(10, 2), np.arange(10, dtype=np.int32)
    plain = list(data.batches(x, y, batch_size=4))
    assert [len(b[1]) for b in plain] == [4, 4, 2]
    assert_words(np.concatenate([b[0] for b in plain]), x)
    mixed = list(data.batches(x, y, batch_size=4, seed=3, epoch=2, drop_last=True))
    order = pg.random.permutation(10, 3, 2**31 + 2)
    assert [b[1].tolist() for b in mixed] == [order[:4].tolist(), order[4:8].tolist()]
    assert all((b[0] == x[b[1]]).all() for b in mixed)
    assert (epoch_order(10, 3, 2) == order).all()
    with pytest.raises(pg.ShapeError, match="array 1 has 9"):
        next(data.batches(x, y[:9], batch_size=4))
    with pytest.raises(pg.ShapeError, match="batch_size"):
        next(data.batches(x, batch_size=0))


def test_the_gatherer_reuses_its_buffers() -> None:
    x, y = np.arange(20, dtype=f32).reshape(10, 2), np.arange(10, dtype=np.int32)
    gather = Gatherer({"x": x, "y": y}, 3)
    first = gather(np.array([1, 5, 2]))
    assert_words(first["x"], x[[1, 5, 2]])
    second = gather(np.array([0, 9, 9]))
    assert second["y"].tolist() == [0, 9, 9] and second["x"] is first["x"]


def test_the_compiled_gather_copies_rows_and_refuses_what_does_not_fit() -> None:
    from paragon.executors.compiled import core

    assert core
    source = np.arange(60, dtype=np.float32).reshape(10, 2, 3)
    rows, out = np.array([9, 0, 3, 3, 1, 8]), np.empty((6, 2, 3), np.float32)
    core.take_rows(source, rows, out)
    np.testing.assert_array_equal(out, source[rows])
    for bad in (np.array([10, 0, 0, 0, 0, 0]), np.array([-1, 0, 0, 0, 0, 0])):
        with pytest.raises(core.Error, match="there is no row"):
            core.take_rows(source, bad, out)
    strided = source[:, :, ::2], out[:, :, ::2]
    for a, b in ((source, out[:5]), (source, np.empty((6, 6), np.float32)), (source, out.astype(np.int32)), strided):
        with pytest.raises(core.Error, match="must be C-contiguous"):
            core.take_rows(a, rows, b)
