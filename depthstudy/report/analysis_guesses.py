"""What a net of weights from elsewhere says of the images, and what those images are worth."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from depthstudy import records, store
from depthstudy.report.analysis_runs import Analysis
from depthstudy.report.formats import count, percent

_IMAGES = 24  # that are shown


@dataclasses.dataclass(frozen=True)
class Guessed:
    """An image with its classes and their probabilities, the greatest first."""

    image: str
    classes: tuple[tuple[str, str], ...]


def read(folder: Path, analysis: Analysis) -> list[Guessed]:
    """Returns what a net says of its images; nothing for runs of a study."""
    if not any(run.info.images for run in analysis.runs):
        return []
    table = store.read_table(folder / store.PREDICTIONS, records.Prediction)
    found: dict[str, list[tuple[str, str]]] = {}
    for row in table.sort_values("rank", kind="stable").to_dict("records"):
        told = _class(int(row["number"]), str(row["name"])), percent(float(row["probability"]))
        found.setdefault(str(row["image"]), []).append(told)
    return [Guessed(image, tuple(found[image])) for image in dict.fromkeys(table["image"])]


def shown(guessed: list[Guessed]) -> list[Guessed]:
    """Returns those that there is room for."""
    return guessed[:_IMAGES]


def left_out(guessed: list[Guessed]) -> str:
    """Says how many images are not shown."""
    more = len(guessed) - _IMAGES
    return f"{count(more, 'more image')} in {store.PREDICTIONS}." if more > 0 else ""


def images(analysis: Analysis) -> str:
    """Says what images an analysis of weights rests on, and what they cannot tell; else ``""``."""
    found = [run.info.images for run in analysis.runs if run.info.images]
    if not found:
        return ""
    return (
        f"All that follows was seen on {found[0]}. They are not what the net learned from, and "
        "they have no labels: probes that need labels do not apply, and where this page speaks of "
        "train images, it means these. It tells how signals pass through the net, not how good the "
        "net is. With few images, CKA comes out too high, and a filter that never fires may for "
        "others."
    )


def _class(number: int, name: str) -> str:
    return f"{number}" if name == str(number) else f"{name} ({number})"
