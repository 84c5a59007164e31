"""The errors that Paragon raises. Each names the thing that is wrong and, where there is one, the remedy."""


class ParagonError(Exception):
    """The base class of every error that Paragon raises on purpose."""


class ShapeError(ParagonError, ValueError):
    """Operands whose shapes, dtypes or attributes an operation does not accept."""


class ProgramError(ParagonError, ValueError):
    """A program that is malformed or inconsistent."""


class FileError(ParagonError, ValueError):
    """A file that is missing, truncated, corrupt or of another format."""


class DivergenceError(ParagonError, ValueError):
    """A training whose loss or weights are no longer finite numbers."""


class ExecutorError(ParagonError, RuntimeError):
    """An executor that is not there, cannot do what is asked, or failed."""
