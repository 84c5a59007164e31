"""Options of `pytest benchmarks`, and defaults of pytest-benchmark that the command line overrides."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .workloads import SIZES

DEFAULTS = {
    "max_time": Decimal("0.1"),  # seconds of a measurement: there are some hundred
    "columns": ["min", "median", "iqr", "rounds"],  # means and deviations tell what else the machine did
}


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "size of the workloads; tiny for slow executors, else quick, when absent"
    parser.addoption("--sizes", choices=SIZES, help=about)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin("benchmark"):
        raise pytest.UsageError("pytest benchmarks needs pytest-benchmark: pip install --group bench")
    for name, value in DEFAULTS.items():
        option = f"--benchmark-{name.replace('_', '-')}"
        if not any(word.split("=")[0] == option for word in config.invocation_params.args):
            setattr(config.option, f"benchmark_{name}", value)
