"""A plugin of pytest for the tests of the workbench: a browser, a root with four runs, a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import chromium, served
from sample_runs import sample_root
from workbench_pages import Page, Sample

from paragon.apps.runs import Store, workbench


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A root with four runs, and their ids by label."""
    root = tmp_path_factory.mktemp("workbench") / "artifacts"
    runs = sample_root(root)
    assert workbench.prepare(Store(root))
    return root, runs


@pytest.fixture
def tab(browser: Any) -> Iterator[Page]:
    found = Page(browser)
    yield found
    found.close()
    assert found.errors == []


@pytest.fixture(params=["served", "file"])
def address(request: pytest.FixtureRequest, sample: Sample) -> Iterator[str]:
    root = sample[0]
    if request.param == "file":
        yield (root / "index.html").as_uri()
    else:
        with served(root) as host:
            yield f"{host}/index.html"
