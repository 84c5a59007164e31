"""Write docs/schemas: the JSON Schema of every document that applications keep. A test holds the files to the models."""

from __future__ import annotations

import json
from pathlib import Path

import paragon.apps.digits.artifacts  # noqa: F401 - makes its documents known
from paragon.apps.runs import schemas

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"


def main() -> None:
    """Write the schemas, and remove those of documents that are no more."""
    FOLDER.mkdir(exist_ok=True)
    wanted = {f"{version.replace('/', '-')}.json": schema for version, schema in schemas().items()}
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, schema in wanted.items():
        (FOLDER / name).write_text(json.dumps(schema, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
