"""Builds the implementations in other languages and for other processors, each once, and gives the command that runs it.

A toolchain that is missing is a skip that says what to install, or a failure in CI. Tests run in several processes: a build
holds a lock, so that the others wait for it and then find it done.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, skip_or_fail

BUILD = ROOT / "build"
INTERPRETERS = ROOT / "bindings_tests" / "interpreters"
BINDINGS = ROOT / "bindings_tests" / "bindings"


def each(names: Iterable[str]) -> list[Any]:
    """Parameters for pytest: the tests of one implementation run in one process, so that no other waits for its build."""
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


def need(program: str, package: str) -> str:
    """The path of a program. Skips (in CI: fails) with the name of the Debian package when it is not there."""
    found = shutil.which(program)
    if found is None:
        skip_or_fail(f"{program} is missing: apt-get install {package}")
    return str(found)


def call(
    *command: str | Path, cwd: Path | None = None, timeout: float = 1200, env: dict[str, str] | None = None
) -> str:
    """Run a command; its output. Raises AssertionError with the output when it fails."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        timeout=timeout,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, f"{' '.join(map(str, command))}: exit code {done.returncode}\n{output[-4000:]}"
    return output


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Whoever else builds NAME waits, in other processes, too."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def once(build: Callable[[], list[str]]) -> Callable[[], list[str]]:
    """One build in all processes at a time; its result is kept."""

    @cache
    def locked() -> list[str]:
        with alone(build.__name__):
            return build()

    return locked


def cmake_build(name: str, *options: str, targets: Sequence[str] = ()) -> Path:
    """Configure and build the C++ core in build/NAME; the folder."""
    folder = BUILD / name
    with alone(name):
        call("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options)
        parallel = str(os.cpu_count() or 1)
        call("cmake", "--build", folder, "--parallel", parallel, *(["--target", *targets] if targets else []))
    return folder


@once
def go() -> list[str]:
    program = BUILD / "languages" / "paragon-go"
    program.parent.mkdir(parents=True, exist_ok=True)
    call(need("go", "golang-go"), "build", "-o", program, ".", cwd=INTERPRETERS / "go")
    return [str(program)]


@once
def rust() -> list[str]:
    call(need("cargo", "cargo"), "build", "--release", "--offline", "--quiet", cwd=INTERPRETERS / "rust")
    return [str(INTERPRETERS / "rust" / "target" / "release" / "paragon-reference")]


@cache
def javascript() -> list[str]:
    return [need("node", "nodejs"), str(INTERPRETERS / "js" / "cli.mjs")]


@cache
def native() -> list[str]:
    """The command-line runner of the compiled core for this machine."""
    need("c++", "g++")
    return [str(cmake_build("native", targets=["paragon_run"]) / "paragon_run")]


@cache
def library() -> Path:
    """The folder with libparagon.so, the C ABI, for this machine."""
    need("c++", "g++")
    return cmake_build("native", targets=["paragon"])


@once
def webassembly() -> list[str]:
    """The compiled core as WebAssembly, run by Node."""
    need("em++", "emscripten")
    call("make", "-j2", cwd=BINDINGS / "wasm")
    return [*javascript(), "--wasm"]


@dataclass(frozen=True)
class Processor:
    """Another processor: its compiler, its emulator, and the Debian packages that they come in."""

    name: str
    compiler: str
    emulator: str
    packages: str
    root: str

    @property
    def system(self) -> str:
        return f"-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR={self.name}"


PROCESSORS = {
    "aarch64": Processor(
        "aarch64", "aarch64-linux-gnu-g++", "qemu-aarch64", "g++-aarch64-linux-gnu qemu-user", "/usr/aarch64-linux-gnu"
    ),
    "s390x": Processor(
        "s390x", "s390x-linux-gnu-g++", "qemu-s390x", "g++-s390x-linux-gnu qemu-user", "/usr/s390x-linux-gnu"
    ),
    "riscv64": Processor(
        "riscv64", "riscv64-linux-gnu-g++", "qemu-riscv64", "g++-riscv64-linux-gnu qemu-user", "/usr/riscv64-linux-gnu"
    ),
}


@cache
def emulated(name: str) -> list[str]:
    """The command-line runner, compiled for another processor and run under qemu."""
    p = PROCESSORS[name]
    need(p.compiler, p.packages)
    emulator = need(p.emulator, p.packages)
    options = ["-DPARAGON_PYTHON=OFF", f"-DCMAKE_CXX_COMPILER={p.compiler}", *p.system.split()]
    folder = cmake_build(name, *options, targets=["paragon_run"])
    return [emulator, "-L", p.root, str(folder / "paragon_run")]


IMPLEMENTATIONS: dict[str, Callable[[], list[str]]] = {
    "go": go,
    "javascript": javascript,
    "webassembly": webassembly,
    "rust": rust,
    "c++ runner": native,
}
