"""The same shaders in a browser: headless Chromium probes its device, runs vectors and trains the digit classifier."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import ROOT, skip_or_fail
from paragon import data, nn
from paragon.conformance import load_vectors
from paragon.data.batches import Gatherer, epoch_order
from paragon.executors.webgpu.export import export_plan
from paragon.executors.webgpu.library import SHADERS, link
from paragon.executors.webgpu.probe import COLUMNS, FLOATS, INTEGER, KNOWN
from paragon.fingerprint import fingerprint
from paragon.job import Job, save_job
from paragon.program import NUMPY_DTYPES

PAGE = ROOT / "bindings_tests" / "js" / "browser_gpu"
CASES_PER_FILE = 6  # of the vectors: compiling is slow on a software device
TIMEOUT_S = 400
STEPS, BATCH = 20, 32
PLANTED = "a case whose words are wrong"  # must be seen


def _words(arrays: dict[str, Any]) -> dict[str, list[int]]:
    return {name: np.ascontiguousarray(x).view(np.uint32).ravel().tolist() for name, x in arrays.items()}


def _probe(kernels: dict[str, int]) -> dict[str, Any]:
    cases = [(check, *case) for check, found in {**KNOWN, **INTEGER}.items() for case in found]
    row, code = len(COLUMNS), (SHADERS / "probe.wgsl").read_text()

    def plan(path: str) -> dict[str, Any]:
        number = kernels.setdefault(link(code, path), len(kernels))
        places = {"triples": [0, "u32", [3 * len(cases)]]}, {"rows": [1, "u32", [row * len(cases)]]}
        return {
            "slots": [12 * len(cases), 4 * row * len(cases)],
            "dispatches": [[number, [0, 1], [-(-len(cases) // 64), 1, 1]]],
            "inputs": places[0], "outputs": places[1], "state": {}, "updates": [], "tables": [],
        }  # fmt: skip

    plans = {path: plan(path) for path in ("native", "integer")}
    return {"cases": cases, "columns": COLUMNS, "floats": len(FLOATS), "plans": plans}


def _vectors(kernels: dict[str, int]) -> list[dict[str, Any]]:
    found, count = [], dict[str, int]()
    for case in load_vectors(ROOT / "bindings_tests" / "vectors"):
        count[case.file] = count.get(case.file, 0) + 1
        arrays = [*case.inputs.values(), *case.outputs.values()]
        if count[case.file] <= CASES_PER_FILE and sum(x.size for x in arrays) < 20_000:
            found.append({
                "name": str(case),
                "plan": export_plan(case.program, kernels),
                "inputs": _words(case.inputs),
                "state": _words(case.program.values),
                "outputs": _words(case.outputs),
                "updated": _words(case.new_state),
            })  # fmt: skip
    wrong = {**found[0], "name": PLANTED, "outputs": {k: [w ^ 1 for w in x] for k, x in found[0]["outputs"].items()}}
    return [*found, wrong]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    path = tmp_path_factory.mktemp("job") / "job.safetensors"
    digits, model = data.digits(), nn.Sequential(nn.Dense(64, 32, activation="relu"), nn.Dense(32, 10))
    save_job(path, model, digits.x_train, digits.y_train, steps=STEPS, batch_size=BATCH)
    return Job.load(path)


def _training(kernels: dict[str, int], job: Job) -> dict[str, Any]:
    gather = Gatherer(job.data, job.batch)
    order = epoch_order(len(job.data["x"]), job.seed, 0)
    batches = [_words(gather(order[t * BATCH : (t + 1) * BATCH])) for t in range(STEPS)]
    return {"plan": export_plan(job.program, kernels), "state": _words(job.program.values), "batches": batches}


class _Handler(SimpleHTTPRequestHandler):
    work: bytes
    found: dict[str, Any]
    done: threading.Event

    def do_GET(self) -> None:
        if self.path != "/work.json":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.work)))
        self.end_headers()
        self.wfile.write(self.work)
        return None

    def do_POST(self) -> None:
        self.found.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()
        self.done.set()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def found(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the page posts."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium or not Path(chromium).exists():
        skip_or_fail("no chromium: apt install chromium")
    kernels: dict[str, int] = {}
    work = {"probe": _probe(kernels), "vectors": _vectors(kernels), "training": _training(kernels, job)}
    _Handler.work = json.dumps({**work, "kernels": list(kernels)}).encode()
    _Handler.found, _Handler.done = {}, threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(PAGE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = ["--headless=new", "--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
    profile = tmp_path_factory.mktemp("chromium")
    browser = subprocess.Popen(
        [str(chromium), *flags, f"--user-data-dir={profile}", f"http://127.0.0.1:{server.server_port}/index.html"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert _Handler.done.wait(TIMEOUT_S), f"the page did not answer within {TIMEOUT_S} s"
        yield _Handler.found
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()


def test_the_page_runs_without_errors(found: dict[str, Any]) -> None:
    assert "error" not in found, found["error"]
    assert not found["failures"], found["failures"][:3]


def test_the_probe_in_the_browser(found: dict[str, Any]) -> None:
    assert all(found["probe"]["integer"].values()), found["probe"]["integer"]
    if "swiftshader" in found["adapter"]:
        assert not found["probe"]["native"]["fma is fused"]


def test_vectors_in_the_browser(found: dict[str, Any]) -> None:
    assert found["vectors"]["cases"] > 150
    planted = [line for line in found["vectors"]["wrong"] if line.startswith(PLANTED)]
    assert planted and planted == found["vectors"]["wrong"], found["vectors"]["wrong"][:5]


def test_training_in_the_browser_has_the_fingerprint_of_the_cpu(found: dict[str, Any], job: Job) -> None:
    specs = job.program.state
    state = {
        name: np.array(words, np.uint32).view(NUMPY_DTYPES[specs[name].dtype]).reshape(specs[name].shape)
        for name, words in found["training"].items()
    }
    assert fingerprint(state) == job.run("cpu").fingerprint
