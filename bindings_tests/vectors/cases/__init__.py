"""The table of vector files: one for every operation of the oracle, and `programs`."""

from collections.abc import Callable
from functools import partial

from oracle.case import OPERATIONS, Case
from oracle.elementary import FUNCTIONS

from . import elementary, elementwise, fourier, indexing, movement, programs, random_bits, reductions

MODULES = (elementwise, reductions, movement, indexing, fourier, random_bits)


def _cases_of(operation: str) -> Callable[[], list[Case]]:
    """The function named as the operation, with an underscore at its end where Python itself has that name."""
    if operation in FUNCTIONS:
        return partial(elementary.cases_of, operation)
    for module in MODULES:
        for name in (operation, f"{operation}_"):
            if name in vars(module):
                cases: Callable[[], list[Case]] = vars(module)[name]
                return cases
    raise NotImplementedError(f"{operation}: the oracle has it, but no file of cases has a function of that name")


FILES = {operation: _cases_of(operation) for operation in OPERATIONS} | {"programs": programs.programs}
