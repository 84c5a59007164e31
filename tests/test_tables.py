"""What Python says of an operation in other files than its row in the operation table fits the row."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import paragon as pg
from conftest import ROOT
from paragon.autograd.derivatives import DERIVATIVES
from paragon.executors.reference.kernels import KERNELS
from paragon.executors.webgpu import plan
from paragon.executors.webgpu.expressions import EXPRESSIONS
from paragon.ir.operations import TABLE

GENERATED = ROOT / "python/paragon/tensor/elementwise.py"


def attributes(function: object) -> list[str]:
    """The names of the keyword-only parameters."""
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]


def test_every_operation_has_a_derivative_with_its_operands_and_attributes() -> None:
    assert set(DERIVATIVES) == set(TABLE)
    for name, row in TABLE.items():
        parameters = [str(p).split(":")[0] for p in inspect.signature(DERIVATIVES[name]).parameters.values()]
        wanted = ["g", "out", *row.operands, *row.attributes]
        assert parameters == wanted, f"the derivative of {name}"


def test_the_reference_executor_has_every_operation() -> None:
    assert set(KERNELS) == set(TABLE)
    for name, row in TABLE.items():
        if row.attributes:  # of NumPy's functions, which have none, not all have a signature
            assert set(attributes(KERNELS[name])) == set(row.attributes), f"the reference kernel of {name}"


def test_the_webgpu_executor_has_every_operation() -> None:
    assert set(TABLE) - set(EXPRESSIONS) - set(plan.KERNELS) == set()


def test_every_operation_is_a_function_of_the_package() -> None:
    renamed = {"select": "where", "constant": "full"}
    assert [name for name in TABLE if not callable(getattr(pg, renamed.get(name, name), None))] == []


def generate(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "generate.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_generated_functions_are_those_of_the_table() -> None:
    found = generate(ROOT)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("old, new", [("one of lt, le", "one of lt, lt"), ("def cospi", "def cospy")])
def test_a_generated_function_that_is_not_of_the_table_shows(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "generate.py").write_text((ROOT / "tools" / "generate.py").read_text())
    package = tmp_path / "python" / "paragon"
    (package / "tensor").mkdir(parents=True)
    (package / "ir").symlink_to(ROOT / "python" / "paragon" / "ir")
    text = GENERATED.read_text()
    assert text.count(old) == 1
    (package / "tensor" / GENERATED.name).write_text(text)
    assert generate(tmp_path).returncode == 0
    (package / "tensor" / GENERATED.name).write_text(text.replace(old, new))
    found = generate(tmp_path)
    assert found.returncode == 1 and "run python tools/generate.py" in found.stdout
