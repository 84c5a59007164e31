"""`paragon train`: the built-in data sets with a multi-layer perceptron, with checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import nn
from ..data.sets import SETS
from ..executors.registry import use
from ..ir.fingerprint import fingerprint
from ..nn.layers import ACTIVATIONS
from ..nn.optim import OPTIMIZERS, clip_by_global_norm, optimizer
from ..nn.schedules import SCHEDULES, schedule
from ..training.callbacks import Callback, EarlyStopping
from ..training.checkpoint import check_writable
from ..training.description import Training
from ..training.evaluation import evaluate
from ..training.fit import train as carry_out
from ..training.job import write_job
from .common import ExecutorOption, IsaOption, ThreadsOption, console, one_of, options


def perceptron(features: int, hidden: list[int], classes: int, activation: str, dropout: float) -> nn.Sequential:
    """Dense layers with an activation, and dropout when it is above 0, after each but the last."""
    layers: list[nn.Module] = []
    for width in hidden:
        layers.append(nn.Dense(features, width, activation=activation))
        if dropout:
            layers.append(nn.Dropout(dropout))
        features = width
    return nn.Sequential(*layers, nn.Dense(features, classes))


def train(
    dataset: Annotated[str, typer.Argument(help=f"One of {', '.join(SETS)}.", callback=one_of(SETS))],
    epochs: Annotated[int, typer.Option(min=1)] = 10,
    batch_size: Annotated[int, typer.Option(min=1)] = 128,
    hidden: Annotated[
        list[int] | None, typer.Option(help="Width of a hidden layer; repeat for more. Default: one of 128.")
    ] = None,
    activation: Annotated[str, typer.Option(help=", ".join(ACTIVATIONS), callback=one_of(ACTIVATIONS))] = "relu",
    dropout: Annotated[float, typer.Option(min=0.0, max=0.99)] = 0.0,
    optimizer_name: Annotated[
        str, typer.Option("--optimizer", help=", ".join(OPTIMIZERS), callback=one_of(OPTIMIZERS))
    ] = "adam",
    lr: Annotated[float | None, typer.Option(help="Learning rate; by default the optimiser's usual one.")] = None,
    momentum: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Of sgd and momentum (usually 0.9).")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0.0, help="Of sgd and adamw (usually 0.01).")] = None,
    schedule_name: Annotated[
        str, typer.Option("--schedule", help=", ".join(SCHEDULES), callback=one_of(SCHEDULES))
    ] = "constant",
    warm_up: Annotated[int, typer.Option(min=0, help="Steps in which the rate rises.")] = 0,
    clip: Annotated[float | None, typer.Option(help="Largest global norm of the gradient.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    validation_split: Annotated[float, typer.Option(min=0.0, max=0.9)] = 0.0,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Stop early after that many epochs without a better val_loss.")
    ] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="Write a checkpoint after each epoch.")] = None,
    checkpoint_every: Annotated[int | None, typer.Option(min=1, help="And after so many steps.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint, which must be there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Begin anew although the checkpoint is there.")] = False,
    save: Annotated[Path | None, typer.Option(help="Write the trained model.")] = None,
    job: Annotated[
        Path | None, typer.Option(help="Write the training job, for other implementations, and stop.")
    ] = None,
    executor: ExecutorOption = "cpu",
    isa: IsaOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Train a network on a data set; the same options give the same fingerprint everywhere."""
    if checkpoint is None and (checkpoint_every or resume or force):
        raise typer.BadParameter("--checkpoint-every, --resume and --force need --checkpoint FILE")
    files = [path for path in (save, checkpoint, job) if path is not None]
    if len({path.resolve() for path in files}) < len(files):
        raise typer.BadParameter("--save, --checkpoint and --job need different files")
    for path in files:
        check_writable(path)  # before anything is read or trained
    found = SETS[dataset]()
    steps = -(-len(found.x_train) // batch_size) * epochs
    rate = optimizer(optimizer_name, lr=lr).lr
    assert isinstance(rate, float)
    training = Training.of(
        perceptron(found.x_train.shape[1], hidden or [128], len(found.classes), activation, dropout),
        found.x_train,
        found.y_train,
        optimizer=optimizer(
            optimizer_name,
            lr=schedule(schedule_name, rate, steps, warm_up),
            momentum=momentum,
            weight_decay=weight_decay,
        ),
        clip=clip_by_global_norm(clip) if clip is not None else None,
        batch_size=batch_size,
        seed=seed,
    )
    with use(executor, **options(isa, threads)):
        if job is not None:
            steps = len(found.x_train) // training.batch_size * epochs
            write_job(job, training, steps)
            console.print(f"wrote {job}: {steps} steps of {training.batch_size} rows", highlight=False)
            return
        callbacks: list[Callback] = [EarlyStopping(patience=patience)] if patience is not None else []
        history = carry_out(
            training,
            epochs=epochs,
            validation_split=validation_split,
            callbacks=callbacks,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            resume=resume,
            overwrite=force,
        )
        score = evaluate(training.model, found.x_test, found.y_test)
    console.print(f"test accuracy {score['accuracy']:.4f}, test loss {score['loss']:.4f}", highlight=False)
    console.print(f"{history.steps} steps, fingerprint {fingerprint(training.model)}", highlight=False)
    if save is not None:
        training.model.save(save, found.x_test[:1], output="logits")
        console.print(f"saved {save}", highlight=False)
