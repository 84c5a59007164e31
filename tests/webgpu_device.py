"""What the tests of the webgpu executor share: the device, or a skip that says what to install, and running shader functions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from conftest import skip_or_fail
from paragon.executors.webgpu import WebGPU

EXECUTOR = WebGPU()


@cache
def _reason() -> str:
    return EXECUTOR.reason


def device() -> Any:
    """The first device, opened."""
    if _reason():
        skip_or_fail(f"webgpu: {_reason()}")
    from paragon.executors.webgpu.device import open_device

    return open_device(0)


def call(expression: str, *words: np.ndarray, path: str = "integer") -> np.ndarray:
    """A WGSL expression in a, b, c over arrays of words, one result each."""
    names = "abc"[: len(words)]
    read = [f"@group(0) @binding({i}) var<storage, read> in_{n}: array<u32>;" for i, n in enumerate(names, 1)]
    n = len(words[0])
    code = "\n".join([
        *read,
        f"@group(0) @binding({len(words) + 1}) var<storage, read_write> result: array<u32>;",
        "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {",
        "let i = id.x + id.y * 4194240u;",
        f"if (i >= {n}u) {{ return; }}",
        *(f"let {x} = in_{x}[i];" for x in names),
        f"result[i] = {expression};",
        "}",
    ])  # fmt: skip
    return np.frombuffer(device().run_once(code, path, list(words), n * 4, n), np.uint32).copy()
