"""Cases of bits: Philox4x32-10 known answers, widths, streams, steps, block numbers beyond 32 bits."""

from itertools import product

from oracle.binary32 import ONE
from oracle.case import Case, Value

from .data import tensor, vector
from .elementwise import apply


def _bits(name: str, seed: tuple[int, int], step: int, **attributes: object) -> Case:
    return apply(name, "bits", vector("u32", seed), tensor("u32", [], [step]), **attributes)


def bits() -> list[Case]:
    pi = (0xA4093822, 0x299F31D0)  # the key of a Random123 known answer: digits of pi
    # Random123's first known answer (tests/kat_vectors, philox4x32 10): counter 0, key 0. Its others set the fourth counter word.
    cases = [_bits("known answer: zeros", (0, 0), 0, stream=0, shape=[4], width=32)]
    for n in (0, 1, 2, 3, 5, 6, 7, 8, 13, 64):
        cases.append(_bits(f"n={n}, step 3", pi, 3, stream=1, shape=[n], width=32))
    for shape in ([], [1], [3, 5], [2, 0, 3], [2, 1, 2, 1, 3, 1, 1, 2]):
        cases.append(_bits(f"shape {shape}", pi, 1, stream=2, shape=shape, width=32))
    for width in range(1, 33):
        cases.append(_bits(f"width {width}", (12345, 678), 2, stream=3, shape=[6], width=width))
    for seed, stream in product(((1, 0), (0, 1), (0xFFFFFFFF, 0xFFFFFFFF)), (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)):
        cases.append(
            _bits(f"seed {seed[0]:x} {seed[1]:x}, stream {stream:x}", seed, 0, stream=stream, shape=[5], width=32)
        )
    # Block numbers (step * blocks a step): 2^32 is passed between two steps, or within one.
    for step, n in (
        (0xFFFFFFFF, 4),
        (0xFFFFFFFF, 5),
        (0x80000000, 8),
        (0x80000000, 7),
        (1431655765, 12),
        (0x55555556, 11),
        (0xFFFFFFFF, 64),
        (1, 9),
    ):
        cases.append(_bits(f"step {step}, n={n}", pi, step, stream=4, shape=[n], width=32))
    return [*cases, uniform_and_normal(), two_streams()]


def uniform_and_normal() -> Case:
    """The contract's `uniform` and `normal`, written out; the normals take their words in pairs."""
    case = Case("uniform and normal")
    seed, step = case.input("seed", vector("u32", [99, 1])), case.input("step", tensor("u32", [], [7]))

    def constant(word: int, dtype: str = "f32") -> Value:
        return case.op("constant", dtype=dtype, shape=[], word=f"{word:08x}")

    u = case.op("cast", case.op("bits", seed, step, stream=6, shape=[20, 2], width=24), dtype="f32")
    case.output("uniform", case.op("mul", u, constant(0x33800000)))
    first = case.op("slice", u, start=[0, 0], stop=[20, 1], step=[1, 1])
    second = case.op("slice", u, start=[0, 1], stop=[20, 2], step=[1, 1])
    positive = case.op("mul", case.op("add", first, constant(ONE)), constant(0x33800000))
    radius = case.op("sqrt", case.op("mul", constant(0xC0000000), case.op("log", positive)))
    angle = case.op("mul", second, constant(0x34000000))
    parts = [case.op("mul", radius, case.op(name, angle)) for name in ("cospi", "sinpi")]
    case.output("normal", case.op("concat", *parts, axis=1))
    return case


def two_streams() -> Case:
    """Two draws of a program are independent of each other's order and size."""
    case = Case("two streams and one twice")
    seed, step = case.input("seed", vector("u32", [3, 4])), case.input("step", tensor("u32", [], [5]))
    for name, stream, n in (("a", 1, 6), ("b", 2, 6), ("a again", 1, 6), ("a longer", 1, 9)):
        case.output(name, case.op("bits", seed, step, stream=stream, shape=[n], width=32))
    return case
