"""The workbench end to end in Chromium: every widget, served and from the file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workbench_pages import LONG, Page, Sample, copied, download, opened, rewrite, trained

import paragon as pg
from paragon.apps.runs import Store, pages
from paragon.apps.runs.files import SUMMARY
from paragon.ir.tensor_files import read_tensors, write_tensors

pytest_plugins = ["workbench_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chromium")]


# --- one run ----------------------------------------------------------------------------------------------------------


def test_the_first_line_is_the_answer_and_every_part_of_the_insights_is_there(
    tab: Page, address: str, sample: Sample
) -> None:
    root, runs = sample
    page = opened(tab, address, runs["small"])
    metrics = json.loads((root / runs["small"] / "metrics.json").read_text())
    assert f"Accuracy {metrics['accuracy']:.3f}" in tab.answer() and "on 150 test rows" in tab.answer()
    for heading in ("Figures", "Observations", "Training", "Where it is wrong", "What the first layer looks for"):
        page.get_by_role("heading", name=heading).wait_for()
    assert page.get_by_role("img", name=re.compile("weights of unit")).count() == 16
    assert "64 → 16 → 10" in page.locator("main").inner_text()
    assert f"{metrics['macro_f1']:.3f}" in page.locator("main").inner_text()
    curve = download(page, "data of Loss as CSV").decode().splitlines()
    loss = json.loads((root / runs["small"] / "loss_curve.json").read_text())
    assert curve[0] == "epoch,training,validation" and len(curve) == 1 + len(loss["loss"])
    assert float(curve[1].split(",")[1]) == loss["loss"][0]


def test_plots_are_read_by_the_keyboard_and_a_log_scale_and_smoothing_are_kept_in_the_address(
    tab: Page, address: str, sample: Sample
) -> None:
    page = opened(tab, address, sample[1]["small"])
    plot = page.get_by_role("group", name=re.compile("^Loss;"))
    plot.focus()
    plot.press("End")
    page.locator("figure.plot", has=plot).get_by_text("epoch 6: training").wait_for()
    plot.press("ArrowLeft")
    page.locator("figure.plot", has=plot).get_by_text("epoch 5: training").wait_for()
    page.get_by_label("log scale").check()
    page.locator("input[type=range]").fill("0.5")
    assert "y=1" in page.url and "m=0.5" in page.url
    page.reload()
    page.get_by_label("log scale").wait_for()
    assert page.get_by_label("log scale").is_checked() and page.locator("output").inner_text() == "0.50"


def test_the_predictions_are_made_again_to_the_bit(tab: Page, address: str, sample: Sample) -> None:
    root, runs = sample
    page = opened(tab, address, runs["small"])
    assert "not re-made here yet" in tab.answer()
    page.get_by_role("button", name=re.compile("predict the 150 test rows")).click()
    page.get_by_text("predicted again here: same bits").wait_for()
    fingerprint = json.loads((root / runs["small"] / "predictions.json").read_text())["fingerprint"]
    assert page.locator(f'.verify [data-hash="{fingerprint}"]').count() == 2


def test_a_cell_of_the_confusion_matrix_opens_its_samples_the_surest_first(
    tab: Page, address: str, sample: Sample
) -> None:
    root, runs = sample
    page = opened(tab, address, runs["small"])
    counts = np.array(json.loads((root / runs["small"] / "metrics.json").read_text())["confusion"])
    np.fill_diagonal(wrong := counts.copy(), 0)
    i, j = np.unravel_index(wrong.argmax(), wrong.shape)
    page.locator(f'[data-cell="{i},{j}"]').click()
    page.get_by_role("heading", name=f"{counts[i, j]} of 150 test rows").wait_for()
    tiles = page.locator("button.sample")
    assert tiles.count() == counts[i, j] and page.locator("button.sample.wrong").count() == counts[i, j]
    found = json.loads((root / runs["small"] / "predictions.json").read_text())
    rows = [k for k in range(150) if found["label"][k] == i and found["prediction"][k] == j]
    surest = max(rows, key=lambda k: found["confidence"][k])
    assert tiles.first.get_attribute("aria-label").startswith(f"row {found['id'][surest]}:")
    page.go_back()
    page.get_by_role("heading", name="Observations").wait_for()


def test_the_studio_filters_shuffles_inspects_and_hands_out_a_png(tab: Page, address: str, sample: Sample) -> None:
    root, runs = sample
    page = opened(tab, address, runs["small"], "samples")
    found = json.loads((root / runs["small"] / "predictions.json").read_text())
    right = np.equal(found["label"], found["prediction"])
    page.get_by_label("only misclassified").check()
    page.get_by_role("heading", name=f"{(~right).sum()} of 150").wait_for()
    page.get_by_label("only misclassified").uncheck()
    page.get_by_label("label", exact=True).select_option("3")
    page.get_by_role("heading", name=f"{found['label'].count(3)} of 150").wait_for()
    before = page.locator("button.sample").first.get_attribute("aria-label")
    page.get_by_role("button", name="all rows").click()
    page.get_by_role("button", name="shuffle").click()
    assert "s=1" in page.url
    assert page.locator("button.sample").first.get_attribute("aria-label") != before
    page.get_by_role("button", name="all rows").click()
    page.locator("button.sample").first.click()
    page.get_by_role("heading", name="Row 1000").wait_for()
    assert download(page, "download PNG")[:8] == b"\x89PNG\r\n\x1a\n"
    page.get_by_role("button", name="the next sample").click()
    page.get_by_role("heading", name="Row 1001").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Row 1001").wait_for(state="detached")
    page.get_by_label("as a table").check()
    rows = download(page, "data of predictions as CSV").decode().splitlines()
    assert len(rows) == 151 and rows[1].startswith(f"1000,{found['label'][0]},{found['prediction'][0]},")


def test_a_drawing_is_predicted_here_as_python_predicts_it(
    tab: Page, address: str, sample: Sample, tmp_path: Path
) -> None:
    root, runs = sample
    page = opened(tab, address, runs["wide"], "draw")
    page.get_by_text("The pad is empty").wait_for()
    pad = page.get_by_label("drawing pad")
    box = pad.bounding_box()
    assert (
        box["width"] >= 280 and box["height"] >= 280 and pad.evaluate("e => getComputedStyle(e).touchAction") == "none"
    )
    page.mouse.move(box["x"] + 140, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 240, steps=6)
    page.mouse.up()
    badge = page.get_by_test_id("logits").locator(".badge")
    badge.wait_for()
    first = badge.get_attribute("data-hash")
    page.wait_for_timeout(300)
    (tmp_path / "drawing.safetensors").write_bytes(download(page, "download the picture as inputs"))
    shown = badge.get_attribute("data-hash")
    x = read_tensors(tmp_path / "drawing.safetensors")[0]["x"]
    assert x.shape == (1, 64) and x.max() > 0.6 and 0.5 < (x * 16).sum() / 16 < 40
    program = pg.load(root / runs["wide"] / "model.safetensors")
    assert pg.fingerprint(program.run({"x": x})) == shown
    pad.focus()
    for key in (" ", "ArrowRight", "ArrowRight", "ArrowDown", " "):
        pad.press(key)
    page.wait_for_function(
        "before => document.querySelector('[data-testid=logits] .badge')?.dataset.hash !== before", arg=shown
    )
    page.get_by_role("button", name="undo").click()
    page.wait_for_function(
        "before => document.querySelector('[data-testid=logits] .badge')?.dataset.hash === before", arg=shown
    )
    page.get_by_role("button", name="clear").click()
    page.get_by_text("The pad is empty").wait_for()
    assert first is not None and page.get_by_role("button", name="undo").is_disabled()


def test_touch_draws(browser: Any, sample: Sample) -> None:
    root, runs = sample
    tab = Page(browser, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = opened(tab, (root / "index.html").as_uri(), runs["small"], "draw")
    pad = page.get_by_label("drawing pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.touchscreen.tap(box["x"] + 100, box["y"] + 100)
    page.get_by_test_id("logits").locator(".badge").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    tab.close()
    assert tab.errors == []


def test_training_in_the_page_gives_the_fingerprint_of_python(tab: Page, address: str, sample: Sample) -> None:
    root, runs = sample
    page = opened(tab, address, runs["small"], "retrain")
    trained(page)
    record = json.loads((root / runs["small"] / SUMMARY).read_text())
    assert page.locator(f'[data-testid=ending] [data-hash="{record["fingerprints"]["final"]}"]').count() == 2
    assert "trained again here: same bits" in tab.answer()
    assert "6 of 6 states of the trace are equal" in page.locator("main").inner_text()
    steps = download(page, re.compile("data of Loss of each step")).decode().splitlines()
    assert len(steps) == 1 + record["steps"]


def test_a_planted_word_is_reported_with_its_span(tab: Page, sample: Sample, tmp_path: Path) -> None:
    run = sample[1]["small"]
    root = copied(sample, tmp_path / "a")
    rewrite(root, run, lambda d: d["trace"]["states"].__setitem__(2, "0" * 64))
    assert "Steps 33 to 48" in trained(opened(tab, (root / "index.html").as_uri(), run, "retrain"))
    assert "trained again here: other bits" in tab.answer()

    root = copied(sample, tmp_path / "b")
    rewrite(root, run, lambda d: d["fingerprints"].__setitem__("final", "1" * 64))
    assert "Steps" in trained(opened(tab, (root / "index.html").as_uri(), run, "retrain"))

    root = copied(sample, tmp_path / "c")
    state, metadata = read_tensors(root / run / "initial.safetensors")
    state["1.bias"].view(np.uint32)[3] ^= 1
    write_tensors(root / run / "initial.safetensors", state, metadata)
    pages.write_run(root / run, Store(root).find(run).read())
    found = trained(opened(tab, (root / "index.html").as_uri(), run, "retrain"))
    assert "Nothing was trained: the first state is not that of the record" in found

    root = copied(sample, tmp_path / "d")
    rewrite(root, run, lambda d: d["operations"][5].__setitem__("op", "sub"), "program_step.json")
    found = trained(opened(tab, (root / "index.html").as_uri(), run, "retrain"))
    assert "program_step.json is not the program of the record" in found


def test_a_planted_weight_makes_other_predictions(tab: Page, sample: Sample, tmp_path: Path) -> None:
    run = sample[1]["small"]
    root = copied(sample, tmp_path / "a")
    state, metadata = read_tensors(root / run / "model.safetensors")
    state["3.bias"].view(np.uint32)[0] ^= 1
    write_tensors(root / run / "model.safetensors", state, metadata)
    pages.write_run(root / run, Store(root).find(run).read())
    page = opened(tab, (root / "index.html").as_uri(), run)
    page.get_by_role("button", name=re.compile("predict the 150 test rows")).click()
    page.get_by_text("predicted again here: other bits").wait_for()


def test_a_training_can_be_stopped_and_begun_again(tab: Page, sample: Sample) -> None:
    root, runs = sample
    page = opened(tab, (root / "index.html").as_uri(), runs["wide"], "retrain")
    page.get_by_role("button", name="train", exact=True).click()
    page.get_by_role("button", name="stop").click()
    page.get_by_role("heading", name="Stopped").wait_for()
    page.get_by_role("button", name="train again").click()
    page.get_by_test_id("ending").wait_for(timeout=LONG)


def test_own_rows_are_predicted_and_bad_ones_named(tab: Page, address: str, sample: Sample, tmp_path: Path) -> None:
    root, runs = sample
    digits = pg.data.digits()
    pixels = (digits.x_test[:40] * 16).astype(int)
    rows = tmp_path / "rows.csv"
    header = ",".join([*(f"p{k}" for k in range(64)), "label"])
    lines = [",".join(map(str, [*row, label])) for row, label in zip(pixels, digits.y_test[:40], strict=True)]
    rows.write_text("\n".join([header, *lines]))
    page = opened(tab, address, runs["small"], "own")
    page.set_input_files("input[type=file]", rows)
    page.get_by_role("heading", name="40 rows of rows.csv").wait_for()
    program = pg.load(root / runs["small"] / "model.safetensors")
    logits = np.concatenate([program.run({"x": digits.x_test[k : k + 1]})["logits"] for k in range(40)])
    right = int((logits.argmax(1) == digits.y_test[:40]).sum())
    page.get_by_text(f"{right} of 40 right").wait_for()
    assert page.locator(f'[data-hash="{pg.fingerprint({"logits": logits})}"]').count() == 1
    (tmp_path / "in.safetensors").write_bytes(download(page, re.compile("download the inputs")))
    assert np.array_equal(read_tensors(tmp_path / "in.safetensors")[0]["x"], digits.x_test[:40])
    page.get_by_text("Drop a CSV file").evaluate(
        """(target, text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "dropped.csv"));
          target.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        lines[0],
    )
    page.get_by_role("heading", name="1 row of dropped.csv").wait_for()
    rows.write_text(f"{lines[0]}\n{lines[1].replace(',', ',x', 1)}\n")
    page.set_input_files("input[type=file]", rows)
    page.get_by_text("is no number").wait_for()


def test_what_it_takes_to_repeat_the_run(
    tab: Page, address: str, sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, runs = sample
    page = opened(tab, address, runs["small"], "repeat")
    assert f"paragon runs reproduce {runs['small']}" in page.locator("main").inner_text()
    assert download(page, "download the model file") == (root / runs["small"] / "model.safetensors").read_bytes()
    (tmp_path / "in.safetensors").write_bytes(download(page, "download the test rows as inputs"))
    assert np.array_equal(read_tensors(tmp_path / "in.safetensors")[0]["x"], pg.data.digits().x_test[:150])
    snippet = download(page, "download the snippet").decode()
    shutil.copy(root / runs["small"] / "model.safetensors", tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(snippet, "predict.py", "exec"), {})
    record = json.loads((root / runs["small"] / SUMMARY).read_text())
    text = page.get_by_role("region", name="table: files of the run").inner_text()
    assert all(artifact["name"] in text for artifact in record["artifacts"])


# --- several runs -----------------------------------------------------------------------------------------------------


def test_runs_are_found_grouped_and_compared(tab: Page, address: str, sample: Sample) -> None:
    root, runs = sample
    page = tab.open(address)
    page.get_by_test_id("answer").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("seed1")
    assert page.get_by_role("searchbox").evaluate("e => e === document.activeElement")
    assert page.locator(".run").count() == 1
    page.keyboard.press("Escape")
    assert page.locator(".run").count() == 4
    page.get_by_label("group runs that differ by seed").check()
    group = page.locator("button.group", has_text="× 3")
    figures = [
        json.loads((root / runs[n] / "metrics.json").read_text())["accuracy"]
        for n in ("small", "small-again", "small-seed1")
    ]
    assert group.inner_text().endswith(f"{np.mean(figures):.3f} ± {np.std(figures, ddof=1):.3f}")
    group.click()
    assert page.locator(".run").count() == 1
    group.click()
    for label in ("small", "small-again", "small-seed1", "wide"):
        page.get_by_label(f"compare {label}, {runs[label]}", exact=True).check()
    page.get_by_role("button", name="compare 4").click()
    page.get_by_role("heading", name="same bits in 1 of 3 beside small").wait_for()
    verdicts = page.get_by_role("region", name="table: verdicts").inner_text()
    assert "same bits" in verdicts and "other program" in verdicts
    settings = page.get_by_role("region", name="table: settings that differ").inner_text()
    assert "seed" in settings and "hidden_sizes" in settings and "batch_size" not in settings


def test_two_runs_are_paired_by_mcnemars_test_and_their_changed_predictions_shown(
    tab: Page, address: str, sample: Sample
) -> None:
    from scipy.stats import binomtest

    root, runs = sample
    page = tab.open(f"{address}#v=compare&c={runs['small']},{runs['wide']}")
    a, b = (json.loads((root / runs[n] / "predictions.json").read_text()) for n in ("small", "wide"))
    label, one, two = (np.array(x) for x in (a["label"], a["prediction"], b["prediction"]))
    first, second = int(((one == label) & (two != label)).sum()), int(((one != label) & (two == label)).sum())
    p = binomtest(min(first, second), first + second).pvalue
    text = page.get_by_test_id("mcnemar").inner_text()
    assert f"only small right {first}" in text and f"only wide right {second}" in text
    assert f"p = {p:.4f}" in text or float(text.split("p = ")[1].split(",")[0]) == pytest.approx(p, rel=0.05)
    changed = int((one != two).sum())
    page.get_by_role("heading", name=f"{changed} predictions changed").wait_for()
    assert page.locator(".gallery.changed figure").count() == min(changed, 60)
