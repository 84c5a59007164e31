"""Adapters and devices: finding one, opening and probing it, its memory, and compiling kernels for it.

An adapter is a GPU, or a driver that stands for one, as wgpu lists them; a device is an adapter that was opened. wgpu is imported
when an adapter is asked for, not before, and used by one thread at a time (`in_turn`).
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator, Sequence
from functools import cache, wraps
from threading import RLock
from typing import Any, TypeVar

from ...ir.errors import ExecutorError
from .library import link
from .limits import grid
from .probe import Probe, probe

PACKAGE = "install the package wgpu: pip install wgpu"
DRIVER = "install a Vulkan driver; on Debian and Ubuntu Mesa's software driver will do: apt install mesa-vulkan-drivers"

_Fn = TypeVar("_Fn", bound=Callable[..., Any])
_turn = RLock()


def in_turn(fn: _Fn) -> _Fn:
    """`fn`, for one thread at a time among all that are marked so: wgpu ends the process when two of them meet on a device."""

    @wraps(fn)
    def call(*arguments: Any, **named: Any) -> Any:
        with _turn:
            return fn(*arguments, **named)

    return call  # type: ignore[return-value]


@in_turn
@cache
def adapters() -> tuple[Any, ...]:
    """The adapters that can compute, through Vulkan, Metal or Direct3D 12; hardware before software. Empty without wgpu."""
    if importlib.util.find_spec("wgpu") is None:
        return ()
    # wgpu would start OpenGL, too, which prints errors on machines without a screen. Not vital, so no reason to fail.
    with contextlib.suppress(Exception):
        from wgpu.backends.wgpu_native.extras import set_instance_extras

        set_instance_extras(backends=["Primary"])
    import wgpu

    found = [a for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] in ("Vulkan", "Metal", "D3D12")]
    order = ("DiscreteGPU", "IntegratedGPU", "Unknown", "CPU")
    return tuple(
        sorted(found, key=lambda a: order.index(a.info["adapter_type"]) if a.info["adapter_type"] in order else 2)
    )


def missing() -> str:
    """Why there is no adapter, with the remedy; empty when there is one."""
    if importlib.util.find_spec("wgpu") is None:
        return PACKAGE
    try:
        return "" if adapters() else f"no Vulkan, Metal or Direct3D adapter was found; {DRIVER}"
    except (ImportError, OSError, RuntimeError) as error:
        return f"wgpu does not start ({error}); {DRIVER}"


def pick(which: int | str | None) -> int:
    """The number of the adapter wanted: by number, or by a part of its name. Raises ExecutorError when there is none."""
    if reason := missing():
        raise ExecutorError(f"the executor 'webgpu' is not available: {reason}")
    names = [a.summary for a in adapters()]
    if which is None:
        return 0
    if isinstance(which, int) and not isinstance(which, bool) and 0 <= which < len(names):
        return which
    fits = [i for i, name in enumerate(names) if isinstance(which, str) and which.lower() in name.lower()]
    if not fits:
        raise ExecutorError(f"webgpu: there is no device {which!r}; there are {dict(enumerate(names))}")
    return fits[0]


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """Turns the errors of wgpu into ExecutorError, so that a lost device or full memory is never taken for a result."""
    import wgpu

    try:
        yield
    except MemoryError as error:
        raise ExecutorError(f"webgpu: out of memory on the device: {error}") from None
    except (wgpu.GPUError, wgpu.GPUPipelineError, RuntimeError) as error:
        if isinstance(error, ExecutorError):
            raise
        remedy = "; load the program again; its state is gone" if "lost" in str(error) else ""
        raise ExecutorError(f"webgpu: the device failed: {error}{remedy}") from None


class Device:
    """An opened adapter.

    Attributes:
        adapter, info: its name, and what its driver says of itself.
        software: whether it is a driver that computes on the processor.
        gpu: wgpu's device.
        most_bytes: the largest buffer.
        guard: the zeros that the native path xors words with (native.wgsl).
        probe: what its arithmetic was found to be worth.
    """

    def __init__(self, number: int) -> None:
        self._adapter = adapters()[number]
        self.adapter: str = self._adapter.summary
        self.info: dict[str, Any] = dict(self._adapter.info)
        self.software: bool = self.info["adapter_type"] == "CPU"
        names = ("max-buffer-size", "max-storage-buffer-binding-size")
        limits = {name: self._adapter.limits[name] for name in names}
        with failures():
            self.gpu = self._adapter.request_device_sync(required_limits=limits)
        self.most_bytes: int = min(limits.values())
        self._pipelines: dict[str, Any] = {}
        self.guard = self.buffer(32)
        self.probe: Probe = probe(self)

    def path(self, wanted: str | None) -> str:
        """The path to use: the one wanted, or what the probe says. Raises ExecutorError when that is none."""
        if wanted not in (None, "native", "integer"):
            raise ExecutorError(f'webgpu: path must be "native" or "integer", got {wanted!r}')
        chosen = wanted or self.probe.path
        if chosen == "refused":
            raise ExecutorError(
                f"webgpu: {self.adapter} does not even compute with integers as WGSL says: {self.probe.failed}; "
                "update its driver or use another device"
            )
        return chosen

    @property
    def lost(self) -> bool:
        """Whether the device is gone: reset, unplugged, or destroyed."""
        try:
            self.buffer(16)
        except ExecutorError as error:
            return "lost" in str(error)
        return False

    # --- memory -------------------------------------------------------------------------------------------------------

    def buffer(self, size: int, usage: int | None = None) -> Any:
        """A buffer of zeros of at least `size` bytes. Raises ExecutorError when that is more than the device can bind."""
        import wgpu

        u = wgpu.BufferUsage
        size = max(16, -(-size // 16) * 16)
        if size > self.most_bytes:
            raise ExecutorError(
                f"webgpu: a tensor of {size} bytes; {self.adapter} binds at most {self.most_bytes} (make the batch smaller, "
                "or pick another device)"
            )
        with failures():
            return self.gpu.create_buffer(size=size, usage=usage or u.STORAGE | u.COPY_SRC | u.COPY_DST)

    # --- kernels ------------------------------------------------------------------------------------------------------

    def pipeline(self, code: str, path: str) -> Any:
        """Compile a kernel, or take it from the cache by its text: (pipeline, whether it reads the guard)."""
        text = link(code, path)
        if text not in self._pipelines:
            with failures():
                module = self.gpu.create_shader_module(code=text)
                self._pipelines[text] = self.gpu.create_compute_pipeline(
                    layout="auto", compute={"module": module, "entry_point": "main"}
                )
        return self._pipelines[text], "guard: array<u32>" in text

    def bind(self, code: str, path: str, buffers: Sequence[Any]) -> tuple[Any, Any]:
        """(pipeline, bind group) of a kernel with `buffers` at the bindings from 1 on, and the guard at 0 where it reads it."""
        pipeline, guarded = self.pipeline(code, path)
        bound = [(0, self.guard)] if guarded else []
        bound += list(enumerate(buffers, 1))
        entries = [{"binding": i, "resource": {"buffer": b, "offset": 0, "size": b.size}} for i, b in bound]
        with failures():
            return pipeline, self.gpu.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=entries)

    @in_turn
    def run_once(self, code: str, path: str, arrays: Sequence[Any], result_bytes: int, threads: int) -> bytes:
        """Run one kernel on arrays, bound in order, and return the `result_bytes` of the binding after them."""
        buffers = [self.buffer(a.nbytes) for a in arrays] + [self.buffer(result_bytes)]
        pipeline, group = self.bind(code, path, buffers)
        with failures():
            for buffer, array in zip(buffers, arrays, strict=False):
                self.gpu.queue.write_buffer(buffer, 0, array)
            encoder = self.gpu.create_command_encoder()
            task = encoder.begin_compute_pass()
            task.set_pipeline(pipeline)
            task.set_bind_group(0, group)
            task.dispatch_workgroups(*grid(threads))
            task.end()
            self.gpu.queue.submit([encoder.finish()])
            return bytes(self.gpu.queue.read_buffer(buffers[-1], 0, result_bytes))


_opened: dict[int, Device] = {}  # by number of the adapter


@in_turn
def open_device(number: int) -> Device:
    """The device of an adapter, opened and probed once in a process, and again after it was lost.

    Raises ExecutorError when it cannot be opened.
    """
    if number not in _opened or _opened[number].lost:
        _opened[number] = Device(number)
    return _opened[number]
