"""Paragon: neural-network computation whose results can be checked. The same program gives the same bits everywhere."""

from . import autograd, data, losses, nn, optim, random, schedules
from .autograd import custom_gradient, grad, stop_gradient, value_and_grad
from .callbacks import Callback, EarlyStopping
from .composites import (
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
from .errors import ExecutorError, FileError, ParagonError, ProgramError, ShapeError
from .executors import executors, use
from .files import load
from .fingerprint import fingerprint
from .fourier import (
    causal_convolve,
    circular_convolve,
    complex_multiply,
    complex_pairs,
    conjugate,
    fast_length,
    to_complex64,
)
from .functions import (
    abs,
    add,
    arange,
    argmax,
    bits,
    broadcast,
    cast,
    compare,
    concat,
    cospi,
    div,
    dot,
    erf,
    exp,
    expm1,
    fft,
    fma,
    fold,
    full,
    gather,
    ifft,
    irfft,
    log,
    log1p,
    matmul,
    max,
    maximum,
    mean,
    minimum,
    mul,
    neg,
    one_hot,
    ones,
    pad,
    reshape,
    rfft,
    scan,
    scatter_add,
    select,
    sinpi,
    slice,
    sqrt,
    sub,
    sum,
    sum_to,
    tanh,
    transpose,
    unfold,
    where,
    zeros,
)
from .job import run_job, save_job
from .program import Program
from .tensor import Tensor, tensor
from .tracing import jit, trace
from .train import History, evaluate, fit

__version__ = "0.1.0"
