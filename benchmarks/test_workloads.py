"""The workloads as pytest-benchmark tests, on every executor and every setting of it: `pytest benchmarks --benchmark-only`.

A test's name is its workload and its setting: test_gemm[128x128x784-cpu-avx2-threads1]. What is timed is `session.run`, whose first
result has been compared with the one in float64. docs/benchmarks.md shows how runs are compared.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

import pytest

import paragon as pg

from .harness import Call, error
from .workloads import Problem, Setting, Size, Workload, settings

# By their names, which are the parameters of the tests: pytest-benchmark writes parameters into its JSON.
WORKLOADS: dict[str, Workload] = {}
SETTINGS: dict[str, Setting] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """test_FAMILY runs the workloads of the module FAMILY."""
    if "workload" in metafunc.fixturenames:
        family = metafunc.function.__name__.removeprefix("test_")
        size = metafunc.config.getoption("sizes")
        found = [("import", "process")] if family == "startup" else list(parameters(family, size))
        metafunc.parametrize(("workload", "setting"), found)


def parameters(family: str, size: Size | None) -> Iterator[Any]:
    """Workloads with settings; one skipped test for an executor that is not available."""
    module = import_module(f"{__package__}.workloads.{family}")
    for name, executor in pg.executors().items():
        if not executor.available:
            skip = pytest.mark.skip(reason=f"the executor {name} is not available: {executor.reason}")
            yield pytest.param(None, None, id=name, marks=skip)
            continue
        ways = {str(setting): setting for setting in settings(name)}
        SETTINGS.update(ways)
        for workload in module.workloads(size or usual_size(name)):
            WORKLOADS[workload.name] = workload
            for way in ways:
                yield pytest.param(workload.name, way, id=f"{plain(workload.name)}-{way}")


def plain(name: str) -> str:
    """A name without what the option -k does not take: spaces, commas, ^."""
    powers = re.sub(r"2\^(\d+)", lambda found: str(1 << int(found[1])), name)
    return powers.replace(",", "").replace(" ", "_")


def usual_size(name: str) -> Size:
    """Tiny for executors that are made to be checked with: the reference, a GPU's driver in software."""
    executor: Any = pg.executors()[name]
    return "quick" if name == "cpu" or getattr(executor, "fast", False) else "tiny"


@lru_cache(maxsize=1)  # the settings of a workload come one after another
def problem_of(workload: Workload) -> Problem:
    return workload.problem()


def checked_call(problem: Problem, setting: Setting) -> Call:
    """Runs of a problem, of which the first was right."""
    call = problem.on(setting)
    off = error(call.result(), problem.wanted)
    assert off <= problem.tolerance, f"off by {off:.1e} of the largest element, allowed is {problem.tolerance:.0e}"
    return call


def measure(benchmark: Any, name: str, way: str) -> None:
    workload, setting = WORKLOADS[name], SETTINGS[way]
    call = checked_call(problem_of(workload), setting)
    benchmark.group = f"{workload.family}: {workload.name}"
    benchmark.extra_info.update(executor=setting.executor, **setting.options, work=workload.work, unit=workload.unit)
    benchmark(call.run)


def test_gemm(benchmark: Any, workload: str, setting: str) -> None:
    measure(benchmark, workload, setting)


def test_elementary(benchmark: Any, workload: str, setting: str) -> None:
    measure(benchmark, workload, setting)


def test_reductions(benchmark: Any, workload: str, setting: str) -> None:
    measure(benchmark, workload, setting)


def test_fft(benchmark: Any, workload: str, setting: str) -> None:
    measure(benchmark, workload, setting)


def test_training(benchmark: Any, workload: str, setting: str) -> None:
    measure(benchmark, workload, setting)


def test_inference(benchmark: Any, workload: str, setting: str) -> None:
    measure(benchmark, workload, setting)


def test_startup(benchmark: Any, workload: str, setting: str) -> None:
    """A fresh process that imports paragon, its own beginning included."""
    benchmark.group = f"startup: {workload}"
    command = [sys.executable, "-c", "import paragon"]
    benchmark.pedantic(subprocess.run, (command,), {"check": True}, rounds=10, warmup_rounds=1)
