"""The plots of a run, as SVG; none without matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .harness import OURS

Record = Mapping[str, Any]

COLOURS = {
    OURS: "#1b1b1b", "NumPy": "#3b75af", "NumPy SkylakeX": "#7fb0dd", "NumPy Haswell": "#4fb3bf", "torch": "#d9632f",
    "MKL (torch)": "#d9632f", "MKL": "#d9632f", "SciPy": "#559b52", "FFTW": "#8d69b8", "scikit-learn": "#c9a227", "JAX": "#c44e8f",
}  # fmt: skip
RATIOS = ("gemm", "elementary", "reductions", "training", "inference")


def draw(folder: Path, records: Sequence[Record]) -> dict[str, list[str]]:
    """The files drawn, by family, from what was measured with one thread."""
    try:
        import matplotlib
    except ImportError:
        print("matplotlib is absent: no plots")
        return {}
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "paragon", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    drawn: dict[str, list[str]] = {}
    for family in (*RATIOS, "fft", "fft_native", "fft_accuracy"):
        mine = [r for r in records if r["family"] == family and r["threads"] == 1 and "refused" not in r]
        lines = family not in RATIOS
        if lines:
            mine = sorted((r for r in mine if r["size"]), key=lambda r: r["size"])
        if not mine:
            continue
        name = f"{family}.svg"
        (_lines if lines else _ratios)(folder / name, mine)
        drawn[family] = [name]
    return drawn


def _ratios(path: Path, records: Sequence[Record]) -> None:
    """A row a case, a dot a peer: how many times faster we are."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 0.9 + 0.21 * len(records)))
    for name in dict.fromkeys(peer for record in records for peer in record["ratios"]):
        points = [(record["ratios"][name], i) for i, record in enumerate(records) if name in record["ratios"]]
        axes.scatter(*zip(*points, strict=True), s=22, label=name, color=COLOURS.get(name), alpha=0.85)
    axes.axvline(1, color=COLOURS[OURS], linewidth=1)
    axes.set_xscale("log")
    ticks = [t for t in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if axes.get_xlim()[0] <= t <= axes.get_xlim()[1]]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axes.set_xticks([], minor=True)
    axes.set_yticks(range(len(records)), [record["case"] for record in records])
    axes.set_ylim(len(records) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("time of the peer / time of Paragon, one thread")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    _save(figure, path)


def _lines(path: Path, records: Sequence[Record]) -> None:
    """Speed, or error, against the length of the transform."""
    import matplotlib.pyplot as plt

    speed = records[0]["unit"] == "flop"
    figure, axes = plt.subplots(figsize=(8, 4))
    names = dict.fromkeys(name for record in records for name in record["values"])
    for name in sorted(names, key=lambda name: name != OURS):
        points = [(r["size"], r["work"] / r["values"][name] / 1e9 if speed else r["values"][name]) for r in records]
        axes.plot(
            *zip(*points, strict=True), marker="o", markersize=3, linewidth=1.2, label=name, color=COLOURS.get(name),
            linestyle="-" if speed else "none",
        )  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("length of the transform")
    axes.set_ylabel("GFLOP/s (5 n log2 n), one thread" if speed else "relative L2 error")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
