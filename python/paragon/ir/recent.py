"""A cache that keeps what was used most recently, and lets go of the rest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Recent(Generic[_T]):
    """Values by key, at most `limit`; any thread may ask. Nothing is held while a value is made, so making may ask again."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._found: OrderedDict[Hashable, _T] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._found)

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value of a key; from `make` when there is none yet. Where two threads make it at once, both get the first one."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        made = make()
        with self._lock:
            kept = self._found.setdefault(key, made)
            if len(self._found) > self.limit:
                self._found.popitem(last=False)
        return kept
