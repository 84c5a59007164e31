"""The interpreters' tables of operations are the library's: the same names, arities, and attributes in the same order."""

from __future__ import annotations

import json

import pytest

import toolchains
from paragon.ir.operations import TABLE

pytestmark = pytest.mark.slow

WANTED = {name: (row.arity, list(row.attributes)) for name, row in TABLE.items()}


@pytest.mark.parametrize("name", toolchains.each(["go", "javascript", "rust"]))
def test_the_table_of_operations_is_the_same(name: str) -> None:
    rows = json.loads(toolchains.call(*toolchains.IMPLEMENTATIONS[name](), "operations"))
    found = {row["name"]: (row["arity"], row["attributes"]) for row in rows}
    assert len(found) == len(rows), "a name stands twice"
    assert {name: row for name, row in found.items() if row != WANTED.get(name)} == {}, "unknown here, or different"
    assert set(WANTED) - set(found) == set(), "missing"
