"""Times NumPy's f32 matrix product; one request a line (see peers.NumpyProcess)."""

from __future__ import annotations

import json
import sys

import numpy as np
from peers import clock

measure = None
for line in sys.stdin:
    request = json.loads(line)
    if request:
        m, n, k = request["shape"]
        rng = np.random.default_rng(0)
        a = rng.standard_normal((k, m) if request["ta"] else (m, k)).astype(np.float32)
        b = rng.standard_normal((n, k) if request["tb"] else (k, n)).astype(np.float32)
        x, y, out = a.T if request["ta"] else a, b.T if request["tb"] else b, np.empty((m, n), np.float32)
        measure = clock(lambda x=x, y=y, out=out: np.matmul(x, y, out=out))
    assert measure is not None
    print(measure(), flush=True)
