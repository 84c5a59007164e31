"""The webgpu executor: GPUs through WGSL, with the contract's bits (docs/webgpu.md).

Options of `load`: `device`, a number or a part of the adapter's name (the first when absent; hardware comes before software), and
`path`, "native" or "integer" instead of what the probe picks. Nothing else ever runs in its place; a session says with `adapter`
and `path` what computes.
"""

from __future__ import annotations

from typing import Any

from ...ir.errors import ExecutorError
from ...ir.program import Program


class WebGPU:
    """The executor. wgpu, which takes a while to import, is imported when a device is asked for."""

    name = "webgpu"

    @property
    def available(self) -> bool:
        """Whether wgpu and an adapter are there."""
        return not self.reason

    @property
    def reason(self) -> str:
        """What to install; empty when nothing is missing."""
        from .device import missing

        return missing()

    @property
    def devices(self) -> list[str]:
        """The names of the adapters, in the order of their numbers."""
        from .device import adapters

        return [a.summary for a in adapters()] if self.available else []

    @property
    def fast(self) -> bool:
        """Whether the first adapter is hardware. A software one is for checking, not for speed."""
        return self.available and not self.software()

    def software(self, device: int | str | None = None, path: str | None = None) -> bool:
        """Whether a device is a driver that computes on the processor. Raises ExecutorError when there is no such device."""
        from .device import adapters, pick

        return bool(adapters()[pick(device)].info["adapter_type"] == "CPU")

    def settings(self) -> list[dict[str, Any]]:
        """Every device by its number; [{}] where there is one only, and [] where there is none."""
        count = len(self.devices)
        return [{"device": number} for number in range(count)] if count > 1 else [{}] * count

    def probe(self, device: int | str | None = None) -> Any:
        """What a device's arithmetic is worth (`probe.Probe`). Raises ExecutorError when there is no such device."""
        from .device import open_device, pick

        return open_device(pick(device)).probe

    def load(self, program: Program, **options: Any) -> Any:
        """Prepare a program. Raises ExecutorError for an unknown option, a missing device, or one that is refused."""
        from .device import open_device, pick
        from .session import WebGPUSession

        if unknown := sorted(set(options) - {"device", "path"}):
            raise ExecutorError(f"the webgpu executor has no options {unknown}; it has ['device', 'path']")
        return WebGPUSession(open_device(pick(options.get("device"))), program, options.get("path"))
