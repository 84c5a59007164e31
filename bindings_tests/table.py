"""One training, everywhere: an epoch of the digit MLP and the prediction of its test set, in every implementation.

    make table      measures, prints the table, and puts it into README.md between the two marker lines

Each row is a fresh run. The fingerprint is that of the trained state and of the predicted logits together. The exit code is 1
when any differs. Seconds include the start of the process for the implementations that are one.
"""

from __future__ import annotations

import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import numpy as np  # noqa: E402

import paragon as pg  # noqa: E402
import toolchains  # noqa: E402
from paragon import data, nn  # noqa: E402
from paragon.conformance import External  # noqa: E402
from paragon.executors import Executor  # noqa: E402
from paragon.ir.program import Program  # noqa: E402
from paragon.ir.spec import Array  # noqa: E402
from paragon.ir.tensor_files import read_tensors, write_atomic, write_tensors  # noqa: E402
from paragon.training.job import run_job, save_job  # noqa: E402

BATCH, SEED = 32, 3
START, END = "<!-- table: make table -->", "<!-- end of table -->"
Row = tuple[str, str, float, str]

OTHERS: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "Go": ("reference interpreter", toolchains.go),
    "JavaScript (Node)": ("reference interpreter", toolchains.javascript),
    "WebAssembly (Node)": ("compiled core", toolchains.webassembly),
    "Rust": ("reference interpreter", toolchains.rust),
    **{
        f"C++, {name}": ("compiled core under qemu", partial(toolchains.emulated, name))
        for name in toolchains.PROCESSORS
    },
}


class Task:
    """The job file, the program that predicts, and the test rows."""

    def __init__(self, folder: Path) -> None:
        found = data.digits()
        model = nn.Sequential(nn.Dense(64, 32, activation="relu"), nn.Dense(32, 10)).init(SEED)
        steps = len(found.x_train) // BATCH
        self.job, self.model, self.inputs = (folder / f"{name}.safetensors" for name in ("job", "model", "inputs"))
        save_job(self.job, model, found.x_train, found.y_train, steps=steps, batch_size=BATCH, seed=SEED)
        self.program = model.program(found.x_test, output="logits")
        self.x = found.x_test
        write_tensors(self.inputs, {"x": found.x_test}, {})
        self.title = f"{steps} steps of {BATCH} rows, {len(found.x_test)} rows predicted"

    def trained(self, state: dict[str, Array]) -> Program:
        """The predicting program with trained weights."""
        program = Program.from_json(self.program.to_json())
        program.values = {name: state[name] for name in program.state}
        return program


def here(task: Task, executor: Executor, **options: object) -> str:
    """Train and predict with an executor of this process; the fingerprint."""
    state = run_job(task.job, executor=executor, **options).state
    logits = task.trained(state).run({"x": task.x}, executor=executor, **options)["logits"]
    return pg.fingerprint({**state, "output.logits": logits})


def elsewhere(task: Task, external: External, folder: Path) -> str:
    """Train and predict through a command; the fingerprint."""
    out, results = folder / "trained.safetensors", folder / "results.safetensors"
    done = external.call("train", task.job, out)
    assert done.returncode == 0, done.stderr
    state = {name: x for name, x in read_tensors(out)[0].items() if not name.startswith("output.")}
    task.trained(state).save(task.model)
    done = external.call("run", task.model, task.inputs, results)
    assert done.returncode == 0, done.stderr
    return pg.fingerprint({**state, "output.logits": np.asarray(read_tensors(results)[0]["output.logits"])})


def rows(task: Task, folder: Path) -> Iterator[Row]:
    """(implementation, what it is, seconds, fingerprint), each timed."""
    executors = pg.executors()
    runs: list[tuple[str, str, Callable[[], str]]] = []
    for isa in executors["cpu"].isas:  # type: ignore[attr-defined]
        runs.append(
            (f"C++, {platform.machine()} {isa}", "compiled core", partial(here, task, executors["cpu"], isa=isa))
        )
    runs.append(("Python", "reference executor", partial(here, task, executors["reference"])))
    for name, (kind, command) in OTHERS.items():
        runs.append((name, kind, partial(elsewhere, task, External(name, command()), folder)))
    for name, kind, run in runs:
        begin = time.perf_counter()
        fingerprint = run()
        yield name, kind, time.perf_counter() - begin, fingerprint


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        task = Task(folder)
        found = list(rows(task, folder))
    same = len({row[3] for row in found}) == 1
    lines = [
        f"Digit MLP 64-32-10, {task.title}:",
        "",
        "| implementation | what it is | seconds | fingerprint |",
        "|---|---|---:|---|",
        *(f"| {name} | {kind} | {seconds:.2f} | `{fingerprint[:16]}…` |" for name, kind, seconds, fingerprint in found),
    ]
    print("\n".join(lines))
    readme = ROOT / "README.md"
    table = "\n".join([START, *lines, END])
    text = re.sub(f"{START}.*?{END}", lambda _: table, readme.read_text(), flags=re.S)
    if same:
        write_atomic(readme, text.encode())
    print("same bits" if same else "DIFFERENT BITS")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
