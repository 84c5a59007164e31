"""The sizes that a kernel may count on: what WebGPU promises on every device, and where a driver is known to stop short of it."""

from __future__ import annotations

WORKGROUP = 64  # threads of a workgroup, where a kernel has no reason for another number
MOST_GROUPS = 65535  # workgroups along one axis
MOST_BINDINGS = 8  # storage buffers that one kernel sees
MOST_SHARED_WORDS = 4096  # words of the memory that the threads of a workgroup share

# Loop steps that one thread takes, over all its loops together. WebGPU has no such limit, but Mesa's software driver llvmpipe
# silently ends every loop of a thread after 65535 steps, and the result would be wrong without any error.
MOST_STEPS = 50_000


def grid(threads: int) -> tuple[int, int, int]:
    """The workgroups for at least so many threads, over two axes where one is too short."""
    groups = -(-threads // WORKGROUP)
    if groups <= MOST_GROUPS:
        return groups, 1, 1
    return MOST_GROUPS, -(-groups // MOST_GROUPS), 1
