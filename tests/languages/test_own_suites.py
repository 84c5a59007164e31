"""The implementations' and bindings' own tests and linters, in their own languages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import paragon as pg
import toolchains
from conftest import IN_CI, skip_or_fail
from paragon.executors.cpu import LIBRARY
from toolchains import BINDINGS, INTERPRETERS, alone, call, need

pytestmark = pytest.mark.slow


@pytest.mark.xdist_group("go")
@pytest.mark.parametrize("folder", [INTERPRETERS / "go", BINDINGS / "go"], ids=["interpreter", "binding"])
def test_go(folder: Path) -> None:
    go = need("go", "golang-go")
    toolchains.library()
    assert call("gofmt", "-l", ".", cwd=folder) == ""
    call(go, "vet", "./...", cwd=folder)
    call(go, "test", "./...", cwd=folder)


@pytest.mark.xdist_group("rust")
@pytest.mark.parametrize("folder", [INTERPRETERS / "rust", BINDINGS / "rust"], ids=["interpreter", "binding"])
def test_rust(folder: Path) -> None:
    cargo = need("cargo", "cargo")
    toolchains.library()
    call(cargo, "test", "--release", "--offline", "--quiet", cwd=folder)
    for tool, arguments in (
        ("cargo-fmt", ["fmt", "--check"]),
        ("cargo-clippy", ["clippy", "--offline", "--quiet", "--", "-D", "warnings"]),
    ):
        if shutil.which(tool):
            call(cargo, *arguments, cwd=folder)


def _node() -> str:
    """Node with the development packages: a browser driver for the pages."""
    node, npm = need("node", "nodejs"), need("npm", "npm")
    folder = INTERPRETERS / "js"
    with alone("npm"):
        if not (folder / "node_modules").is_dir():
            install = [
                npm,
                "install",
                "--no-audit",
                "--no-fund",
                "--no-save",
                "--fetch-retries=1",
                "--fetch-retry-mintimeout=2000",
            ]
            done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                skip_or_fail(
                    f"the packages of {folder} are missing and cannot be fetched: {done.stderr.strip()[-300:]}"
                )
    if not shutil.which("chromium"):
        skip_or_fail("chromium is missing: apt-get install chromium")
    return node


@pytest.mark.xdist_group("javascript")
def test_javascript() -> None:
    node = _node()
    tests = sorted(str(p) for p in (INTERPRETERS / "js" / "test").glob("*.test.mjs"))
    call(node, "--test", *tests, cwd=INTERPRETERS / "js")
    call("npm", "run", "check", cwd=INTERPRETERS / "js")


@pytest.mark.xdist_group("webassembly")
def test_webassembly() -> None:
    _node()
    toolchains.webassembly()
    call("make", "-j2", "test", cwd=BINDINGS / "wasm")


def test_c() -> None:
    toolchains.library()
    call("make", "test", cwd=BINDINGS / "c")


@pytest.mark.skipif(not IN_CI, reason="only CI promises that every toolchain is there")
@pytest.mark.parametrize("build", toolchains.IMPLEMENTATIONS.values())
def test_ci_has_every_toolchain(build: Callable[[], list[str]]) -> None:
    assert build()


def test_python_through_cffi(tmp_path: Path) -> None:
    program = pg.trace(lambda x: pg.exp(x), np.zeros(3, np.float32))
    program.save(tmp_path / "model.safetensors")
    example = BINDINGS / "python" / "predict.py"
    said = call(sys.executable, example, LIBRARY, tmp_path / "model.safetensors")
    assert [np.float32(word) for word in said.split()] == [pg.exp(0.5).item()] * 3
    (tmp_path / "bad.safetensors").write_bytes(b"this is no model")
    done = subprocess.run(
        [sys.executable, example, LIBRARY, tmp_path / "bad.safetensors"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "bad.safetensors" in done.stderr
    assert "Traceback" not in done.stderr
