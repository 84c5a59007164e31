"""Differential fuzzing: random well-formed programs on random words; all executors must agree on every value.

Programs are drawn with hypothesis, which shrinks a disagreement to the smallest program that still shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ..executors import Executor
from ..ir.distance import first_divergence
from ..ir.errors import ShapeError
from ..ir.operations import TABLE, Operation
from ..ir.program import Node, Program
from ..ir.shapes import NORMS
from ..ir.spec import DTYPES, NUMPY_DTYPES, Array, Spec

Draw = Callable[..., Any]

# The words that go wrong first: zeros, subnormals, ones and their neighbours, powers of two, the largest, infinity, NaN.
EDGE_WORDS = (
    0, 1, 2, 3, 0x007FFFFF, 0x00800000, 0x00800001, 0x33800000, 0x3EFFFFFF, 0x3F000000, 0x3F7FFFFF, 0x3F800000, 0x3F800001,
    0x40490FDB, 0x42B17218, 0x4B000000, 0x4B800001, 0x4F000000, 0x5F3759DF, 0x7EFFFFFF, 0x7F7FFFFF, 0x7F800000, 0x7FC00000,
)  # fmt: skip
PANELS = st.sampled_from([256, None, 2, 3, 7])
MOST_ELEMENTS = 4000


@dataclass
class Sample:
    """A program and the arrays that it runs on."""

    program: Program
    inputs: dict[str, Array]


def _ints(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


def random_array(draw: Draw, spec: Spec) -> Array:
    """Words of every class, drawn from a seed so that shrinking stays quick."""
    rng = np.random.Generator(np.random.PCG64(draw(_ints(0, 2**16))))
    style = draw(st.sampled_from(["plain", "edges", "words"]))
    if spec.dtype != "f32":
        low, high = (0, 9) if style == "plain" else (-(2**31), 2**31 - 1)
        return rng.integers(low, high, spec.shape, np.int64).astype(NUMPY_DTYPES[spec.dtype])
    if style == "plain":
        return rng.standard_normal(spec.shape).astype(np.float32)
    if style == "words":
        return rng.integers(0, 2**32, spec.shape, np.uint64).astype(np.uint32).view(np.float32)
    words = rng.choice(np.array(EDGE_WORDS, np.uint32), spec.shape)
    signs = rng.integers(0, 2, spec.shape).astype(np.uint32) << np.uint32(31)
    return np.asarray(words | signs).view(np.float32)


def _broadcastable(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts with `shape`: some axes cut to one, some leading ones dropped."""
    cut = tuple(1 if draw(st.booleans()) else d for d in shape)
    return cut[draw(_ints(0, len(shape))) :]


def _shape(draw: Draw, rank: int | None = None, low: int = 0) -> tuple[int, ...]:
    size = draw(_ints(0, 3)) if rank is None else rank
    return tuple(
        draw(st.lists(st.sampled_from([d for d in (1, 2, 3, 0, 5, 17) if d >= low]), min_size=size, max_size=size))
    )


class _Writer:
    """A program being drawn. Operands are earlier values where one fits, else new inputs."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.specs: list[Spec] = []
        self.inputs: dict[str, Spec] = {}
        self.nodes: list[tuple[str, list[tuple[bool, int]], dict[str, Any], Spec]] = []
        self.results: list[Spec] = []

    def operand(self, fits: Callable[[Spec], bool], fresh: Callable[[], Spec]) -> tuple[tuple[bool, int], Spec]:
        """(is it an operation's result?, number) and its spec."""
        known = [((True, i), s) for i, s in enumerate(self.results) if fits(s)]
        known += [((False, i), s) for i, s in enumerate(self.inputs.values()) if fits(s)]
        if known and self.draw(st.booleans()):
            return self.draw(st.sampled_from(known))  # type: ignore[no-any-return]
        spec = fresh()
        self.inputs[f"in{len(self.inputs)}"] = spec
        return (False, len(self.inputs) - 1), spec

    def any(self, dtypes: Sequence[str], rank: int | None = None, low: int = 0) -> tuple[tuple[bool, int], Spec]:
        return self.operand(
            lambda s: s.dtype in dtypes and (rank is None or len(s.shape) == rank) and all(d >= low for d in s.shape),
            lambda: Spec(self.draw(st.sampled_from(list(dtypes))), _shape(self.draw, rank, low)),
        )

    def exactly(self, spec: Spec) -> tuple[bool, int]:
        return self.operand(lambda s: s == spec, lambda: spec)[0]

    def operation(self, name: str) -> None:
        """Add one operation, or nothing when the drawn operands do not fit it after all."""
        operands, attributes = GENERATORS[name](self)
        specs = [self.results[i] if done else list(self.inputs.values())[i] for done, i in operands]
        try:
            spec = TABLE[name].spec(specs, attributes)
        except ShapeError:
            return
        if spec.size <= MOST_ELEMENTS:
            self.nodes.append((name, operands, attributes, spec))
            self.results.append(spec)

    def finish(self) -> Program:
        base = len(self.inputs)
        nodes = [
            Node(name, tuple(base + i if done else i for done, i in operands), attributes, spec)
            for name, operands, attributes, spec in self.nodes
        ]
        outputs = {f"out{i}": base + i for i in range(len(nodes))}
        return Program(self.inputs, {}, nodes, outputs)


Generated = tuple[list[tuple[bool, int]], dict[str, Any]]
F32, NUMBERS = ("f32",), DTYPES


def _operands(w: _Writer, count: int, dtypes: Sequence[str]) -> list[tuple[bool, int]]:
    """Values of one dtype that broadcast with one another."""
    first, spec = w.any(dtypes)
    others = [
        w.operand(lambda s: s == spec, lambda: Spec(spec.dtype, _broadcastable(w.draw, spec.shape)))[0]
        for _ in range(count - 1)
    ]
    return list(w.draw(st.permutations([first, *others])))


def _elementwise(operation: Operation) -> Callable[[_Writer], Generated]:
    def generate(w: _Writer) -> Generated:
        operands = _operands(w, len(operation.operands), operation.dtypes)
        return operands, {name: w.draw(st.sampled_from(words)) for name, words in operation.choices.items()}

    return generate


def _select(w: _Writer) -> Generated:
    x, y = _operands(w, 2, NUMBERS)
    return [w.any(NUMBERS)[0], x, y], {}


def _cast(w: _Writer) -> Generated:
    return [w.any(NUMBERS)[0]], {"dtype": w.draw(st.sampled_from(DTYPES))}


def _constant(w: _Writer) -> Generated:
    word = w.draw(st.sampled_from(EDGE_WORDS))
    return [], {"dtype": w.draw(st.sampled_from(DTYPES)), "shape": _shape(w.draw), "word": f"{word:08x}"}


def _reduction(panel: bool) -> Callable[[_Writer], Generated]:
    def generate(w: _Writer) -> Generated:
        x, spec = w.any(NUMBERS)
        if w.draw(st.booleans()):  # long enough for several panels
            x, spec = w.operand(
                lambda s: False, lambda: Spec(w.draw(st.sampled_from(DTYPES)), (w.draw(st.sampled_from([2, 1])), 600))
            )
        axes = tuple(a for a in range(len(spec.shape)) if w.draw(st.booleans()))
        found = {"axes": axes, "keepdims": w.draw(st.booleans())}
        return [x], found | ({"panel": w.draw(PANELS)} if panel else {})

    return generate


def _argmax(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS, low=1)
    return [x], {"axis": w.draw(_ints(0, max(0, len(spec.shape) - 1))), "keepdims": w.draw(st.booleans())}


def _matmul(w: _Writer) -> Generated:
    m, n = (w.draw(st.sampled_from([1, 2, 5, 33, 0])) for _ in range(2))
    k = w.draw(st.sampled_from([3, 1, 0, 17, 257, 600]))
    lead = _shape(w.draw, w.draw(_ints(0, 1)), 1)
    ta, tb = w.draw(st.booleans()), w.draw(st.booleans())
    x = w.exactly(Spec("f32", (*lead, *((k, m) if ta else (m, k)))))
    y = w.exactly(Spec("f32", (*_broadcastable(w.draw, lead), *((n, k) if tb else (k, n)))))
    return [x, y], {"transpose_a": ta, "transpose_b": tb, "panel": w.draw(PANELS)}


def _reshape(w: _Writer) -> Generated:
    """The elements dealt out anew over at most four axes, whose lengths need not divide those of the operand's."""
    x, spec = w.any(NUMBERS)
    shape = [1] * w.draw(_ints(1, 4))
    left = spec.size
    for prime in (2, 3, 5, 17):
        while left and left % prime == 0:
            shape[w.draw(_ints(0, len(shape) - 1))] *= prime
            left //= prime
    shape[w.draw(_ints(0, len(shape) - 1))] *= left
    return [x], {"shape": tuple(shape)}


def _transpose(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS)
    return [x], {"axes": tuple(w.draw(st.permutations(range(len(spec.shape)))))}


def _broadcast(w: _Writer) -> Generated:
    shape = _shape(w.draw)
    spec = Spec(w.draw(st.sampled_from(DTYPES)), _broadcastable(w.draw, shape))
    return [w.exactly(spec)], {"shape": shape}


def _slice(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS)
    cuts = [sorted((w.draw(_ints(0, d)), w.draw(_ints(0, d)))) for d in spec.shape]
    steps = tuple(w.draw(_ints(1, 3)) for _ in spec.shape)
    return [x], {"start": tuple(c[0] for c in cuts), "stop": tuple(c[1] for c in cuts), "step": steps}


def _pad(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS)
    sides = {name: tuple(w.draw(_ints(0, 2)) for _ in spec.shape) for name in ("low", "high", "interior")}
    return [x], {**sides, "word": f"{w.draw(st.sampled_from(EDGE_WORDS)):08x}"}


def _concat(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS)
    if not spec.shape:
        return [x], {"axis": 0}
    axis = w.draw(_ints(0, len(spec.shape) - 1))
    others = []
    for _ in range(w.draw(_ints(0, 2))):
        length = w.draw(st.sampled_from([1, 0, 4]))
        others.append(w.exactly(Spec(spec.dtype, (*spec.shape[:axis], length, *spec.shape[axis + 1 :]))))
    return [x, *others], {"axis": axis}


def _indices(w: _Writer, shape: tuple[int, ...]) -> tuple[bool, int]:
    return w.exactly(Spec("i32", shape))


def _gather(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS)
    axis = w.draw(_ints(0, max(0, len(spec.shape) - 1)))
    return [x, _indices(w, _shape(w.draw, w.draw(_ints(0, 2))))], {"axis": axis}


def _scatter_add(w: _Writer) -> Generated:
    x, spec = w.any(NUMBERS)
    if w.draw(st.booleans()):
        x, spec = w.operand(lambda s: False, lambda: Spec("f32", (600, w.draw(st.sampled_from([1, 3])))))
    axis = w.draw(_ints(0, len(spec.shape)))
    rank = w.draw(_ints(0, len(spec.shape) - axis))
    i = _indices(w, spec.shape[axis : axis + rank])
    return [x, i], {"axis": axis, "size": w.draw(_ints(0, 5)), "panel": w.draw(PANELS)}


def _one_hot(w: _Writer) -> Generated:
    return [w.any(("i32",))[0]], {"depth": w.draw(_ints(0, 5))}


def _window(w: _Writer) -> dict[str, Any]:
    pair = {
        name: (w.draw(_ints(1, most)), w.draw(_ints(1, most)))
        for name, most in (("kernel", 3), ("stride", 3), ("dilation", 2))
    }
    return pair | {"padding": tuple(w.draw(_ints(0, 2)) for _ in range(4))}


def _image(w: _Writer) -> tuple[int, ...]:
    return (w.draw(_ints(0, 2)), w.draw(_ints(1, 3)), w.draw(_ints(1, 6)), w.draw(_ints(1, 7)))


def _unfold(w: _Writer) -> Generated:
    return [w.exactly(Spec(w.draw(st.sampled_from(DTYPES)), _image(w)))], _window(w)


def _fold(w: _Writer) -> Generated:
    shape, window, dtype = _image(w), _window(w), w.draw(st.sampled_from(DTYPES))
    try:
        windows = TABLE["unfold"].spec([Spec(dtype, shape)], window)
    except ShapeError:
        windows = Spec(dtype, (1, 1, 1, 1))
    return [w.exactly(windows)], {**window, "size": shape[2:], "panel": w.draw(PANELS)}


def _scan(w: _Writer) -> Generated:
    a, spec = w.any(F32)
    axis = w.draw(_ints(0, max(0, len(spec.shape) - 1)))
    h0 = Spec("f32", spec.shape[:axis] + spec.shape[axis + 1 :])
    return [a, w.exactly(spec), w.exactly(h0)], {"axis": axis, "reverse": w.draw(st.booleans())}


def _points(w: _Writer) -> int:
    """Mostly few points; also powers of two, composites, and primes below and above a hundred."""
    sizes: st.SearchStrategy[int] = st.one_of(_ints(1, 40), st.sampled_from([48, 64, 77, 97, 101, 128, 202, 210, 256]))
    return int(w.draw(sizes))


def _lead(w: _Writer) -> tuple[int, ...]:
    return tuple(w.draw(st.lists(_ints(0, 3), max_size=3)))


def _fft(w: _Writer) -> Generated:
    return [w.exactly(Spec("f32", (*_lead(w), _points(w), 2)))], {"norm": w.draw(st.sampled_from(NORMS))}


def _rfft(w: _Writer) -> Generated:
    return [w.exactly(Spec("f32", (*_lead(w), _points(w))))], {"norm": w.draw(st.sampled_from(NORMS))}


def _irfft(w: _Writer) -> Generated:
    n = _points(w)
    x = w.exactly(Spec("f32", (*_lead(w), n // 2 + 1, 2)))
    return [x], {"norm": w.draw(st.sampled_from(NORMS)), "n": n}


def _bits(w: _Writer) -> Generated:
    operands = [w.exactly(Spec("u32", (2,))), w.exactly(Spec("u32", ()))]
    return operands, {"stream": w.draw(_ints(0, 2**32 - 1)), "shape": _shape(w.draw), "width": w.draw(_ints(1, 32))}


GENERATORS: dict[str, Callable[[_Writer], Generated]] = {
    **{name: _elementwise(operation) for name, operation in TABLE.items() if operation.dtypes},
    "select": _select,
    "cast": _cast,
    "constant": _constant,
    "sum": _reduction(panel=True),
    "max": _reduction(panel=False),
    "argmax": _argmax,
    "matmul": _matmul,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast": _broadcast,
    "slice": _slice,
    "pad": _pad,
    "concat": _concat,
    "gather": _gather,
    "scatter_add": _scatter_add,
    "one_hot": _one_hot,
    "unfold": _unfold,
    "fold": _fold,
    "scan": _scan,
    "bits": _bits,
    "fft": _fft,
    "ifft": _fft,
    "rfft": _rfft,
    "irfft": _irfft,
}
assert set(GENERATORS) == set(TABLE)


@st.composite
def samples(draw: Draw, operation: str, most_operations: int = 8) -> Sample:
    """A random well-formed program with `operation` in it, whose every value is an output, and inputs of every class of words."""
    writer = _Writer(draw)
    before = draw(_ints(0, most_operations - 1))
    for _ in range(before):
        writer.operation(draw(st.sampled_from(sorted(GENERATORS))))
    writer.operation(operation)
    for _ in range(draw(_ints(0, most_operations - 1 - before))):
        writer.operation(draw(st.sampled_from(sorted(GENERATORS))))
    program = writer.finish()
    return Sample(program, {name: random_array(draw, spec) for name, spec in program.inputs.items()})


@dataclass
class Disagreement:
    """The smallest program found on which an executor leaves the first one."""

    sample: Sample
    executor: str
    what: str

    def __str__(self) -> str:
        return f"{self.executor}: {self.what}\n{self.sample.program}"


def disagreement(sample: Sample, executors: Sequence[tuple[str, Executor, dict[str, Any]]]) -> Disagreement | None:
    """Run a sample on all executors, kept values and plain outputs, and compare with the first one's values."""
    program = sample.program
    want: list[Array] | None = None
    for name, executor, options in executors:
        session = executor.load(program, **options)
        values = session.values(sample.inputs)
        want = values if want is None else want
        found = first_divergence(program, want, values)
        if found is None:  # the fused run, which need not compute what nobody looks at
            outputs = session.run(sample.inputs)
            fused = list(want)
            for output, value in program.outputs.items():
                fused[value] = outputs[output]
            found = first_divergence(program, want, fused)
        if found is not None:
            return Disagreement(sample, name, str(found))
    return None


def fuzz(
    executors: Sequence[tuple[str, Executor, dict[str, Any]]],
    examples: int = 10,
    operations: Sequence[str] = tuple(TABLE),
    most_operations: int = 8,
    start: int = 0,
) -> Disagreement | None:
    """Look for a disagreement among (name, executor, options); the first is the reference. Returns the shrunk one, or None.

    Args:
        examples: programs drawn for each operation.
        operations: the operations that must each appear.
        start: the seed; the same seed draws the same programs.
    """
    for operation in operations:
        found = _fuzz_one(executors, operation, examples, most_operations, start)
        if found is not None:
            return found
    return None


def _fuzz_one(
    executors: Sequence[tuple[str, Executor, dict[str, Any]]],
    operation: str,
    examples: int,
    most_operations: int,
    start: int,
) -> Disagreement | None:
    worst: list[Disagreement] = []

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(samples(operation, most_operations))
    def check(sample: Sample) -> None:
        found = disagreement(sample, executors)
        if found is not None:
            worst.append(found)
            raise AssertionError(str(found))

    try:
        check()
    except AssertionError:
        return reduced(worst[-1], executors)
    return None


def reduced(found: Disagreement, executors: Sequence[tuple[str, Executor, dict[str, Any]]]) -> Disagreement:
    """The same disagreement on fewer operations: values are replaced by inputs, one by one, as long as it stays."""
    reference, options = executors[0][1:]
    pair = [executors[0], next(e for e in executors if e[0] == found.executor)]
    number = 0
    while number < len(found.sample.program.operations):
        program = found.sample.program
        values = reference.load(program, **options).values(found.sample.inputs)
        smaller = disagreement(_cut(found.sample, program.first_operation + number, values), pair)
        if smaller is None:
            number += 1
        else:
            found, number = smaller, 0
    return found


def _cut(sample: Sample, value: int, values: Sequence[Array]) -> Sample:
    """The sample with one operation's value made an input, or left out when nothing reads it."""
    program = sample.program
    inputs, nodes = dict(program.inputs), program.operations
    first, cut = program.first_operation, value - program.first_operation
    arrays = dict(sample.inputs)
    if any(value in node.inputs for node in nodes):
        name = f"cut{len(arrays)}"
        inputs[name], arrays[name] = nodes[cut].spec, np.array(values[value])
    shift = len(inputs) - first

    def renumber(v: int) -> int:
        return v if v < first else first if v == value else v + shift - (v > value)

    kept = [Node(n.op, tuple(map(renumber, n.inputs)), n.attributes, n.spec) for i, n in enumerate(nodes) if i != cut]
    used = {v for n in kept for v in n.inputs}
    smaller = Program(inputs, {}, kept, {f"out{i}": len(inputs) + i for i in range(len(kept))})
    return Sample(
        _without_inputs(smaller, {i for i in range(len(inputs)) if i not in used}), _only(arrays, inputs, used)
    )


def _only(arrays: dict[str, Array], inputs: dict[str, Spec], used: set[int]) -> dict[str, Array]:
    return {name: arrays[name] for i, name in enumerate(inputs) if i in used}


def _without_inputs(program: Program, unused: set[int]) -> Program:
    new = {v: v - sum(u < v for u in unused) for v in range(program.first_operation + len(program.operations))}
    inputs = {name: spec for i, (name, spec) in enumerate(program.inputs.items()) if i not in unused}
    nodes = [Node(n.op, tuple(new[v] for v in n.inputs), n.attributes, n.spec) for n in program.operations]
    return Program(inputs, {}, nodes, {name: new[v] for name, v in program.outputs.items()})
