"""scikit-learn estimators: multi-layer perceptrons trained by `paragon.fit`, with scikit-learn's conventions.

The same data and parameters give the same bits everywhere, provided `random_state` is an integer. Inputs are rounded to f32.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any
from warnings import warn

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .ir.fingerprint import fingerprint
from .ir.float_modes import in_plain_modes
from .ir.spec import Array
from .nn import ACTIVATIONS, Dense, Sequential
from .nn.checks import need_count, need_limit, need_number
from .nn.optim import OPTIMIZERS, Optimizer, clip_by_global_norm, optimizer
from .tensor.composites import softmax
from .tensor.random import permutation
from .tensor.tensor import tensor
from .training.callbacks import Callback, EarlyStopping
from .training.description import SPLIT_STREAM, Training
from .training.fit import History, train
from .training.trainer import Trainer

__all__ = ["MLPClassifier", "MLPRegressor"]


def held_back(classes: Array, fraction: float, seed: int) -> Array:
    """The numbers of the rows to validate with: shuffled by the seed, and of each class its share, to within one row.

    Raises ValueError when no row of some class would be left to train on, or none to validate with.
    """
    rows = len(classes)
    count = int(rows * fraction)
    order = permutation(rows, seed, SPLIT_STREAM)
    sorted_by_class = order[np.argsort(classes[order], kind="stable")]
    chosen = sorted_by_class[(2 * np.arange(count, dtype=np.int64) + 1) * rows // (2 * max(count, 1))]
    left = np.delete(classes, chosen)
    if not count or len(np.unique(left)) < len(np.unique(classes)):
        raise ValueError(
            f"early_stopping: a validation_fraction of {fraction} of {rows} rows leaves too few for training or validation"
        )
    return chosen


class _Watch(Callback):
    """Keeps the run in sight, for what is left of it when it is interrupted."""

    run: Trainer | None = None

    def on_begin(self, run: Any) -> None:
        self.run = run


class _MLP(BaseEstimator):  # type: ignore[misc]
    """What the two estimators share. Parameters are documented there."""

    def __init__(
        self,
        hidden: Sequence[int] = (100,),
        activation: str = "relu",
        *,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        epochs: int = 200,
        batch_size: int = 200,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        clip_norm: float | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.clip_norm = clip_norm
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _train(self, x: Array, y: Array, outputs: int, loss: str, classes: Array) -> None:
        """Train and keep the result. `classes` are what the rows kept back should be a fair sample of."""
        sizes = [x.shape[1], *self.hidden, outputs]
        layers = [Dense(a, b, self.activation) for a, b in pairwise(sizes[:-1])]
        model = Sequential(*layers, Dense(sizes[-2], outputs))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        training = Training.of(
            model,
            x,
            y,
            loss=loss,
            optimizer=self._optimizer(),
            batch_size=self.batch_size,
            seed=seed,
            clip=None if self.clip_norm is None else clip_by_global_norm(self.clip_norm),
        )
        held, watch = None, _Watch()
        callbacks: list[Callback] = [watch]
        if self.early_stopping:
            training, held = training.without(held_back(classes, self.validation_fraction, seed))
            callbacks.append(EarlyStopping(patience=self.patience, restore_best=True))
        try:
            history = train(
                training, epochs=self.epochs, validation_data=held, callbacks=callbacks, progress=self.verbose
            )
        except KeyboardInterrupt:
            run = watch.run
            if run is None or not run.finished_steps:
                raise
            warn("training was interrupted; the estimator keeps the weights of the last finished step", stacklevel=3)
            history = History(run.history, run.epoch, run.finished_steps, True, fingerprint(run.state()))
        self.model_ = model
        self.history_: History = history
        self.n_iter_ = history.epochs
        self.loss_curve_ = history.figures.get("loss", [])

    def _begin(self) -> None:
        """Check the parameters; from here on the estimator is not fitted until `_train` is through."""
        self._check_parameters()
        self.__dict__.pop("model_", None)

    def _optimizer(self) -> Optimizer:
        name = "adamw" if self.optimizer == "adam" and self.weight_decay else self.optimizer
        decay = self.weight_decay if self.weight_decay or name == "adamw" else None
        return optimizer(name, lr=self.learning_rate, weight_decay=decay)

    def _check_parameters(self) -> None:
        """Raises ValueError, naming the parameter."""
        names: dict[str, Collection[str]] = {"activation": ACTIVATIONS, "optimizer": OPTIMIZERS}
        for name, table in names.items():
            if getattr(self, name) not in table:
                raise ValueError(f"{name} must be one of {', '.join(table)}, got {getattr(self, name)!r}")
        for name in ("epochs", "batch_size", "patience"):
            need_count(name, getattr(self, name))
        for size in self.hidden:
            need_count("hidden: a size", size)
        for name in ("learning_rate", "weight_decay"):
            need_number(name, getattr(self, name), 0)
        if self.clip_norm is not None:
            need_limit("clip_norm", self.clip_norm)
        if self.early_stopping:
            need_number("validation_fraction", self.validation_fraction, 0, 1, above=True, below=True)

    @in_plain_modes
    def _outputs(self, x: Any) -> Array:
        check_is_fitted(self)
        checked = validate_data(self, x, dtype=np.float32, reset=False)
        return self.model_.predict(checked)


class MLPClassifier(ClassifierMixin, _MLP):  # type: ignore[misc]
    """A classifier: dense layers, softmax and cross entropy.

    Args:
        hidden: the sizes of the hidden layers. activation: their activation, a name from `paragon.nn.ACTIVATIONS`.
        optimizer: a name from `paragon.optim.OPTIMIZERS`; with weight_decay, "adam" is AdamW. learning_rate: its rate.
        epochs, batch_size: passes over the rows, and rows a step (all rows, if there are fewer).
        early_stopping: keep back a `validation_fraction` of the rows, shuffled and with the same share of each class, stop after
            `patience` epochs without progress of their loss, and keep the best weights.
        clip_norm: the largest global norm of the gradient; None for no limit.
        random_state: an integer, a RandomState or None, as everywhere in scikit-learn.
        verbose: print a line an epoch.

    Attributes:
        classes_: the labels. model_: the `paragon.nn.Sequential`, logits out. history_: of `paragon.fit`. n_iter_: epochs run.
        loss_curve_: the loss of each epoch. n_features_in_, feature_names_in_: as everywhere in scikit-learn.

    >>> from paragon.sklearn import MLPClassifier
    >>> digits = pg.data.digits()
    >>> estimator = MLPClassifier(hidden=(32,), epochs=10, random_state=0).fit(digits.x_train, digits.y_train)
    >>> estimator.predict(digits.x_test[:5])
    array([4, 2, 0, 9, 8], dtype=int32)
    """

    @in_plain_modes
    def fit(self, X: Any, y: Any) -> MLPClassifier:
        """Train on X (rows, features), finite numbers, and labels y (rows,). Raises ValueError for unfit data or parameters.

        Ctrl-C keeps what the finished steps have learnt, with a warning; after an error the estimator is not fitted.
        """
        self._begin()
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"a classifier needs at least two classes, got {len(self.classes_)} class")
        codes = codes.astype(np.int32)
        self._train(X, codes, len(self.classes_), "cross_entropy", codes)
        return self

    def predict_proba(self, X: Any) -> Array:
        """f32 (rows, classes): softmax of the outputs."""
        return softmax(tensor(self._outputs(X))).numpy()

    def predict(self, X: Any) -> Array:
        """The label with the largest output of each row, the first of equals."""
        chosen = self._outputs(X).argmax(axis=1)
        found: Array = self.classes_[chosen]
        return found


class MLPRegressor(RegressorMixin, _MLP):  # type: ignore[misc]
    """A regressor: dense layers and the mean squared error. Parameters and attributes as `MLPClassifier`, without classes_.

    Targets are one number a row, or several (rows, outputs).
    """

    @in_plain_modes
    def fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train on X (rows, features) and y (rows,) or (rows, outputs), finite numbers. Raises ValueError for unfit ones."""
        self._begin()
        X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True, y_numeric=True)
        targets = np.asarray(y, None if np.asarray(y).dtype.kind == "f" else np.float32)
        self._flat = targets.ndim == 1
        targets = targets.reshape((len(targets), -1))
        self._train(X, targets, targets.shape[1], "mse", np.zeros(len(targets), np.int32))
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @in_plain_modes
    def predict(self, X: Any) -> Array:
        """f64 (rows,) or (rows, outputs), as the targets were; the numbers are those of f32."""
        outputs = self._outputs(X).astype(np.float64)
        return outputs.ravel() if self._flat else outputs
