"""One table of operations in three places: Python, C++ (csrc/contract/operations.def), docs/program.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paragon import _core
from paragon.ir.operations import TABLE

ROOT = Path(__file__).resolve().parents[1]
VARIADIC = "one or more"


def python_table() -> dict[str, tuple[int | None, frozenset[str]]]:
    return {name: (row.arity, frozenset(row.attributes)) for name, row in TABLE.items()}


def core_table() -> dict[str, tuple[int | None, frozenset[str]]]:
    return {name: (arity, frozenset(attributes)) for name, arity, attributes in _core.operations()}


def operands(cell: str) -> int | None:
    """How many operands are named: 2 by `x, y f32, rank >= 2` or by `seed u32 [2] (low, high), step u32 []`."""
    if VARIADIC in cell:
        return None
    cell = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", cell)
    parts = [part.strip() for part in re.split("[,;]", cell)]
    return 0 if cell == "–" else sum(not part.startswith("rank ") for part in parts)


def documented_table(text: str) -> dict[str, tuple[int | None, frozenset[str]]]:
    """The table under "## Operations": | `name` ... | operands | attributes | result |.

    The attributes are the words in backticks outside brackets; a row may take over those of another ("and those of `unfold`").
    """
    section = text.split("\n## Operations\n")[1].split("\n## ")[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert all(len(row) == 4 for row in cells), "the operation table has four columns"
    table: dict[str, tuple[int | None, frozenset[str]]] = {}
    for names, takes, described, _ in cells:
        plain = re.sub(r"\([^)]*\)", "", described)
        attributes = set()
        for part in plain.split(","):
            keyed = part.split(":")[0]  # what follows a colon are the words that the attribute may be
            for word in re.findall("`(\\w+)`", keyed):
                attributes |= table[word][1] if "those of" in keyed else {word}
        for name in re.findall("`(\\w+)`", names):
            assert name not in table, f"docs/program.md has two rows for {name}"
            table[name] = (operands(takes), frozenset(attributes))
    return table


def documentation() -> str:
    return (ROOT / "docs" / "program.md").read_text()


def test_the_core_has_the_table_of_python() -> None:
    assert core_table() == python_table()


def test_the_documentation_has_the_table_of_python() -> None:
    assert documented_table(documentation()) == python_table()


@pytest.mark.parametrize(
    "before, after",
    [
        ("| `one_hot` | i i32 | `depth` |", "| `one_hot` | i i32 | `width` |"),
        ("| `one_hot` | i i32 | `depth` |", "| `one_hot` | i i32, x f32 | `depth` |"),
        ("| `one_hot` | i i32 |", "| `one_cold` | i i32 |"),
        ("and those of `unfold`, and `panel`", "and those of `unfold`"),
        ("| one or more, any (same) |", "| x, y any |"),
        ("`sinpi` `cospi`", "`sinpi`"),
    ],
)
def test_a_difference_in_the_documentation_shows(before: str, after: str) -> None:
    text = documentation()
    assert text.count(before) == 1, f"the planted difference no longer fits docs/program.md: {before}"
    assert documented_table(text.replace(before, after)) != documented_table(text)
