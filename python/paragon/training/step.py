"""The step program: forward pass, backward pass and optimiser in one program, its parameters and slots as state.

Inputs are "x" and "y" (one batch), and "seed" when the model draws random numbers. State is the model's own under its names,
the optimiser's slots as "optimizer.NAME", and the number of finished steps as "step" (u32). Outputs are "loss" and the metrics.
Whatever runs a program can train with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..autograd.reverse import value_and_grad
from ..ir.errors import ParagonError, ShapeError
from ..ir.program import Program
from ..ir.spec import Array, Spec
from ..nn.checks import named, need_number
from ..nn.losses import (
    LOSSES,
    Loss,
    bce,
    bce_with_logits,
    correct_classes,
    correct_probabilities,
    correct_signs,
    cross_entropy,
)
from ..nn.module import Module
from ..nn.optim import Clip, Optimizer, Tensors
from ..nn.schedules import constant
from ..tensor import functions as F
from ..tensor.tensor import Tensor, tensor
from ..tensor.tracing import trace

Metric = Callable[[Tensor, Tensor], Tensor]
"""(output, target) -> a scalar: an f32 is a mean over the batch, as a loss is; an integer is a count of target elements."""

Metrics = Mapping[str, str | Metric] | Sequence[str | Metric] | str
"""Metrics by their names in the history; or a list of names, and of functions, which have names of their own."""

ACCURACIES: dict[Loss, Metric] = {
    cross_entropy: correct_classes,
    bce: correct_probabilities,
    bce_with_logits: correct_signs,
}
"""What counts as right, for the losses of classifiers; the metric "accuracy"."""

SLOT, STEP = "optimizer.", "step"
TAKEN = ("x", "y", "seed", STEP)
SEED = Spec("u32", (2,))


def loss_function(loss: str | Loss) -> Loss:
    """A loss by its name, or any function (output, target) -> f32 scalar. Raises ShapeError for an unknown name."""
    return loss if callable(loss) else named("loss", LOSSES, loss)


def accuracy_for(loss: Loss) -> Metric | None:
    """The accuracy of a classifier's loss. (By identity: a loss of one's own may be an object without a hash.)"""
    return next((metric for known, metric in ACCURACIES.items() if known is loss), None)


def metric_function(metric: str | Metric, loss: Loss) -> Metric:
    """A metric by its name, "accuracy" or that of a loss, or any function. Raises ShapeError for an unknown name."""
    if not isinstance(metric, str):
        return metric
    return named("metric", {"accuracy": accuracy_for(loss) or correct_classes, **LOSSES}, metric)


def chosen_metrics(metrics: Metrics | None, loss: Loss) -> dict[str, Metric]:
    """The metrics by their names in the history; the accuracy for classifiers when None.

    Raises ParagonError for a name that the history needs otherwise, or for a function in a list that has no name.
    """
    if metrics is None:
        metrics = ["accuracy"] if accuracy_for(loss) else []
    if isinstance(metrics, str):
        metrics = [metrics]
    pairs = list(metrics.items()) if isinstance(metrics, Mapping) else [(_name_of(m), m) for m in metrics]
    names = [name for name, _ in pairs]
    for name in names:
        if name == "loss" or name.startswith("val_") or names.count(name) > 1:
            raise ParagonError(
                f'a metric cannot be named "{name}", which the history holds already; choose another name'
            )
    return {name: metric_function(metric, loss) for name, metric in pairs}


def _name_of(metric: str | Metric) -> str:
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", "")
    if not name.isidentifier():
        raise ParagonError(f"the metric {metric!r} has no name; give a dict, name -> function")
    return str(name)


@dataclass
class Objective:
    """What is asked of a model's output: the loss, and metrics beside it."""

    loss: Loss
    metrics: Mapping[str, Metric]

    @classmethod
    def of(cls, loss: str | Loss, metrics: Metrics | None) -> Objective:
        """A loss by name or as a function, and metrics; the accuracy for classifiers when None.

        Raises ShapeError for an unknown loss or metric, ParagonError for a metric whose name is taken.
        """
        function = loss_function(loss)
        return cls(function, chosen_metrics(metrics, function))

    def outputs(self, output: Tensor, y: Tensor, loss: Tensor) -> Tensors:
        """The outputs of a step, by name. Raises ShapeError when the loss is no f32 scalar, or a metric no scalar."""
        found = {"loss": loss, **{name: tensor(metric(output, y)) for name, metric in self.metrics.items()}}
        for name, x in found.items():
            if x.shape or (name == "loss" and x.dtype != "f32"):
                kind = "the loss must be an f32 scalar" if name == "loss" else f"the metric {name!r} must be a scalar"
                raise ShapeError(f"{kind}, got {x.spec}; take the mean")
        return found

    def check_targets(self, what: str, y: Array, output: Spec) -> None:
        """Raises ShapeError, naming the row, for a target that a loss has no meaning for: a program would only compute on."""
        asked = [self.loss, *self.metrics.values()]
        if any(
            fn is cross_entropy for fn in asked
        ):  # the loss of a class that the model has no output for would be infinite
            _check_range(what, "class", y, output.shape[-1] - 1, "the outputs of the model")
        if any(fn is bce or fn is bce_with_logits for fn in asked):
            _check_range(what, "target", y, 1, "what binary cross entropy takes")


def _check_range(what: str, kind: str, y: Array, high: int, whose: str) -> None:
    if y.size and not 0 <= y.min() <= y.max() <= high:
        outside = (y < 0) | (y > high)
        row = int(outside.reshape(len(y), -1).any(axis=1).argmax())
        wrong = y[row][outside[row]].ravel()[0]
        raise ShapeError(f"{what}: {kind} {wrong} is outside 0 ... {high}, {whose} (row {row})")


def check_names(model: Module) -> None:
    """Raises ParagonError when a parameter has the name of an input or of another state of the step program."""
    for name in model.state_dict():
        if name in TAKEN or name.startswith(SLOT):
            raise ParagonError(f"the parameter {name!r} has a name that the step program needs; rename the attribute")


def initial_state(model: Module, optimizer: Optimizer) -> Tensors:
    """The state before the first step. Raises ParagonError when a parameter has the name of another state."""
    check_names(model)
    parameters = model.state_dict()
    slots = optimizer.init({name: parameters[name] for name in model.trainable})
    return {**parameters, **{SLOT + name: x for name, x in slots.items()}, STEP: F.zeros((), "u32")}


def step_program(
    model: Module, x: Spec, y: Spec, objective: Objective, optimizer: Optimizer, clip: Clip | None = None
) -> tuple[Program, Spec]:
    """The program of one training step on batches of these specs, and the spec of the model's output.

    Raises:
        ShapeError: the batch, the model and the loss do not fit.
        ParagonError: the model has no value yet, nothing to train, or names that collide.
    """
    names = model.trainable
    if not names:
        raise ParagonError("the model has no trainable parameters")
    schedule = optimizer.lr if callable(optimizer.lr) else constant(optimizer.lr)
    found: list[Spec] = []

    def step(state: Tensors, x: Tensor, y: Tensor) -> tuple[Tensors, Tensors]:
        def seed() -> Tensor:
            found: Tensor = x.trace.input("seed", SEED)
            return found

        def loss_of(trained: Tensors) -> tuple[Tensor, tuple[Tensor, Tensors]]:
            own = {name: trained.get(name, state[name]) for name in model.state_dict()}
            output, moved = model.apply(own, x, training=True, seed=seed, step=state[STEP])
            return objective.loss(output, y), (output, moved)

        trained = {name: state[name] for name in names}
        (loss, (output, moved)), gradients = value_and_grad(loss_of, has_aux=True)(trained)
        if wrong := set(moved) & set(names):
            raise ParagonError(
                f"forward replaces the trainable parameters {sorted(wrong)}; declare them with trainable=False"
            )
        found.append(output.spec)
        slots = {name.removeprefix(SLOT): value for name, value in state.items() if name.startswith(SLOT)}
        rate = _rate(schedule(F.cast(state[STEP], "f32")))
        new, changed = optimizer.update(clip(gradients) if clip else gradients, trained, slots, rate)
        changed = {SLOT + name: value for name, value in changed.items()}
        return objective.outputs(output, y, loss), {**new, **moved, **changed, STEP: state[STEP] + 1}

    return trace(step, x, y, state=initial_state(model, optimizer)), found[0]


def _rate(given: Any) -> Any:
    """What a schedule gave. Raises ShapeError unless it is an f32 scalar, or a number of at least 0."""
    if not isinstance(given, Tensor):
        need_number("the learning rate of a schedule", given, 0)
    elif given.spec != Spec("f32", ()):
        raise ShapeError(f"the learning rate of a schedule must be an f32 scalar, got {given.spec}")
    return given


def evaluation_program(model: Module, x: Spec, y: Spec, objective: Objective, check: Callable[[Spec], None]) -> Program:
    """The program of the loss and the metrics of one batch in inference, the model's parameters as its state.

    `check` sees the spec of the model's output before the loss does. Raises ShapeError when batch, model and loss do not fit.
    """

    check_names(model)

    def evaluate(state: Tensors, x: Tensor, y: Tensor) -> tuple[Tensors, Tensors]:
        output = model.apply(state, x)[0]
        check(output.spec)
        return objective.outputs(output, y, objective.loss(output, y)), {}

    return trace(evaluate, x, y, state=model.state_dict())
