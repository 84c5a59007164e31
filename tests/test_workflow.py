"""The workflow of continuous integration is what pyproject.toml and the Makefile say: the versions of Python, and what is run."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from conftest import ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]


def runs(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


def minors(versions: list[str]) -> list[int]:
    assert all(re.fullmatch(r"3\.\d+", version) for version in versions), versions
    return [int(version.split(".")[1]) for version in versions]


def test_every_python_that_is_named_is_tested() -> None:
    named = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PYPROJECT)
    least = re.search(r'^requires-python = ">=(3\.\d+)"$', PYPROJECT, re.M)
    tested = JOBS["python"]["strategy"]["matrix"]["python"]
    assert all(isinstance(version, str) for version in tested)  # 3.10 without quotes is 3.1
    assert least and named and named == tested and named[0] == least[1]
    assert minors(named) == list(range(minors(named)[0], minors(named)[-1] + 1))


def test_the_lowest_versions_are_tested_on_the_lowest_python() -> None:
    setup = next(step for step in JOBS["lowest"]["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["with"]["python-version"] == JOBS["python"]["strategy"]["matrix"]["python"][0]
    assert any(line.startswith("make test-lowest ") for line in runs("lowest"))


@pytest.mark.parametrize("job", JOBS)
def test_what_is_run_is_there(job: str) -> None:
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M)
    lines = runs(job)
    assert lines and JOBS[job]["timeout-minutes"] and JOBS[job]["steps"]
    for line in lines:
        first, *rest = line.split()
        if first == "make":
            assert rest[0] in targets, line
        elif first != "apt-get":
            assert (ROOT / first).stat().st_mode & 0o111, line
    assert any("actions/checkout@" in step.get("uses", "") for step in JOBS[job]["steps"])
    assert ".ci/run" in runs("all") and WORKFLOW["permissions"] == {"contents": "read"}
    assert job == "all" or JOBS[job]["env"]["CI"] == "false"  # with CI set, a missing toolchain is a failure
