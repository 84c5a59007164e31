"""Parts of a module: found wherever they are kept, under stable names, or refused; none stays untrained in silence."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict, deque
from typing import Any

import pytest

import paragon as pg
from conftest import assert_words
from paragon import nn
from small_run import X, Y, quiet


def dense() -> nn.Dense:
    return nn.Dense(3, 3, bias=False)


class Kept(nn.Module):
    """Calls every part that it was given, one after another, and keeps them as they came."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts
        self.head = nn.Dense(3, 2)

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        for _, part in self.children():
            x = part(x) if part is not self.head else x
        return self.head(x)


NESTED: dict[str, tuple[Any, list[str]]] = {
    "dict": ({"a": dense(), "b-c d": dense()}, ["parts.a", "parts.b-c d"]),
    "ordered": (OrderedDict(z=dense(), a=dense()), ["parts.z", "parts.a"]),
    "lists": ([[dense()], [dense(), dense()]], ["parts.0.0", "parts.1.0", "parts.1.1"]),
    "mixed": ({"a": [dense(), 3, {"b": (dense(),)}], "n": 1}, ["parts.a.0", "parts.a.2.b.0"]),
    "keys of other things": ({1: "x", "a": dense(), (2, 3): [4]}, ["parts.a"]),
}


@pytest.mark.parametrize("kind", NESTED)
def test_parts_are_found_trained_and_saved(kind: str) -> None:
    parts, names = copy.deepcopy(NESTED[kind])
    model = Kept(parts)
    assert [name for name, _ in model.children()] == [*names, "head"]
    weights = [f"{name}.weight" for name in names]
    assert model.trainable == [*weights, "head.weight", "head.bias"]
    before = model.init(3).state_dict()
    plain = nn.Sequential(*(dense() for _ in names), nn.Dense(3, 2)).init(3)  # the k-th parameter draws from stream k
    for (name, value), other in zip(before.items(), plain.state_dict().values(), strict=True):
        assert_words(value, other, name)
    quiet(model)
    quiet(plain)
    for (name, value), other in zip(model.state_dict().items(), plain.state_dict().values(), strict=True):
        assert_words(value, other, name)
        assert (value.numpy() != before[name].numpy()).any(), name
    again = pickle.loads(pickle.dumps(model))
    assert pg.fingerprint(again) == pg.fingerprint(model)
    assert_words(again.predict(X), model.predict(X))


def test_what_is_added_later_is_found() -> None:
    model = Kept({})
    model.parts["late"] = [dense()]
    assert model.trainable[0] == "parts.late.0.weight"
    model.parts["late"].append(model.parts)  # a dict within itself
    assert len(model.trainable) == 3


@pytest.mark.parametrize(
    "parts,what",
    [
        ({1: dense()}, "parts.*key 1 "),
        ({"a.b": [dense()]}, "parts.*key 'a.b'"),
        ({"": dense()}, "parts.*key ''"),
        ({dense()}, "parts.*set.*list"),
        (frozenset([dense()]), "parts.*frozenset.*list"),
        ([deque([dense()])], r"parts\.0.*deque.*list"),
    ],
)
def test_parts_without_a_stable_name_are_refused_when_assigned(parts: Any, what: str) -> None:
    with pytest.raises(pg.ParagonError, match=what):
        Kept(parts)


def test_a_dict_of_parts_hides_no_method() -> None:
    class Hiding(nn.Module):
        def __init__(self) -> None:
            self.apply = {"a": dense()}  # type: ignore[assignment]

    with pytest.raises(pg.ParagonError, match="'apply'"):
        Hiding()


def test_a_sequential_may_have_other_parts() -> None:
    class Scaled(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(dense(), nn.Dense(3, 2))
            self.extra = {"in": dense()}

        def forward(self, x: pg.Tensor) -> pg.Tensor:
            return super().forward(self.extra["in"](x))

    model = Scaled()
    assert model.trainable == ["0.weight", "1.weight", "1.bias", "extra.in.weight"]
    before = model.init(0).state_dict()["extra.in.weight"].numpy()
    quiet(model)
    assert (model.state_dict()["extra.in.weight"].numpy() != before).any()


def test_a_part_that_is_only_called_is_not_left_untrained() -> None:
    """A function or another object may keep a module out of sight until it is called."""
    hidden = dense().init(0)
    model = nn.Sequential(lambda x: hidden(x), nn.Dense(3, 2))
    with pytest.raises(pg.ParagonError, match=r"Dense is called in training.*no part of Sequential.*apply"):
        quiet(model)
    model.init(0)
    assert model.predict(X).shape == (40, 2)  # nothing is trained here
    with pytest.raises(pg.ParagonError, match="Dense is called in training"):
        quiet(nn.Sequential(lambda x: nn.Sequential(hidden)(x), nn.Dense(3, 2)))


def test_a_part_that_is_frozen_on_purpose() -> None:
    frozen = dense().init(0)
    before = frozen.weight.numpy()
    model = nn.Sequential(lambda x: frozen.apply(frozen.state_dict(), x)[0], nn.Dense(3, 2))
    history = quiet(model)
    assert model.trainable == ["1.weight", "1.bias"] and history["loss"][-1] < history["loss"][0]
    assert_words(frozen.weight, before)
    quiet(nn.Dense(3, 2), loss=lambda o, t: pg.losses.cross_entropy(o, t) + 0.0 * pg.sum(frozen(pg.ones((1, 3)))))
    assert Y.size
