"""What the tests of the workbench share: pages that fail on any error of their scripts, and changes of recorded runs.

The fixtures are those of the plugin `workbench_fixtures`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paragon.apps.runs import Store, pages
from paragon.apps.runs.files import SUMMARY

WAIT = 30_000  # ms that a page may take on a busy machine
LONG = 180_000
Sample = tuple[Path, dict[str, str]]
"""A root, and the ids of its runs by label."""


class Page:
    """A page of the browser that fails a test on any error of its scripts, and on any request that leaves its folder."""

    def __init__(self, browser: Any, **settings: Any) -> None:
        settings = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **settings}
        self.context = browser.new_context(accept_downloads=True, **settings)
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda m: self.errors.append(m.text) if m.type == "error" and "ERR_FILE" not in m.text else None
        )

    def open(self, address: str) -> Any:
        self.page.goto("about:blank")
        self.page.goto(address)
        return self.page

    def answer(self) -> str:
        return str(self.page.get_by_test_id("answer").inner_text())

    def close(self) -> None:
        self.context.close()


def opened(tab: Page, address: str, run: str, view: str = "insights", more: str = "") -> Any:
    page = tab.open(f"{address}#r={run}&v={view}{more}")
    page.locator("main h2").first.wait_for()
    return page


def download(page: Any, name: str | re.Pattern[str]) -> bytes:
    with page.expect_download() as found:
        page.get_by_role("button", name=name).first.click()
    return Path(found.value.path()).read_bytes()


def trained(page: Any) -> str:
    page.get_by_role("button", name="train", exact=True).click()
    page.get_by_test_id("ending").wait_for(timeout=LONG)
    return str(page.get_by_test_id("ending").inner_text())


def copied(sample: Sample, to: Path) -> Path:
    shutil.copytree(sample[0], to, symlinks=True)
    return to


def rewrite(root: Path, run: str, change: Callable[[dict[str, Any]], None], name: str = SUMMARY) -> None:
    """Change a document of a run, in its scripts, too."""
    path = root / run / name
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    store = Store(root)
    pages.write_run(root / run, store.find(run).read())
