"""The compiled executor from Python: its options, its errors, its sessions, threads, forks, and its plans against the reference."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon.executors.cpu import Cpu, CpuSession
from paragon.ir.errors import ExecutorError, ProgramError
from paragon.ir.program import Program
from paragon.ir.spec import Array

CPU = Cpu()
SETTINGS = [(isa, threads) for isa in CPU.isas for threads in (1, 3)]


def training() -> tuple[Program, list[dict[str, Array]]]:
    """A step with all that a plan does: products, row and column operands, reductions, updates in place, random numbers."""

    def step(
        state: dict[str, pg.Tensor], x: pg.Tensor, y: pg.Tensor, seed: pg.Tensor
    ) -> tuple[dict[str, pg.Tensor], dict[str, pg.Tensor]]:
        def loss(w: pg.Tensor, b: pg.Tensor) -> pg.Tensor:
            kept = pg.cast(
                pg.compare(pg.bits(seed, state["t"], stream=1, shape=(40, 30), width=24), F24, how="lt"), "f32"
            )
            h = pg.tanh(pg.matmul(x * kept, w) + b)
            return pg.mean((h - y) * (h - y) / (1.0 + pg.abs(pg.mean(h, axis=1, keepdims=True))))

        value, (dw, db) = pg.value_and_grad(loss, argnums=(0, 1))(state["w"], state["b"])
        m = 0.9 * state["m"] + 0.1 * dw
        s = 0.99 * state["s"] + 0.01 * (dw * dw)
        new = {
            "w": state["w"] - 0.1 * m / (pg.sqrt(s) + 1e-6),
            "m": m,
            "s": s,
            "b": state["b"] - 0.1 * db,
            "t": state["t"] + ONE,
        }
        return {"loss": value, "old": state["w"]}, new

    rng = np.random.default_rng(5)
    shapes = {"w": (30, 17), "b": (17,), "m": (30, 17), "s": (30, 17)}
    state: dict[str, Array] = {k: rng.standard_normal(shape).astype(np.float32) for k, shape in shapes.items()}
    state |= {"s": np.abs(state["s"]), "t": np.zeros((), np.uint32)}
    batches = [
        {
            "x": rng.standard_normal((40, 30)).astype(np.float32),
            "y": rng.standard_normal((40, 17)).astype(np.float32),
            "seed": np.array([1, 2], np.uint32),
        }
        for _ in range(4)
    ]
    return pg.trace(step, *batches[0].values(), state=state), batches


F24, ONE = np.uint32(12_000_000), np.uint32(1)


@pytest.mark.parametrize(("isa", "threads"), SETTINGS)
def test_training_is_the_reference_s(isa: str, threads: int) -> None:
    program, batches = training()
    mine, reference = CPU.load(program, isa=isa, threads=threads), pg.executors()["reference"].load(program)
    assert (mine.isa, mine._session.threads) == (isa, threads)
    for batch in batches:
        for i, (got, want) in enumerate(zip(mine.values(batch), reference.values(batch), strict=True)):
            assert_words(got, want, f"value {i}")
        got, want = mine.run(batch), reference.run(batch)
        assert list(got) == list(program.outputs)
        for name in want:
            assert_words(got[name], want[name], name)
        assert mine.fingerprint() == pg.fingerprint(reference.state())
        for name, array in reference.state().items():
            assert_words(mine.state()[name], array, name)


def test_large_arrays_use_every_thread_alike() -> None:
    """Big enough for chains, reductions and copies to be split."""

    def fn(x: pg.Tensor, row: pg.Tensor, column: pg.Tensor) -> dict[str, pg.Tensor]:
        y = pg.exp(x * row) / (1.0 + column * column)
        return {"y": y, "sum": pg.sum(y, axis=0), "all": pg.sum(y), "t": pg.transpose(y) + 1.0}

    rng = np.random.default_rng(1)
    inputs = {
        "x": rng.standard_normal((700, 1000)).astype(np.float32),
        "row": rng.standard_normal(1000).astype(np.float32),
        "column": rng.standard_normal((700, 1)).astype(np.float32),
    }
    program = pg.trace(fn, *inputs.values())
    results = [CPU.load(program, isa=isa, threads=threads).run(inputs) for isa, threads in SETTINGS]
    for result in results[1:]:
        for name, want in results[0].items():
            assert_words(result[name], want, name)
    y = np.exp(inputs["x"].astype(np.float64) * inputs["row"]) / (1 + inputs["column"].astype(np.float64) ** 2)
    np.testing.assert_allclose(results[0]["y"], y, rtol=3e-6)
    np.testing.assert_allclose(results[0]["t"], y.T + 1, rtol=3e-6)
    np.testing.assert_allclose(results[0]["sum"], y.sum(0), rtol=1e-5)


def simple() -> Program:
    return pg.trace(lambda x, y: {"z": x + y}, np.zeros((2, 3), np.float32), np.zeros(3, np.float32))


def inputs_of(program: Program) -> dict[str, Any]:
    return {name: np.ones(spec.shape, np.float32) for name, spec in program.inputs.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.ones((2, 3))}, r'input "x": must be f32 \[2,3\], not float64 \[2,3\]'),
        ({"x": np.ones((3, 2), np.float32)}, r"must be f32 \[2,3\], not float32 \[3,2\]"),
        ({"x": np.ones((3, 2), np.float32).T}, 'input "x": must be C-contiguous'),
        ({"x": np.ones((2, 3), ">f4")}, r"must be f32 \[2,3\], not >f4"),
        ({"x": [[1.0, 2.0]]}, 'input "x": must be a NumPy array'),
        ({"x": None}, 'input "x": must be a NumPy array'),
        ({"w": np.ones(1, np.float32)}, 'there is no input "w"'),
    ],
)
def test_bad_inputs(change: dict[str, Any], message: str) -> None:
    program = simple()
    with pytest.raises(ExecutorError, match=message):
        CPU.load(program).run({**inputs_of(program), **change})


def test_missing_input() -> None:
    program = simple()
    inputs = inputs_of(program)
    first, *_ = inputs
    del inputs[first]
    with pytest.raises(ExecutorError, match=f'input "{first}": missing'):
        CPU.load(program).run(inputs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"isa": "sse9"}, "sse9.*choose one of"),
        ({"threads": 0}, "threads must be an integer of at least 1"),
        ({"threads": 5000}, "1024"),
        ({"threads": "2"}, "threads must be an integer"),
        ({"memory_limit": 100}, "memory limit of 100 bytes"),
        ({"colour": 1}, r"no options \['colour'\]"),
    ],
)
def test_bad_options(options: dict[str, Any], message: str) -> None:
    big = pg.trace(lambda x: pg.sum(pg.transpose(x) * 2.0, axis=0), np.zeros((50, 40), np.float32))
    with pytest.raises(ExecutorError, match=message):
        CPU.load(big, **options)


def test_state_errors() -> None:
    program, batches = training()
    unset = Program.from_json(program.to_json())
    session = CPU.load(unset)
    with pytest.raises(ExecutorError, match='the state "w" is not set'):
        session.run(batches[0])
    with pytest.raises(ExecutorError, match='state "w": must be f32'):
        session.set_state({"w": np.zeros(3, np.float32)})
    with pytest.raises(ExecutorError, match='there is no state "v"'):
        session.set_state({"v": np.zeros(3, np.float32)})
    with pytest.raises(ExecutorError, match='the state "w" is not set'):
        session.state()


def test_the_core_checks_programs_itself() -> None:
    core = pytest.importorskip("paragon._core")
    with pytest.raises(core.Error, match="line 1 column 2"):
        core.Program("{")
    text = simple().to_json().replace('"shape":[2,3],"attributes"', '"shape":[3,2],"attributes"')
    with pytest.raises(core.Error, match=r"operation 0 \(add, value 2\): states f32 \[3,2\], but yields f32 \[2,3\]"):
        core.Program(text)
    broken = simple()
    broken.outputs["z"] = 99
    with pytest.raises(ProgramError, match='output "z" is value 99, which does not exist'):
        CPU.load(broken)


def test_lists_and_views() -> None:
    core = pytest.importorskip("paragon._core")
    program = core.Program(simple().to_json())
    assert program.inputs == [("x", "f32", (2, 3)), ("y", "f32", (3,))] and program.values == 3
    session = core.Session(program)
    (z,) = session.run([np.ones((2, 3), np.float32), np.arange(3, dtype=np.float32)])
    assert z.tolist() == [[1, 2, 3], [1, 2, 3]]
    with pytest.raises(core.Error, match="takes 2 inputs, not 1"):
        session.run([z])
    with pytest.raises(core.Error, match="no value 3"):
        session.observe([z, z[0]], [3])
    read_only = np.ones((2, 3), np.float32)
    read_only.flags.writeable = False
    assert session.run([read_only, z[1]])[0].tolist() == [[2, 3, 4], [2, 3, 4]]  # inputs are only read


def test_outputs_are_fresh() -> None:
    session, program = CPU.load(simple()), simple()
    first = session.run(inputs_of(program))["z"]
    kept = first.copy()
    session.run({name: 5 * array for name, array in inputs_of(program).items()})
    assert_words(first, kept)
    first[:] = 9  # theirs to change


def test_fingerprint_of_the_core() -> None:
    core = pytest.importorskip("paragon._core")
    arrays = {
        "b": np.array([np.nan, -0.0], np.float32),
        "a/é": np.array([[1, -2]], np.int32),
        "": np.array(3, np.uint32),
    }
    assert core.fingerprint(arrays) == pg.fingerprint(arrays)
    with pytest.raises(core.Error, match="must be f32, i32 or u32, not float64"):
        core.fingerprint({"x": np.zeros(2)})


def test_the_number_of_threads_can_change() -> None:
    program = pg.trace(lambda x: pg.sum(pg.exp(x), axis=0), np.zeros((300, 1000), np.float32))
    inputs = {name: np.random.default_rng(0).random(s.shape, np.float32) for name, s in program.inputs.items()}
    session, before = CPU.load(program), CPU.threads
    try:
        results = []
        for CPU.threads in (1, 4, 2):
            assert CPU.threads == session._session.threads
            results.append(session.run(inputs)["output"])
        assert_words(results[0], results[1])
        assert_words(results[0], results[2])
        with pytest.raises(ExecutorError):
            CPU.threads = 0
    finally:
        CPU.threads = before


@pytest.mark.parametrize(
    ("variables", "code", "wanted"),
    [
        ({"PARAGON_ISA": CPU.isas[0]}, "print(c.default_isa())", CPU.isas[0]),
        ({"PARAGON_NUM_THREADS": "3"}, "print(c.threads())", "3"),
        ({"PARAGON_ISA": "abacus"}, "c.default_isa()", "PARAGON_ISA"),
        ({"PARAGON_NUM_THREADS": "many"}, "c.threads()", "PARAGON_NUM_THREADS"),
    ],
)
def test_environment(variables: dict[str, str], code: str, wanted: str) -> None:
    command = [sys.executable, "-c", f"import paragon._core as c; {code}"]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    assert wanted in done.stdout + done.stderr
    assert (done.returncode == 0) == (code.startswith("print"))


def test_python_threads_share_the_executor() -> None:
    """Sessions of their own run at the same time; a shared one is taken in turns, and every step happens once."""
    program, batches = training()
    wanted = CPU.load(program, threads=1)
    for _ in range(8):
        wanted.run(batches[0])
    shared = CPU.load(program, threads=2)
    own = [CPU.load(program, threads=2) for _ in range(4)]

    def work(session: CpuSession) -> None:
        for _ in range(2):
            shared.run(batches[0])
        for _ in range(8):
            session.run(batches[0])

    threads = [threading.Thread(target=work, args=(session,)) for session in own]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {s.fingerprint() for s in [wanted, shared, *own]} == {wanted.fingerprint()}


def _child(queue: Any, session: CpuSession, batches: list[dict[str, Array]]) -> None:
    for batch in batches:
        session.run(batch)
    queue.put(session.fingerprint())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_after_a_fork() -> None:
    program, batches = training()
    session = CPU.load(program, threads=3)
    session.run(batches[0])  # the pool is at work before the fork
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_child, args=(queue, session, batches[1:]))
    child.start()
    theirs = queue.get(timeout=60)
    child.join()
    for batch in batches[1:]:
        session.run(batch)
    assert child.exitcode == 0 and theirs == session.fingerprint()


def test_a_plan_reuses_memory() -> None:
    """A long chain of arrays needs the memory of a few."""

    def fn(x: pg.Tensor) -> pg.Tensor:
        for _ in range(50):
            x = pg.transpose(pg.tanh(pg.transpose(x) + 1.0))
        return x

    n = 1 << 16
    session = CPU.load(pg.trace(fn, np.zeros((256, 256), np.float32)), threads=1)
    assert session.bytes < 3 * 4 * n + 100_000


def test_updates_in_place_need_no_second_copy() -> None:
    state = {"w": np.zeros((512, 512), np.float32), "m": np.zeros((512, 512), np.float32)}

    def step(s: dict[str, pg.Tensor], g: pg.Tensor) -> tuple[dict[str, pg.Tensor], dict[str, pg.Tensor]]:
        m = 0.9 * s["m"] + g
        return {}, {"m": m, "w": s["w"] - 0.1 * m}

    session = CPU.load(pg.trace(step, np.zeros((512, 512), np.float32), state=state), threads=1)
    assert session.bytes < 2 * 4 * 512 * 512 + 100_000
