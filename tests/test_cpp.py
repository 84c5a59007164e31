"""The C++ tests: plain (the pool of threads under ThreadSanitizer, too), and with the other sanitizers."""

from __future__ import annotations

import pytest

from toolchains import call, cmake_build, need


@pytest.mark.slow
@pytest.mark.parametrize(
    "name,options", [("native", []), ("sanitized", ["-DPARAGON_PYTHON=OFF", "-DPARAGON_SANITIZE=ON"])]
)
def test_cpp(name: str, options: list[str]) -> None:
    need("c++", "g++")
    folder = cmake_build(name, *options)
    output = call("ctest", "--output-on-failure", "-j", "2", cwd=folder, timeout=3000)  # with sanitizers, beside others
    assert "100% tests passed" in output
    assert "No tests were found" not in output
