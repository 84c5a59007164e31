"""What a record says of the machine and the code."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .record import Code, Environment, Memory

PACKAGES = ("paragon-compute", "numpy", "safetensors", "pydantic", "scikit-learn", "scipy", "matplotlib")


def environment() -> Environment:
    """This machine: versions, system, processor, and the cores that this process may use."""
    return Environment(
        python=platform.python_version(),
        packages=_packages(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    )


@cache
def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def memory() -> Memory:
    """The largest resident size of this process so far."""
    try:
        import resource
    except ImportError:  # not on this system
        return Memory()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Memory(peak_bytes=peak if sys.platform == "darwin" else peak * 1024)


@cache
def code() -> Code:
    """The version of paragon, and the repository that the program was started in, as it is when this is asked first."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return Code(version=_packages().get("paragon-compute", "unknown"))
    diff = _git("diff", "HEAD", "--binary") or b""
    return Code(
        version=_packages().get("paragon-compute", "unknown"),
        commit=commit.decode().strip(),
        dirty=bool(diff),
        diff_sha256=hashlib.sha256(diff).hexdigest() if diff else None,
    )


def _git(*arguments: str) -> bytes | None:
    """What git says of the repository of the working directory; None when there is none, or no git."""
    try:
        found = subprocess.run(["git", *arguments], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout if found.returncode == 0 else None
