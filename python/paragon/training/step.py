"""The step program: forward pass, backward pass and optimiser in one program, its parameters and slots as state.

Inputs are "x" and "y" (one batch), and "seed" when the model draws random numbers. State is the model's own under its names,
the optimiser's slots as "optimizer.NAME", and the number of finished steps as "step" (u32). Outputs are "loss" and the metrics.
Whatever runs a program can train with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..autograd.reverse import value_and_grad
from ..ir.errors import ParagonError, ShapeError
from ..ir.program import Program
from ..ir.spec import Array, Spec
from ..nn.checks import named
from ..nn.losses import LOSSES, Loss, bce_with_logits, correct_classes, correct_signs, cross_entropy
from ..nn.module import Module
from ..nn.optim import Clip, Optimizer, Tensors
from ..nn.schedules import constant
from ..tensor import functions as F
from ..tensor.tensor import Tensor
from ..tensor.tracing import trace

Metric = Callable[[Tensor, Tensor], Tensor]
"""(output, target) -> the sum over the batch (a scalar), to be divided by the number of target elements."""

SLOT, STEP = "optimizer.", "step"
SEED = Spec("u32", (2,))


def loss_function(loss: str | Loss) -> Loss:
    """A loss by its name, or any function (output, target) -> f32 scalar. Raises ShapeError for an unknown name."""
    return loss if callable(loss) else named("loss", LOSSES, loss)


def default_metrics(loss: Loss) -> dict[str, Metric]:
    """The accuracy for the losses of classifiers, else nothing."""
    found: dict[Loss, Metric] = {cross_entropy: correct_classes, bce_with_logits: correct_signs}
    return {"accuracy": found[loss]} if loss in found else {}


@dataclass
class Objective:
    """What is asked of a model's output: the loss, and metrics beside it."""

    loss: Loss
    metrics: Mapping[str, Metric]

    @classmethod
    def of(cls, loss: str | Loss, metrics: Mapping[str, Metric] | None) -> Objective:
        """A loss by name or as a function, and metrics; the accuracy for classifiers when None.

        Raises ShapeError for an unknown loss, ParagonError for a metric that is named "loss".
        """
        function = loss_function(loss)
        chosen = default_metrics(function) if metrics is None else dict(metrics)
        if "loss" in chosen:
            raise ParagonError('a metric cannot be named "loss"; choose another name')
        return cls(function, chosen)

    def outputs(self, output: Tensor, y: Tensor, loss: Tensor) -> Tensors:
        return {"loss": loss, **{name: metric(output, y) for name, metric in self.metrics.items()}}

    def check_targets(self, y: Array, output: Spec) -> None:
        """Raises ShapeError for a class that the model has no output for: a program would only make the loss infinite."""
        if self.loss is cross_entropy and y.size:
            low, high, classes = int(y.min()), int(y.max()), output.shape[-1]
            if low < 0 or high >= classes:
                raise ShapeError(
                    f"y: class {low if low < 0 else high} is outside 0 ... {classes - 1}, the outputs of the model"
                )


def initial_state(model: Module, optimizer: Optimizer) -> Tensors:
    """The state before the first step. Raises ParagonError when a parameter has the name of another state."""
    parameters = model.state_dict()
    if taken := [name for name in parameters if name == STEP or name.startswith(SLOT)]:
        raise ParagonError(f"the parameter {taken[0]!r} has a name that the step program needs; rename the attribute")
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
        rate = schedule(F.cast(state[STEP], "f32"))
        new, changed = optimizer.update(clip(gradients) if clip else gradients, trained, slots, rate)
        changed = {SLOT + name: value for name, value in changed.items()}
        return objective.outputs(output, y, loss), {**new, **moved, **changed, STEP: state[STEP] + 1}

    return trace(step, x, y, state=initial_state(model, optimizer)), found[0]


def evaluation_program(model: Module, x: Spec, y: Spec, objective: Objective) -> Program:
    """The program of the loss and the metrics of one batch in inference, the model's parameters as its state."""

    def evaluate(state: Tensors, x: Tensor, y: Tensor) -> tuple[Tensors, Tensors]:
        output = model.apply(state, x)[0]
        return objective.outputs(output, y, objective.loss(output, y)), {}

    return trace(evaluate, x, y, state=model.state_dict())
