"""What the feeder does besides the steps: it moves the state where it has changed, and allocates what it uses."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words
from paragon import nn
from paragon.data import feed
from paragon.executors.reference import Reference, ReferenceSession
from small_run import X, Y, quiet


class Counted(ReferenceSession):
    calls: ClassVar[Counter[str]] = Counter()

    def state(self) -> Any:
        self.calls["state"] += 1
        return super().state()

    def set_state(self, values: Any) -> None:
        self.calls["set_state"] += 1
        super().set_state(values)


class Counting(Reference):
    def load(self, program: pg.Program, **options: Any) -> Any:
        return Counted(program)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the feeder does from here on: its calls of sessions, and the buffers that it makes."""
    counted: Counter[str] = Counter()
    monkeypatch.setattr(Counted, "calls", counted)

    class Gatherer(feed.Gatherer):
        def __init__(self, *arguments: Any) -> None:
            counted["buffers"] += 1
            super().__init__(*arguments)

    monkeypatch.setattr(feed, "Gatherer", Gatherer)
    with pg.use(Counting()):  # type: ignore[arg-type]
        yield counted


def test_where_nothing_changes_nothing_is_copied(calls: Counter[str]) -> None:
    model = nn.Dense(3, 2).init(0)
    found = model.predict(X, batch_size=16)
    figures = pg.evaluate(model, X, Y, batch_size=16)
    assert calls == Counter()
    assert_words(found, model.predict(X))
    assert figures["accuracy"] == (found.argmax(axis=1) == Y).mean()


def test_a_run_moves_its_state_twice_an_epoch(calls: Counter[str]) -> None:
    model = nn.Dense(3, 2)
    history = quiet(model, epochs=3)  # 16, 16 and 8 rows
    assert calls["set_state"] == 5 and calls["buffers"] == 2
    with pg.use("cpu"):
        other = nn.Dense(3, 2)
        assert quiet(other, epochs=3).fingerprint == history.fingerprint


def test_a_state_that_was_set_reaches_the_smaller_batch(calls: Counter[str]) -> None:
    """Also one that is set between runs, and for a batch size that comes late."""
    zero = {"scale": np.zeros(1, np.float32)}

    def program(rows: int) -> pg.Program:
        return pg.trace(lambda state, x: ({"y": x * state["scale"]}, {}), X[:rows, :1], state=zero)

    feeder = feed.Feeder(program, {"x": X[:, :1]})
    for k, batch in enumerate((16, 16, 12)):
        feeder.set_state(16, {"scale": np.float32([k])})
        found = np.concatenate([out["y"] for _, out in feeder.run(batch, range(-(-40 // batch)))])
        assert_words(found, X[:, :1] * np.float32(k), f"round {k}")
    assert calls["buffers"] == 0
