"""Images with boxes drawn on them: what is there, and what a detector finds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import ImageDraw

_SIDE = 320  # pixels of the longer side of an image on the sheet, or a few more
_GAP = 8
_LINE = 34  # pixels of a line of text
_TITLE, _NAME = 24, 18  # pixels of letters
_TRUE, _RIGHT, _WRONG, _INK, _PAPER = "#111111", "#1a7f4b", "#c2410c", "#222222", "#ffffff"
_LEAST_OVERLAP = 0.5

Boxes = np.ndarray


def sheet(
    images: np.ndarray,
    rows: Sequence[tuple[str, Sequence[Boxes]]],
    truths: Sequence[Boxes],
    class_names: Sequence[str],
) -> bytes:
    """Returns a PNG with the true boxes in the first row, and what is found in one row a net.

    A box is green where it overlaps an object of its class by half or more, otherwise red.

    Args:
      images: Gray or color images ``[n, H, W, C]``.
      rows: Title of a row, and of each image rows of box (top, left, bottom, right), score, class.
      truths: Of each image, rows of box and class.
      class_names: Names of the classes.
    """
    from PIL import Image, ImageDraw

    height, width = images.shape[1:3]
    side = max(height, width)
    factor = -(-_SIDE // side) if side <= _SIDE else _SIDE / side
    size_of_one = round(width * factor), round(height * factor)
    step = (size_of_one[1] + _GAP, size_of_one[0] + _GAP)
    size = (len(images) * step[1] + _GAP, (len(rows) + 1) * (step[0] + _LINE) + _GAP)
    canvas = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(canvas)
    for number, (title, detections) in enumerate([("what is there", None), *rows]):
        top = _GAP + number * (step[0] + _LINE)
        draw.text((_GAP, top), title, fill=_INK, font_size=_TITLE)
        for place, image in enumerate(images):
            pixels = image[..., 0] if image.shape[-1] == 1 else image[..., :3]
            picture = Image.fromarray(pixels).convert("RGB")
            way = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS
            picture = picture.resize(size_of_one, way)
            inner = ImageDraw.Draw(picture)
            if detections is None:
                for box in truths[place]:
                    _draw(inner, box[:4], class_names[int(box[4])], "#facc15", factor)
            else:
                for box in detections[place]:
                    color = _RIGHT if _is_right(box, truths[place]) else _WRONG
                    text = f"{class_names[int(box[5])]} {box[4]:.2f}"
                    _draw(inner, box[:4], text, color, factor)
            canvas.paste(picture, (_GAP + place * step[1], top + _LINE))
    file = io.BytesIO()
    canvas.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(draw: ImageDraw.ImageDraw, box: Any, text: str, color: str, factor: float) -> None:
    top, left, bottom, right = (float(x) * factor for x in box)
    draw.rectangle((left, top, right, bottom), outline=color, width=2)
    width, height = draw.im.size  # a name stays inside of the image
    wide, high = draw.textbbox((0, 0), text, font_size=_NAME)[2:]
    corner = (min(left, width - wide - 4), top - high - 2 if top >= high + 2 else bottom + 1)
    corner = (max(0.0, corner[0]), max(0.0, min(corner[1], height - high - 3)))
    ends = (corner[0], corner[1], corner[0] + wide + 4, corner[1] + high + 2)
    draw.rectangle(ends, fill=color)
    ink = _TRUE if color == "#facc15" else _PAPER
    draw.text((corner[0] + 2, corner[1]), text, fill=ink, font_size=_NAME)


def _is_right(box: Any, truths: Boxes) -> bool:
    for true in truths:
        low, high = np.maximum(box[:2], true[:2]), np.minimum(box[2:4], true[2:4])
        common = float(np.prod(np.maximum(high - low, 0)))
        union = float(np.prod(box[2:4] - box[:2]) + np.prod(true[2:4] - true[:2])) - common
        if int(true[4]) == int(box[5]) and common >= _LEAST_OVERLAP * union > 0:
            return True
    return False
