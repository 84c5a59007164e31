"""`round_to` beside NumPy's float16 and ml_dtypes: every value of each format, every middle, and a sweep over all words.

`tools/exhaustive/beside_peers.py`, whose comparison this uses, does it for all 2^32 words (docs/exhaustive.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import paragon as pg
from paragon.ir.operations import TABLE
from paragon.ir.spec import Array

pytest.importorskip("ml_dtypes")

from tools.exhaustive import beside_peers

FORMATS = TABLE["round_to"].choices["format"]


def edges(format: str) -> np.ndarray:
    """The values of a format and the middles between neighbours, with the two f32 on each side, of both signs; words like NaN."""
    peer = np.dtype(beside_peers.PEERS[format])
    words = np.arange(2 ** (8 * peer.itemsize - 1), dtype=f"u{peer.itemsize}")
    with np.errstate(all="ignore"):
        values = words.view(peer).astype(np.float64)
    values = values[np.isfinite(values)]
    beyond = values[-1] + (values[-1] - values[-2])  # where the next value would be
    ascending = np.append(values, beyond)
    middles = (ascending[:-1] + ascending[1:]) / 2
    with np.errstate(over="ignore"):
        points = np.concatenate([ascending, middles]).astype(np.float32).view(np.uint32).astype(np.int64)
    special = [0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF, 0x7F7FFFFF, 0x7F7FFFFE, 0x00800000, 0x007FFFFF]
    near = np.concatenate([*(points + d for d in (-2, -1, 0, 1, 2)), special])
    positive = np.unique(near[(near >= 0) & (near <= 0x7FFFFFFF)]).astype(np.uint32)
    return np.concatenate([positive, positive | np.uint32(0x80000000)])


def sweep(step: int) -> np.ndarray:
    return np.arange(0, 2**32, step, dtype=np.uint64).astype(np.uint32)


def wrong(executor: str, format: str, words: np.ndarray) -> list[str]:
    session = beside_peers.session(executor, format, {})
    parts = [words[i : i + beside_peers.CHUNK] for i in range(0, len(words), beside_peers.CHUNK)]
    found = [beside_peers.different(session, part, beside_peers.peer(part, format)) for part in parts]
    return [f"{w:08x}" for w in np.concatenate(found)]


def test_every_format_has_a_peer() -> None:
    assert set(FORMATS) == set(beside_peers.PEERS)


@pytest.mark.parametrize("format", FORMATS)
def test_values_and_middles_are_those_of_the_peers(each_executor: str, format: str) -> None:
    words = edges(format)
    assert len(words) > 1000
    assert wrong(each_executor, format, words) == []


@pytest.mark.parametrize("format", FORMATS)
def test_a_sweep_over_all_words_agrees_with_the_peers(each_executor: str, format: str) -> None:
    assert wrong(each_executor, format, sweep(2039)) == []


def test_results_are_values_of_the_format_and_stay_when_rounded_again() -> None:
    x = pg.tensor(sweep(65521).view(np.float32))
    with pg.use("reference"):
        for format in FORMATS:
            once = pg.round_to(x, format)
            assert pg.fingerprint(pg.round_to(once, format)) == pg.fingerprint(once)
            assert len(np.unique(once.numpy())) <= 2 ** (8 * np.dtype(beside_peers.PEERS[format]).itemsize)


def test_a_single_wrong_word_is_found() -> None:
    class Faulty:
        def run(self, inputs: Mapping[str, Array]) -> dict[str, Any]:
            (result,) = beside_peers.session("reference", "f16", {}).run(inputs).values()
            return {"output": np.where(inputs["x"].view(np.uint32) == 0x3F800001, np.float32(2), result)}

    words = np.arange(0x3F7FFF00, 0x3F800100, dtype=np.uint32)
    assert beside_peers.different(Faulty(), words, beside_peers.peer(words, "f16")).tolist() == [0x3F800001]


def test_the_named_command_counts_words_and_reports_mismatches(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--executor", "reference", "--formats", "e5m2", "--step", "65537", "--jobs", "1"]
    assert beside_peers.main(arguments) == 0
    assert "e5m2   words 65536  beside float8_e5m2  mismatches reference:0" in capsys.readouterr().out


def test_what_is_not_a_format_or_not_f32_is_refused() -> None:
    with pytest.raises(pg.ShapeError, match="round_to.*format must be one of f16, bf16, e4m3fn, e5m2, got 'f8'"):
        pg.round_to(pg.tensor([1.0]), "f8")
    with pytest.raises(pg.ShapeError, match="round_to.*needs f32, got i32; cast first"):
        pg.round_to(pg.tensor([1]), "f16")
