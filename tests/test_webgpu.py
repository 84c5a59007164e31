"""The webgpu executor: the probe, the choice of the path, the vectors, training, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import paragon as pg
from conftest import ROOT, assert_words
from paragon import cli, data, nn
from paragon.conformance import Case, Contender, load_vectors, run_case, run_conformance
from paragon.conformance.fuzz import fuzz
from paragon.executors import executors
from paragon.executors.registry import _registry
from paragon.executors.webgpu import device as devices
from paragon.executors.webgpu.library import library
from paragon.executors.webgpu.probe import Probe, probe
from paragon.ir.errors import ExecutorError, ProgramError
from paragon.nn.optim import Adam
from paragon.training.fit import fit
from webgpu_device import EXECUTOR, device, right_fma

pytestmark = pytest.mark.slow

CPU = executors()["cpu"]
FUSED = "fma is fused"
CONTRACTED = "products are not contracted"
SIMPLIFIED = "sums are not simplified"


# --- the probe --------------------------------------------------------------------------------------------------------


def test_the_probe_finds_integer_arithmetic_right() -> None:
    found = device().probe
    assert all(found.integer.values()), found.failed
    assert found.path in ("native", "integer")
    assert found.row()["path"] == found.path and found.adapter in found.to_json()


def test_the_probe_sees_that_llvmpipe_does_not_fuse() -> None:
    found = device().probe
    if "llvmpipe" not in found.adapter or found.path == "native":  # tools/shaders/fused_llvmpipe.sh
        pytest.skip("the device is not llvmpipe as it comes")
    assert not found.checks[FUSED] and found.path == "integer"
    assert found.checks["sums are rounded to nearest even"] and found.checks["products are rounded to nearest even"]


def _native(monkeypatch: pytest.MonkeyPatch, **functions: str) -> Probe:
    """The probe of a device whose native functions are replaced; those not given are right."""
    right, native = library("integer"), library("native")
    for name in ("f32_add", "f32_sub", "f32_mul", "f32_fma"):
        monkeypatch.setitem(native, name, functions.get(name, right[name]))
    return probe(device())


FLUSH = "select({0}, ({0}) & 0x80000000u, (({0}) & 0x7f800000u) == 0u)"
FAULTS = {
    "unfused": ({"f32_fma": "fn f32_fma(a: u32, b: u32, c: u32) -> u32 { return f32_add(f32_mul(a, b), c); }"}, FUSED),
    # What a compiler makes of an unguarded product and the sum that follows, for the products of the known answers.
    "contracted": (
        {"f32_add": "fn f32_add(a: u32, b: u32) -> u32 { return select(f32_fma(0x3f800000u, a, b), "
                    "f32_fma(0x3f800001u, 0x3f800001u, b), a == 0x3f800002u); }"},
        CONTRACTED,
    ),
    "flushed": (
        {"f32_add": "fn f32_add(a: u32, b: u32) -> u32 { let s = f32_fma(0x3f800000u, a, b); "
                    f"return {FLUSH.format('s')}; }}"},
        "subnormals survive arithmetic",
    ),
    "truncated": (
        {"f32_mul": "fn f32_mul(a: u32, b: u32) -> u32 { let p = f32_fma(a, b, 0x80000000u); "
                    "return select(p, p - 1u, p == 0x3fc00002u); }"},
        "products are rounded to nearest even",
    ),
    "zeros without sign": (
        {"f32_mul": "fn f32_mul(a: u32, b: u32) -> u32 { let p = f32_fma(a, b, 0x80000000u); "
                    "return select(p, 0u, p == 0x80000000u); }"},
        "signed zeros are kept",
    ),
}  # fmt: skip


def test_a_device_that_keeps_the_rules_is_native(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _native(monkeypatch)
    assert found.path == "native" and not found.failed


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    functions, check = FAULTS[fault]
    found = _native(monkeypatch, **functions)
    assert not found.checks[check], found.failed
    assert not found.checks["native and integer agree on 32768 triples"] or fault in ("contracted", "truncated")
    assert found.path == "integer"


def _vectors(*files: str, part: str = "") -> list[Case]:
    """The cases of some files, or those with a part of a name."""
    return [c for c in load_vectors(ROOT / "bindings_tests" / "vectors") if c.file in files and part in c.name]


UNGUARDED = {
    "opaque": "fn opaque(x: u32) -> u32 { return x; }",
    "guarded_out": "fn guarded_out(x: f32) -> u32 { return bitcast<u32>(x); }",
    **{
        name: f"fn {name}(x: u32) -> f32 {{ return bitcast<f32>(x); }}"
        for name in ("operand_a", "operand_b", "operand_c")
    },
}


@pytest.mark.parametrize(
    "without, file, part", [(tuple(UNGUARDED), "sum", ""), (("operand_a", "operand_b"), "programs", "algebra")]
)
def test_native_shaders_without_guards_are_found(
    without: tuple[str, ...], file: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real thing: llvmpipe takes x for x + 0 where it can see the zero, and 0 for x - x where it sees that they are equal."""
    if "llvmpipe" not in device().adapter:
        pytest.skip("what an unguarded shader does depends on the compiler")
    assert device().probe.checks[SIMPLIFIED]
    for name in without:
        monkeypatch.setitem(library("native"), name, UNGUARDED[name])
    found = probe(device())
    assert not found.checks[SIMPLIFIED] and found.path == "integer"
    assert any(run_case(case, EXECUTOR, path="native") for case in _vectors(file, part=part))


def test_native_sums_and_products_keep_the_vectors() -> None:
    """Llvmpipe lacks only the fused fma: forced to the native path, it gives all words that need none."""
    if "llvmpipe" not in device().adapter:
        pytest.skip("the device is not llvmpipe")
    cases = _vectors("add", "sub", "mul", "sum", "fold", "scatter_add", "one_hot")
    wrong = [f"{case}: {found}" for case in cases if (found := run_case(case, EXECUTOR, path="native"))]
    assert len(cases) > 200 and not wrong, wrong[:5]


def test_a_device_without_right_integers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = library("integer")
    monkeypatch.setitem(functions, "multiply_wide", functions["multiply_wide"].replace("carry >> 16u", "carry >> 17u"))
    found = probe(device())
    assert found.path == "refused" and "integer path" in found.failed
    monkeypatch.setattr(device(), "probe", found)
    with pytest.raises(ExecutorError, match="update its driver"):
        EXECUTOR.load(pg.trace(lambda x: x + x, np.ones(3, np.float32)))


# --- the contract -----------------------------------------------------------------------------------------------------


def test_all_vectors() -> None:
    device()
    wrong = [
        f"{case}: {found}"
        for case in load_vectors(ROOT / "bindings_tests" / "vectors")
        if (found := run_case(case, EXECUTOR))
    ]
    assert not wrong, "\n".join(wrong[:5])


def test_an_unfused_fma_fails_the_vectors() -> None:
    """The native path, forced on a device whose probe says no, is caught by the vectors as well."""
    if device().probe.checks[FUSED]:
        pytest.skip("the device fuses")
    assert any(run_case(case, EXECUTOR, path="native") for case in _vectors("fma"))


@pytest.mark.parametrize(
    "function, file", [("f32_add", "add"), ("f32_mul", "mul"), ("f32_fma", "fma"), ("f32_div", "div")]
)
def test_flushed_subnormals_fail_the_vectors(function: str, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a device that flushes results makes of each operation."""
    device()
    functions, names = library("integer"), "abc"[: 3 if function == "f32_fma" else 2]
    right = functions[function].replace(f"fn {function}(", "fn right(")
    given = ", ".join(f"{n}: u32" for n in names)
    flushed = f"let s = right({', '.join(names)}); return {FLUSH.format('s')};"
    monkeypatch.setitem(functions, function, f"{right}\nfn {function}({given}) -> u32 {{ {flushed} }}")
    assert any(run_case(case, EXECUTOR, path="integer") for case in _vectors(file))


def test_standard_programs_agree_with_the_cpu() -> None:
    device()
    findings = run_conformance([Contender("cpu", CPU), Contender("webgpu", EXECUTOR)])
    assert findings.passed, findings.failures


def test_random_programs_agree_with_the_cpu() -> None:
    device()
    assert fuzz([("cpu", CPU, {}), ("webgpu", EXECUTOR, {})], examples=2) is None


def test_training_on_the_digits_has_the_fingerprint_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    device()
    monkeypatch.setitem(_registry(), "webgpu", EXECUTOR)
    digits = data.digits()

    def train(executor: str) -> str:
        model = nn.Sequential(nn.Dense(64, 32, activation="relu"), nn.Dense(32, 10))
        with pg.use(executor):
            fit(model, digits.x_train, digits.y_train, optimizer=Adam(3e-3), epochs=1, batch_size=32, progress=False)
        return pg.fingerprint(model)

    assert train("webgpu") == train("cpu")


# --- the transforms ---------------------------------------------------------------------------------------------------


def _transforms(n: int, rows: int, norm: str, path: str | None = None) -> None:
    """All four of length n against the reference, on numbers and on words of every class."""
    rng = np.random.Generator(np.random.PCG64([n, rows]))

    def draw(*shape: int) -> np.ndarray:
        x = rng.standard_normal((rows, *shape)).astype(np.float32)
        x[-1] = rng.integers(0, 2**32, shape, np.uint32).view(np.float32)
        return x

    def all_of_them(z: pg.Tensor, x: pg.Tensor, h: pg.Tensor) -> dict[str, pg.Tensor]:
        return {
            "fft": pg.fft(z, norm=norm),
            "ifft": pg.ifft(z, norm=norm),
            "rfft": pg.rfft(x, norm=norm),
            "irfft": pg.irfft(h, n=n, norm=norm),
        }

    inputs = {"z": draw(n, 2), "x": draw(n), "h": draw(n // 2 + 1, 2)}
    program = pg.trace(all_of_them, *inputs.values())
    with np.errstate(all="ignore"):
        want = executors()["reference"].load(program).run(inputs)
    for name, got in EXECUTOR.load(program, path=path).run(inputs).items():
        assert_words(got, want[name], f"{name} of {n}")


@pytest.mark.parametrize(
    "n, norm",
    [
        (1, "ortho"),
        (2, "forward"),
        (3, "backward"),
        (4, "ortho"),
        (6, "forward"),
        (8, "ortho"),
        (15, "backward"),
        (36, "ortho"),
        (101, "forward"),
    ],
)
def test_transforms_have_the_words_of_the_reference(n: int, norm: str) -> None:
    device()
    _transforms(n, 3, norm)


@pytest.mark.parametrize(
    "function, was, becomes, n",
    [
        ("c_sub", "f32_sub(x.y, y.y)", "f32_sub(y.y, x.y)", 8),
        (
            "c_mul",
            "f32_fma(x.x, w.x, f32_neg(f32_mul(x.y, w.y)))",
            "f32_sub(f32_mul(x.x, w.x), f32_mul(x.y, w.y))",
            9,
        ),  # unfused
        ("c_weave", "f32_neg(w.y)", "w.y", 8),
        ("c_unweave", "f32_neg(f32_mul(odd.x, w.x))", "f32_mul(odd.x, w.x)", 8),
    ],
)
def test_planted_faults_of_transforms_are_seen(
    function: str, was: str, becomes: str, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    device()
    functions = library("integer")
    assert was in functions[function]
    monkeypatch.setitem(functions, function, functions[function].replace(was, becomes))
    with pytest.raises(AssertionError, match="words differ"):
        _transforms(n, 3, "ortho", path="integer")


@pytest.mark.parametrize("n", [24, 101])
def test_transforms_on_the_native_path(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the device's own sums and products."""
    device()
    right_fma(monkeypatch)
    _transforms(n, 3, "ortho", path="native")


# --- the session ------------------------------------------------------------------------------------------------------


def _swap() -> pg.Program:
    """Two states that trade places, and one that counts."""

    def step(s: dict[str, pg.Tensor], x: pg.Tensor) -> object:
        return {"was": s["a"], "sum": s["a"] + x}, {"a": s["b"], "b": s["a"], "n": s["n"] + 1}

    state = {"a": np.float32([1, 2]), "b": np.float32([3, 4]), "n": np.uint32(0)}
    return pg.trace(step, np.zeros(2, np.float32), state=state)


def test_updates_happen_all_at_once_after_the_outputs() -> None:
    device()
    session = EXECUTOR.load(_swap())
    inputs = {"x": np.float32([10, 20])}
    out = session.run(inputs)
    assert_words(out["was"], np.float32([1, 2]))
    assert_words(out["sum"], np.float32([11, 22]))
    session.run(inputs)
    session.run(inputs)
    state = session.state()
    assert_words(state["a"], np.float32([3, 4]))
    assert_words(state["b"], np.float32([1, 2]))
    assert int(state["n"]) == 3
    assert_words(session.values(inputs)[1], state["a"])
    assert int(session.state()["n"]) == 3


def test_a_session_says_what_computes() -> None:
    session = EXECUTOR.load(_swap(), path="integer", device=0)
    assert session.path == "integer" and session.adapter == EXECUTOR.devices[0] and session.bytes >= 20


@pytest.mark.parametrize(
    "options, message",
    [
        ({"threads": 2}, r"has no options \['threads'\]"),
        ({"device": "no such thing"}, "there is no device 'no such thing'"),
        ({"device": 99}, "there is no device 99"),
        ({"path": "fast"}, 'path must be "native" or "integer"'),
    ],
)
def test_options_that_cannot_be_met(options: dict[str, object], message: str) -> None:
    device()
    with pytest.raises(ExecutorError, match=message):
        EXECUTOR.load(_swap(), **options)


def test_unfit_arrays_are_refused() -> None:
    device()
    session = EXECUTOR.load(_swap())
    with pytest.raises(ProgramError, match=r"input 'x': needs f32\[2\], got float32\[3\]"):
        session.run({"x": np.zeros(3, np.float32)})
    with pytest.raises(ExecutorError, match="has no state 'c'"):
        session.set_state({"c": np.zeros(2, np.float32)})


def test_a_tensor_larger_than_a_binding_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs, results and what is only needed on the way; up to the limit all is well."""
    monkeypatch.setattr(device(), "most_bytes", 64)
    fits = np.arange(16, dtype=np.float32)
    assert_words(EXECUTOR.load(pg.trace(lambda x: x + 1.0, fits)).run({"x": fits})["output"], fits + 1)
    for fn, n in (
        (lambda x: x + 1.0, 17),
        (lambda x: pg.concat([x, x], 0), 9),
        (lambda x: pg.sum(x @ pg.reshape(x, (1, -1))), 5),
    ):
        x = np.zeros((n, 1), np.float32)
        with pytest.raises(ExecutorError, match="binds at most 64 .make the batch smaller"):
            EXECUTOR.load(pg.trace(fn, x)).run({"x": x})


def test_a_lost_device_is_an_error_and_then_opened_again() -> None:
    device()
    program, inputs = _swap(), {"x": np.float32([10, 20])}
    session = EXECUTOR.load(program)
    session.run(inputs)
    session.device.gpu.destroy()
    for attempt in (lambda: session.run(inputs), session.state, lambda: session.values(inputs)):
        with pytest.raises(ExecutorError, match="(?s)lost.*load the program again"):
            attempt()
    again = EXECUTOR.load(program)
    assert again.device is not session.device
    assert_words(again.run(inputs)["sum"], np.float32([11, 22]))


def test_full_memory_is_an_error_and_the_state_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory runs out at each allocation in turn, when loading and when running; the next attempt has the right words."""
    import wgpu

    gpu, inputs, left = device().gpu, {"x": np.float32([10, 20])}, [0]
    create = type(gpu).create_buffer

    def sparing(self: object, **given: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise wgpu.GPUOutOfMemoryError("not enough memory left")
        return create(self, **given)

    monkeypatch.setattr(type(gpu), "create_buffer", sparing)
    failed = 0
    for left[0] in range(1, 1000):
        try:
            session = EXECUTOR.load(_swap())
            break
        except ExecutorError as error:
            assert "out of memory on the device" in str(error)
            failed += 1
    assert failed >= 4
    for left[0] in range(2):
        with pytest.raises(ExecutorError, match="out of memory on the device: not enough"):
            session.run(inputs)
    left[0] = 1000
    assert_words(session.run(inputs)["was"], np.float32([1, 2]))
    assert_words(session.state()["a"], np.float32([3, 4]))


def test_devices_are_picked_by_number_or_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two adapters: the device at hand, and the same one under another name."""

    class Named:
        def __init__(self, adapter: object, name: str) -> None:
            self.adapter, self.summary = adapter, name

        def __getattr__(self, attribute: str) -> object:
            return getattr(self.adapter, attribute)

    device()
    (first, *_) = devices.adapters()
    monkeypatch.setattr(devices, "adapters", lambda: (first, Named(first, "Second (Test)")))
    monkeypatch.setattr(devices, "_opened", {0: device()})
    assert EXECUTOR.devices == [first.summary, "Second (Test)"]
    assert EXECUTOR.settings() == [{"device": 0}, {"device": 1}]
    monkeypatch.setattr(devices, "adapters", lambda: (first,))
    assert EXECUTOR.settings() == [{}]
    monkeypatch.setattr(devices, "adapters", lambda: (first, Named(first, "Second (Test)")))
    program, x = pg.trace(lambda x: x + x, np.ones(3, np.float32)), np.float32([1, 2, 3])
    for option, name in ((None, first.summary), (0, first.summary), (1, "Second (Test)"), ("second", "Second (Test)")):
        session = EXECUTOR.load(program, **({} if option is None else {"device": option}))
        assert session.adapter == name
        assert_words(session.run({"x": x})["output"], x + x)
    assert EXECUTOR.load(program, device=1).device is not device()
    assert EXECUTOR.software() == EXECUTOR.software(device=1) == device().software
    with pytest.raises(ExecutorError, match="no device 2"):
        EXECUTOR.software(device=2)


def test_without_wgpu_or_driver_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "adapters", lambda: ())
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: None)
    assert not EXECUTOR.available and "pip install wgpu" in EXECUTOR.reason and EXECUTOR.settings() == []
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: object())
    assert "apt install mesa-vulkan-drivers" in EXECUTOR.reason
    with pytest.raises(ExecutorError, match="mesa-vulkan-drivers"):
        EXECUTOR.load(_swap())


def test_wgpu_is_imported_only_when_asked_for() -> None:
    code = "import sys, paragon; paragon.executors(); import paragon.executors.webgpu; sys.exit('wgpu' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("package, remedy", [(False, "pip install wgpu"), (True, "apt install mesa-vulkan-drivers")])
def test_doctor_names_what_is_missing(
    package: bool, remedy: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_registry(), "webgpu", EXECUTOR)
    monkeypatch.setattr(devices, "adapters", lambda: ())
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: object() if package else None)
    monkeypatch.setenv("COLUMNS", "200")
    for arguments, code in (([], 0), (["--gpu"], 1)):
        monkeypatch.setattr(sys, "argv", ["paragon", "doctor", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert (stop.value.code or 0) == code
        assert remedy in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_doctor_prints_the_probe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = device().probe
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["paragon", "doctor", "--gpu"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    out = capsys.readouterr().out
    assert not stop.value.code
    assert found.adapter in out and FUSED in out and f"path {found.path}" in " ".join(out.replace("│", " ").split())
