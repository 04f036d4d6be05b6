"""What a net of weights from elsewhere says of the images."""

from __future__ import annotations

from depthstudy import store
from depthstudy.report.blocks import Cell, Row, Section, Table, Text
from depthstudy.report.tables import Analysis
from depthstudy.report.text.formats import count, percent

_IMAGES = 24  # that are shown


def section(analysis: Analysis) -> Section | None:
    """Returns the classes of greatest probability of each image, or ``None`` for runs."""
    table = analysis.predictions
    if table is None or table.empty:
        return None
    classes: dict[str, list[Cell]] = {image: [] for image in dict.fromkeys(table["image"])}
    for row in table.sort_values("rank", kind="stable").to_dict("records"):
        text = _class(int(row["number"]), str(row["name"]))
        classes[str(row["image"])].append(Cell(text, percent(float(row["probability"]))))
    rows = tuple(Row(image, tuple(cells)) for image, cells in list(classes.items())[:_IMAGES])
    header = ("Image", "Classes of greatest probability")
    note = (
        "Each image whole: its center, resized to what the net takes. Classes are counted from 0. "
        + _left_out(len(classes))
    )
    blocks = (Table(header, rows, "predictions"), Text(note.strip(), "note"))
    return Section("What it says of the images", blocks)


def _left_out(images: int) -> str:
    more = images - _IMAGES
    return f"{count(more, 'more image')} in {store.PREDICTIONS}." if more > 0 else ""


def _class(number: int, name: str) -> str:
    return f"{number}" if name == str(number) else f"{name} ({number})"
