"""predict.py LIBPARAGON MODEL: loads a model file through the C interface with cffi, and predicts for inputs of 0.5.

The package `paragon` is not needed, only the shared library and its header; see the C, Go and Rust examples beside it.
"""

import re
import sys
from pathlib import Path

import cffi

HEADER = Path(__file__).resolve().parents[3] / "csrc" / "include" / "paragon.h"


def declarations() -> str:
    """The header as cffi reads it: without comments and preprocessor lines, constants in their places."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    for name, value in re.findall(r"#define (PG_\w+) (\d+)", text):
        text = re.sub(rf"\b{name}\b", value, text)
    return re.sub(r'^#.*$|extern "C" \{|\bPG_API\b|^\}\s*$', "", text, flags=re.M)


def main(library: str, path: str) -> None:
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    pg = ffi.dlopen(library)
    model = ffi.gc(pg.pg_model_open(path.encode(), ffi.NULL), pg.pg_model_free)
    session = ffi.gc(pg.pg_session_open(model, ffi.NULL), pg.pg_session_free) if model else ffi.NULL
    if not session:
        raise SystemExit(f"error: {ffi.string(pg.pg_last_error()).decode()}")

    def sizes(which: int) -> list[int]:
        found = ffi.new("pg_tensor*")
        numbers = range(pg.pg_model_count(model, which))
        return [found.elements for i in numbers if pg.pg_model_tensor(model, which, i, found) == pg.PG_OK]

    inputs = [ffi.new("float[]", [0.5] * n) for n in sizes(pg.PG_INPUT)]
    outputs = [ffi.new("float[]", n) for n in sizes(pg.PG_OUTPUT)]
    if pg.pg_session_run(session, ffi.new("const void*[]", inputs), ffi.new("void*[]", outputs)) != pg.PG_OK:
        raise SystemExit(f"error: {ffi.string(pg.pg_last_error()).decode()}")
    for output in outputs:
        print(*list(output))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
