"""The built pages are those of their sources: built again they have the same bytes. Types and the tests of the parts pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ROOT, skip_or_fail
from toolchains import alone, call, need

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("web")]
WEB = ROOT / "web"
PAGES = ["apps/runs/web/workbench.html"]


@pytest.fixture(scope="module")
def node() -> str:
    """Node, with the packages of package-lock.json."""
    found = need("node", "nodejs")
    npm = need("npm", "npm")
    lock = WEB / "node_modules" / ".package-lock.json"
    with alone("web"):
        if not lock.is_file() or lock.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
            try:
                call(npm, "ci", "--no-audit", "--no-fund", cwd=WEB, timeout=300)
            except AssertionError as error:
                skip_or_fail(f"npm ci in web/ needs the network: {str(error)[-300:]}")
    return found


def test_the_built_pages_are_those_of_their_sources(node: str, tmp_path: Path) -> None:
    call(node, "build.mjs", tmp_path, cwd=WEB)
    for page in PAGES:
        here = ROOT / "python" / "paragon" / page
        assert (tmp_path / page).read_bytes() == here.read_bytes(), f"{here}: run `npm run build` in web/"


def test_types(node: str) -> None:
    call("npm", "run", "--silent", "check", cwd=WEB)


def test_the_parts(node: str) -> None:
    assert "# fail 0" in call("npm", "test", "--silent", cwd=WEB)
