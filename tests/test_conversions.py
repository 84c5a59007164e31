"""From numbers to f32: rounded once, to nearest even, also where the host flushes subnormals or rounds another way."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paragon as pg
from conftest import assert_words
from paragon.data.sets import scale_pixels
from paragon.ir.distance import compare_tensors
from paragon.ir.float_modes import modes_are_plain
from paragon.sklearn import MLPClassifier, MLPRegressor

BIG = 2**60 + 2**36 + 1  # above a tie of f32, onto which f64 would round it


@pytest.fixture(autouse=True)
def _reference() -> Any:
    with pg.use("reference"):
        yield


def rounded(n: int) -> np.float32:
    """The f32 nearest to an integer, by exact arithmetic."""
    if abs(n) >= 2**128 - 2**103:
        return np.float32(np.inf if n > 0 else -np.inf)
    near = [np.float32(float(n))]
    near += [np.nextafter(near[0], np.float32(np.inf)), np.nextafter(near[0], np.float32(-np.inf))]
    finite = [x for x in near if np.isfinite(x)]
    return min(finite, key=lambda x: (abs(Fraction(float(x)) - n), int(x.view(np.uint32)) & 1))


@given(st.one_of(st.integers(-(2**140), 2**140), st.integers(24, 127).map(lambda k: 2**k + 2 ** (k - 24) + 1)))
def test_integers_are_rounded_once(n: int) -> None:
    want = rounded(n)
    with pg.use("reference"):
        assert_words(pg.full((2,), n), np.full(2, want))
        assert_words(pg.zeros((2,)) + n, np.full(2, want))
        assert_words(pg.tensor(n, "f32"), want)
        assert_words(pg.tensor([n, 0.5], "f32"), np.array([want, 0.5], np.float32))
        assert_words(pg.tensor([[n], [0.5]]), np.array([[want], [0.5]], np.float32))
        assert_words(pg.pad(pg.zeros((0,)), [1], [0], value=n), np.array([want]))


def test_big_numbers() -> None:
    assert rounded(BIG) == 2.0**60 + 2.0**37
    for x in (np.int64(BIG), np.uint64(BIG), np.array([BIG], object)):
        assert_words(pg.tensor(x, "f32"), np.full(np.shape(x), rounded(BIG)))
    assert pg.jit(lambda x: x + BIG)(pg.tensor(0.0)).item() == 2.0**60 + 2.0**37
    with pytest.raises(pg.ShapeError, match="do not fit i32"):
        pg.tensor([2**70])
    with pytest.raises(pg.ShapeError, match="cannot hold object"):
        pg.tensor([1, None])


# --- modes of the host ------------------------------------------------------------------------------------------------

UP, DOWN, ZERO, FLUSH = "up", "down", "towards zero", "flush"
CONTROL = {
    "x86_64": (28, "uint32", {UP: 0x5F80, DOWN: 0x3F80, ZERO: 0x7F80, FLUSH: 0x9FC0}),
    "aarch64": (0, "uint32", {UP: 1 << 22, DOWN: 2 << 22, ZERO: 3 << 22, FLUSH: 1 << 24}),
}
"""Where glibc's fenv_t has the control word, and its values."""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in CONTROL, reason="the layout of fenv_t is known for Linux only"
)


@contextmanager
def host(mode: str) -> Iterator[None]:
    """This thread in another mode."""
    offset, dtype, words = CONTROL[platform.machine()]
    library = ctypes.CDLL(None)
    found, other = (ctypes.c_byte * 1024)(), (ctypes.c_byte * 1024)()
    library.fegetenv(found)
    library.fegetenv(other)
    np.frombuffer(other, dtype, 1, offset)[0] = words[mode]
    library.fesetenv(other)
    try:
        yield
    finally:
        library.fesetenv(found)


POINTS = np.arange(7) * (0.1 + 0.3j)


def results() -> dict[str, Any]:
    """Tensors that come about by a conversion, a constant or the reference executor."""

    def model(x: pg.Tensor) -> Any:
        y = pg.gelu(x) + pg.softplus(x * 0.1) + 1e-40
        return pg.grad(lambda t: pg.sum(pg.erf(t) * y))(x)

    x, n = pg.tensor([0.1, -0.7, 1e-40, 3.3]), np.array([0.1, 1e-40, 2**24 + 1.5])
    norm = pg.nn.BatchNorm(2).init()
    moved = norm.apply(norm.state_dict(), pg.random.normal((7, 2), seed=1), training=True)[1]
    return {
        "tensor": pg.tensor([1e-40, 0.1, -0.1, 1 / 3]), "f64": pg.tensor(n), "f16": pg.tensor(n[:1].astype(np.float16)),
        "int": pg.tensor([BIG, 2**24 + 1, -(2**24) - 1], "f32"), "full": pg.full((2,), 0.1), "pad": pg.pad(x, [1], [0], value=-0.1),
        "eager": x * 1e-39 + 0.7, "jit": pg.jit(model)(x), "grad": model(x),
        "float": pg.jit(lambda x, r: x * r)(x, 0.3),
        "program": pg.trace(model, x).run({"x": x})["output"],
        "dropout": pg.dropout(x, 0.3, seed=[1, 2], step=0, stream=0), "normal": pg.random.normal(4, seed=3),
        "glorot": pg.random.glorot_uniform((2, 2), 3, 4, seed=1), "variance": moved["running_variance"],
        "fft": pg.fft(pg.complex_pairs(POINTS)), "item": np.float64(pg.tensor(1e-40).item()),
        "wide": np.asarray(pg.tensor([1e-40]), np.float64),
    }  # fmt: skip


@pytest.mark.parametrize("executor", ["reference", "cpu"])
@pytest.mark.parametrize("mode", [UP, DOWN, ZERO, FLUSH])
def test_the_hosts_mode_changes_nothing(executor: str, mode: str) -> None:
    with pg.use(executor):
        want = results()
        with host(mode):
            assert not modes_are_plain()
            found = results()
            assert not modes_are_plain()  # the host has its own back
    assert modes_are_plain()
    for name, x in want.items():
        # As words: the comparison of subnormals is another thing that flushing changes.
        assert np.asarray(found[name]).tobytes() == np.asarray(x).tobytes(), name


def test_an_error_leaves_the_hosts_mode() -> None:
    with host(FLUSH):
        with pytest.raises(pg.ShapeError):
            pg.tensor("text")
        assert not modes_are_plain()


def shown(value: Any) -> Any:
    """What may be compared: floats as their words, arrays as bytes."""
    if isinstance(value, dict):
        return {name: shown(x) for name, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(x) for x in value]
    return value.hex() if isinstance(value, float) else value.tobytes() if isinstance(value, np.ndarray) else value


ROWS = np.sin(np.arange(50 * 3)).reshape(50, 3) * np.where(np.arange(3) == 2, 1e-39, 1)
TARGETS, TINY = ROWS[:, :1] * 0.3 + 0.1, ROWS * 1e-3
CLASSES = (ROWS[:, 0] > 0.3).astype(np.int32)
NEAR, FAR = {"x": np.float32([0.1, 1e-40])}, {"x": np.float32([0.3, 3e-40])}


def runs(folder: Path) -> dict[str, Any]:
    """Whole runs: what each of them leaves behind, with data and settings in f64, and with files on the way."""
    x, y = ROWS, TARGETS

    def model() -> pg.nn.Module:
        return pg.nn.Sequential(pg.nn.Dense(3, 4, "gelu"), pg.nn.BatchNorm(4), pg.nn.Dropout(0.3), pg.nn.Dense(4, 1))

    def fit(epochs: int, **more: Any) -> pg.History:
        stopping = pg.EarlyStopping(patience=9, min_delta=1e-3, restore_best=True)
        return pg.fit(
            trained, x, y, loss="mse", metrics=["mae", "huber"], epochs=epochs, batch_size=16, seed=3, progress=False,
            optimizer=pg.optim.AdamW(pg.schedules.cosine(0.01, 9, end=0.001), weight_decay=0.1), callbacks=[stopping],
            clip=pg.optim.clip_by_global_norm(0.7), validation_split=0.3, checkpoint=folder / "run", **more,
        )  # fmt: skip

    trained = model()
    first = fit(2, overwrite=True)
    trained = model()
    second = fit(4, resume=True)
    regressor = MLPRegressor((5,), epochs=3, batch_size=16, random_state=1, early_stopping=True).fit(x, y.ravel())
    classifier = MLPClassifier((5,), epochs=2, random_state=1).fit(x, CLASSES)
    pg.save_job(folder / "job", model(), x, y, steps=5, batch_size=16, loss="mse")
    return {
        "first": [first.figures, first.fingerprint], "second": [second.figures, second.fingerprint],
        "model": pg.fingerprint(trained), "evaluate": pg.evaluate(trained, x, y, loss="mse", metrics=["mae"], batch_size=7),
        "predict": trained.predict(x, batch_size=7), "regressor": [regressor.loss_curve_, regressor.predict(TINY)],
        "classifier": [classifier.loss_curve_, classifier.predict_proba(TINY)], "gap": compare_tensors(NEAR, FAR)["x"].row(),
        "pixels": [pg.data.digits().x_train, scale_pixels(np.arange(256, dtype=np.uint8))],
        "job": pg.run_job(folder / "job").fingerprint, "schedule": repr(pg.schedules.schedule("exponential", 0.1, 7)),
    }  # fmt: skip


@pytest.mark.parametrize("mode", [UP, DOWN, ZERO, FLUSH])
def test_whole_runs_in_the_hosts_mode(mode: str, tmp_path: Path) -> None:
    with pg.use("cpu"):
        want = shown(runs(tmp_path))
        with host(mode):
            raw = runs(tmp_path)
            assert not modes_are_plain()
        found = shown(raw)
    assert [name for name in want if found[name] != want[name]] == []


def test_a_callback_may_change_the_mode() -> None:
    """From the end of the first epoch on, the rest of the run included."""
    with pg.use("cpu"), ExitStack() as changed:
        histories = [
            pg.fit(pg.nn.Dense(3, 2), ROWS, CLASSES, epochs=4, batch_size=16, callbacks=callbacks, progress=False)
            for callbacks in ([], [lambda run: changed.enter_context(host(UP))])
        ]
        assert not modes_are_plain()
    plain, found = (shown(history.figures) for history in histories)
    assert plain == found and histories[0].fingerprint == histories[1].fingerprint
