"""What can run a program: the registry, and the executors that come with Paragon."""

from .registry import Executor, Session, executors, loaded, resolve, use

__all__ = ["Executor", "Session", "executors", "loaded", "resolve", "use"]
