"""scikit-learn estimators: multi-layer perceptrons trained by `paragon.fit`, with scikit-learn's conventions.

The same data and parameters give the same bits everywhere, provided `random_state` is an integer. Inputs are rounded to f32.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .ir.spec import Array
from .nn import ACTIVATIONS, Dense, Sequential
from .nn.optim import OPTIMIZERS, Optimizer, clip_by_global_norm, optimizer
from .tensor.composites import softmax
from .tensor.tensor import tensor
from .training.callbacks import EarlyStopping
from .training.description import Training
from .training.fit import History, train

__all__ = ["MLPClassifier", "MLPRegressor"]


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

    def _train(self, x: Array, y: Array, outputs: int, loss: str) -> None:
        self._check_parameters()
        sizes = [x.shape[1], *self.hidden, outputs]
        layers = [Dense(a, b, self.activation) for a, b in pairwise(sizes[:-1])]
        self.model_ = Sequential(*layers, Dense(sizes[-2], outputs))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        stopping = [EarlyStopping(patience=self.patience, restore_best=True)] if self.early_stopping else []
        training = Training.of(
            self.model_,
            x,
            y,
            loss=loss,
            optimizer=self._optimizer(),
            batch_size=self.batch_size,
            seed=seed,
            clip=None if self.clip_norm is None else clip_by_global_norm(self.clip_norm),
        )
        self.history_: History = train(
            training,
            epochs=self.epochs,
            validation_split=self.validation_fraction if self.early_stopping else 0.0,
            callbacks=stopping,
            progress=self.verbose,
        )
        self.n_iter_ = self.history_.epochs
        self.loss_curve_ = self.history_["loss"]

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
            value = getattr(self, name)
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
        if not all(isinstance(n, Integral) and n >= 1 for n in self.hidden):
            raise ValueError(f"hidden must be layer sizes of at least 1, got {self.hidden!r}")
        for name in ("learning_rate", "weight_decay"):
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
                raise ValueError(f"{name} must be a finite number of at least 0, got {value!r}")

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
        early_stopping: keep back the last `validation_fraction` of the rows, stop after `patience` epochs without progress of
            their loss, and keep the best weights.
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

    def fit(self, X: Any, y: Any) -> MLPClassifier:
        """Train on X (rows, features), finite numbers, and labels y (rows,). Raises ValueError for unfit data or parameters."""
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"a classifier needs at least two classes, got {len(self.classes_)} class")
        self._train(X, codes.astype(np.int32), len(self.classes_), "cross_entropy")
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

    def fit(self, X: Any, y: Any) -> MLPRegressor:
        """Train on X (rows, features) and y (rows,) or (rows, outputs), finite numbers. Raises ValueError for unfit ones."""
        X, y = validate_data(self, X, y, dtype=np.float32, multi_output=True, y_numeric=True)
        targets = np.asarray(y, np.float32)
        self._flat = targets.ndim == 1
        targets = targets.reshape((len(targets), -1))
        self._train(X, targets, targets.shape[1], "mse")
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> Array:
        """f64 (rows,) or (rows, outputs), as the targets were; the numbers are those of f32."""
        outputs = self._outputs(X).astype(np.float64)
        return outputs.ravel() if self._flat else outputs
