"""What can run a program: the registry, and the executors that come with Paragon."""

from .registry import Executor, Session, Setting, executors, loaded, resolve, settings, use

__all__ = ["Executor", "Session", "Setting", "executors", "loaded", "resolve", "settings", "use"]
