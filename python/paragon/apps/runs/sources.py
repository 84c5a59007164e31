"""Where rows come from, so that a record need not hold them: a name and settings, from which a loader makes the same rows again.

Loaders are entry points of the group `paragon.run_sources`: a record names one, it never brings code.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import numpy as np

from paragon import FileError
from paragon.data.sets import SETS
from paragon.ir.spec import Array
from paragon.tensor.random import permutation
from paragon.training.description import SPLIT_STREAM

GROUP = "paragon.run_sources"


def builtin(settings: dict[str, Any]) -> dict[str, Array]:
    """Training rows of a built-in set, without those that `validation_split` keeps back by the seed.

    Settings: set, validation_split (default 0), seed (default 0).
    """
    name = settings.get("set")
    if name not in SETS:
        raise FileError(f"the source names the set {name!r}; there are {', '.join(SETS)}")
    found = SETS[name]()
    x, y = found.x_train, found.y_train
    fraction = float(settings.get("validation_split", 0.0))
    if fraction:
        kept = np.sort(
            permutation(len(x), int(settings.get("seed", 0)), SPLIT_STREAM)[: len(x) - int(len(x) * fraction)]
        )
        x, y = x[kept], y[kept]
    return {"x": x, "y": y}


def arrays_from(source: dict[str, Any]) -> dict[str, Array]:
    """The rows that a source gives. Raises FileError when no such loader is installed, or what it says is wrong."""
    name = source.get("loader")
    if name == "builtin":
        return builtin(source)
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            found: dict[str, Array] = entry.load()(source)
            return found
    raise FileError(f"the source names the loader {name!r}, which is not installed")
