"""The workbench for everybody: axe-core, narrow and wide, light and dark; the pictures of the docs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import axe_faults, wants_screenshots
from workbench_pages import Page, Sample, opened, trained

from conftest import ROOT

pytest_plugins = ["workbench_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chromium")]


VIEWS = ("insights", "samples&i=3", "samples&t=1", "draw", "retrain", "own", "repeat", "compare")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser: Any, sample: Sample, scheme: str) -> None:
    root, runs = sample
    for width in (360, 768, 1280):
        tab = Page(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        for view in VIEWS:
            page = opened(
                tab,
                (root / "index.html").as_uri(),
                runs["small"],
                view,
                f"&c={runs['small']},{runs['small-again']},{runs['wide']}",
            )
            page.locator("main h2").first.wait_for()
            if view == "draw":
                page.get_by_role("button", name="an example").click()
                page.get_by_test_id("logits").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, view)
            if width == (1280 if scheme == "light" else 360):
                assert axe_faults(page) == [], (width, view)
        tab.close()
        assert tab.errors == []


SHOTS = {
    "insights": "insights",
    "samples": "samples&i=3",
    "draw": "draw",
    "retrain": "retrain",
    "compare": "compare",
}


def test_screenshots(browser: Any, sample: Sample, tmp_path: Path) -> None:
    """All of them into docs/workbench with PARAGON_SCREENSHOTS=1; else some, to see that they can be taken."""
    root, runs = sample
    folder = ROOT / "docs" / "workbench" if wants_screenshots() else tmp_path
    folder.mkdir(exist_ok=True)
    every = [(width, scheme) for width in (360, 768, 1280) for scheme in ("light", "dark")]
    several = f"&c={runs['small']},{runs['small-again']},{runs['wide']}"
    for width, scheme in every if wants_screenshots() else [(360, "dark")]:
        tab = Page(browser, viewport={"width": width, "height": 900}, color_scheme=scheme)
        for name, view in SHOTS.items():
            if width == 768 and name not in ("insights", "compare"):
                continue
            page = opened(tab, (root / "index.html").as_uri(), runs["small"], view, several)
            if name == "draw":
                page.get_by_role("button", name="an example").click()
                page.get_by_test_id("logits").wait_for()
            if name == "retrain":
                trained(page)
            page.wait_for_timeout(400)
            path = folder / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=path, full_page=name != "insights")
            assert path.stat().st_size > 5000
        tab.close()
        assert tab.errors == []
