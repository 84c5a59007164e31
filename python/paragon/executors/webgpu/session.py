"""Running a plan on a device: its buffers, the one command buffer of a run, and reading the results back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...ir.errors import ExecutorError
from ...ir.program import Program
from ...ir.spec import NUMPY_DTYPES, Array, Spec, check_array
from .device import Device, failures, in_turn
from .plan import Plan, make_plan


class Loaded:
    """A plan on a device: memory allocated, kernels compiled, tables uploaded. `bytes` is how much memory it takes there."""

    def __init__(self, device: Device, plan: Plan, path: str) -> None:
        import wgpu

        self.device, self.plan = device, plan
        self.bytes = sum(plan.sizes)
        memory = [device.buffer(size) for size in plan.sizes]
        self.memory = {key: memory[slot] for key, slot in plan.slots.items()}
        self.steps = []
        for d in plan.dispatches:
            pipeline, group = device.bind(d.code, path, [self.memory[key] for key in d.buffers])
            self.steps.append((pipeline, group, d.groups))
        for key, table in plan.tables.items():
            with failures():
                device.gpu.queue.write_buffer(self.memory[key], 0, table)
        self._usage = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
        self._staging: dict[int, Any] = {}

    def buffer(self, value: int) -> Any:
        """The buffer that holds a value."""
        return self.memory[self.plan.alias[value]]

    def write(self, value: int, array: Array) -> None:
        """Copy an array into the buffer of a value of its size. Raises ExecutorError when the device fails."""
        if array.size:
            with failures():
                self.device.gpu.queue.write_buffer(self.buffer(value), 0, np.ascontiguousarray(array))

    def run(self, values: list[int], updates: Mapping[int, int], compute: bool = True) -> list[Array]:
        """Run once, and return copies of `values`.

        Args:
            values: value numbers.
            updates: for states, the value that each becomes, all of them at once after `values` were copied.
            compute: False leaves the kernels out: what the buffers hold is returned.

        Raises:
            ExecutorError: the device fails, is lost or runs out of memory.
        """
        specs = [self.plan.specs[v] for v in values]
        total = sum(s.size for s in specs) * 4
        if total not in self._staging and total:
            self._staging[total] = self.device.buffer(total, self._usage)
        with failures():
            encoder = self.device.gpu.create_command_encoder()
            if compute and self.steps:
                task = encoder.begin_compute_pass()
                current = None
                for pipeline, group, groups in self.steps:
                    if pipeline is not current:
                        task.set_pipeline(current := pipeline)
                    task.set_bind_group(0, group)
                    task.dispatch_workgroups(*groups)
                task.end()
            offset = 0
            for value, spec in zip(values, specs, strict=True):
                if spec.size:
                    encoder.copy_buffer_to_buffer(self.buffer(value), 0, self._staging[total], offset, spec.size * 4)
                offset += spec.size * 4
            self._update(encoder, updates)
            self.device.gpu.queue.submit([encoder.finish()])
        return self._read(specs, total)

    def _update(self, encoder: Any, updates: Mapping[int, int]) -> None:
        """Record the copies of new states into the buffers of the states."""
        pairs = {s: self.buffer(v) for s, v in updates.items() if self.plan.specs[s].size and self.plan.alias[v] != s}
        targets = {self.buffer(s) for s in pairs}
        for (
            s,
            source,
        ) in pairs.items():  # a new state that is the old one of another would be overwritten: copied aside first
            if source in targets:
                aside = self.device.buffer(source.size)
                encoder.copy_buffer_to_buffer(source, 0, aside, 0, source.size)
                pairs[s] = aside
        for s, source in pairs.items():
            encoder.copy_buffer_to_buffer(source, 0, self.buffer(s), 0, self.plan.specs[s].size * 4)

    def _read(self, specs: list[Spec], total: int) -> list[Array]:
        """Arrays of these specs from the buffer that `total` bytes were copied to."""
        if not total:
            return [np.zeros(s.shape, NUMPY_DTYPES[s.dtype]) for s in specs]
        staging = self._staging[total]
        with failures():
            staging.map_sync("READ")
            try:
                words = np.frombuffer(staging.read_mapped(0, total), np.uint32).copy()
            finally:
                staging.unmap()
        ends = np.cumsum([s.size for s in specs])
        return [
            words[end - s.size : end].view(NUMPY_DTYPES[s.dtype]).reshape(s.shape)
            for s, end in zip(specs, ends, strict=True)
        ]


class WebGPUSession:
    """A program on a device. Its state stays there between runs. Calls from several threads come one after another.

    `adapter` and `path` ("native" or "integer") say what computes; `probe` is what the device was found to be worth.
    """

    @in_turn
    def __init__(self, device: Device, program: Program, path: str | None) -> None:
        self.device, self.program = device, program
        self.path = device.path(path)
        self.adapter, self.probe = device.adapter, device.probe
        self._states = {name: i for i, name in enumerate(program.state, len(program.inputs))}
        self._updates = {self._states[name]: v for name, v in program.updates.items()}
        self._run = Loaded(device, make_plan(program, self.path), self.path)
        self._whole: Loaded | None = None
        self._set = not program.state
        self.set_state({name: program.values[name] for name in program.state if name in program.values})

    @property
    def bytes(self) -> int:
        """The memory on the device that a run uses."""
        return self._run.bytes

    @in_turn
    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Run once: update the state and return the outputs.

        Raises:
            ProgramError: an input is missing or of another dtype or shape.
            ExecutorError: the state was never set, or the device fails.
        """
        self._bind(self._run, inputs)
        found = self._run.run(list(self.program.outputs.values()), self._updates)
        return dict(zip(self.program.outputs, found, strict=True))

    @in_turn
    def state(self) -> dict[str, Array]:
        """A copy of the state."""
        self._check_set()
        return dict(zip(self._states, self._run.run(list(self._states.values()), {}, compute=False), strict=True))

    @in_turn
    def set_state(self, values: Mapping[str, Array]) -> None:
        """Replace the named states. Raises ExecutorError for a name that is unknown, ProgramError for another dtype or shape."""
        for name, array in values.items():
            if name not in self._states:
                raise ExecutorError(f"webgpu: the program has no state {name!r}; it has {list(self._states)}")
            checked = check_array(f"state {name!r}", array, self.program.state[name])
            self._run.write(self._states[name], checked)
        self._set = self._set or set(values) == set(self._states)

    @in_turn
    def values(self, inputs: Mapping[str, Array]) -> list[Array]:
        """Every value of a run, by value number, each computed by a kernel of its own, without updating the state."""
        if self._whole is None:
            self._whole = Loaded(self.device, make_plan(self.program, self.path, keep_all=True), self.path)
        self._bind(self._whole, inputs)
        for name, array in self.state().items():
            self._whole.write(self._states[name], array)
        count = self.program.first_operation + len(self.program.operations)
        return self._whole.run(list(range(count)), {})

    def _bind(self, loaded: Loaded, inputs: Mapping[str, Array]) -> None:
        """Write the inputs. Raises ProgramError for one that is missing or of another dtype or shape."""
        self._check_set()
        for i, (name, spec) in enumerate(self.program.inputs.items()):
            loaded.write(i, check_array(f"input {name!r}", inputs.get(name), spec))

    def _check_set(self) -> None:
        if not self._set:
            raise ExecutorError("webgpu: the state was never set; give the program values or call set_state")
