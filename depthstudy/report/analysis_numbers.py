"""The table of what is said of a net as a whole, number by number, with how to read it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from depthstudy.report import formats
from depthstudy.report.analysis_runs import REFUSED, Analysis, Run

_INITIAL = "_initial"


@dataclasses.dataclass(frozen=True)
class Number:
    """A row of the table: its name, how to read it, and a cell for each column."""

    name: str
    note: str
    cells: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Column:
    """A run, at initialization or at its checkpoint."""

    run: Run
    suffix: str
    title: str


def _plain(value: float) -> str:
    """Returns three digits of a number."""
    if not math.isfinite(value):
        return formats.DASH
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}".replace("-", "−")
    return formats.number(value, max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0)


def _points(value: float) -> str:
    return f"{formats.signed(value)} points" if math.isfinite(value) else formats.DASH


_Known = tuple[str, str, Callable[[float], str]]
_KNOWN: dict[str, dict[str, _Known]] = {
    "generalization": {
        "train_error": ("Train error", "share of train images that are wrong", formats.percent),
        "test_error": ("Test error", "share of new images that are wrong", formats.percent),
        "gap": ("Gap", "test error less train error", _points),
        "train_loss": ("Train loss", "mean cross-entropy in nats", _plain),
        "test_loss": ("Test loss", "the same on new images", _plain),
        "loss_gap": ("Gap of the losses", "test loss less train loss", _plain),
    },
    "memorization": {
        "memorized_share": (
            "Memorized",
            "share of wrong train labels that the net repeats",
            formats.percent,
        ),
        "recovered_share": ("Recovered", "share of them where it says the truth", formats.percent),
    },
    "shattering": {
        "gradient_correlation": (
            "Correlation of neighbors",
            "1: the gradient changes smoothly with the image; 0: it jumps like noise",
            _plain,
        ),
        "correlation_length": (
            "Correlation length",
            "share of the way between two images after which gradients are unrelated",
            _plain,
        ),
        "white_noise_share": (
            "White noise",
            "share of the gradient that is noise",
            formats.percent,
        ),
    },
    "isometry": {
        "singular_value_mean": ("Mean singular value", "how much the net amplifies", _plain),
        "singular_value_max": ("Largest", "in the direction that passes best", _plain),
        "singular_value_min": ("Least", "in the direction that passes worst", _plain),
        "log10_condition": (
            "Condition, powers of ten",
            "largest over least; 0: all directions pass alike",
            _plain,
        ),
        "isometry_distance": (
            "Distance from isometry",
            "0: all directions pass alike",
            _plain,
        ),
    },
    "underflow": {
        "underflow": (
            "Lost without scaling",
            "share of the gradient that is zero or inexact in float16",
            formats.percent,
        ),
        "underflow_scaled": ("Lost with scaling", "the same with loss scaling", formats.percent),
        "loss_scale": ("Loss scale", "what the loss is multiplied by", _plain),
    },
    "sharpness": {
        f"hessian_eigenvalue_{rank}": (
            f"Hessian eigenvalue {rank}",
            "curvature of the train loss in its steepest direction; large: a sharp minimum"
            if rank == 1
            else "",
            _plain,
        )
        for rank in range(1, 6)
    },
}
_HEADINGS = {
    "generalization": "Errors",
    "memorization": "Wrong labels",
    "shattering": "Shattered gradients",
    "isometry": "Isometry: what the net does to small changes of an image",
    "underflow": "Gradients too small for float16",
    "sharpness": "Sharpness",
}


def columns(analysis: Analysis) -> list[Column]:
    """Returns the columns that hold a number."""
    found = []
    for run in analysis.runs:
        for suffix, when in ((_INITIAL, "at initialization"), ("", run.when)):
            title = f"{run.label} {when}" if len(analysis.runs) > 1 else when.capitalize()
            column = Column(run, suffix, title)
            if any(
                _value(column, probe, name) is not None
                for probe in _KNOWN
                for name in _KNOWN[probe]
            ):
                found.append(column)
    return found


def groups(analysis: Analysis) -> list[tuple[str, list[Number]]]:
    """Returns the rows of the table by probe, with a heading each."""
    shown = columns(analysis)
    found = []
    for probe, metrics in _KNOWN.items():
        rows = []
        for metric, (name, note, say) in metrics.items():
            values = [_value(column, probe, metric) for column in shown]
            if any(value is not None for value in values):
                cells = tuple(formats.DASH if v is None else say(v) for v in values)
                rows.append(Number(name, note, cells))
        if rows:
            found.append((_HEADINGS[probe], rows))
    return found


def _value(column: Column, probe: str, metric: str) -> float | None:
    return column.run.rows(probe, f"{metric}{column.suffix}").get("")


def refusals(analysis: Analysis) -> list[str]:
    """Names the probes that do not apply, with the nets and the reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for run in analysis.runs:
        table = run.table[(run.table["layer"] == "") & run.table["metric"].str.startswith(REFUSED)]
        for probe, metric in zip(table["probe"], table["metric"], strict=True):
            found.setdefault((probe, metric.removeprefix(REFUSED)), []).append(run.label)
    many = len(analysis.runs) > 1
    return [
        f"{probe} does not apply{f' to {formats.listing(labels)}' if many else ''}: {reason}."
        for (probe, reason), labels in found.items()
    ]
