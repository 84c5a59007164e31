"""Data sets with their checksums.

`digits` comes with scikit-learn. `mnist` and `fashion_mnist` are read from `$PARAGON_DATA/NAME/`, or else from the user's cache
folder, to which they are downloaded when they are not there. Every file is checked against its published SHA-256.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..ir.errors import FileError
from ..ir.float_modes import in_plain_modes
from ..ir.spec import Array
from ..ir.tensor_files import write_atomic
from .batches import shuffled
from .idx import parse_idx

TIMEOUT = 60.0  # seconds without an answer
LIMIT = 100 * 2**20  # bytes of one file


@dataclass(frozen=True)
class Dataset:
    """Rows to train on and rows to test with: x f32 (rows, features) or (rows, channels, H, W), y i32 (rows,)."""

    name: str
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Where a set of IDX files is published, and the SHA-256 of each file."""

    name: str
    home: str
    sha256: Mapping[str, str]
    classes: tuple[str, ...]


FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
MNIST = Source(
    "mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    dict(
        zip(
            FILES,
            (
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
            strict=True,
        )
    ),
    tuple("0123456789"),
)
FASHION_MNIST = Source(
    "fashion_mnist",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    dict(
        zip(
            FILES,
            (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
            strict=True,
        )
    ),
    ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def folder() -> Path:
    """Where data sets lie: `$PARAGON_DATA`, or "paragon" in the user's cache folder."""
    if chosen := os.environ.get("PARAGON_DATA"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paragon"


@in_plain_modes
def scale_pixels(pixels: Array) -> Array:
    """f32 pixel / 255 of uint8 pixels, one correctly rounded division each (docs/contract.md, section 4). Same shape."""
    table = np.arange(256, dtype=np.float32) / np.float32(255)
    return table[pixels]


@in_plain_modes
def digits() -> Dataset:
    """The 8 x 8 digits that come with scikit-learn: 1,797 rows of 64 pixels / 16, 1,437 to train on and 360 to test with.

    The rows are in the order of `permutation(1797, seed=0)`. Raises FileError when scikit-learn is not installed.

    >>> digits = pg.data.digits()
    >>> digits.x_train.shape, digits.x_train.dtype, digits.y_test[:5].tolist()
    ((1437, 64), dtype('float32'), [8, 2, 0, 9, 1])
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise FileError("digits: the data set is part of scikit-learn: pip install scikit-learn") from None
    found = load_digits()
    x, y = shuffled([found.data.astype(np.float32) / np.float32(16), found.target.astype(np.int32)], seed=0, stream=0)
    cut = len(x) * 4 // 5
    return Dataset("digits", x[:cut], y[:cut], x[cut:], y[cut:], tuple("0123456789"))


def mnist(*, images: bool = False, download: bool = True) -> Dataset:
    """MNIST: 60,000 + 10,000 handwritten digits of 28 x 28 pixels / 255. (LeCun et al., 1998)

    Args:
        images: x as (rows, 1, 28, 28) instead of (rows, 784).
        download: fetch files that are not in `folder()`.

    Raises:
        FileError: a file is missing and cannot be fetched, or is not the published one; the message names it.
    """
    return _load(MNIST, images, download)


def fashion_mnist(*, images: bool = False, download: bool = True) -> Dataset:
    """Fashion-MNIST: 60,000 + 10,000 pictures of clothes, 28 x 28 pixels / 255; as `mnist`. (Xiao et al., 2017)"""
    return _load(FASHION_MNIST, images, download)


def _load(source: Source, images: bool, download: bool) -> Dataset:
    parts = []
    for name in FILES:
        array = parse_idx(_content(source, name, download), str(folder() / source.name / name))
        parts.append(array.astype(np.int32) if array.ndim == 1 else scale_pixels(array))
    x, y, x_test, y_test = parts
    shape = (-1, 1, *x.shape[1:]) if images else (-1, x[0].size)
    return Dataset(source.name, x.reshape(shape), y, x_test.reshape(shape), y_test, source.classes)


def _content(source: Source, name: str, download: bool) -> bytes:
    """The bytes of one published file, from the folder or else from its home."""
    path = folder() / source.name / name
    if path.exists():
        try:
            content = path.read_bytes()
        except OSError as error:
            raise FileError(f"{path}: cannot be read: {error.strerror}") from None
        found = hashlib.sha256(content).hexdigest()
        if found != source.sha256[name]:
            raise FileError(
                f"{path}: damaged or not the published file ({len(content)} bytes, SHA-256 {found}); delete it, and it is fetched"
            )
        return content
    url = source.home + name
    if not download:
        raise FileError(f"{path}: there is no such file; get it from {url}, or allow the download")
    content = _fetch(url, path)
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256[name]:
        raise FileError(
            f"{url}: what arrived is not the published file (SHA-256 {found}, {len(content)} bytes); try again later"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}; set PARAGON_DATA to a folder that can") from None
    return content


def _fetch(url: str, path: Path) -> bytes:
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:
            content: bytes = reply.read(LIMIT + 1)
    except OSError as error:  # URLError, timeouts and broken connections are OSErrors
        raise FileError(
            f"{path}: there is no such file, and {url} cannot be reached ({error}); copy it by hand"
        ) from None
    if len(content) > LIMIT:
        raise FileError(f"{url}: larger than the {LIMIT} bytes that are expected at most")
    return content


SETS: dict[str, Callable[[], Dataset]] = {"digits": digits, "mnist": mnist, "fashion-mnist": fashion_mnist}
"""The data sets by name; the command line reads them here."""
