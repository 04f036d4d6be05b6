"""What a hypothesis is about, in a sentence: its name, and amounts of it in its unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from depthstudy.records import Metric, find_metric
from depthstudy.report.text.formats import number, spaced, visible

Catalog = Mapping[str, tuple[Metric, ...]]  # what metrics mean, by probe

_SUMMARIZED = {  # columns of ``summary.csv``, which no probe declares
    "train_error": ("train error", "fraction"),
    "validation_error": ("validation error", "fraction"),
    "test_error": ("test error", "fraction"),
    "balanced_error": ("balanced test error", "fraction"),
    "majority_error": ("the error of always naming the largest class", "fraction"),
    "gap": ("the gap between test and train error", "points"),
    "parameters": ("the number of parameters", "count"),
    "macs": ("the number of multiply-accumulates", "count"),
    "seconds": ("the time of a run", "s"),
}
_TIMES = {"_initial": " before training", "_early": " early in training"}
_UNITS = {"fraction": " points", "points": " points", "s": " s", "bytes": " MB", "px": " px"}


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A metric of whole nets as sentences speak of it.

    Attributes:
      name: What it is called within a sentence.
      unit: As in ``records.Metric``.
    """

    name: str
    unit: str

    def amount(self, value: float) -> str:
        """Returns a value with its unit, as ``"71.9 points"``."""
        return self.bare(value) + _UNITS.get(self.unit, "")

    def signed(self, value: float) -> str:
        """Returns a change with its sign and unit, as ``"+71.9 points"``."""
        size = self.amount(abs(value))
        if not size.partition(" ")[0].strip("0.,"):
            return size
        return f"{'−' if value < 0 else '+'}{size}"

    def bare(self, value: float) -> str:
        """Returns the number alone."""
        match self.unit:
            case "fraction" | "points":
                return visible(100 * value)
            case "bytes":
                return visible(value / 1e6)
            case "count" | "px":
                return number(value, 0)
            case "s":
                return visible(value)
        return visible(value, 2)


def quantity(metric: str, catalog: Catalog) -> Quantity:
    """Returns what the metric of a hypothesis is.

    Args:
      metric: A column of ``summary.csv``, or ``"probe.metric"``.
      catalog: What metrics mean, by probe.

    >>> quantity("test_error", {}).amount(0.719)
    '71.9 points'
    """
    if metric in _SUMMARIZED:
        return Quantity(*_SUMMARIZED[metric])
    probe, _, name = metric.rpartition(".")
    declared = find_metric(catalog.get(probe, ()), name, per_layer=False)
    if declared is None:
        return Quantity(spaced(name), "")
    time = _TIMES.get(declared.suffix(name) or "", "")
    return Quantity(_within_sentence(declared.title_of(name)) + time, declared.unit)


def _within_sentence(title: str) -> str:
    """Returns a title with its first letter in lower case, unless it begins an abbreviation."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
