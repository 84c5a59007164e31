"""fit: held word for word to a plain eager loop, the same on every executor and setting, and good enough on real data."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paragon as pg
from conftest import assert_words, published
from paragon import nn, optim, schedules
from paragon.executors import registry
from paragon.ir.tensor_files import read_tensors, write_tensors
from paragon.nn.losses import cross_entropy, mse

rng = np.random.default_rng(17)
f32 = np.float32
X = rng.standard_normal((50, 6)).astype(f32)
Y = (X[:, :3].argmax(axis=1)).astype(np.int32)


def small() -> nn.Sequential:
    return nn.Sequential(nn.Dense(6, 8, "tanh"), nn.Dropout(0.2), nn.BatchNorm(8), nn.Dense(8, 3))


def quiet(model: nn.Module, x: Any = X, y: Any = Y, **arguments: Any) -> pg.History:
    return pg.fit(model, x, y, **{"progress": False, "epochs": 3, "batch_size": 16, **arguments})


# --- the step program against the slow, obvious loop ------------------------------------------------------------------


def literal_fit(
    model: nn.Module, optimizer: optim.Optimizer, epochs: int, seed: int, clip: Any, drop_last: bool
) -> list[float]:
    """Epochs of eager steps: gradients by pg.value_and_grad, the optimiser called directly. Returns the mean losses."""
    model.init(seed)
    slots = optimizer.init({name: model.state_dict()[name] for name in model.trainable})
    step, means = 0, []
    for epoch in range(epochs):
        total = rows = 0.0
        for x, y in pg.data.batches(X, Y, batch_size=16, seed=seed, epoch=epoch, drop_last=drop_last):
            state = model.state_dict()
            trained = {name: state[name] for name in model.trainable}

            def loss(p: Any, x: Any = x, y: Any = y, state: Any = state, step: int = step) -> Any:
                words, at = pg.random.seed_words(seed), pg.tensor(np.uint32(step))
                output, moved = model.apply({**state, **p}, pg.tensor(x), training=True, seed=words, step=at)
                return cross_entropy(output, pg.tensor(y)), moved

            (value, moved), gradients = pg.value_and_grad(loss, has_aux=True)(trained)
            rate = optimizer.lr(pg.tensor(float(step))) if callable(optimizer.lr) else pg.full((), optimizer.lr)
            new, slots = optimizer.update(clip(gradients) if clip else gradients, trained, slots, rate)
            model.load_state_dict({**state, **moved, **new})
            total, rows, step = total + value.item() * len(x), rows + len(x), step + 1
        means.append(total / rows)
    return means


@pytest.mark.parametrize(
    "optimizer,clip,drop_last",
    [
        (optim.SGD(lr=0.1), None, False),
        (
            optim.SGD(lr=schedules.warm_up(3, 0.1), momentum=0.9, weight_decay=1e-3),
            optim.clip_by_global_norm(0.5),
            True,
        ),
        (optim.AdamW(lr=schedules.cosine(0.01, 9)), optim.clip_by_value(0.05), False),
    ],
)
def test_fit_is_the_plain_loop(optimizer: optim.Optimizer, clip: Any, drop_last: bool) -> None:
    literal, model = small(), small()
    means = literal_fit(literal, optimizer, 3, 9, clip, drop_last)
    history = quiet(model, optimizer=optimizer, seed=9, clip=clip, drop_last=drop_last)
    for name, want in literal.state_dict().items():
        assert_words(model.state_dict()[name], want, name)
    assert history["loss"] == means
    assert (history.epochs, history.steps) == (3, 9 if drop_last else 12)


def test_every_executor_and_setting_gives_the_same_bits() -> None:
    cpu = pg.executors()["cpu"]
    settings = [("reference", {})] + [("cpu", {"isa": isa, "threads": n}) for isa in cpu.isas for n in (1, 2)]
    found = {}
    for name, options in settings:
        model = small()
        with pg.use(name, **options):
            history = quiet(model, validation_split=0.2)
        found[str((name, options))] = (history.fingerprint, pg.fingerprint(model), json.dumps(history.figures))
    assert len(set(found.values())) == 1, found


def test_seeds_and_data_matter() -> None:
    base = quiet(small()).fingerprint
    assert quiet(small()).fingerprint == base
    other = [quiet(small(), seed=1), quiet(small(), batch_size=17), quiet(small(), X[::-1].copy(), Y[::-1].copy())]
    assert len({base, *(h.fingerprint for h in other)}) == 4


# --- what fit offers --------------------------------------------------------------------------------------------------


def test_history_validation_and_evaluate() -> None:
    model = small()
    history = quiet(model, X[:40], Y[:40], validation_data=(X[40:], Y[40:]), epochs=4)
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"] and all(
        len(v) == 4 for v in history.values()
    )
    last = pg.evaluate(model, X[40:], Y[40:])
    assert last == {"loss": history["val_loss"][-1], "accuracy": history["val_accuracy"][-1]}
    predicted = model.predict(X[40:]).argmax(axis=1)
    assert last["accuracy"] == (predicted == Y[40:]).mean()
    assert pg.evaluate(model, X[40:], Y[40:], batch_size=3)["accuracy"] == last["accuracy"]
    split = small()
    last_rows: dict[str, Any] = {"validation_split": 0.2, "validation_shuffle": False}
    assert quiet(split, **last_rows, epochs=4).fingerprint == history.fingerprint


def test_training_goes_on_from_the_present_weights() -> None:
    model = small().init(3)
    before = pg.fingerprint(model)
    first = quiet(model, seed=4, epochs=1)
    assert pg.fingerprint(model) != before
    assert (
        quiet(small().init(3), seed=4, epochs=1).fingerprint
        == first.fingerprint
        != quiet(small(), seed=4, epochs=1).fingerprint
    )


def test_regression_with_a_loss_and_a_metric_of_ones_own() -> None:
    target = (X @ rng.standard_normal((6, 2)).astype(f32)).astype(f32)
    model = nn.Dense(6, 2)
    metrics = {"near": lambda output, y: pg.sum(pg.abs(output - y) < 0.1)}
    history = quiet(
        model, X, target, loss=lambda o, t: mse(o, t) * 2.0, metrics=metrics, optimizer=optim.SGD(lr=0.1), epochs=60
    )
    assert history["loss"][-1] < 1e-4 and history["near"][-1] == 1.0
    integers = quiet(nn.Dense(6, 1), X, Y.reshape(-1, 1), loss="mse", epochs=1)
    assert list(integers) == ["loss"] and np.isfinite(integers["loss"][0])


def weighted(output: pg.Tensor, y: pg.Tensor) -> pg.Tensor:
    """A loss with captured tensors: weights of the classes, and weights of the rows, as many as the batch has."""
    classes = pg.gather(pg.tensor([0.5, 1.0, 2.0]), y)
    rows = pg.tensor(np.arange(1, y.size + 1, dtype=f32))
    picked = pg.sum(pg.log_softmax(output) * pg.one_hot(y, 3), -1)
    return pg.mean(-picked * classes * rows)


def test_captured_tensors(tmp_path: Path) -> None:
    plain = quiet(small(), loss=weighted)
    path = tmp_path / "run.safetensors"
    quiet(small(), loss=weighted, checkpoint=path, epochs=2)
    assert quiet(small(), loss=weighted, checkpoint=path, resume=True).fingerprint == plain.fingerprint
    assert quiet(small(), loss=weighted, checkpoint=path, resume=True).fingerprint == plain.fingerprint
    pg.save_job(tmp_path / "job.safetensors", small(), X, Y, steps=9, batch_size=16, loss=weighted)
    job = pg.run_job(tmp_path / "job.safetensors")
    assert job.fingerprint == quiet(small(), loss=weighted, drop_last=True).fingerprint


def test_early_stopping_keeps_the_best() -> None:
    noise = rng.integers(0, 3, 50).astype(np.int32)
    kept: list[str] = []
    model = small()
    stopping = pg.EarlyStopping(patience=4, restore_best=True)
    history = quiet(
        model, X, noise, validation_split=0.3, epochs=200, optimizer=optim.Adam(lr=0.05),
        callbacks=[lambda run: kept.append(pg.fingerprint(run.weights())), stopping],
    )  # fmt: skip
    best = int(np.argmin(history["val_loss"]))
    assert history.stopped_early and history.epochs == best + 1 + 4 == stopping.best_epoch + 4 < 200
    assert pg.fingerprint(model) == kept[best]
    grows = pg.EarlyStopping("val_accuracy", patience=2)
    history = quiet(small(), X, noise, validation_split=0.3, epochs=200, callbacks=[grows])
    assert grows.best == max(history["val_accuracy"]) and history.epochs == grows.best_epoch + 2
    with pytest.raises(pg.ParagonError, match="val_loss"):
        quiet(small(), callbacks=[pg.EarlyStopping()])


def test_progress_lines(capsys: pytest.CaptureFixture[str]) -> None:
    quiet(small(), progress=True, epochs=2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("epoch 1/2  loss ") and "val_accuracy" in lines[1]


def test_progress_bar_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = quiet(small(), epochs=2)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert quiet(small(), progress=True, epochs=2).fingerprint == plain.fingerprint
    out = capsys.readouterr().out
    assert "epoch 1/2  loss" in out and "epoch 2/2  loss" in out and "4/4" in out


class Clash(nn.Module):
    """A module whose parameter is called like the step counter."""

    def __init__(self) -> None:
        self.parameter("step", (6, 3), nn.layers.zeros)

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        return pg.matmul(x, self.step)


@pytest.mark.parametrize(
    "wrong,what",
    [
        ({"y": Y[:-1]}, "x has 50, y has 49"),
        ({"y": Y + 1}, "class 3 is outside 0 ... 2"),
        ({"y": Y - 1}, "class -1"),
        ({"x": X[:, :5]}, "inner dimensions 5 and 6"),
        ({"loss": "hinge"}, "no loss 'hinge'.*cross_entropy"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 64, "drop_last": True}, "no whole batch"),
        ({"batch_size": 7}, "drop_last=True"),  # a last batch of one row, for which BatchNorm has no variance
        ({"validation_split": 1.0}, "validation_split"),
        ({"validation_split": 0.1, "validation_data": (X, Y)}, "not both"),
        ({"resume": True}, "checkpoint"),
        ({"metrics": {"loss": cross_entropy}}, '"loss"'),
        ({"x": X[:0], "y": Y[:0]}, "no rows"),
        ({"model": nn.Sequential(pg.relu)}, "no trainable parameters"),
        ({"model": Clash()}, "'step'.*rename"),
        ({"seed": -1}, "seed"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(pg.ParagonError, match=what):
        quiet(**{"model": small(), **wrong})


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_a_job_is_the_same_run(tmp_path: Path) -> None:
    path = tmp_path / "job.safetensors"
    arguments: dict[str, Any] = {"seed": 2**40 + 5, "optimizer": optim.Adam(lr=0.01), "clip": optim.clip_by_value(1.0)}
    history = quiet(small(), drop_last=True, **arguments)
    pg.save_job(path, small(), X, Y, steps=9, batch_size=16, **arguments)
    results = {name: pg.run_job(path, executor=name) for name in ("reference", "cpu")}
    assert {r.fingerprint for r in results.values()} == {history.fingerprint}
    results["cpu"].save(tmp_path / "out.safetensors")
    tensors, _ = read_tensors(tmp_path / "out.safetensors")
    state = {name: x for name, x in tensors.items() if not name.startswith("output.")}
    assert pg.fingerprint(state) == history.fingerprint and set(tensors) - set(state) == {
        "output.loss",
        "output.accuracy",
    }


def test_a_job_of_single_runs(tmp_path: Path) -> None:
    """Step by step with Program.run, as any interpreter would read the file."""
    path = tmp_path / "job.safetensors"
    pg.save_job(path, small(), X, Y, steps=5, batch_size=24, seed=3)
    tensors, metadata = read_tensors(path)
    program = pg.Program.from_json(metadata["program"])
    program.values.update({name: tensors[name] for name in program.state})
    for t in range(5):
        order = pg.random.permutation(50, 3, 2**31 + t // 2)
        rows = order[t % 2 * 24 : t % 2 * 24 + 24]
        inputs = {"x": tensors["data.x"][rows], "y": tensors["data.y"][rows], "seed": np.array([3, 0], np.uint32)}
        program.run(inputs, executor="reference")
    assert program.fingerprint() == pg.run_job(path).fingerprint


def test_a_damaged_job_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "job.safetensors"
    pg.save_job(path, small(), X, Y, steps=5, batch_size=24)
    tensors, metadata = read_tensors(path)
    settings = {"steps": 5, "batch": 24, "seed": [0, 0]}
    for change, what in [
        ({"format": "paragon-model"}, "not a training job"),
        ({"job": "[]"}, "object"),
        ({"job": json.dumps({**settings, "steps": 0})}, "steps"),
        ({"job": json.dumps({**settings, "seed": [1]})}, "seed"),
        ({"job": json.dumps({**settings, "batch": 25})}, "batch"),
        ({"job": "nonsense"}, "job"),
    ]:
        write_tensors(path, tensors, {**metadata, **change})
        with pytest.raises(pg.FileError, match=f"job.safetensors.*{what}"):
            pg.run_job(path)
    for name, array, what in [
        ("data.y", tensors["data.y"][:20], "rows"),
        ("data.z", tensors["data.y"], "data.z"),
        ("data.x", tensors["data.x"][:, :3].copy(), "'data.x': needs"),
        ("3.bias", tensors["3.bias"][:2].copy(), "3.bias"),
    ]:
        write_tensors(path, {**tensors, name: array}, metadata)
        with pytest.raises(pg.FileError, match=what):
            pg.run_job(path)
    with pytest.raises(pg.ShapeError, match="rows"):
        pg.save_job(path, small(), X, Y, steps=5, batch_size=51)


def test_a_convolutional_network_learns_the_digits() -> None:
    digits = pg.data.digits()
    x, x_test = (rows.reshape(-1, 1, 8, 8) for rows in (digits.x_train, digits.x_test))
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding="same"), nn.BatchNorm(8), nn.relu, nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, "gelu", padding=1), nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.1), nn.Dense(64, 10),
    )  # fmt: skip
    quiet(model, x, digits.y_train, epochs=10, batch_size=32, optimizer=optim.AdamW(lr=5e-3))
    assert pg.evaluate(model, x_test, digits.y_test)["accuracy"] > 0.96


# --- real data --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def images(request: pytest.FixtureRequest) -> pg.data.Dataset:
    return published(request.param)


@pytest.mark.parametrize("images,accuracy", [("mnist", 0.975), ("fashion_mnist", 0.88)], indirect=["images"])
def test_accuracy_and_batch_invariance(images: pg.data.Dataset, accuracy: float) -> None:
    """784-128-10, 10 epochs; then the logits of 1,000 test images in one batch, in batches of 7, and one by one."""
    model = nn.Sequential(nn.Dense(784, 128, "relu"), nn.Dense(128, 10))
    quiet(model, images.x_train, images.y_train, epochs=10, batch_size=128)
    assert pg.evaluate(model, images.x_test, images.y_test)["accuracy"] >= accuracy
    whole = model.predict(images.x_test[:1000], batch_size=1000)
    assert_words(model.predict(images.x_test[:1000], batch_size=7), whole)
    assert_words(model.predict(images.x_test[:1000], batch_size=1), whole)


@pytest.mark.parametrize("images", ["mnist"], indirect=True)
def test_mnist_steps_on_every_setting(images: pg.data.Dataset) -> None:
    found = set()
    for isa in pg.executors()["cpu"].isas:
        for threads in (1, 2):
            model = nn.Sequential(nn.Dense(784, 128, "relu"), nn.Dense(128, 10))
            with pg.use("cpu", isa=isa, threads=threads):
                found.add(
                    quiet(model, images.x_train[:1300], images.y_train[:1300], epochs=1, batch_size=128).fingerprint
                )
    assert len(found) == 1


class Oddly(nn.Module):
    """A model whose parts have the names that captured tensors get."""

    def __init__(self) -> None:
        self.constant = [nn.Dense(4, 4), nn.Dense(4, 2)]
        self.shift = pg.tensor(np.arange(4, dtype=np.float32))

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        return self.constant[1](pg.relu(self.constant[0](x + self.shift)))


def test_a_part_may_be_named_as_captured_tensors_are() -> None:
    x = np.random.default_rng(0).normal(size=(25, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int32)
    prints, losses = set(), []
    for labels in (y, 1 - y):
        model = Oddly()
        history = pg.fit(model, x, labels, epochs=8, batch_size=10, progress=False, optimizer=optim.Adam(0.05))
        prints.add(pg.fingerprint(model))
        losses.append(history["loss"][-1] < 0.7 * history["loss"][0])
    assert len(prints) == 2 and all(losses)


def test_sessions_are_kept_by_the_executor_itself() -> None:
    class Odd:
        """Executors of one name that add different numbers."""

        name, available, reason = "odd", True, ""

        def __init__(self, extra: float) -> None:
            self.extra = np.float32(extra)

        def settings(self) -> list[dict[str, object]]:
            return [{}]

        def load(self, program: pg.Program, **options: object) -> object:
            inner, extra = pg.executors()["reference"].load(program), self.extra

            class Session:
                def run(self, inputs: object) -> object:
                    return {name: x + extra for name, x in inner.run(inputs).items()}  # type: ignore[arg-type]

            return Session()

    program = pg.trace(lambda x: x * 2.0, np.zeros((), np.float32))
    inputs = {"x": np.float32(3)}
    assert [program.run(inputs, executor=Odd(k))["output"] for k in (1, 2)] == [7, 8]


class Unfinished:
    """A plug-in without all that an executor needs, whose device must not be looked for when it is registered."""

    name, reason = "unfinished", ""

    @property
    def available(self) -> bool:
        raise AssertionError("looked for a device")

    def load(self, program: pg.Program, **options: object) -> object:
        raise AssertionError


def test_a_plug_in_that_lacks_something_is_not_available(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        name = "unfinished"

        def load(self) -> type[Unfinished]:
            return Unfinished

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry()])
    registry._registry.cache_clear()
    try:
        found = pg.executors()["unfinished"]
        assert not found.available
        assert found.reason == "ExecutorError: Unfinished is no executor: it has no settings"
    finally:
        registry._registry.cache_clear()


class Numbered(nn.Module):
    """Reads from outside what depends on the number of rows; for one row it is a constant, not a captured state."""

    def __init__(self) -> None:
        self.dense = nn.Dense(4, 2)

    def forward(self, x: pg.Tensor) -> pg.Tensor:
        return self.dense(x + pg.tensor(np.arange(x.shape[0], dtype=np.float32).reshape(-1, 1)))


@pytest.mark.parametrize("executor", ["cpu", "reference"])
def test_the_last_batch_may_capture_less(executor: str) -> None:
    x = np.random.default_rng(1).normal(size=(9, 4)).astype(np.float32)
    y = np.arange(9, dtype=np.int32) % 2
    model = Numbered()
    with pg.use(executor):
        history = pg.fit(model, x, y, batch_size=4, epochs=3, validation_data=(x, y), progress=False)
        assert model.predict(x, batch_size=4).shape == (9, 2)
        assert len(history["val_loss"]) == 3 and set(pg.evaluate(model, x, y, batch_size=4)) == {"loss", "accuracy"}


def test_drop_last_with_too_few_rows_left() -> None:
    x, y = np.zeros((33, 4), np.float32), np.zeros(33, np.int32)
    with pytest.raises(pg.ShapeError, match="drop_last: 4 rows make no whole batch of 32"):
        pg.fit(nn.Dense(4, 2), x, y, validation_split=0.9, batch_size=32, drop_last=True, progress=False)
