"""The threads of the compiled core: they end with the last session that uses them, and a process may end while they work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import paragon as pg

CPU = pg.executors()["cpu"]

needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")


COUNTING = """
import time
from pathlib import Path
import numpy as np
import paragon as pg

def threads():
    return len(list(Path("/proc/self/task").iterdir()))

def expect(count, what):
    end = time.monotonic() + 10  # the system lists one that has ended a moment longer
    while threads() != count and time.monotonic() < end:
        time.sleep(0.01)
    assert threads() == count, f"{what}: {threads()} threads, not {count}"

cpu = pg.executors()["cpu"]
x = np.ones((256, 1024), np.float32)
program = pg.trace(pg.exp, x)
name = next(iter(program.inputs))
cpu.load(program).run({name: x})  # the threads that sessions without a wish share are kept
before = threads()
for count in (1, 2, 200):
    session, other = (cpu.load(program, threads=count) for _ in range(2))
    session.run({name: x})
    other.run({name: x})
    expect(before + count - 1, "two sessions of one number share their threads")
    del session
    other.run({name: x})
    expect(before + count - 1, "one of two sessions is left")
    del other
for count in range(1, 201):
    cpu.load(program, threads=count).run({name: x})
expect(before, "no session is left")
print("counted")
"""


@needs_proc
def test_threads_end_with_their_sessions() -> None:
    """In a process of its own, whose other threads do not come and go."""
    done = subprocess.run([sys.executable, "-c", COUNTING], capture_output=True, text=True, timeout=300)
    assert done.stdout == "counted\n", done.stderr[-2000:]


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
