"""The compiled module where it is built, else None: what uses it outside the cpu executor has a plain version beside it."""

try:
    from .. import _core as core
except ImportError:
    core = None  # type: ignore[assignment]

__all__ = ["core"]
