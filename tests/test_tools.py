"""The tools of the house: the form of commit messages, and what the checks of a distribution find."""

from __future__ import annotations

import importlib.util
import io
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from conftest import ROOT


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "message,problem",
    [
        ("A subject", ""),
        ("A subject\n\nWhy it is so.\n# a line of git's\n", ""),
        ("Merge branch 'x' of somewhere whose address is so long that it takes more than seventy-two characters", ""),
        ("", "it is empty"),
        ("# only git's\n", "it is empty"),
        ("x" * 73, "73 characters"),
        ("A subject.", "no full stop"),
        ("A subject\nits second line", "an empty line"),
    ],
)
def test_commit_messages(message: str, problem: str) -> None:
    found = tool("check_message").problems_of(message)
    assert len(found) == bool(problem)
    assert problem in "".join(found)


def _sdist(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"paragon-1/{name}"), io.BytesIO())
    return path


def test_the_check_of_a_source_distribution_finds_what_is_wrong(tmp_path: Path) -> None:
    check = tool("check_package")
    assert check.check_sdist(_sdist(tmp_path / "good.tar.gz", check.SDIST_NEEDS)) == []
    assert check.check_sdist(_sdist(tmp_path / "lacks.tar.gz", check.SDIST_NEEDS[1:]))
    for more in ("tests/test_x.py", "python/paragon/__pycache__/x.pyc", ".ci/run", "python/paragon/_core.so", "x.pyc"):
        found = check.check_sdist(_sdist(tmp_path / "more.tar.gz", [*check.SDIST_NEEDS, more]))
        assert found and all(more in line for line in found), more


def test_the_check_of_a_wheel_finds_what_is_wrong(tmp_path: Path) -> None:
    check = tool("check_package")
    good = ["paragon/__init__.py", "paragon/py.typed", "paragon/_core.pyi", "paragon/_core.cpython-311.so"]
    good += ["paragon/libparagon.so", "paragon/include/paragon.h", "paragon/executors/webgpu/shaders/softfloat.wgsl"]
    good += ["paragon/apps/runs/web/workbench.html"]
    good += ["paragon_compute-1.dist-info/entry_points.txt", "paragon_compute-1.dist-info/licenses/LICENSE"]
    for names, fine in (
        (good, True),
        (good[1:], False),
        ([*good, "paragon/old.so"], False),
        ([*good, "tests/x.py"], False),
    ):
        path = tmp_path / "x.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"")
        assert (check.check_wheel(path) == []) == fine, names


def test_the_source_distribution(tmp_path: Path) -> None:
    """What the build backend would publish of this working copy."""
    backend = pytest.importorskip(
        "scikit_build_core.build", reason="scikit-build-core is missing: pip install --group build"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        name = backend.build_sdist(str(tmp_path))
    assert tool("check_package").check_sdist(tmp_path / name) == []


def test_the_installation_is_whole() -> None:
    """Entry points, the command, the C library with its header: what other packages and languages look for."""
    from importlib.metadata import entry_points

    from paragon.executors.cpu import LIBRARY

    executors = {e.name: e.load() for e in entry_points(group="paragon.executors")}
    assert {"cpu", "reference", "webgpu"} <= set(executors)
    assert all(
        executor().name == name for name, executor in executors.items() if name in ("cpu", "reference", "webgpu")
    )
    assert (Path(sys.executable).parent / "paragon").is_file()
    header = LIBRARY.parent / "include" / "paragon.h"
    assert LIBRARY.is_file() and header.read_text() == (ROOT / "csrc" / "include" / "paragon.h").read_text()


def test_the_lowest_versions() -> None:
    lowest = tool("lowest")
    assert lowest.lowest("numpy>=1.26") == "numpy==1.26"
    assert lowest.lowest("tomli>=2; python_version < '3.11'") == "tomli==2 ; python_version < '3.11'"
    assert lowest.lowest("jax[cpu]>=0.4.30") == "jax[cpu]==0.4.30"
    document = {
        "project": {"dependencies": ["a>=1"], "optional-dependencies": {"x": ["b>=2"]}},
        "dependency-groups": {"test": [{"include-group": "build"}, "c>=3"], "build": ["d>=4"]},
    }
    assert list(lowest.requirements(document, ["c"])) == ["a>=1", "b>=2", "c>=3"]
    with pytest.raises(ValueError, match="'e'"):
        list(lowest.requirements(document, ["e"]))
    for unbounded in ("numpy", "numpy<3", "numpy>1"):
        with pytest.raises(ValueError, match="no lower bound"):
            lowest.lowest(unbounded)
