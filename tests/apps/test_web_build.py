"""The built pages are those of their sources: built again they have the same bytes. Types and the tests of the parts pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import WEB, web_packages

from conftest import ROOT
from toolchains import call, need

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("web")]
PAGES = ["apps/runs/web/workbench.html"]


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the packages of package-lock.json."""
    web_packages()
    return need("node", "nodejs")


def test_the_built_pages_are_those_of_their_sources(node: str, tmp_path: Path) -> None:
    call(node, "build.mjs", tmp_path, cwd=WEB)
    for page in PAGES:
        here = ROOT / "python" / "paragon" / page
        assert (tmp_path / page).read_bytes() == here.read_bytes(), f"{here}: run `make web`"


def test_types(node: str) -> None:
    call("npm", "run", "--silent", "check", cwd=WEB)


def test_the_parts(node: str) -> None:
    assert "# fail 0" in call("npm", "test", "--silent", cwd=WEB)
