"""Print the lowest versions that pyproject.toml allows, a requirement a line for pip: `numpy>=1.26` becomes `numpy==1.26`.

    python tools/lowest.py [NAME ...]

The package's own dependencies and extras, and of the dependency groups the packages named. `make test-lowest` tests them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

BOUND = re.compile(r"([A-Za-z0-9_.-]+)(\[[^]]*\])?(>=|==)([0-9][^,;\s]*)(?:,<[0-9.]+)?\s*(;.*)?$")


def lowest(requirement: str) -> str:
    """The requirement at its lower bound. Raises ValueError for one that has none: it could not be tested."""
    found = BOUND.match(requirement.strip())
    if found is None:
        raise ValueError(f"{requirement!r} has no lower bound of the form NAME>=VERSION")
    name, extra, _, version, marker = found.groups()
    return f"{name}{extra or ''}=={version}{' ' + marker if marker else ''}"


def requirements(document: dict[str, Any], names: list[str]) -> Iterator[str]:
    """What the package needs, with its extras, and the named packages of the groups. Raises ValueError for an unknown name."""
    project = document["project"]
    yield from project["dependencies"]
    for listed in project.get("optional-dependencies", {}).values():  # of which one may name others
        yield from (item for item in listed if not item.startswith(f"{project.get('name')}["))
    grouped = [item for listed in document["dependency-groups"].values() for item in listed if isinstance(item, str)]
    for name in names:
        found = [item for item in grouped if (match := BOUND.match(item)) and match[1] == name]
        if not found:
            raise ValueError(f"no dependency group has {name!r} with a lower bound")
        yield found[0]


def main() -> None:
    """Print the list."""
    document = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    for requirement in requirements(document, sys.argv[1:]):
        print(lowest(requirement))


if __name__ == "__main__":
    main()
