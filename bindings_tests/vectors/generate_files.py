"""Writes files/: for every rule of docs/files.md small files that every reader must accept, or refuse.

    python bindings_tests/vectors/generate_files.py            write files/accept, files/refuse and files/index.json
    python bindings_tests/vectors/generate_files.py --check    fail unless they are what this program would write

index.json is a list of {"file": "refuse/NAME.safetensors", "accept": false, "rule": "…"}, in the order of docs/files.md.
"""

import argparse
import json
import re
import sys
from pathlib import Path

from file_examples import ALL

FOLDER = Path(__file__).resolve().parent / "files"


def portable(name: str) -> str:
    """A name in lower case: capitals are marked, so that no two names differ by case alone."""
    marked = re.sub("[A-Z]+", lambda found: f"-capital-{found[0].lower()}-", name).replace("_", "-")
    return re.sub("-+", "-", marked).strip("-")


def wanted() -> dict[str, bytes]:
    """What the folder holds, by path."""
    found, index = {}, []
    for example in ALL:
        name = f"{'accept' if example.accept else 'refuse'}/{portable(example.name)}.safetensors"
        assert re.fullmatch(r"[a-z0-9._/-]+", name), f"{name}: not every file system can hold it"
        assert name not in found, f"{name} twice"
        found[name] = example.data
        index.append({"file": name, "accept": example.accept, "rule": example.rule})
    lines = ",\n ".join(json.dumps(item) for item in index)
    return found | {"index.json": f"[{lines}]\n".encode()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    arguments = parser.parse_args()
    files = wanted()
    there = {str(p.relative_to(FOLDER)) for p in FOLDER.rglob("*") if p.is_file()}
    if not arguments.check:
        for name in there - set(files):
            (FOLDER / name).unlink()
        for name, data in files.items():
            path = FOLDER / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        print(f"{len(files) - 1} files, {sum(map(len, files.values())):,} bytes")
        return 0
    different = sorted(there ^ set(files))
    different += [name for name, data in files.items() if name in there and (FOLDER / name).read_bytes() != data]
    for name in different:
        print(f"{name}: not what generate_files.py makes", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
