"""The house: arrows between the folders of the Python package point downwards only, and there are no circles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import paragon as pg
from import_graph import circles, modules, wrong_arrows

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python/paragon"


def test_arrows_point_downwards() -> None:
    assert len(modules(PACKAGE)) > 60
    assert wrong_arrows(PACKAGE) == []


def test_there_are_no_circles() -> None:
    assert circles(PACKAGE) == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small package with three layers and two applications, which is in order."""
    files = {
        "__init__.py": "from .nn.module import Module\n",
        "ir/__init__.py": "",
        "ir/spec.py": "",
        "ir/program.py": "from .spec import Spec\n",
        "nn/__init__.py": "",
        "nn/module.py": "from ..ir import program\n",
        "apps/__init__.py": "",
        "apps/runs/__init__.py": "from ... import Module\n",
        "apps/grid/__init__.py": "import paragon\nfrom paragon.apps.runs import record\n",
        "apps/lab/__init__.py": "from .inner import _own\n",
        "apps/lab/inner.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_house_in_order(house: Path) -> None:
    assert wrong_arrows(house) == [] and circles(house) == []


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("ir/spec.py", "from ..nn.module import Module", "ir.spec imports nn.module, which stands above it"),
        ("ir/spec.py", "def f():\n    from .. import Module", "ir.spec imports paragon, which stands above it"),
        ("ir/spec.py", "def f():\n    import paragon.nn", "ir.spec imports nn, which stands above it"),
        (
            "ir/spec.py",
            "if TYPE_CHECKING:\n    from ..nn import module",
            "ir.spec imports nn.module, which stands above it",
        ),
        ("nn/module.py", "from paragon.apps.runs import record", "nn.module imports apps.runs, which stands above it"),
        ("apps/lab/inner.py", "from ..grid import cells", "apps.lab.inner imports apps.grid, another application"),
        (
            "apps/lab/inner.py",
            "from ...nn.module import _call",
            "apps.lab.inner imports nn.module._call, which is not public",
        ),
        ("misc.py", "", "misc: belongs to no layer; the layers are"),
    ],
)
def test_a_wrong_arrow_is_seen(house: Path, module: str, line: str, complaint: str) -> None:
    with (house / module).open("a") as file:
        file.write(line + "\n")
    found = wrong_arrows(house)
    assert len(found) == 1 and found[0].startswith(complaint), found


def test_a_circle_is_seen(house: Path) -> None:
    (house / "ir/spec.py").write_text("def f():\n    from .program import Program\n")
    assert circles(house) == [["ir.program", "ir.spec"]]


def test_all_public_names_are_exported() -> None:
    """A type checker sees what __all__ names; what is imported besides is none of a user's business."""
    listed = set(pg.__all__)
    assert len(listed) == len(pg.__all__)
    assert {name for name in listed if not hasattr(pg, name)} == set()
    found = {name for name, x in vars(pg).items() if not name.startswith("_") and not isinstance(x, ModuleType)}
    assert found - listed == set()


def test_import_needs_numpy_and_safetensors_only() -> None:
    blocked = ("typer", "rich", "sklearn", "wgpu", "hypothesis", "pytest", "torch", "matplotlib", "pydantic")
    code = (
        f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n"
        "import paragon\nprint(sorted(m for m in sys.modules if m.split('.')[0] in ('paragon',)) != [])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr
