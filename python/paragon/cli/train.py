"""`paragon train digits|mnist|fashion-mnist`: train a multi-layer perceptron or a small conv net, with checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import data, nn
from ..executors import use
from ..ir.fingerprint import fingerprint
from ..nn import optim, schedules
from ..nn.losses import cross_entropy
from ..training.callbacks import Callback, EarlyStopping
from ..training.fit import evaluate, fit
from ..training.job import save_job
from .common import ExecutorOption, IsaOption, ThreadsOption, console, options


class DataName(str, Enum):
    digits = "digits"
    mnist = "mnist"
    fashion = "fashion-mnist"


class OptimizerName(str, Enum):
    sgd = "sgd"
    momentum = "momentum"
    adam = "adam"
    adamw = "adamw"


class ScheduleName(str, Enum):
    constant = "constant"
    cosine = "cosine"
    step = "step"


SETS: dict[DataName, Callable[[], data.Dataset]] = {
    DataName.digits: data.digits,
    DataName.mnist: data.mnist,
    DataName.fashion: data.fashion_mnist,
}
RATES = {OptimizerName.sgd: 0.1, OptimizerName.momentum: 0.05, OptimizerName.adam: 1e-3, OptimizerName.adamw: 1e-3}


def perceptron(features: int, hidden: list[int], classes: int, activation: str, dropout: float) -> nn.Sequential:
    """Dense layers with an activation, and dropout when it is above 0, after each but the last."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers.append(nn.Dense(features, width, activation=activation))
        if dropout:
            layers.append(nn.Dropout(dropout))
        features = width
    return nn.Sequential(*layers, nn.Dense(features, classes))


def make_optimizer(
    name: OptimizerName, rate: float | schedules.Schedule, momentum: float, decay: float
) -> optim.Optimizer:
    """The optimiser of that name."""
    if name in (OptimizerName.sgd, OptimizerName.momentum):
        return optim.SGD(lr=rate, momentum=momentum if name is OptimizerName.momentum else 0.0)
    if name is OptimizerName.adam:
        return optim.Adam(lr=rate)
    return optim.AdamW(lr=rate, weight_decay=decay)


def make_schedule(name: ScheduleName, rate: float, steps: int, warm_up: int) -> float | schedules.Schedule:
    """The learning rate over `steps` steps, the first `warm_up` of them rising."""
    shapes: dict[ScheduleName, Callable[[], float | schedules.Schedule]] = {
        ScheduleName.constant: lambda: rate,
        ScheduleName.cosine: lambda: schedules.cosine(rate, steps),
        ScheduleName.step: lambda: schedules.step_decay(rate, max(1, steps // 3)),
    }
    shape = shapes[name]()
    return schedules.warm_up(warm_up, shape) if warm_up else shape


def train(
    dataset: Annotated[DataName, typer.Argument(help="Which data set.")],
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    batch_size: Annotated[int, typer.Option(min=1)] = 128,
    hidden: Annotated[
        list[int] | None, typer.Option(help="Width of a hidden layer; repeat for more. Default: one of 128.")
    ] = None,
    activation: Annotated[str, typer.Option(help="relu, tanh, gelu, silu, ...")] = "relu",
    dropout: Annotated[float, typer.Option(min=0.0, max=0.99)] = 0.0,
    optimizer: Annotated[OptimizerName, typer.Option()] = OptimizerName.adam,
    lr: Annotated[float | None, typer.Option(help="Learning rate; by default the optimiser's usual one.")] = None,
    momentum: Annotated[float, typer.Option(min=0.0, max=1.0)] = 0.9,
    weight_decay: Annotated[float, typer.Option(min=0.0, help="Of adamw.")] = 0.01,
    schedule: Annotated[ScheduleName, typer.Option()] = ScheduleName.constant,
    warm_up: Annotated[int, typer.Option(min=0, help="Steps in which the rate rises.")] = 0,
    clip: Annotated[float | None, typer.Option(help="Largest global norm of the gradient.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    validation_split: Annotated[float, typer.Option(min=0.0, max=0.9)] = 0.0,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop early after that many epochs without a better val_loss.")
    ] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Write a checkpoint after each epoch.")] = None,
    checkpoint_every: Annotated[int | None, typer.Option(min=1, help="And after so many steps.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    save: Annotated[Path | None, typer.Option(help="Write the trained model.")] = None,
    job: Annotated[
        Path | None, typer.Option(help="Write the training job, for other implementations, and stop.")
    ] = None,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Train a network on a data set; the same options give the same fingerprint everywhere."""
    found = SETS[dataset]()
    model = perceptron(found.x_train.shape[1], hidden or [128], len(found.classes), activation, dropout)
    rows = len(found.x_train)
    per_epoch = -(-rows // batch_size)
    rate = make_schedule(schedule, RATES[optimizer] if lr is None else lr, per_epoch * epochs, warm_up)
    chosen = make_optimizer(optimizer, rate, momentum, weight_decay)
    clipping = optim.clip_by_global_norm(clip) if clip is not None else None
    callbacks: list[Callback] = [EarlyStopping(patience=patience)] if patience is not None else []
    with use(executor, **options(isa, threads)):
        if job is not None:
            _write_job(job, model.init(seed), found, chosen, clipping, batch_size, epochs, seed)
            return
        history = fit(
            model,
            found.x_train,
            found.y_train,
            optimizer=chosen,
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            validation_split=validation_split,
            callbacks=callbacks,
            clip=clipping,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            resume=resume,
        )
        score = evaluate(model, found.x_test, found.y_test)
    console.print(f"test accuracy {score['accuracy']:.4f}, test loss {score['loss']:.4f}", highlight=False)
    console.print(f"{history.steps} steps, fingerprint {fingerprint(model)}", highlight=False)
    if save is not None:
        model.save(save, found.x_test[:1], output="logits")
        console.print(f"saved {save}", highlight=False)


def _write_job(
    path: Path, model: nn.Module, found: data.Dataset, chosen: Any, clip: Any, batch_size: int, epochs: int, seed: int
) -> None:
    steps = len(found.x_train) // batch_size * epochs
    save_job(
        path,
        model,
        found.x_train,
        found.y_train,
        loss=cross_entropy,
        optimizer=chosen,
        batch_size=batch_size,
        steps=steps,
        seed=seed,
        clip=clip,
    )
    console.print(f"wrote {path}: {steps} steps of {batch_size} rows", highlight=False)
