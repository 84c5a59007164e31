"""The plan of a session in words."""

from __future__ import annotations

import json

from paragon import _core


def test_a_session_says_what_it_runs() -> None:
    program = {
        "format": "paragon-program",
        "version": 1,
        "contract": 1,
        "inputs": [{"name": "x", "dtype": "f32", "shape": [6]}],
        "state": [],
        "operations": [
            {"op": "exp", "inputs": [0], "output": 1, "dtype": "f32", "shape": [6], "attributes": {}},
            {"op": "neg", "inputs": [1], "output": 2, "dtype": "f32", "shape": [6], "attributes": {}},
        ],
        "outputs": [{"name": "y", "value": 2}],
        "updates": [],
    }
    heading, *lines = _core.Session(_core.Program(json.dumps(program)), threads=1).plan().splitlines()
    assert heading.startswith("1 step; ")
    assert lines == [
        "0  chain over 6 elements",
        '0.0  exp: input "x" -> in cache',
        '0.1  neg: 0.0 -> output "y", 24 bytes',
    ]
