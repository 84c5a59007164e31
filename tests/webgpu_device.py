"""What the tests of the webgpu executor share: the device, or a skip that says what to install, and running shader functions."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from conftest import skip_or_fail
from paragon.executors.webgpu import WebGPU, gemm
from paragon.executors.webgpu.library import library

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


def right_fma(monkeypatch: pytest.MonkeyPatch) -> None:
    """The native path with an fma that is right whatever the device's is."""
    native = library("native")
    monkeypatch.setitem(native, "f32_fma", library("integer")["f32_fma"])
    for n, words in gemm.WORDS.items():
        parts = [f"f32_fma(a, b{p}, c{p})" for p in (("",) if n == 1 else [f".{x}" for x in "xyzw"[:n]])]
        packed = f"{words}({', '.join(parts)})"
        monkeypatch.setitem(
            native, f"fma_{n}", f"fn fma_{n}(a: u32, b: {words}, c: {words}) -> {words} {{ return {packed}; }}"
        )
