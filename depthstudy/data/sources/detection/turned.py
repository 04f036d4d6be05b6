"""Boxes of images whose EXIF tag turns them: drawn before the turn, or on the image as shown.

Programs that ignore the tag write the size of the stored image, and boxes in it; programs that
show the image as a person sees it write the size that it has then. So a stated size tells which,
unless both have the same sides: images that are square, mirrored or turned by 180 degrees. These,
images without a stated size, and shares of height and width are taken to be of the image as shown.
"""

from __future__ import annotations

import dataclasses

from depthstudy.data.sources.detection.annotated import Annotated, Box, Problems
from depthstudy.data.sources.images.image_file import ImageProperties
from depthstudy.data.sources.images.plain_image import changes_sides, turned_corners


def turned(image: Annotated, about: ImageProperties, where: str, problems: Problems) -> Annotated:
    """Returns an image with its boxes as they are in the upright image.

    Args:
      image: The image; its boxes are in an image of ``image.size``.
      about: What is in its file.
      where: What a problem calls it.
      problems: Problems so far; a size that fits neither way, and one that does not tell, is added.
    """
    shown = (about.height, about.width)
    stored = shown[::-1] if changes_sides(about.turn) else shown
    if image.size is None:
        return image
    if image.size not in (shown, stored):
        problems.add(
            "images of another size than is stated, boxes taken as they are",
            f"{where} (stated {_size(image.size)}, is {_size(shown)})",
        )
        return image
    if about.turn is None or image.size != stored:
        return image
    if stored == shown:
        problems.add("images turned by a tag, boxes taken to be of the image as shown", where)
        return image
    boxes = tuple(_turned_box(box, about) for box in image.boxes)
    return dataclasses.replace(image, boxes=boxes, size=shown)


def _turned_box(box: Box, about: ImageProperties) -> Box:
    size = (1.0, 1.0) if box.relative else (float(about.height), float(about.width))
    return dataclasses.replace(box, corners=turned_corners(box.corners, size, about.turn))


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
