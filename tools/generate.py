"""Writes the Python files that say again what the operation table says: python tools/generate.py [--check]

`--check` writes nothing, and exits with 1 when a file is not what it would write. The table is paragon.ir.operations.TABLE.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
package = types.ModuleType("paragon")  # without its __init__, which imports what is written here
package.__path__ = [str(ROOT / "python/paragon")]
sys.modules["paragon"] = package

from paragon.ir.operations import TABLE, Operation  # noqa: E402
from paragon.ir.spec import DTYPES  # noqa: E402

FUNCTIONS = ROOT / "python/paragon/tensor/elementwise.py"
HEAD = '''"""The elementwise operations as functions. Written by tools/generate.py from the operation table: change that, not this.

Operands are tensors, arrays or Python numbers; they are broadcast. What each computes is said in docs/contract.md.

>>> pg.fma([1.0, 2.0, 3.0], 10.0, 0.5)
Tensor([10.5, 20.5, 30.5], f32)
"""

from __future__ import annotations

from typing import Any

from .operands import operands
from .tensor import Tensor, apply

'''


def function(operation: Operation) -> str:
    """The source of the public function of an elementwise operation."""
    names = ", ".join(operation.operands)
    parameters = ", ".join([*(f"{x}: Any" for x in operation.operands), *(f"{a}: str" for a in operation.attributes)])
    passed = "".join(f", {a}={a}" for a in operation.attributes)
    dtypes = "any dtype, the same for all" if operation.dtypes == DTYPES else " or ".join(operation.dtypes)
    details = [f"Operands: {dtypes}. Raises ShapeError when they do not fit."]
    details += [f"`{a}` is one of {', '.join(words)}." for a, words in operation.choices.items()]
    return (
        f"\n\ndef {operation.name}({parameters}) -> Tensor:\n"
        f'    """{operation.doc}.\n\n    {" ".join(details)}\n    """\n'
        f'    return apply("{operation.name}", *operands({names}){passed})\n'
    )


def functions() -> str:
    """The text of tensor/elementwise.py."""
    rows = [operation for operation in TABLE.values() if operation.dtypes]
    listed = "".join(f'    "{operation.name}",\n' for operation in sorted(rows, key=lambda o: o.name))
    return HEAD + f"__all__ = [\n{listed}]\n" + "".join(map(function, rows))


def main() -> int:
    text = functions()
    if "--check" not in sys.argv[1:]:
        FUNCTIONS.write_text(text)
    elif FUNCTIONS.read_text() != text:
        print(f"{FUNCTIONS.relative_to(ROOT)} is not what the operation table says; run python tools/generate.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
