"""The workbench exported, in another folder, empty, broken, and with very much to show."""

from __future__ import annotations

import gzip
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser import axe_faults, served
from sample_runs import large_run, many_in_index
from workbench_pages import Page, Sample, copied, opened, trained

from conftest import Terminal, published
from paragon import nn
from paragon.apps.digits.config import Config
from paragon.apps.digits.run import run as run_digits
from paragon.apps.runs import Recorder, Store, index_page, pages, workbench
from small_run import ReadsOutside, quiet

pytest_plugins = ["workbench_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chromium")]


# --- exported, elsewhere, broken --------------------------------------------------------------------------------------


def test_a_run_that_goes_on_says_so(tab: Page, sample: Sample, tmp_path: Path) -> None:
    root = copied(sample, tmp_path / "going")
    with Recorder(root, label="going") as run:
        page = tab.open((root / "index.html").as_uri() + f"#r={run.summary.id}")
        page.get_by_role("heading", name="Still running").wait_for()
        page.get_by_text("when it ends").wait_for()
    tab.errors.clear()  # the browser notes that a script is not there yet
    page.reload()
    page.get_by_role("heading", name="Finished").wait_for()


def test_trainings_of_every_shape_are_repeated_to_the_bit(tab: Page, tmp_path: Path) -> None:
    def network() -> nn.Module:
        return nn.Sequential(nn.Dense(3, 8, activation="tanh"), nn.Dropout(0.2), nn.Dense(8, 2))

    root = tmp_path / "artifacts"
    cases: dict[str, tuple[nn.Module, dict[str, Any], dict[str, Any]]] = {
        "outside": (ReadsOutside(), {}, {}),
        "fine": (network(), {"trace_every": 2}, {}),
        "coarse": (network(), {"trace_every": 100}, {}),
        "dropped": (network(), {}, {"drop_last": True}),
        "whole": (network(), {}, {"batch_size": 20}),
        "large-seed": (network(), {}, {"seed": 2**53 - 1}),
    }
    for label, (model, recorder, settings) in cases.items():
        quiet(model, callbacks=[Recorder(root, label=label, **recorder)], **settings)
    for label in cases:
        page = opened(tab, (root / "index.html").as_uri(), Store(root).find(label).id, "retrain")
        trained(page)
        assert "trained again here: same bits" in tab.answer(), label
    quiet(network(), seed=2**53, callbacks=[Recorder(root, label="larger-seed")])
    page = opened(tab, (root / "index.html").as_uri(), Store(root).find("larger-seed").id, "retrain")
    page.get_by_text("larger than 2^53").wait_for()


def test_an_exported_page_has_everything_inside(tab: Page, paragon: Terminal, sample: Sample, tmp_path: Path) -> None:
    root, runs = sample
    target = tmp_path / "page.html"
    assert paragon("runs", "export", "small", "wide", "-o", target, "--root", root) == 0
    alone = tmp_path / "alone"
    alone.mkdir()
    target.rename(alone / "page.html")
    address = (alone / "page.html").as_uri()
    page = opened(tab, address, runs["small"], "retrain")
    assert page.locator(".run").count() == 2
    trained(page)
    assert "trained again here: same bits" in tab.answer()
    opened(tab, address, runs["wide"]).get_by_role("button", name=re.compile("predict the 150")).click()
    page.get_by_text("predicted again here: same bits").wait_for()
    assert "all data lie in this page" in page.get_by_role("contentinfo").inner_text()
    assert paragon("runs", "export", "nothing", "-o", target, "--root", root) == 2
    assert "there is no run 'nothing'" in paragon.err


def test_another_folder_of_the_same_place_is_read_and_no_other(tab: Page, sample: Sample, tmp_path: Path) -> None:
    shutil.copytree(sample[0], tmp_path / "some" / "where", symlinks=True)
    (tmp_path / "index.html").write_bytes(index_page.page())
    attribute = index_page.page().replace(b'<html lang="en">', b'<html lang="en" data-artifact-path="some/where">')
    (tmp_path / "fixed.html").write_bytes(attribute)
    with served(tmp_path) as host:
        tab.open(f"{host}/?artifacts=some/where")
        assert "Accuracy" in tab.answer()
        tab.open(f"{host}/fixed.html")
        assert "Accuracy" in tab.answer()
        for path in ("../some/where", "/some/where", f"{host}/some/where", "//example.org/x", "some%2f..%2f..%2fx"):
            page = tab.open(f"{host}/?artifacts={path}")
            page.get_by_text("is no folder that this page may read").wait_for()


def test_an_insecure_context_computes_hashes_and_copies_all_the_same(tab: Page, sample: Sample) -> None:
    root, runs = sample
    with served(root) as host:
        page = opened(tab, f"{host.replace('127.0.0.1', 'elsewhere.test')}/index.html", runs["small"])
        assert page.evaluate("isSecureContext || typeof crypto.subtle === 'object'") is False
        page.get_by_role("button", name=re.compile("predict the 150 test rows")).click()
        page.get_by_text("predicted again here: same bits").wait_for()
        page.locator("header .badge").click()
        page.locator("header .badge", has_text="copied").wait_for()


def test_empty_and_broken_states_name_what_is_missing_and_what_mends_it(
    browser: Any, sample: Sample, tmp_path: Path
) -> None:
    run = sample[1]["small"]
    tab = Page(browser)

    def shows(root: Path, *words: str, at: str = "") -> None:
        page = tab.open((root / "index.html").as_uri() + at)
        for word in words:
            page.get_by_text(word).first.wait_for()
        assert axe_faults(page) == []

    empty = tmp_path / "empty"
    assert workbench.prepare(Store(empty))
    shows(empty, "No runs yet", "paragon digits")
    (empty / "page-data.js").unlink()
    shows(empty, "is not there", "paragon runs reindex")
    (empty / "page-data.js").write_text("paragonData[")
    shows(empty, "is damaged, or cut off")
    (empty / "page-data.js").write_bytes(pages.script({"index.json": {"schema_version": "paragon.runs/9", "runs": []}}))
    shows(empty, "paragon.runs/9", "newer version")

    broken = copied(sample, tmp_path / "broken")
    data = (broken / run / "page-data.js").read_bytes()
    (broken / run / "page-data.js").write_bytes(data.replace(b'"rows":150', b'"rows":"many"', 1))
    shows(broken, "metrics.json", "an integer is expected", at=f"#r={run}")
    (broken / run / "page-data.js").write_bytes(data.replace(b'"paragon.metrics/1"', b'"paragon.metrics/0"'))
    shows(broken, "paragon.metrics/0", "an old version", at=f"#r={run}")
    (broken / run / "page-data.js").unlink()
    shows(broken, "This run cannot be read", "is not there", at=f"#r={run}")
    (broken / run / "page-data.js").write_bytes(data)
    for name in (f"{run}/model.safetensors.js", f"{run}/initial.safetensors.js"):
        (broken / name).unlink()
    shows(broken, "is not there", "paragon runs validate", at=f"#r={run}")
    page = tab.open((broken / "index.html").as_uri() + f"#r={run}&v=retrain")
    page.get_by_role("button", name="train", exact=True).click()
    page.get_by_text("It could not be trained").wait_for()
    tab.close()


# --- large ------------------------------------------------------------------------------------------------------------


def digits_run(root: Path, dataset: str) -> str:
    """A short run of `paragon digits`."""
    settings = Config(dataset=dataset, epochs=1, hidden_sizes=(16,), figures=False, bootstrap=20, roc_per_class=True)
    return run_digits(settings, root, dataset).id


def test_a_run_of_paragon_digits_is_predicted_and_trained_again(tab: Page, tmp_path: Path) -> None:
    root = tmp_path / "artifacts"
    run = digits_run(root, "digits")
    page = opened(tab, (root / "index.html").as_uri(), run)
    page.get_by_role("button", name=re.compile("predict the .* test rows")).click()
    page.get_by_text("predicted again here: same bits").wait_for()
    page.get_by_role("link", name="Retrain").click()
    trained(page)
    assert "trained again here: same bits" in tab.answer()


@pytest.mark.parametrize("dataset", ["synthetic", "mnist", "fashion-mnist"])
def test_ten_thousand_predictions_open_and_filter_without_lag(
    tab: Page, tmp_path: Path, dataset: str, record_property: Callable[[str, object], None]
) -> None:
    root = tmp_path / "artifacts"
    if dataset != "synthetic":
        published(dataset.replace("-", "_"))
    run = large_run(root) if dataset == "synthetic" else digits_run(root, dataset)
    page = opened(tab, (root / "index.html").as_uri(), run, "samples")
    page.locator("button.sample").first.wait_for()
    assert page.locator("button.sample").count() < 200
    frames = page.evaluate("""async () => {
      const box = document.querySelector(".samples"), times = []; let last = performance.now();
      for (let i = 0; i < 60; i++) {
        box.scrollTop += 2000;
        await new Promise(requestAnimationFrame);
        const now = performance.now(); times.push(now - last); last = now;
      }
      return times.sort((a, b) => a - b);
    }""")
    median, longest = frames[len(frames) // 2], frames[-1]
    begin = time.perf_counter()
    page.get_by_label("label", exact=True).select_option("7")
    page.get_by_role("heading", name=re.compile(r"of 10.000 test rows")).wait_for()
    page.get_by_label("as a table").check()
    page.get_by_role("region", name="table: predictions").wait_for()
    filtered = time.perf_counter() - begin
    assert page.locator("main tbody tr").count() < 100
    for name, value in {"median frame": median, "longest frame": longest, "filter and table": 1000 * filtered}.items():
        record_property(f"{dataset}: {name}, ms", round(value))
    assert median < 200 and longest < 2000 and filtered < 5  # a machine that does other things, too


def test_a_thousand_runs_are_listed_and_searched(tab: Page, sample: Sample, tmp_path: Path) -> None:
    root = copied(sample, tmp_path / "many")
    many_in_index(root, 1000)
    page = tab.open((root / "index.html").as_uri())
    page.get_by_test_id("answer").wait_for()
    assert page.locator(".run").count() < 60 and "1\u202f004" in page.locator("aside summary").inner_text()
    page.get_by_role("searchbox").fill("0000002a")
    assert page.locator(".run").count() == 1


def test_the_page_is_small_and_asks_for_nothing_outside(tab: Page, sample: Sample) -> None:
    content = index_page.page()
    assert len(gzip.compress(content, 9)) <= 250_000
    text = content.decode()
    assert "<script src" not in text and "type=module" not in text and 'type="module"' not in text
    root, runs = sample
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    with served(root) as host:
        page = opened(tab, f"{host}/index.html", runs["small"])
        page.get_by_role("heading", name="What the first layer").wait_for()
        assert all(url.startswith((host, "data:", "blob:", "about:")) for url in asked)


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_dashboard_writes_the_page_and_leaves_another_one_alone(
    paragon: Terminal, sample: Sample, tmp_path: Path
) -> None:
    root = copied(sample, tmp_path / "root")
    (root / "index.html").unlink()
    assert paragon("dashboard", "--write-only", "--root", root) == 0
    assert (root / "index.html").read_bytes() == index_page.page()
    old = index_page.page().replace(
        b'content="paragon workbench ', b'content="paragon workbench 000000000000" data-x="', 1
    )
    (root / "index.html").write_bytes(old)
    assert paragon("dashboard", "--write-only", "--root", root) == 0
    assert (root / "index.html").read_bytes() == index_page.page()
    (root / "index.html").write_text("mine")
    assert paragon("dashboard", "--write-only", "--root", root) == 2
    assert (root / "index.html").read_text() == "mine" and "left alone" in paragon.out + paragon.err
