"""JSON as docs/files.md pins it (section 1): what Python's own reader lets pass is an error.

An integer is a Python int only where it is written as one: `3.0`, `3e0` and `-0` are floats, so that "is it an int?" answers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

MAX_DEPTH = 64  # arrays and objects that may be open at one place
_MOST_DIGITS = 308  # that are a binary64 whatever they are
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(text: str | bytes) -> Any:
    """The one value in a text. Raises ValueError, saying what is wrong."""
    try:
        if isinstance(text, bytes):
            text = text.decode()
        text.encode()
    except UnicodeError as error:
        raise ValueError(f"not valid Unicode: {error}") from None
    try:
        document = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_number,
            parse_int=_integer,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from None
    _check_depth(document)
    if _SURROGATE.search(text):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("not valid Unicode: half a surrogate pair") from None
    return document


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _number(text: str) -> float:
    """A number. One beyond binary64, which Python would make infinite and could not write again, is an error."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _integer(text: str) -> int | float:
    if len(text) > _MOST_DIGITS or text == "-0":
        number = _number(text)
        if text == "-0":
            return number
    return int(text)


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; the same key twice, of which Python would take the last, is an error."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _check_depth(document: Any) -> None:
    level = [document] if type(document) in (dict, list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in (dict, list)
        ]
        if not level:
            return
    raise ValueError(f"nested deeper than {MAX_DEPTH}")
