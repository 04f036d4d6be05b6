"""What detectors find in a few test images, beside what is there."""

from __future__ import annotations

from depthstudy.report.blocks import Image, Section, Text
from depthstudy.report.charts import boxes
from depthstudy.report.tables import Study

_LEAST_SCORE = 0.3  # of a box that is drawn
_MOST = 6  # images


def section(study: Study) -> Section | None:
    """Returns pictures with boxes, a row for each net; ``None`` without detectors."""
    found = study.found
    if found is None:
        return None
    truths = [rows[rows[:, 4] >= 0] for rows in found.truths[:_MOST]]
    rows = [
        (
            name,
            [x[(x[:, 5] >= 0) & (x[:, 4] >= _LEAST_SCORE)] for x in detections[:_MOST]],
        )
        for name, detections in found.detections.items()
    ]
    png = boxes.sheet(found.images[:_MOST], rows, truths, found.class_names)
    text = (
        f"The first test images, and in them the boxes of each net (seed 0) whose score is at least"
        f" {_LEAST_SCORE:.1f}: green where a box overlaps an object of its class by half or more,"
        " otherwise red."
    )
    return Section("What the nets find", (Text(text), Image(png, text)))
