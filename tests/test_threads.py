"""Programs and sessions in several threads, as copies, and beside executors of the same name."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon.executors.reference import Reference
from paragon.executors.registry import _whole

RUNS, THREADS = 2000, 8
ZERO = np.array(0, np.float32)


def counter() -> pg.Program:
    def count(state: Any, x: pg.Tensor) -> Any:
        return {"now": state["total"] + x}, {"total": state["total"] + x, "again": state["again"] + x}

    return pg.trace(count, ZERO, state={"total": ZERO, "again": ZERO})


ONE = {"x": np.array(1, np.float32)}


def in_threads(call: Any) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda _: call(), range(RUNS)))


def test_no_run_of_a_program_is_lost(each_executor: str) -> None:
    program = counter()
    seen = in_threads(lambda: program.run(ONE)["now"].item())
    assert sorted(seen) == list(range(1, RUNS + 1))
    assert program.values["total"] == program.values["again"] == RUNS


def test_no_run_of_a_session_is_lost(each_executor: str) -> None:
    session = pg.executors()[each_executor].load(counter())
    seen = in_threads(lambda: session.run(ONE)["now"].item())
    assert sorted(seen) == list(range(1, RUNS + 1))
    assert session.state()["total"] == RUNS


def test_a_sessions_state_is_whole(each_executor: str) -> None:
    """While others run, and set it, states that always move together are never seen apart."""
    session = pg.executors()[each_executor].load(counter())
    names = ("total", "again")

    def move(k: int) -> bool:
        if k % 3 == 0:
            session.set_state({name: np.array(k, np.float32) for name in names})
        elif k % 3 == 1:
            session.run(ONE)
        state = session.state()
        return bool(state["total"] == state["again"])

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(move, range(RUNS)))


def test_jit_in_threads(each_executor: str) -> None:
    double = pg.jit(lambda x: x * 2.0)
    with pg.use(each_executor), ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda k: double(np.full(1 + k % 3, k, np.float32)).numpy().tolist(), range(300)))
    assert found == [[2.0 * k] * (1 + k % 3) for k in range(300)]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_a_copy_after_a_run_goes_its_own_way(each_executor: str, copied: Any) -> None:
    program = counter()
    program.run(ONE)
    again = copied(program)
    assert again == program and again.to_json() == program.to_json()
    again.run(ONE)
    again.run(ONE)
    assert program.values["total"] == 1 and again.values["total"] == 3
    assert program.run(ONE)["now"] == 2


def test_sessions_are_kept_for_the_settings_used_last() -> None:
    program = pg.trace(lambda x: x + 1.0, ZERO)
    for k in range(1, 101):
        program.run(ONE, executor="cpu", memory_limit=2**30 + k)
    assert len(program.sessions) == 16


def test_executors_of_one_name_have_their_own_sessions() -> None:
    """However an executor compares with others: a session belongs to the object."""

    class Named(Reference):
        def __init__(self) -> None:
            self.loads = 0

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Named)

        def __hash__(self) -> int:
            return 1

        def load(self, program: pg.Program, **options: Any) -> Any:
            self.loads += 1
            return super().load(program, **options)

    first, second = Named(), Named()
    program = pg.trace(lambda x: x + 1.0, ZERO)
    for executor in (first, second, first, second):
        program.run(ONE, executor=executor)
        with pg.use(executor):  # type: ignore[arg-type]
            pg.exp(pg.tensor([1.0]))
    assert first.loads == second.loads == 2


def test_equal_options_of_other_types_are_checked_each_time() -> None:
    program = pg.trace(lambda x: x + 1.0, ZERO)
    program.run(ONE, executor="cpu", threads=1)
    with pytest.raises(pg.ExecutorError, match="threads"):
        program.run(ONE, executor="cpu", threads=True)


@dataclass
class Plain(Reference):
    """An executor that compares by its fields, and so has no hash."""

    loads: int = 0

    def load(self, program: pg.Program, **options: Any) -> Any:
        self.loads += 1
        return super().load(program, **options)


def test_an_executor_needs_no_hash() -> None:
    executor, program = Plain(), pg.trace(lambda x: x + 1.0, ZERO)
    for _ in range(2):
        assert program.run(ONE, executor=executor)["output"] == 2
    assert executor.loads == 1
    with pg.use(executor) as used:  # type: ignore[arg-type]
        assert used is executor and pg.exp(pg.tensor([0.0])).numpy() == 1
        pg.fit(pg.nn.Dense(1, 1), np.ones((3, 1)), np.ones((3, 1)), loss="mse", batch_size=2, progress=False)
    assert executor.loads > 3 and _whole(executor) is executor  # as a plug-in is taken


def test_options_without_a_hash_are_refused_by_name() -> None:
    for options in ({"isa": ["avx2"]}, {"threads": {}}, {"memory_limit": np.zeros(2)}):
        with pytest.raises(pg.ExecutorError, match=next(iter(options))):
            pg.trace(lambda x: x + 1.0, ZERO).run(ONE, executor="cpu", **options)


WORK = {
    "eager": "a = np.ones((300, 300), np.float32)\n    while True:\n        pg.matmul(a, a)",
    "session": "s = pg.executors()['cpu'].load(pg.trace(lambda x: x @ x, np.ones((9, 9), np.float32)))\n"
    "    while True:\n        s.run({'x': np.ones((9, 9), np.float32)}), s.state()",
    "fit": "while True:\n        pg.fit(pg.nn.Dense(3, 2), np.ones((500, 3)), np.zeros(500, int), progress=False)",
    "program": "while True:\n        pg.random.permutation(10**5, 1), pg.fingerprint(np.ones(10**5, np.float32))",
}


@pytest.mark.parametrize("work", WORK)
def test_a_daemon_thread_that_computes_at_exit_aborts_nothing(work: str) -> None:
    code = f"""
import threading, time
import numpy as np
import paragon as pg

def work():
    started.set()
    {WORK[work]}

started = threading.Event()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
started.wait()
time.sleep(0.3)
print("the end")
"""
    for _ in range(3):
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "the end\n", "")
