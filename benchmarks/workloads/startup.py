"""Importing in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys

IMPORT = "import time; begin = time.perf_counter(); import {}; print(time.perf_counter() - begin)"


def fresh_import(module: str = "paragon") -> float:
    """Seconds of an `import`. The first one compiles Python's bytecode, where that is not there yet, and fills the disk cache."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", IMPORT.format(module)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)
