"""What a training run promises of names, callbacks and interruptions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import paragon as pg
from paragon import nn
from paragon.data.batches import epoch_order
from paragon.data.feed import Feeder
from paragon.training.callbacks import Run
from small_run import X, Y, quiet

# --- names ------------------------------------------------------------------------------------------------------------


def with_part(name: str) -> nn.Module:
    """A model whose only submodule has this name."""

    class Named(nn.Module):
        def __init__(self) -> None:
            setattr(self, name, nn.Dense(3, 2))

        def forward(self, x: pg.Tensor) -> pg.Tensor:
            found: pg.Tensor = getattr(self, name)(x)
            return found

    return Named()


def with_parameter(name: str) -> nn.Module:
    """A model whose only parameter has this name."""

    class Named(nn.Module):
        def __init__(self) -> None:
            self.parameter(name, (3, 2), nn.layers.Weights(pg.random.glorot_uniform, 3, 2))

        def forward(self, x: pg.Tensor) -> pg.Tensor:
            return pg.matmul(x, getattr(self, name))

    return Named()


@pytest.mark.parametrize(
    "name", ["x", "y", "seed", "step", "best", "best_epoch", "waited", "kept", "constant", "loss", "state"]
)
def test_a_part_may_have_any_name(name: str, tmp_path: Path) -> None:
    """The same run as under another name, also resumed and as a job."""
    path = tmp_path / "run.safetensors"
    plain = with_part("other")
    history = quiet(plain, validation_data=(X, Y), epochs=4, callbacks=[pg.EarlyStopping(restore_best=True)])

    def run(epochs: int, **arguments: Any) -> tuple[nn.Module, pg.History]:
        model = with_part(name)
        stopping = pg.EarlyStopping(restore_best=True)
        found = quiet(model, validation_data=(X, Y), epochs=epochs, callbacks=[stopping], checkpoint=path, **arguments)
        return model, found

    run(2)
    model, resumed = run(4, resume=True)
    assert resumed.figures == history.figures
    assert [x.numpy().tolist() for x in model.state_dict().values()] == [
        x.numpy().tolist() for x in plain.state_dict().values()
    ]
    pg.save_job(tmp_path / "job.safetensors", with_part(name), X, Y, steps=4, batch_size=16)
    pg.run_job(tmp_path / "job.safetensors")


@pytest.mark.parametrize("name", ["best", "best_epoch", "kept", "constant", "loss", "optimizer", "output", "weight"])
def test_a_parameter_may_have_any_other_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    arguments: dict[str, Any] = {"validation_data": (X, Y), "checkpoint": path}
    quiet(with_parameter(name), callbacks=[pg.EarlyStopping(restore_best=True)], epochs=1, **arguments)
    model = with_parameter(name)
    quiet(model, callbacks=[pg.EarlyStopping(restore_best=True)], resume=True, **arguments)
    plain = with_parameter("other")
    quiet(plain)
    assert (model.state_dict()[name].numpy() == plain.state_dict()["other"].numpy()).all()


@pytest.mark.parametrize("name", ["x", "y", "seed", "step"])
def test_a_parameter_named_like_what_the_step_needs_is_refused(name: str) -> None:
    with pytest.raises(pg.ParagonError, match=f"parameter '{name}'.*rename"):
        pg.Training.of(with_parameter(name), X, Y)
    with pytest.raises(pg.ParagonError, match=f"parameter '{name}'.*rename"):
        pg.evaluate(with_parameter(name).init(0), X, Y)
    with pytest.raises(pg.ParagonError, match=r"'optimizer.weight'.*rename"):
        pg.Training.of(with_part("optimizer"), X, Y)


def test_a_parameter_named_like_the_input_of_predictions_is_refused() -> None:
    with pytest.raises(pg.ParagonError, match="parameter 'x'.*rename"):
        with_parameter("x").init(0).predict(X)


@pytest.mark.parametrize("make", [with_part, with_parameter])
@pytest.mark.parametrize("name", ["init", "forward", "save", "apply", "trainable", "children", "parameter", "predict"])
def test_a_name_that_hides_a_method_is_refused(make: Any, name: str) -> None:
    with pytest.raises(pg.ParagonError, match=f"'{name}' is that of a method"):
        make(name)


# --- callbacks ----------------------------------------------------------------------------------------------------------


def test_one_early_stopping_serves_many_runs() -> None:
    stopping = pg.EarlyStopping(monitor="loss", patience=2, min_delta=0.05, restore_best=True)
    again: dict[str, Any] = {"epochs": 60, "optimizer": pg.optim.SGD(0.5), "callbacks": [stopping]}
    first, second = nn.Dense(3, 2), nn.Dense(3, 2)
    one = quiet(first, **again)
    two = quiet(second, X[::-1].copy(), 1 - Y[::-1], seed=7, **again)
    fresh = nn.Dense(3, 2)
    alone = quiet(fresh, X[::-1].copy(), 1 - Y[::-1], seed=7, **{**again, "callbacks": [type(stopping)(
        monitor="loss", patience=2, min_delta=0.05, restore_best=True)]})  # fmt: skip
    assert one.stopped_early and two.figures == alone.figures and two.epochs == alone.epochs > 3
    assert pg.fingerprint(second) == pg.fingerprint(fresh) != pg.fingerprint(first)


def test_a_wrong_monitor_is_said_before_the_first_step() -> None:
    model, seen = nn.Dense(3, 2), []
    with pytest.raises(
        pg.ParagonError, match="no 'val_loss' in the history, only loss, accuracy; give validation_data"
    ):
        quiet(model, callbacks=[lambda run: seen.append(run.epoch), pg.EarlyStopping()])
    with pytest.raises(pg.ParagonError, match="no 'val_acuracy'.*val_loss, val_accuracy$"):
        quiet(model, validation_split=0.2, callbacks=[pg.EarlyStopping("val_acuracy")])
    assert not seen and pg.fingerprint(model) == pg.fingerprint(nn.Dense(3, 2).init(0))


def test_the_run_says_what_its_history_will_hold() -> None:
    class Watch(pg.Callback):
        def on_begin(self, run: Any) -> None:
            self.figures = run.figures

    watch = Watch()
    history = quiet(nn.Dense(3, 2), validation_split=0.2, metrics=["accuracy", "cross_entropy"], callbacks=[watch])
    assert watch.figures == tuple(history)


class Looking(pg.Callback):
    """What a callback sees of the model at each moment."""

    def __init__(self, model: nn.Module, folder: Path) -> None:
        self.model, self.folder, self.prints, self.saved, self.scores = model, folder, [], [], []

    def look(self, run: Any) -> None:
        assert pg.fingerprint(self.model) == pg.fingerprint(run.weights())
        self.prints.append(pg.fingerprint(self.model))
        self.model.save(self.folder / "now.safetensors", X)
        self.saved.append(pg.load(self.folder / "now.safetensors").fingerprint())
        self.scores.append(pg.evaluate(self.model, X, Y)["loss"])

    on_begin = on_epoch_end = on_end = look


def test_a_callback_sees_the_present_weights(tmp_path: Path) -> None:
    model, path = nn.Dense(3, 2), tmp_path / "run.safetensors"
    looking = Looking(model, tmp_path)
    history = quiet(model, validation_data=(X, Y), callbacks=[looking], checkpoint=path)
    want = [pg.fingerprint(nn.Dense(3, 2).init(0))]
    for epochs in (1, 2, 3):
        quiet(plain := nn.Dense(3, 2), epochs=epochs)
        want.append(pg.fingerprint(plain))
    assert looking.prints == looking.saved == [*want, want[-1]] and len(set(want)) == 4
    assert looking.scores[1:-1] == history["val_loss"]
    later = Looking(fresh := nn.Dense(3, 2), tmp_path)
    quiet(fresh, validation_data=(X, Y), callbacks=[later], checkpoint=path, resume=True, epochs=4)
    assert later.prints[0] == want[-1]


# --- interruptions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_the_model_holds_the_last_finished_step(error: type[BaseException]) -> None:
    def stop(run: Any) -> None:
        if run.epoch == 2:
            raise error

    model, plain = nn.Dense(3, 2), nn.Dense(3, 2)
    with pytest.raises(error):
        quiet(model, epochs=5, callbacks=[stop])
    quiet(plain, epochs=2)
    assert pg.fingerprint(model) == pg.fingerprint(plain)


def test_an_interruption_within_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    run, count = Feeder.run, 0

    def interrupted(self: Feeder, *arguments: Any) -> Any:
        nonlocal count
        for out in run(self, *arguments):
            count += 1
            if count == 5:  # before its result is looked at, as Ctrl-C would
                raise KeyboardInterrupt
            yield out

    model, plain = nn.Dense(3, 2), nn.Dense(3, 2)
    monkeypatch.setattr(Feeder, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        quiet(model, epochs=5)
    monkeypatch.undo()
    feeder = pg.Training.of(plain, X, Y, batch_size=16).feeder()
    for epoch, steps in ((0, 3), (1, 2)):
        for _ in feeder.run(16, range(steps), epoch_order(40, 0, epoch)):
            pass
    state = feeder.state(16)
    assert pg.fingerprint(model) == pg.fingerprint({name: state[name] for name in plain.state_dict()})


def test_callbacks_are_called_after_every_so_many_steps() -> None:
    """Counted from the beginning of the run, across epochs of 3 steps; the model holds the present weights."""
    seen: list[tuple[int, bool]] = []
    model = nn.Dense(3, 2)

    class Every(pg.Callback):
        step_every = 4

        def on_steps(self, run: Run) -> None:
            present = pg.fingerprint(model.state_dict()) == pg.fingerprint(run.weights())
            seen.append((run.finished_steps, present))

    quiet(model, callbacks=[Every()])
    assert seen == [(4, True), (8, True)]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_callbacks_hear_of_an_error(error: BaseException) -> None:
    heard: list[tuple[int, BaseException]] = []

    class Listener(pg.Callback):
        def on_epoch_end(self, run: Run) -> None:
            if run.epoch == 2:
                raise error

        def on_error(self, run: Run, error: BaseException) -> None:
            heard.append((run.epoch, error))

    with pytest.raises(type(error)):
        quiet(nn.Dense(3, 2), callbacks=[Listener(), Listener()])
    assert heard == [(2, error), (2, error)]
