"""The import graph of the Python package, read from its sources: every import counts, also lazy ones and those for types only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# From the ground up: each uses only those before it. "" is the package itself, which puts the public names together.
LAYERS = (
    "ir", "_core", "executors", "tensor", "autograd", "data", "nn", "training", "models", "rl", "evidence", "", "conformance",
    "sklearn", "cli", "__main__", "apps",
)  # fmt: skip
SHARED_APPLICATION = "runs"  # the one application that the others stand on


def modules(root: Path) -> dict[str, Path]:
    """Every module below `root` by its dotted name within the package; "" is the package itself. Of compiled ones the stub."""
    found = {}
    for path in sorted([*root.rglob("*.py"), *root.rglob("*.pyi")]):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path], package: str) -> Iterator[tuple[str, str]]:
    """(module of the package, imported name or "") of each import statement of a module."""
    here = name.split(".") if name else []
    if path.name != "__init__.py":
        here = here[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == package:
                    yield alias.name.partition(".")[2], ""
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = here[: len(here) - node.level + 1]
            elif (node.module or "").split(".")[0] == package:
                base = []
            else:
                continue
            below = (node.module or "") if node.level else (node.module or "").partition(".")[2]
            target = ".".join([*base, *filter(None, [below])])
            for alias in node.names:
                inner = ".".join(filter(None, [target, alias.name]))
                yield (inner, "") if inner in known else (target, alias.name)


def layer(module: str) -> str:
    return module.split(".")[0]


def wrong_arrows(root: Path, package: str = "paragon") -> list[str]:
    """What is wrong with the imports below `root`: arrows that point upwards, into an application, or at inner names."""
    known, found = modules(root), []
    for name, path in known.items():
        if layer(name) not in LAYERS:
            found.append(f"{name}: belongs to no layer; the layers are {', '.join(filter(None, LAYERS))}")
            continue
        for target, imported in imports(name, path, known, package):
            if layer(target) != layer(name) and LAYERS.index(layer(target)) > LAYERS.index(layer(name)):
                found.append(f"{name} imports {target or package}, which stands above it")
            if layer(name) == "apps":
                found += _application_faults(name, target, imported)
    return found


def _application_faults(name: str, target: str, imported: str) -> Iterator[str]:
    """An application uses public names of the core and of the shared application, and nothing of a sibling's."""
    own, other = name.split(".")[1:2], target.split(".")[1:2]
    if layer(target) == "apps" and other not in (own, [SHARED_APPLICATION], []):
        yield f"{name} imports {target}, another application"
    foreign = layer(target) != "apps" or other != own
    if foreign and any(part.startswith("_") for part in (*target.split("."), imported)):
        yield f"{name} imports {target}.{imported}, which is not public"


def circles(root: Path, package: str = "paragon") -> list[list[str]]:
    """The circles of the import graph, one for each strongly connected group of modules (Tarjan, 1972)."""
    known = modules(root)
    graph = {
        name: sorted(
            {target for target, _ in imports(name, path, known, package) if target in known and target != name}
        )
        for name, path in known.items()
    }
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for target in graph[name]:
            if target not in number:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], number[target])
        if low[name] == number[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in graph:
        if name not in number:
            visit(name)
    return found
