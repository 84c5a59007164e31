"""The webgpu executor from several threads: calls come one after another, on one session, on several, and while others load."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import paragon as pg
from webgpu_device import EXECUTOR, device

pytestmark = pytest.mark.slow

RUNS, THREADS = 400, 8
ZERO = np.array(0, np.float32)
ONE = {"x": np.array(1, np.float32)}


@pytest.fixture(autouse=True)
def _device() -> None:
    device()


def counter() -> pg.Program:
    def count(state: Any, x: pg.Tensor) -> Any:
        return {"now": state["total"] + x}, {"total": state["total"] + x, "again": state["again"] + x}

    return pg.trace(count, ZERO, state={"total": ZERO, "again": ZERO})


def in_threads(call: Callable[[int], Any], runs: int = RUNS) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, range(runs)))


def test_no_run_of_a_session_is_lost() -> None:
    session = EXECUTOR.load(counter())
    seen = in_threads(lambda _: session.run(ONE)["now"].item())
    assert sorted(seen) == list(range(1, RUNS + 1))
    assert session.state()["total"] == RUNS


def test_sessions_of_one_device_do_not_mix() -> None:
    sessions = [EXECUTOR.load(counter()) for _ in range(THREADS)]
    in_threads(lambda k: sessions[k % THREADS].run(ONE))
    assert [s.state()["total"].item() for s in sessions] == [RUNS / THREADS] * THREADS


def test_a_sessions_state_is_whole() -> None:
    """While others run, and set it, states that always move together are never seen apart."""
    session = EXECUTOR.load(counter())

    def move(k: int) -> bool:
        if k % 3 == 0:
            session.set_state({name: np.array(k, np.float32) for name in ("total", "again")})
        elif k % 3 == 1:
            session.run(ONE)
        state = session.state()
        return bool(state["total"] == state["again"])

    assert all(in_threads(move))


def test_inputs_are_those_of_the_run() -> None:
    """Also of `values`, and of programs that are compiled while others run."""
    session = EXECUTOR.load(pg.trace(lambda x: x * 2.0 + 1.0, ZERO))

    def run(k: int) -> bool:
        given = {"x": np.array(k, np.float32)}
        if k % 40 == 39:
            own = EXECUTOR.load(pg.trace(lambda x: pg.sqrt(x * float(k)), ZERO))
            return bool(own.run(given)["output"] == k)
        found = session.values(given)[-1] if k % 3 == 0 else session.run(given)["output"]
        return bool(found == 2 * k + 1)

    assert all(in_threads(run))
