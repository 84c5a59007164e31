"""The same shaders in a browser: headless Chromium probes its device, runs all vectors and trains the digit classifier."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import ROOT, skip_or_fail
from paragon.conformance import load_vectors
from paragon.executors.webgpu.export import export_file
from paragon.training.job import Job

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # one browser, which runs everything once

SERVE = ROOT / "bindings_tests" / "interpreters" / "js" / "browser_gpu" / "serve.py"
TIMEOUT_S = 900  # compiling is slow on a software device


@pytest.fixture(scope="module")
def serve() -> ModuleType:
    spec = importlib.util.spec_from_file_location("browser_gpu_serve", SERVE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def job(serve: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("job") / "job.safetensors"
    serve.write_job(path)
    return path


@pytest.fixture(scope="module")
def found(serve: ModuleType, job: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the page posts."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium or not Path(chromium).exists():
        skip_or_fail("no chromium: apt install chromium")
    server = serve.Server(job)
    flags = ["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    flags.append("--disable-gpu-watchdog")  # which takes a busy machine for a device that hangs
    profile = tmp_path_factory.mktemp("chromium")
    browser = subprocess.Popen(
        [str(chromium), *flags, f"--user-data-dir={profile}", server.url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert server.done.wait(TIMEOUT_S), f"the page did not answer within {TIMEOUT_S} s"
        yield server.found
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()


def test_the_page_finds_nothing_wrong(serve: ModuleType, found: dict[str, Any], job: Path) -> None:
    assert not serve.problems(found, job)


def test_the_probe_in_the_browser(found: dict[str, Any]) -> None:
    assert all(found["probe"]["integer"].values()), found["probe"]["integer"]
    assert found["probe"]["triples"] == 32768
    if "swiftshader" in found["adapter"]:
        assert not found["probe"]["native"]["fma is fused"] and not found["probe"]["agree"]


def test_all_vectors_in_the_browser(serve: ModuleType, found: dict[str, Any]) -> None:
    assert found["vectors"]["cases"] == 1 + len(list(load_vectors(serve.VECTORS)))
    (wrong,) = found["vectors"]["wrong"]
    assert wrong.startswith(serve.PLANTED)


def test_training_from_a_job_file_in_the_browser(found: dict[str, Any], job: Path) -> None:
    right = Job.load(job).run("cpu").fingerprint
    assert found["training"] == {"webgpu": right, "javascript": right}


def test_what_is_wrong_is_said(serve: ModuleType, job: Path) -> None:
    good = {
        "failures": [],
        "probe": {"integer": {"shifts": True}},
        "vectors": {"wrong": [f"{serve.PLANTED}, output x"]},
        "training": {"webgpu": Job.load(job).run("cpu").fingerprint},
    }
    assert not serve.problems(good, job)
    faults: list[tuple[str, Any]] = [
        ("failures", ["out of memory"]),
        ("probe", {"integer": {"shifts": False}}),
        ("vectors", {"wrong": []}),
        ("vectors", {"wrong": [*good["vectors"]["wrong"], "add: word 0 is 1"]}),  # type: ignore[index]
        ("training", {"webgpu": "00"}),
        ("error", "no adapter"),
    ]
    for key, value in faults:
        assert len(serve.problems({**good, key: value}, job)) == 1, key


def test_a_plan_is_exported_by_command(job: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    subprocess.run([sys.executable, "-m", "paragon.executors.webgpu.export", str(job), str(out)], check=True)
    assert json.loads(out.read_text()) == json.loads(json.dumps(export_file(job)))
