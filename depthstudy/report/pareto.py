"""Error against multiply-accumulates: what accuracy costs, and which nets are worth their cost.

A net is on the Pareto front if no other has both no more multiply-accumulates and no greater error.
What lies on the front is told by means over seeds, so near ties may be chance.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from depthstudy.report import formats, palette, tables
from depthstudy.report.tables import Estimate, Study


@dataclasses.dataclass(frozen=True)
class Point:
    """A variant: its name and short label, its group, its cost and its test error."""

    name: str
    label: str
    group: str
    macs: int
    error: Estimate


@dataclasses.dataclass(frozen=True)
class Listed:
    """A point of the front as a line of text: its number in the chart, and what it is."""

    number: int
    color: str
    label: str
    text: str


def points(study: Study) -> list[Point]:
    """Returns the variants that have runs, in the order of the plan."""
    found = []
    for info in study.info.variants:
        label = tables.label(study.info, info.name)
        label = info.name if label == info.name else f"{info.group}, {label}"
        error = tables.final(study, info.name, "test_error")
        if error.count:
            found.append(Point(info.name, label, info.group, info.macs, error))
    return found


def front(found: Iterable[Point]) -> list[Point]:
    """Returns the points that no other beats, by rising cost; of equal ones the first."""
    best: list[Point] = []
    for point in sorted(found, key=lambda point: (point.macs, point.error.mean)):
        if not best or point.error.mean < best[-1].error.mean:
            best.append(point)
    return best


def listed(study: Study) -> list[Listed]:
    """Returns the front, numbered as in the chart of the page."""
    return [
        Listed(
            number,
            _color(study, point.group),
            point.label,
            f"{formats.percent_estimate(point.error)} at {millions(point.macs)} MACs",
        )
        for number, point in enumerate(front(points(study)), start=1)
    ]


def key(study: Study) -> list[tuple[str, str]]:
    """Returns the groups with their colors, where colors tell groups apart."""
    names = list(tables.groups(study.info))
    if not 1 < len(names) <= palette.GROUPS:
        return []
    return [(name, palette.group(index)) for index, name in enumerate(names)]


def sentence(study: Study) -> str:
    """Says how many nets are on the front, and which groups have none there."""
    found = points(study)
    best = front(found)
    verb = "is" if len(best) == 1 else "are"
    text = f"{len(best)} of {formats.count(len(found), 'net')} {verb} worth the cost: no other has "
    text += "both no more multiply-accumulates and no greater mean test error."
    names = dict.fromkeys(point.group for point in found)
    absent = [name for name in names if name not in {point.group for point in best}]
    if absent and len(absent) < len(names) <= palette.GROUPS:
        text += f" None of them is of {formats.listing(absent)}."
    return text


def millions(macs: int) -> str:
    """Returns a number of multiply-accumulates as ``"7.73 M"``."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if macs >= size:
            return f"{macs / size:.3g} {letter}"
    return str(macs)


def _color(study: Study, group: str) -> str:
    names = list(tables.groups(study.info))
    return palette.group(names.index(group) if len(names) <= palette.GROUPS else 1)
