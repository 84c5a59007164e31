"""What only moves elements, composed with itself: every reshape between two shapes, and chains of moves before a reader."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest

from conftest import assert_words
from paragon.executors.cpu import Cpu
from paragon.ir.operations import TABLE
from paragon.ir.program import Node, Program
from paragon.ir.spec import Array, Spec

Step = tuple[str, dict[str, object]]


def chain(shape: tuple[int, ...], steps: list[Step]) -> Program:
    """The steps one after another on an input x; the output y is the last one's result."""
    nodes: list[Node] = []
    spec = Spec("f32", shape)
    for op, attributes in steps:
        spec = TABLE[op].spec([spec], attributes)
        nodes.append(Node(op, (len(nodes),), attributes, spec))
    return Program({"x": Spec("f32", shape)}, {}, nodes, {"y": len(nodes)})


def shapes(size: int, rank: int) -> list[tuple[int, ...]]:
    return [shape for shape in product(range(1, size + 1), repeat=rank) if np.prod(shape) == size]


def numbers(shape: tuple[int, ...]) -> Array:
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize("size", [6, 12])
def test_every_reshape_keeps_the_order_of_the_elements(size: int) -> None:
    every = [shape for rank in (1, 2, 3) for shape in shapes(size, rank)]
    for before, after in product(every, every):
        program = chain(before, [("reshape", {"shape": after}), ("neg", {})])
        assert_words(program.run({"x": numbers(before)})["y"], -numbers(before).reshape(after))


def some_shape(rng: random.Random, size: int) -> tuple[int, ...]:
    shape = [1] * rng.randint(1, 4)
    for prime in (2, 3, 5, 7, 11):
        while size % prime == 0:
            shape[rng.randrange(len(shape))] *= prime
            size //= prime
    shape[rng.randrange(len(shape))] *= size
    return tuple(shape)


def some_move(rng: random.Random, shape: tuple[int, ...]) -> Step:
    op = rng.choice(["reshape", "reshape", "transpose", "slice", "broadcast"])
    axes = range(len(shape))
    if op == "transpose":
        return op, {"axes": tuple(rng.sample(axes, len(shape)))}
    if op == "slice":
        start = tuple(rng.choice([0, 0, rng.randrange(d)]) for d in shape)
        return op, {"start": start, "stop": shape, "step": tuple(rng.choice([1, 1, 2]) for _ in shape)}
    if op == "broadcast" and len(shape) < 5 and np.prod(shape) < 200:
        return op, {"shape": (rng.randint(1, 3), *shape)}
    return "reshape", {"shape": some_shape(rng, int(np.prod(shape)))}


def some_reader(rng: random.Random, shape: tuple[int, ...]) -> Step:
    op = rng.choice(["neg", "sum", "max", "reshape"])
    axes = tuple(k for k in range(len(shape)) if rng.random() < 0.5)
    attributes: dict[str, dict[str, object]] = {
        "neg": {},
        "sum": {"axes": axes, "keepdims": False, "panel": 256},
        "max": {"axes": axes, "keepdims": False},
        "reshape": {"shape": (int(np.prod(shape)),)},
    }
    return op, attributes[op]


@pytest.mark.parametrize("isa", Cpu().isas)
def test_chains_of_moves_give_the_words_of_the_reference(isa: str) -> None:
    rng = random.Random(0)
    for _ in range(1500):
        shape = some_shape(rng, rng.choice([6, 12, 24, 30, 36, 60]))
        steps: list[Step] = []
        last = shape
        for _ in range(rng.randint(1, 5)):
            steps.append(some_move(rng, last))
            last = chain(shape, steps).operations[-1].spec.shape
        program = chain(shape, [*steps, some_reader(rng, last)])
        given = {"x": numbers(shape)}
        assert_words(program.run(given, isa=isa)["y"], program.run(given, executor="reference")["y"])
