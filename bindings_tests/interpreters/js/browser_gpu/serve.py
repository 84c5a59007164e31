"""Serves the page that checks a browser's WebGPU device: python bindings_tests/interpreters/js/browser_gpu/serve.py [--port 8000]

The page probes its device, runs the vectors, and trains the digit classifier from a job file with a plan that was exported from
that file; the JavaScript interpreter trains it beside. What it found is shown there, and posted to /result, which is printed
here. The exit code is 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from paragon import data, nn
from paragon.conformance import load_vectors
from paragon.executors.webgpu.export import export_file, export_plan
from paragon.executors.webgpu.library import SHADERS, link
from paragon.executors.webgpu.probe import COLUMNS, FLOATS, INTEGER, KNOWN, triples_of_all_classes
from paragon.training.job import Job, save_job

JS = Path(__file__).resolve().parents[1]
VECTORS = JS.parents[1] / "vectors"
STEPS, BATCH = 20, 32
PLANTED = "a case whose words are wrong"  # must be seen


def words(arrays: dict[str, Any]) -> dict[str, list[int]]:
    return {name: np.ascontiguousarray(x).view(np.uint32).ravel().tolist() for name, x in arrays.items()}


def probe_work(kernels: dict[str, int]) -> dict[str, Any]:
    """The known answers, and triples on which the native and the integer functions must agree."""
    cases = [(check, column, want) for check, found in {**KNOWN, **INTEGER}.items() for column, *_, want in found]
    known = [case[1:4] for found in {**KNOWN, **INTEGER}.values() for case in found]
    triples = np.concatenate([np.array(known, np.uint32), triples_of_all_classes()])
    n, row, code = len(triples), len(COLUMNS), (SHADERS / "probe.wgsl").read_text()

    def plan(path: str) -> dict[str, Any]:
        number = kernels.setdefault(link(code, path), len(kernels))
        return {
            "slots": [12 * n, 4 * row * n],
            "dispatches": [[number, [0, 1], [-(-n // 64), 1, 1]]],
            "inputs": {"triples": [0, "u32", [3 * n]]},
            "outputs": {"rows": [1, "u32", [row * n]]},
            "state": {}, "updates": [], "tables": [],
        }  # fmt: skip

    plans = {path: plan(path) for path in ("native", "integer")}
    return {"cases": cases, "columns": COLUMNS, "floats": len(FLOATS), "plans": plans, **words({"triples": triples})}


def vectors_work(kernels: dict[str, int]) -> list[dict[str, Any]]:
    """Every case, and one that is wrong on purpose."""
    found = [
        {
            "name": str(case),
            "plan": export_plan(case.program, kernels),
            "inputs": words(case.inputs),
            "state": words(case.program.values),
            "outputs": words(case.outputs),
            "updated": words(case.new_state),
        }
        for case in load_vectors(VECTORS)
    ]
    first = next(case for case in found if any(case["outputs"].values()))
    return [*found, {**first, "name": PLANTED, "outputs": {k: [w ^ 1 for w in x] for k, x in first["outputs"].items()}}]


def write_job(path: Path) -> None:
    """A training of the digit classifier as a job file."""
    digits, model = data.digits(), nn.Sequential(nn.Dense(64, 32, activation="relu"), nn.Dense(32, 10))
    save_job(path, model, digits.x_train, digits.y_train, steps=STEPS, batch_size=BATCH)


def problems(found: dict[str, Any], job: Path) -> list[str]:
    """What is wrong with what the page found."""
    if "error" in found:
        return [found["error"]]
    wrong = [line for line in found["vectors"]["wrong"] if not line.startswith(PLANTED)]
    if wrong == found["vectors"]["wrong"]:
        wrong.append("the planted case was not seen")
    wrong += found["failures"] + [f"integers: {name}" for name, ok in found["probe"]["integer"].items() if not ok]
    right = Job.load(job).run("cpu").fingerprint
    return wrong + [f"training by {who}: {print_}" for who, print_ in found["training"].items() if print_ != right]


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        served = self.server.files.get(self.path)  # type: ignore[attr-defined]
        if served is None:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", str(len(served)))
        self.end_headers()
        self.wfile.write(served)
        return None

    def do_POST(self) -> None:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.found.update(found)  # type: ignore[attr-defined]
        self.server.done.set()  # type: ignore[attr-defined]

    def log_message(self, *arguments: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """On 127.0.0.1. `done` is set when a page has posted what it `found`."""

    def __init__(self, job: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), partial(Handler, directory=str(JS)))  # type: ignore[arg-type]
        kernels: dict[str, int] = {}
        work = {"probe": probe_work(kernels), "vectors": vectors_work(kernels)}
        self.files = {
            "/work.json": json.dumps({**work, "kernels": list(kernels)}).encode(),
            "/job.safetensors": job.read_bytes(),
            "/plan.json": json.dumps(export_file(job)).encode(),
        }
        self.found: dict[str, Any] = {}
        self.done = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/browser_gpu/index.html"
        threading.Thread(target=self.serve_forever, daemon=True).start()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "digits.job.safetensors"
        write_job(job)
        server = Server(job, parser.parse_args().port)
        print(f"open {server.url} in a browser with WebGPU", flush=True)
        server.done.wait()
        print(json.dumps(server.found, indent=1))
        sys.exit("\n".join(problems(server.found, job)) or 0)


if __name__ == "__main__":
    main()
