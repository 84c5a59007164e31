"""Writes the vectors: for every operation, inputs and the right output words (format: docs/program.md, "Vectors").

    python bindings_tests/vectors/generate.py           write every file
    python bindings_tests/vectors/generate.py --check   fail unless the files are what this program would write
    python bindings_tests/vectors/generate.py sum fma   only these

The right words come from `oracle`, exact arithmetic that shares nothing with any executor. Needs gmpy2 (MPFR).
"""

import argparse
import os
import sys
from pathlib import Path

from cases import FILES
from oracle.vector_file import encode

FOLDER = Path(__file__).resolve().parent


def write(path: Path, data: bytes) -> None:
    """Replaces the file at once, or not at all."""
    temporary = path.with_suffix(".part")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="files to make, without .safetensors (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where the files are (default: beside this program)"
    )
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in FILES]
    if unknown:
        parser.error(f"no such file: {', '.join(unknown)}; there are: {', '.join(FILES)}")
    different = []
    for name in arguments.names or FILES:
        path, data = arguments.folder / f"{name}.safetensors", encode(FILES[name]())
        if not arguments.check:
            write(path, data)
            print(f"{len(data):9,} {path.name}")
        elif not path.exists() or path.read_bytes() != data:
            different.append(path.name)
    if arguments.check and not arguments.names:
        different += sorted(p.name for p in arguments.folder.glob("*.safetensors") if p.stem not in FILES)
    for file in different:
        print(f"{file}: not what generate.py makes", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
