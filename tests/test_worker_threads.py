"""The threads of the compiled core: they end with the last session that uses them, and a process may end while they work."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import paragon as pg

CPU = pg.executors()["cpu"]

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")


def has_threads(count: int) -> bool:
    """Whether this process comes to have so many threads: the system lists one that has ended a moment longer."""
    end = time.monotonic() + 10
    while (alive := count_threads()) != count and time.monotonic() < end:
        time.sleep(0.01)
    return alive == count


def count_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


@needs_proc
def test_threads_end_with_their_sessions() -> None:
    x = np.ones((256, 1024), np.float32)
    program = pg.trace(pg.exp, x)
    name = next(iter(program.inputs))
    CPU.load(program).run({name: x})  # the threads that sessions without a wish share are kept
    before = count_threads()
    for count in (1, 2, 200):
        session, other = (CPU.load(program, threads=count) for _ in range(2))
        session.run({name: x})
        other.run({name: x})
        assert has_threads(before + count - 1), "two sessions of one number share their threads"
        del session
        other.run({name: x})
        assert has_threads(before + count - 1)
        del other
    for count in range(1, 201):
        CPU.load(program, threads=count).run({name: x})
    assert has_threads(before)


AT_EXIT = """
import threading, time, sys
import numpy as np
import paragon as pg

x = np.ones({shape}, np.float32)
program = pg.trace(lambda x: x @ x + 1.0, x)
name = next(iter(program.inputs))
session = pg.executors()["cpu"].load(program, threads=2)

def work():
    while True:
        {call}

for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep({wait})
"""


@pytest.mark.slow
@pytest.mark.parametrize("call", ["program.run({name: x})", "session.run({name: x})", "session.state()"])
def test_daemon_threads_may_compute_while_the_process_ends(call: str) -> None:
    for shape, wait in (((4, 4), 0.0), ((4, 4), 0.005), ((300, 300), 0.011)):
        code = AT_EXIT.format(shape=shape, call=call, wait=wait)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
