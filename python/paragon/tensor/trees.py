"""Nested dicts, lists and tuples of leaves, flattened to named leaves and put together again. A `Spec` is a leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..ir.spec import Spec


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, leaf) in a fixed order; dicts in insertion order."""
    if isinstance(tree, dict):
        items = [(str(key), value) for key, value in tree.items()]
    elif isinstance(tree, (list, tuple)) and not isinstance(tree, Spec):
        items = [(str(i), value) for i, value in enumerate(tree)]
    else:
        yield path, tree
        return
    for key, value in items:
        yield from leaves(value, f"{path}.{key}" if path else key)


def map_leaves(fn: Callable[[str, Any], Any], tree: Any, path: str = "") -> Any:
    """The same structure with every leaf replaced by fn(path, leaf), called in the order of `leaves`."""

    def below(key: object, value: Any) -> Any:
        return map_leaves(fn, value, f"{path}.{key}" if path else str(key))

    if isinstance(tree, Spec):
        return fn(path, tree)
    if isinstance(tree, dict):
        return {key: below(key, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(below(i, value) for i, value in enumerate(tree)))
    if isinstance(tree, (list, tuple)):
        return type(tree)(below(i, value) for i, value in enumerate(tree))
    return fn(path, tree)


def structure(tree: Any) -> Any:
    """What is left of a tree without its leaves: two trees of one structure have the same types, keys and places of leaves."""
    if isinstance(tree, dict):
        return type(tree), tuple((type(key), key, structure(value)) for key, value in tree.items())
    if isinstance(tree, (list, tuple)) and not isinstance(tree, Spec):
        return type(tree), tuple(map(structure, tree))
    return None
