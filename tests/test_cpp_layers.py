"""The folders of csrc include only what is below them: contract, machine, kernels, the program's formats, its run-time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSRC = Path(__file__).resolve().parents[1] / "csrc"

# What the files of a folder may include, as prefixes of paths within csrc. Formats know nothing of kernels or SIMD.
ALLOWED = {
    "contract": ("contract/",),
    "machine": ("machine/",),
    "cpu": ("contract/", "machine/", "cpu/"),
    "cpu/simd": ("cpu/simd",),
    "program": ("contract/operations", "program/error.h", "program/program.h"),
    "program/formats": ("contract/operations", "machine/", "program/error.h", "program/program.h", "program/formats/"),
    "program/runtime": ("contract/", "machine/", "cpu/", "program/"),
    "python": ("cpu/dispatch.h", "program/", "python/"),
}
FORBIDDEN = {"program/runtime": ("cpu/simd",)}  # the run-time reaches the kernels through their table alone


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.MULTILINE)


def wrong(folder: str, included: str) -> bool:
    return not included.startswith(ALLOWED[folder]) or included.startswith(FORBIDDEN.get(folder, ("\0",)))


@pytest.mark.parametrize("folder", ALLOWED)
def test_a_folder_includes_only_what_is_below_it(folder: str) -> None:
    files = [path for path in sorted((CSRC / folder).iterdir()) if path.suffix in (".h", ".cpp", ".def")]
    assert files
    found = [f"{path.name} includes {name}" for path in files for name in includes(path) if wrong(folder, name)]
    assert not found


def test_every_folder_is_known() -> None:
    folders = {str(path.parent.relative_to(CSRC)) for path in CSRC.rglob("*.h")}
    assert folders == {*ALLOWED, "include", "tests"}


@pytest.mark.parametrize(
    "folder, included",
    [("program/formats", "program/runtime/plan.h"), ("program/formats", "cpu/kernels.h"), ("cpu", "program/program.h")],
)
def test_an_arrow_upwards_is_found(folder: str, included: str) -> None:
    assert wrong(folder, included)
