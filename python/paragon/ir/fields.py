"""What the JSON of a file may hold, part by part (docs/files.md): objects with known members, integers, names, shapes.

Every function raises ProgramError, naming the place `where`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import ProgramError, ShapeError
from .spec import MAX_ELEMENTS, Spec, checked

MAX_NAME = 255  # bytes of UTF-8


def members(where: str, item: Any, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Any]:
    """`item`, an object with these keys and no others."""
    if not isinstance(item, dict):
        raise ProgramError(f"{where}: must be an object")
    missing, unknown = set(required) - set(item), set(item) - set(required) - set(optional)
    if missing or unknown:
        raise ProgramError(f"{where}: missing keys {sorted(missing)}, unknown keys {sorted(unknown)}")
    return item


def integer(where: str, value: Any, low: int, high: int) -> int:
    """`value`, an integer, written as one, in low ... high."""
    if type(value) is not int or not low <= value <= high:
        raise ProgramError(f"{where}: must be an integer in {low} ... {high}, got {value!r}")
    return value


def check_name(name: object) -> str:
    """A valid name. Raises ProgramError when it is empty, too long or has control characters."""
    if not isinstance(name, str) or not name or any(c < " " or "\x7f" <= c < "\xa0" for c in name):
        raise ProgramError(f"name {name!r}: must be text without control characters")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise ProgramError(f"name {name!r}: is not valid Unicode") from None
    if size > MAX_NAME:
        raise ProgramError(f"name {name[:20]!r}...: has more than {MAX_NAME} bytes")
    return name


def spec_of(where: str, dtype: str, shape: Any) -> Spec:
    """The spec of a dtype and of what stands for a shape."""
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n <= MAX_ELEMENTS for n in shape):
        raise ProgramError(f"{where}: shape must be a list of integers in 0 ... 2^31-1, got {str(shape)[:80]}")
    try:
        return checked(Spec(dtype, tuple(shape)))
    except ShapeError as error:
        raise ProgramError(f"{where}: {error}") from None
