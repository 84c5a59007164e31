"""Every public name says what it is, and every example in a docstring does what it shows.

Public is what users reach as `paragon.NAME`, or as a name of one of the NAMESPACES: functions, classes with their methods and
properties, and constants (a string under the assignment is their docstring). Examples may use `pg` and `np` without importing them.
"""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT, skip_or_fail

PACKAGE = ROOT / "python/paragon"
NAMESPACES = {  # where users find the name, and the module that it is
    "paragon": "paragon",
    "paragon.autograd": "paragon.autograd",
    "paragon.conformance": "paragon.conformance",
    "paragon.data": "paragon.data",
    "paragon.executors": "paragon.executors",
    "paragon.losses": "paragon.nn.losses",
    "paragon.nn": "paragon.nn",
    "paragon.optim": "paragon.nn.optim",
    "paragon.random": "paragon.tensor.random",
    "paragon.schedules": "paragon.nn.schedules",
    "paragon.sklearn": "paragon.sklearn",
}
WITH_EXAMPLE = (
    "tensor", "Tensor", "trace", "jit", "grad", "value_and_grad", "custom_gradient", "stop_gradient",
    "Program", "Program.run", "Program.save", "load", "fingerprint", "use", "executors",
    "fit", "evaluate", "train", "Training", "EarlyStopping", "Callback", "save_job", "run_job",
    "where", "sum", "matmul", "gather", "scatter_add", "scan", "fft", "rfft", "softmax", "conv2d",
    "nn.Module", "nn.Dense", "nn.Sequential", "optim.SGD", "optim.Adam", "schedules.cosine", "schedules.warm_up",
    "losses.cross_entropy", "data.digits", "data.batches", "random.normal", "conformance.run_conformance",
    "sklearn.MLPClassifier",
)  # fmt: skip
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.stem != "__main__")  # importing that one runs it


def imported(name: str) -> ModuleType:
    """A module of the package; a skip when it stands on a library that is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        skip_or_fail(f"{name} cannot be imported: {error}")
        raise


@cache
def constant_docs() -> set[str]:
    """The names assigned at the top of some module of the package and followed by a string."""
    found: set[str] = set()
    for path in FILES:
        for statement, after in pairwise(ast.parse(path.read_text()).body):
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                found.update(defined(ast.Module([statement], [])))
    return found


def module_name(path: Path) -> str:
    """The name under which a file of the package is imported."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def docstrings(module: ModuleType) -> Iterator[tuple[str, str]]:
    """(name, docstring) of a module, of the functions and classes that it defines, and of their methods and properties."""
    yield module.__name__, module.__doc__ or ""
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) == module.__name__:
            yield f"{module.__name__}.{name}", thing.__doc__ or ""
            for key, member in methods(thing).items() if inspect.isclass(thing) else ():
                yield f"{module.__name__}.{name}.{key}", member.__doc__ or ""


def methods(kind: type) -> dict[str, Any]:
    """The methods and properties that a class itself defines, by name."""
    described = (classmethod, staticmethod, property)
    return {k: v for k, v in vars(kind).items() if isinstance(v, described) or inspect.isroutine(v)}


def public_names(module: Any) -> list[str]:
    """`__all__`; else what the module defines, or, for the package itself, everything without a leading underscore."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    if module is pg:
        return [name for name in vars(module) if not name.startswith("_")]
    return [name for name in defined(ast.parse(inspect.getsource(module))) if not name.startswith("_")]


def defined(tree: ast.Module) -> Iterator[str]:
    """The names that the statements at the top of a module bind to functions, classes and values."""
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def says_nothing(thing: Any, name: str = "", owner: type | None = None) -> bool:
    """Whether there is no docstring, or only what Python writes by itself (that of `object`, the signature of a dataclass).

    A method `name` of the class `owner` may take its docstring from a base class.
    """
    if inspect.isclass(thing):
        return not thing.__doc__ or thing.__doc__.startswith(f"{thing.__name__}(")
    bases = owner.__mro__[:-1] if owner else ()
    return not any([thing.__doc__, *(vars(base)[name].__doc__ for base in bases if name in vars(base))])


def undocumented(name: str, module: Any, constants: set[str]) -> list[str]:
    """The public names of a module, and the methods and properties of its classes, that say nothing."""
    silent = []
    for key in public_names(module):
        thing = getattr(module, key)
        if inspect.isclass(thing):
            silent += [f"{name}.{key}"] if says_nothing(thing) else []
            silent += [f"{name}.{key}.{method}" for method in silent_methods(thing)]
        elif inspect.ismodule(thing) or inspect.isroutine(thing):
            silent += [f"{name}.{key}"] if says_nothing(thing) else []
        elif key not in constants:
            silent.append(f"{name}.{key}")
    return silent


def silent_methods(kind: type) -> list[str]:
    """The public methods and properties that a class has from this package (or from a test) and that say nothing."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.split(".")[0] in ("paragon", __name__):
            found.update(methods(base))
    return [name for name, thing in found.items() if not name.startswith("_") and says_nothing(thing, name, kind)]


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMESPACES)
def test_every_public_name_has_a_docstring(name: str) -> None:
    assert not undocumented(name, imported(NAMESPACES[name]), constant_docs())


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_every_module_says_what_it_promises(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = imported(module_name(path))
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for name, text in docstrings(module):
        report: list[str] = []
        test = doctest.DocTestParser().get_doctest(text, {"pg": pg, "np": np}, name, str(path), None)
        assert not runner.run(test, out=report.append).failed, "".join(report)


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_main_names_have_an_example(name: str) -> None:
    path = f"paragon.{name}".split(".")
    module = max((n for n in NAMESPACES if f"paragon.{name}".startswith(f"{n}.")), key=len)
    thing: Any = imported(NAMESPACES[module])
    for part in path[module.count(".") + 1 :]:
        thing = getattr(thing, part)
    assert doctest.DocTestParser().get_examples(inspect.getdoc(thing) or ""), f"paragon.{name} shows no example"


# --- the checks themselves see gaps ---------------------------------------------------------------------------------------


@dataclass
class Silent:
    number: int

    def method(self) -> None: ...

    @property
    def size(self) -> int:
        return 0

    def told(self) -> None:
        """Something."""

    @classmethod
    def make(cls) -> Silent:
        return cls(0)


class Child(Silent):
    """Says what it is, and takes `told` from its parent."""

    def told(self) -> None: ...


def test_gaps_are_seen() -> None:
    planted = SimpleNamespace(
        __all__=["Silent", "Child", "LIMIT", "TOLD", "silent"],
        Silent=Silent,
        Child=Child,
        LIMIT=1,
        TOLD=1,
        silent=lambda: 0,
    )
    assert undocumented("x", planted, {"TOLD"}) == [
        "x.Silent", "x.Silent.method", "x.Silent.size", "x.Silent.make",
        "x.Child.method", "x.Child.size", "x.Child.make", "x.LIMIT", "x.silent",
    ]  # fmt: skip
