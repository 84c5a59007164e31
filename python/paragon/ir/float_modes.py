"""The rounding and flushing modes of a thread, which a host may have changed (audio and game libraries flush subnormals).

The contract computes with those that a program starts with: to nearest even, subnormals kept. The compiled kernels set them by
themselves (csrc/cpu/float_control.h); `in_plain_modes` does it for what Python and NumPy compute on the way to a result:
conversions, constants of a trace, the reference executor.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .errors import ParagonError

_Fn = TypeVar("_Fn", bound=Callable[..., Any])

_ONE, _STEP, _NORMAL, _SUBNORMAL = 1.0, 2.0**-52, 2.0**-1022, 5e-324


def modes_are_plain() -> bool:
    """Whether this thread rounds to nearest and keeps subnormals, found out by what it computes."""
    return (
        _ONE + _STEP * 0.25 == _ONE  # not so when it rounds up
        and _ONE + _STEP * 0.75 > _ONE  # not so when it rounds down, or towards zero
        and _SUBNORMAL != 0.0  # not so when subnormals are read as zero
        and _NORMAL * 0.5 != 0.0  # not so when they are flushed to zero
    )


@contextmanager
def _plain_modes() -> Iterator[None]:
    """Within: the modes that a program starts with, by the C library's <fenv.h>. Raises ParagonError when it has none."""
    import ctypes

    try:
        library = ctypes.CDLL(None)
        get, put = library.fegetenv, library.fesetenv
        start = ctypes.addressof(ctypes.c_byte.in_dll(library, "_FE_DFL_ENV")) if sys.platform == "darwin" else -1
    except (AttributeError, OSError, TypeError, ValueError):
        raise ParagonError(
            "this thread flushes subnormals or does not round to nearest, and there is no fesetenv to change that; "
            "restore its floating-point modes before calling paragon"
        ) from None
    found = (ctypes.c_byte * 1024)()  # larger than any fenv_t
    get(found)
    put(ctypes.c_void_p(start))
    try:
        yield
    finally:
        put(found)


def in_plain_modes(fn: _Fn) -> _Fn:
    """`fn`, computed in the plain modes of the thread, whatever the host has set; those are back afterwards."""

    @functools.wraps(fn)
    def call(*arguments: Any, **named: Any) -> Any:
        if modes_are_plain():
            return fn(*arguments, **named)
        with _plain_modes():
            return fn(*arguments, **named)

    return call  # type: ignore[return-value]
