"""Images with boxes drawn on them: what is there, and what a detector finds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import ImageDraw

_SIDE = 240  # pixels of an image on the sheet, at least
_GAP = 8
_LINE = 22  # pixels of a line of text
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
    factor = max(1, -(-_SIDE // max(height, width)))
    step = (height * factor + _GAP, width * factor + _GAP)
    size = (len(images) * step[1] + _GAP, (len(rows) + 1) * (step[0] + _LINE) + _GAP)
    canvas = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(canvas)
    for number, (title, found) in enumerate([("what is there", None), *rows]):
        top = _GAP + number * (step[0] + _LINE)
        draw.text((_GAP, top), title, fill=_INK, font_size=15)
        for place, image in enumerate(images):
            pixels = image[..., 0] if image.shape[-1] == 1 else image[..., :3]
            picture = Image.fromarray(pixels).convert("RGB")
            picture = picture.resize((width * factor, height * factor), Image.Resampling.NEAREST)
            inner = ImageDraw.Draw(picture)
            if found is None:
                for box in truths[place]:
                    _draw(inner, box[:4], class_names[int(box[4])], "#facc15", factor)
            else:
                for box in found[place]:
                    color = _RIGHT if _is_right(box, truths[place]) else _WRONG
                    text = f"{class_names[int(box[5])]} {box[4]:.2f}"
                    _draw(inner, box[:4], text, color, factor)
            canvas.paste(picture, (_GAP + place * step[1], top + _LINE))
    file = io.BytesIO()
    canvas.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw(draw: ImageDraw.ImageDraw, box: Any, text: str, color: str, factor: int) -> None:
    top, left, bottom, right = (float(x) * factor for x in box)
    draw.rectangle((left, top, right, bottom), outline=color, width=2)
    corner = (left + 2, top - 14 if top >= 14 else bottom + 1)
    area = draw.textbbox(corner, text, font_size=11)
    draw.rectangle(area, fill=color)
    draw.text(corner, text, fill=_TRUE if color == "#facc15" else _PAPER, font_size=11)


def _is_right(box: Any, truths: Boxes) -> bool:
    for true in truths:
        low, high = np.maximum(box[:2], true[:2]), np.minimum(box[2:4], true[2:4])
        common = float(np.prod(np.maximum(high - low, 0)))
        union = float(np.prod(box[2:4] - box[:2]) + np.prod(true[2:4] - true[:2])) - common
        if int(true[4]) == int(box[5]) and common >= _LEAST_OVERLAP * union > 0:
            return True
    return False
