"""What the tests share: the data sets, what to do where something is missing, which executors there are, comparison by words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import paragon as pg
from paragon import cli
from paragon.ir.fingerprint import canonical

# Read when SciPy is imported; without it scikit-learn skips some of its checks of estimators.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

settings.register_profile("paragon", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paragon")

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI", "") not in ("", "0", "false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow tests first, so that no process is left with a long one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def skip_or_fail(reason: str) -> None:
    """Something that the tests need is missing: a skip that says what to install, or, in CI, a failure."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)


def published(name: str) -> pg.data.Dataset:
    """A data set from $PARAGON_DATA or the cache. Where it is missing, CI fetches it from its public home; elsewhere a skip."""
    try:
        found: pg.data.Dataset = getattr(pg.data, name)(download=IN_CI)
    except pg.FileError as error:
        skip_or_fail(f"{error}; or set PARAGON_DATA to a folder with {name}/")
    return found


class Terminal:
    """Runs `paragon ...` in this process; keeps the exit code and what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch
        self.out = self.err = ""

    def __call__(self, *arguments: object) -> int:
        self.monkeypatch.setattr(sys, "argv", ["paragon", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        self.out, self.err = self.capsys.readouterr()
        return code


@pytest.fixture
def paragon(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Terminal(capsys, monkeypatch)


def assert_words(got: object, want: object, what: str = "") -> None:
    """Equal shapes, dtypes and words; all NaNs are one."""
    a, b = np.asarray(got), np.asarray(want)
    assert a.shape == b.shape and a.dtype == b.dtype, f"{what}: {a.dtype}{a.shape} is not {b.dtype}{b.shape}"
    x, y = canonical(a).reshape(a.shape), canonical(b).reshape(b.shape)
    if (x != y).any():
        at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(x != y)))
        pair = np.atleast_1d(x)[at], np.atleast_1d(y)[at]
        raise AssertionError(
            f"{what}: {int((x != y).sum())} words differ, first at {at}: {pair[0]:08x} is not {pair[1]:08x}"
        )


def available() -> list[str]:
    return [name for name, executor in pg.executors().items() if executor.available]


@pytest.fixture(params=["reference", "cpu"])
def each_executor(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test on the reference and on the compiled executor."""
    name: str = request.param
    with pg.use(name):
        yield name
