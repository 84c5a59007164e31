"""Paragon: neural-network computation whose results can be checked. The same program gives the same bits everywhere.

Shapes are written (rows, columns) or f32[rows, columns]; dtypes are f32, i32 and u32. The examples in docstrings begin with
`import numpy as np` and `import paragon as pg`.
"""

from . import autograd, data, nn
from .autograd import custom_gradient, grad, jit, stop_gradient, value_and_grad
from .executors import executors, use
from .ir.errors import DivergenceError, ExecutorError, FileError, ParagonError, ProgramError, ShapeError
from .ir.files import load
from .ir.fingerprint import fingerprint
from .ir.program import Program
from .nn import losses, optim, schedules
from .tensor import elementwise, random
from .tensor.composites import (
    avg_pool2d,
    batch_norm,
    conv2d,
    dropout,
    elu,
    gelu,
    layer_norm,
    leaky_relu,
    log_softmax,
    max_pool2d,
    relu,
    rsqrt,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from .tensor.elementwise import *
from .tensor.fourier import (
    causal_convolve,
    circular_convolve,
    complex_multiply,
    complex_pairs,
    conjugate,
    fast_length,
    to_complex64,
)
from .tensor.functions import (
    arange,
    argmax,
    bits,
    broadcast,
    cast,
    concat,
    dot,
    fft,
    fold,
    full,
    gather,
    ifft,
    irfft,
    matmul,
    max,
    mean,
    one_hot,
    ones,
    pad,
    reshape,
    rfft,
    scan,
    scatter_add,
    select,
    slice,
    sum,
    sum_to,
    transpose,
    unfold,
    where,
    zeros,
)
from .tensor.tensor import Tensor, tensor
from .tensor.tracing import trace
from .training.callbacks import Callback, EarlyStopping
from .training.description import Training
from .training.evaluation import evaluate
from .training.fit import History, fit, train
from .training.job import run_job, save_job

__version__ = "0.1.0"

# fmt: off
__all__ = [
    "Callback", "DivergenceError", "EarlyStopping", "ExecutorError", "FileError", "History", "ParagonError",
    "Program", "ProgramError",
    "ShapeError", "Tensor", "Training", "arange", "argmax", "autograd", "avg_pool2d", "batch_norm", "bits",
    "broadcast", "cast", "causal_convolve", "circular_convolve", "complex_multiply", "complex_pairs", "concat",
    "conjugate", "conv2d", "custom_gradient", "data", "dot", "dropout", "elu", "evaluate", "executors",
    "fast_length", "fft", "fingerprint", "fit", "fold", "full", "gather", "gelu", "grad", "ifft", "irfft", "jit",
    "layer_norm", "leaky_relu", "load", "log_softmax", "losses", "matmul", "max", "max_pool2d", "mean", "nn",
    "one_hot", "ones", "optim", "pad", "random", "relu", "reshape", "rfft", "rsqrt", "run_job", "save_job", "scan",
    "scatter_add", "schedules", "select", "sigmoid", "silu", "slice", "softmax", "softplus", "stop_gradient", "sum",
    "sum_to", "tensor", "to_complex64", "trace", "train", "transpose", "unfold", "use", "value_and_grad", "where",
    "zeros",
]
# fmt: on
__all__ += elementwise.__all__
