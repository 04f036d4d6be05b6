"""What a metric means: the words, unit and threshold that tables, charts and sentences show."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Literal

NOT_APPLICABLE = "not_applicable: "  # begins the metric by which a probe says that it cannot apply

Unit = Literal["", "fraction", "points", "nats", "decades", "px", "count", "bytes", "s"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metric:
    """A kind of number in ``Record.metric``, described once where it is measured.

    A star in ``name`` stands for a number, as in ``"error_increase_deleting_*"``, and a star in
    ``title`` for the same one.

    Attributes:
      name: The metric of its records, without their suffix; it may hold one star.
      title: Title of a chart or of a row of a table.
      unit: ``"fraction"`` is a share in [0, 1], ``"points"`` a difference of two of them (0.01 is
        one point), ``"decades"`` a power of ten, ``"px"`` pixels of the input, ``"s"`` seconds,
        ``""`` a plain number.
      per_layer: Whether it is said of each layer, or of pairs of layers (``"A ~ B"``), rather than
        of the whole net. A metric that is said of both is declared twice.
      scale: Axis of a chart.
      better: Which end is the better one, ``""`` where neither is.
      threshold: The value beyond which it stands out.
      side: Where beyond is: ``"above"`` (the threshold included), ``"below"``, or ``"both"``, where
        the absolute value is above.
      beyond: What is so beyond the threshold, in a few words.
      suffixes: Endings that its records may have: ``"_initial"`` is before training, ``"_early"``
        early in it, ``""`` the net as it is.
      description: How to read it, in one line for a reader who does not know it.
    """

    name: str
    title: str
    unit: Unit = ""
    per_layer: bool = False
    scale: Literal["linear", "log"] = "linear"
    better: Literal["lower", "higher", ""] = ""
    threshold: float | None = None
    side: Literal["above", "below", "both"] = "above"
    beyond: str = ""
    suffixes: tuple[str, ...] = ("",)
    description: str

    def __post_init__(self) -> None:
        """Refuses what contradicts itself."""
        if (self.threshold is None) == bool(self.beyond):
            raise ValueError(f"{self.name}: a threshold and what lies beyond it go together")
        if self.name.count("*") > 1 or ("*" in self.title and "*" not in self.name):
            raise ValueError(f"{self.name}: at most one star, and one in the title if in the name")

    @property
    def note(self) -> str:
        """How to read it, with the end that is the better one."""
        return f"{self.description}; {self.better} is better" if self.better else self.description

    def suffix(self, name: str) -> str | None:
        """Returns the suffix of a record's metric, or ``None`` where it is another metric.

        >>> norm = Metric(name="norm", title="Norm", suffixes=("_initial", ""), description="Size.")
        >>> norm.suffix("norm_initial"), norm.suffix("norm"), norm.suffix("norm_slope")
        ('_initial', '', None)
        """
        for suffix in self.suffixes:
            if self._number(name.removesuffix(suffix)) is not None and name.endswith(suffix):
                return suffix
        return None

    def title_of(self, name: str) -> str:
        """Returns the title for a record's metric, with its number where the name has one.

        >>> swaps = Metric(name="error_swapping_*", title="Error, * swapped", description="")
        >>> swaps.title_of("error_swapping_4")
        'Error, 4 swapped'
        """
        number = self._number(name.removesuffix(self.suffix(name) or ""))
        return self.title.replace("*", number or "")

    def is_beyond(self, value: float) -> bool:
        """Whether a value lies beyond the threshold; never where there is none, or for NaN."""
        if self.threshold is None:
            return False
        if self.side == "below":
            return value < self.threshold
        return (abs(value) if self.side == "both" else value) >= self.threshold

    def _number(self, name: str) -> str | None:
        """Returns what the star stands for, ``""`` without a star, ``None`` for another name."""
        start, star, end = self.name.partition("*")
        if not star:
            return "" if name == start else None
        number = name.removeprefix(start).removesuffix(end)
        return number if number.isdigit() and name == f"{start}{number}{end}" else None


def find_metric(metrics: Iterable[Metric], name: str, *, per_layer: bool) -> Metric | None:
    """Returns the metric that a record is of; ``None`` where it is not declared.

    Args:
      metrics: What the record's probe declares.
      name: As in ``Record.metric``.
      per_layer: Whether the record speaks of a layer.
    """
    for metric in metrics:
        if metric.per_layer == per_layer and metric.suffix(name) is not None:
            return metric
    return None
