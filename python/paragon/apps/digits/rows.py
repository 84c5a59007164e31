"""The rows of a classifier: a built-in set or a CSV file, divided by the seed into rows to train, validate and test with."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paragon import FileError
from paragon.data.sets import SETS
from paragon.ir.spec import Array
from paragon.tensor.random import permutation

from .artifacts import Image

TEST_STREAM, VALIDATION_STREAM = 2**32 - 2, 2**32 - 3  # of the orders in which rows are kept back
LABEL_COLUMNS = ("label", "target", "class", "digit")
LICENCES = {
    "digits": "UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
    "mnist": "MNIST, CC BY-SA 3.0",
    "fashion-mnist": "Fashion-MNIST, MIT",
}


@dataclass(frozen=True)
class Rows:
    """A data set: x f32 [rows, features], y i32 [rows]; `test` are the rows of a published test set, none when there is none."""

    name: str
    x: Array
    y: Array
    ids: Array
    classes: tuple[str, ...]
    image: Image | None
    test: Array
    licence: str | None = None


@dataclass(frozen=True)
class Split:
    """Numbers of rows, ascending."""

    train: Array
    validation: Array
    test: Array


def load_rows(dataset: str) -> Rows:
    """The rows of a built-in set, or of a CSV file. Raises FileError, naming what is missing or wrong."""
    if dataset in SETS:
        return _built_in(dataset)
    if dataset.lower().endswith(".csv"):
        return read_csv(Path(dataset))
    raise FileError(f"the data set {dataset!r} is none of {', '.join(SETS)}, and no FILE.csv")


def _built_in(name: str) -> Rows:
    found = SETS[name]()
    x, y = np.concatenate([found.x_train, found.x_test]), np.concatenate([found.y_train, found.y_test])
    side = math.isqrt(x.shape[1])
    if name == "digits":  # the loader's order is permutation(rows, seed=0) of the published one
        return Rows(
            name,
            x,
            y,
            permutation(len(x), 0),
            found.classes,
            Image(height=8, width=8, most=16),
            np.arange(0),
            LICENCES[name],
        )
    image = Image(height=side, width=side, most=255)
    test = np.arange(len(found.x_train), len(x))
    return Rows(name, x, y, np.arange(len(x)), found.classes, image, test, LICENCES.get(name))


def read_csv(path: Path) -> Rows:
    """Rows of a CSV file with a header: numbers, and the class in a column `label` (`target`, `class`, `digit`), or the last one.

    Features that are integers in 0 ... 16 or 0 ... 255 and make a square are pictures, divided by 16 or 255.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: is no CSV text: {error}") from None
    if len(lines) < 3 or len(lines[0]) < 2:
        raise FileError(f"{path}: needs a header, at least two columns and at least two rows")
    names = [name.strip().lower() for name in lines[0]]
    column = next((names.index(name) for name in LABEL_COLUMNS if name in names), len(names) - 1)
    values = np.empty((len(lines) - 1, len(names) - 1), np.float64)
    labels = []
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(names):
            raise FileError(f"{path}: line {number} has {len(line)} columns, the header has {len(names)}")
        labels.append(line[column].strip())
        rest = line[:column] + line[column + 1 :]
        try:
            values[number - 2] = [float(value) for value in rest]
        except ValueError as error:
            raise FileError(f"{path}: line {number}: {error}") from None
    if not np.isfinite(values).all():
        row = int(np.nonzero(~np.isfinite(values).all(axis=1))[0][0]) + 2
        raise FileError(f"{path}: line {row} holds a number that is not finite")
    classes = sorted(set(labels), key=_by_number)
    if len(classes) < 2:
        raise FileError(
            f"{path}: all rows are of the class {classes[0]!r} (column {lines[0][column]!r}); nothing can be learnt"
        )
    numbers = {name: number for number, name in enumerate(classes)}
    y = np.array([numbers[name] for name in labels], np.int32)
    image = _image_of(values)
    x = values.astype(np.float32)
    if image is not None:
        x /= np.float32(image.most)
    return Rows(path.name, x, y, np.arange(len(x)), tuple(classes), image, np.arange(0))


def _by_number(label: str) -> tuple[bool, int, str]:
    """Integers in their order, before other labels."""
    number = label.lstrip("-").isdecimal()
    return not number, int(label) if number else 0, label


def _image_of(values: Array) -> Image | None:
    side = math.isqrt(values.shape[1])
    if side * side != values.shape[1] or side < 2 or (values != np.floor(values)).any() or values.min() < 0:
        return None
    most = 16 if values.max() <= 16 else 255
    return Image(height=side, width=side, most=most) if values.max() <= most else None


def stratified(y: Array, chosen: Array, fraction: float, seed: int, stream: int) -> tuple[Array, Array]:
    """The rows `chosen` without a `fraction` of them, and those: of each class its share, in the contract's random order.

    Shares are rounded by the largest remainder, so that their sum is round(fraction * rows). Raises FileError when a side is empty.
    """
    order = chosen[permutation(len(chosen), seed, stream)]
    classes, counts = np.unique(y[chosen], return_counts=True)
    total = round(fraction * len(chosen))
    share = counts * fraction
    quota = np.floor(share).astype(np.int64)
    for k in np.argsort(-(share - quota), kind="stable")[: total - int(quota.sum())]:
        quota[k] += 1
    held = np.sort(np.concatenate([order[y[order] == c][:n] for c, n in zip(classes, quota, strict=True)]))
    kept = np.setdiff1d(chosen, held)
    if not len(held) or not len(kept):
        raise FileError(f"a share of {fraction} of {len(chosen)} rows leaves no rows on one side")
    return kept, held


def divide(rows: Rows, test_size: float | None, val_size: float, seed: int) -> Split:
    """The rows to train, validate and test with."""
    every = np.arange(len(rows.x))
    if test_size is None and len(rows.test):
        train, test = np.setdiff1d(every, rows.test), rows.test
    else:
        train, test = stratified(rows.y, every, test_size or 0.2, seed, TEST_STREAM)
    validation = np.arange(0)
    if val_size:
        train, validation = stratified(rows.y, train, val_size, seed, VALIDATION_STREAM)
    return Split(train, validation, test)


def training_rows(source: dict[str, Any]) -> dict[str, Array]:
    """The loader `digits` of run sources: the rows that a run trained on. Settings: dataset, test_size, val_size, seed."""
    rows = load_rows(str(source["dataset"]))
    split = divide(rows, source.get("test_size"), float(source["val_size"]), int(source["seed"]))
    return {"x": rows.x[split.train], "y": rows.y[split.train]}
