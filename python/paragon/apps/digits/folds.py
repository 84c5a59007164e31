"""Cross-validation of the classifier."""

from __future__ import annotations

import numpy as np

import paragon as pg
from paragon import FileError
from paragon.ir.spec import Array
from paragon.tensor.random import permutation

from .config import Config
from .rows import TEST_STREAM, Split, load_rows
from .run import describe


def fold_of(y: Array, folds: int, seed: int) -> Array:
    """int64 [rows]: the fold of each row; each class is dealt out evenly, in the contract's random order."""
    order = permutation(len(y), seed, TEST_STREAM)
    found = np.empty(len(y), np.int64)
    start = 0
    for c in np.unique(y):
        members = order[y[order] == c]
        found[members] = (start + np.arange(len(members))) % folds
        start += len(members)
    return found


def accuracies(config: Config, folds: int) -> list[float]:
    """The accuracy on each fold of a model that was trained on the others. Raises FileError for more folds than rows."""
    rows = load_rows(config.dataset)
    if folds > len(rows.x):
        raise FileError(f"{config.dataset}: has {len(rows.x)} rows, fewer than {folds} folds")
    fold = fold_of(rows.y, folds, config.seed)
    found = []
    for k in range(folds):
        train, test = np.nonzero(fold != k)[0], np.nonzero(fold == k)[0]
        training = describe(config, rows, Split(train, np.arange(0), test))
        pg.train(training, epochs=config.epochs, progress=False)
        found.append(float((training.model.predict(rows.x[test]).argmax(axis=1) == rows.y[test]).mean()))
    return found
