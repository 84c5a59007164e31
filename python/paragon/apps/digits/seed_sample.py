"""Two synthetic runs, made with the standard library alone: something to look at before anything is trained.

Nothing was computed by a model. The records say so (tag `synthetic`), and hold no fingerprints.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from pathlib import Path
from typing import Any

CLASSES = [str(digit) for digit in range(10)]
SEGMENTS = {  # which of the seven segments a digit has: top, upper left, upper right, middle, lower left, lower right, bottom
    0: "1110111", 1: "0010010", 2: "1011101", 3: "1011011", 4: "0111010",
    5: "1101011", 6: "1101111", 7: "1010010", 8: "1111111", 9: "1111011",
}  # fmt: skip
STROKES = (
    [(0, 2), (0, 3), (0, 4), (0, 5)],
    [(1, 1), (2, 1), (3, 1)],
    [(1, 6), (2, 6), (3, 6)],
    [(3, 2), (3, 3), (3, 4), (3, 5)],
    [(4, 1), (5, 1), (6, 1)],
    [(4, 6), (5, 6), (6, 6)],
    [(7, 2), (7, 3), (7, 4), (7, 5)],
)
RUNS = (
    ("sample-a", "20200101-000000-sample-a-00000001", 0.97),
    ("sample-b", "20200101-000100-sample-b-00000002", 0.90),
)


def write(root: Path) -> list[Path]:
    """Write the two runs below the root, in place of those of an earlier call; their folders."""
    found = []
    for number, (label, run_id, accuracy) in enumerate(RUNS):
        folder = root / run_id
        folder.mkdir(parents=True, exist_ok=True)
        documents = _documents(random.Random(number), accuracy)
        contents = {name: json.dumps(document, indent=1) + "\n" for name, document in documents.items()}
        summary = _summary(run_id, label, documents["metrics.json"], 40 + number)
        summary["artifacts"] = [
            _artifact(name, documents[name], content.encode()) for name, content in contents.items()
        ]
        documents["run_summary.json"] = summary
        contents["run_summary.json"] = json.dumps(summary, indent=1) + "\n"
        for name, content in contents.items():
            (folder / name).write_text(content)
        lines = [f"paragonData[{json.dumps(f'{run_id}/{name}')}] = {json.dumps(d)};" for name, d in documents.items()]
        opening = "var paragonData = globalThis.paragonData = globalThis.paragonData || {};"
        (folder / "page-data.js").write_text("\n".join([opening, *lines]) + "\n")
        found.append(folder)
    return found


def _artifact(name: str, document: dict[str, Any], content: bytes) -> dict[str, Any]:
    version = document["schema_version"]
    return {
        "name": name,
        "kind": version.partition("/")[0],
        "schema_version": version,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _picture(rng: random.Random, digit: int) -> bytes:
    pixels = bytearray(64)
    for segment, strokes in zip(SEGMENTS[digit], STROKES, strict=True):
        for row, column in strokes if segment == "1" else []:
            pixels[8 * row + column] = 12 + rng.randrange(5)
    return bytes(min(16, p + rng.randrange(3)) for p in pixels)


def _documents(rng: random.Random, accuracy: float) -> dict[str, dict[str, Any]]:
    labels = [k % 10 for k in range(200)]
    rows = [_probabilities(rng, label, rng.random() < accuracy) for label in labels]
    predicted = [max(range(10), key=row.__getitem__) for row in rows]
    confusion = [
        [sum(t == a and p == b for t, p in zip(labels, predicted, strict=True)) for b in range(10)] for a in range(10)
    ]
    right = sum(confusion[k][k] for k in range(10)) / len(labels)
    zero = "0" * 64
    return {
        "predictions.json": {
            "schema_version": "paragon.predictions/1",
            "classes": CLASSES,
            "id": list(range(200)),
            "order": list(range(200)),
            "label": labels,
            "prediction": predicted,
            "confidence": [max(row) for row in rows],
            "probabilities": rows,
            "image": {"height": 8, "width": 8, "most": 16},
            "pixels": base64.b64encode(b"".join(_picture(rng, label) for label in labels)).decode(),
            "fingerprint": zero,
        },
        "metrics.json": {
            "schema_version": "paragon.metrics/1",
            "rows": len(labels),
            "classes": CLASSES,
            "accuracy": right,
            "balanced_accuracy": right,
            "macro_f1": right,
            "weighted_f1": right,
            "log_loss": 1 - right,
            "calibration_error": 0.02,
            "intervals": {},
            "bootstrap": 0,
            "report": [_report(k, confusion) for k in range(10)],
            "confusion": confusion,
            "data_fingerprint": zero,
        },
        "loss_curve.json": {
            "schema_version": "paragon.loss_curve/1",
            "epoch": list(range(1, 41)),
            "loss": [2.3 * 0.9**k + 0.02 + 0.01 * rng.random() for k in range(40)],
            "accuracy": [right - 0.8 * 0.85**k for k in range(40)],
        },
    }


def _probabilities(rng: random.Random, label: int, right: bool) -> list[float]:
    top = label if right else (label + 1 + rng.randrange(9)) % 10
    weights = [rng.random() * 0.1 for _ in range(10)]
    weights[top] += 0.5 + 4 * rng.random()
    total = sum(weights)
    return [weight / total for weight in weights]


def _report(k: int, confusion: list[list[int]]) -> dict[str, Any]:
    rows, said, hits = sum(confusion[k]), sum(line[k] for line in confusion), confusion[k][k]
    f1 = 2 * hits / max(rows + said, 1)
    return {"label": str(k), "precision": hits / max(said, 1), "recall": hits / max(rows, 1), "f1": f1, "support": rows}


def _summary(run_id: str, label: str, metrics: dict[str, Any], seed: int) -> dict[str, Any]:
    return {
        "schema_version": "paragon.run/1",
        "id": run_id,
        "kind": "digits",
        "label": label,
        "command": ["paragon", "digits", "seed-sample"],
        "config": {"dataset": "synthetic", "model": "none", "seed": seed},
        "seed": seed,
        "metrics": {"test_accuracy": metrics["accuracy"]},
        "timing": {"started": "2020-01-01T00:00:00.000+00:00", "seconds": 0.0},
        "environment": {"python": "", "packages": {}, "system": "synthetic", "processor": "synthetic", "cores": 1},
        "code": {"version": "synthetic"},
        "status": "finished",
        "tags": {"synthetic": "true"},
    }
