"""The native path on drivers whose fma is fused (tools/shaders/fused_llvmpipe.sh): the probe picks it, and all tests pass on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, skip_or_fail

pytestmark = pytest.mark.slow

REMEDY = "build the drivers with tools/shaders/fused_llvmpipe.sh FOLDER and set PARAGON_FUSED_LLVMPIPE=FOLDER"


def run(driver: str, *command: str) -> str:
    """What a Python command prints that sees only this driver. Fails when it fails."""
    folder = os.environ.get("PARAGON_FUSED_LLVMPIPE", "")
    if not folder:
        skip_or_fail(REMEDY)
    path = Path(folder, f"{driver}.json")
    assert path.is_file(), f"{path} is missing; {REMEDY}"
    environment = {**os.environ, "VK_DRIVER_FILES": str(path), "VK_ICD_FILENAMES": str(path)}
    found = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900
    )
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    return found.stdout


@pytest.mark.parametrize("driver", ["fused", "contracting"])
def test_the_probe_picks_the_native_path(driver: str) -> None:
    path = "from paragon.executors.webgpu import WebGPU; print('path:', WebGPU().probe().path)"
    assert "path: native" in run(driver, "-c", path)


def test_the_webgpu_tests_on_a_driver_that_contracts_products() -> None:
    files = ("tests/test_webgpu.py", "tests/test_webgpu_formats.py", "tests/test_webgpu_reductions.py")
    found = run("contracting", "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
    assert " passed" in found and " failed" not in found
