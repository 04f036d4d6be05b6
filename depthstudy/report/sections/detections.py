"""What detectors find in a few test images, beside what is there."""

from __future__ import annotations

from depthstudy.report import tables
from depthstudy.report.blocks import Block, Image, Row, Section, Table, Text
from depthstudy.report.charts import boxes
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import listing

_ERROR = "test_error"  # one minus AP
_PRECISIONS = (
    ("AP", _ERROR),
    ("AP50", "evaluation.test_ap50"),
    ("AP75", "evaluation.test_ap75"),
    ("small", "evaluation.test_ap_small"),
    ("medium", "evaluation.test_ap_medium"),
    ("large", "evaluation.test_ap_large"),
)

_LEAST_SCORE = 0.3  # of a box that is drawn
_MOST = 4  # images
_LEAST_WIDTH = 190  # pixels of an image at which names can be read


def section(study: Study) -> Section | None:
    """Returns pictures with boxes, a row for each net; ``None`` without detectors."""
    scenes = study.scenes
    if scenes is None:
        return None
    truths = [rows[rows[:, 4] >= 0] for rows in scenes.truths[:_MOST]]
    rows = [
        (
            name,
            [x[(x[:, 5] >= 0) & (x[:, 4] >= _LEAST_SCORE)] for x in detections[:_MOST]],
        )
        for name, detections in scenes.detections.items()
    ]
    png = boxes.sheet(scenes.images[:_MOST], rows, truths, scenes.class_names)
    text = (
        f"The first test images, and in them the boxes of each net (seed 0) whose score is at least"
        f" {_LEAST_SCORE:.1f}: green where a box overlaps an object of its class by half or more,"
        " otherwise red."
    )
    left = [info.name for info in study.info.variants if info.name not in scenes.detections]
    if left:
        text += f" Not shown, as they see another size or kept no boxes: {listing(left)}."
    picture = Image(png, text, least_width=_LEAST_WIDTH * len(truths))
    return Section("What the nets find", (*_precisions(study), Text(text, "note images"), picture))


def _precisions(study: Study) -> list[Block]:
    """Returns the average precisions of each net: of all overlaps, of two, of sizes of objects."""
    measured = [
        (title, metric)
        for title, metric in _PRECISIONS
        if any(name == metric for _, name in study.means)
    ]
    rows = tuple(
        Row(info.name, tuple(_precision(study, info.name, metric) for _, metric in measured))
        for info in study.info.variants
    )
    note = (
        f"Average precision on new images, mean over {tables.seeds(study)}: AP is over"
        " overlaps of .5 to .95, AP50 and AP75 are at one. Small objects are under 32 x 32 pixels,"
        " large ones over 96 x 96, whatever the size of the image; sizes without objects are left"
        " out."
    )
    return [Table(("Net", *(title for title, _ in measured)), rows), Text(note, "note")]


def _precision(study: Study, name: str, metric: str) -> str:
    mean = study.means.get((name, metric))
    if mean is None:
        return ""
    return f"{100 * (1 - mean.mean if metric == _ERROR else mean.mean):.1f}"
