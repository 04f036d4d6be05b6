"""Labels of images by the sub-folder that each is in."""

from __future__ import annotations

from collections.abc import Sequence

from depthstudy.data import UnlabeledImage
from depthstudy.errors import InputError


def labels(
    images: Sequence[UnlabeledImage],
    names: Sequence[str],
    class_names: Sequence[str],
    has_names: bool,
) -> list[int] | None:
    """Returns the class of each image, or ``None`` where sub-folders say none.

    A sub-folder is a class by its name, where the names of classes are known, or by its number;
    sub-folders that are as many as the classes are these in the order of their names.

    Args:
      images: Images by their path in the folder.
      names: Names of all sub-folders with images, sorted, though ``images`` are only some of them;
        none where an image lies beside them.
      class_names: Names of the net's classes; none for a net without a head, whose classes are
        then the sub-folders.
      has_names: Whether the classes have names of their own.

    Raises:
      InputError: There are sub-folders with images of which none or only some are classes, or one
        has the name of several, or there is one image alone.
    """
    if not names:
        return None
    if len(images) == 1:
        raise InputError(
            "--images: of one image with a label there is none to test on; take more, by --examples"
            " or in the folder, or put it into no sub-folder"
        )
    numbers = _numbers(names, class_names, has_names)
    if numbers is None:
        known = ", ".join(class_names[:3])
        raise InputError(
            f"--images: the sub-folders ({', '.join(names[:3])}, ...) are no classes of the net, "
            f"which has {len(class_names)} ({known}, ...): name them so, as numbers from 0 or as "
            "in --classes, or put the images into one folder without sub-folders"
        )
    return [numbers[image.name.split("/")[0]] for image in images]


def _numbers(
    names: Sequence[str], class_names: Sequence[str], has_names: bool
) -> dict[str, int] | None:
    if not class_names:
        return {name: number for number, name in enumerate(names)}
    by_name = {name: number for number, name in enumerate(class_names)}
    if all(name in by_name for name in names):
        for name in names:
            if class_names.count(name) > 1:
                raise InputError(
                    f"--images: {class_names.count(name)} classes of the net are named {name}: name"
                    " the sub-folders by their numbers, from 0"
                )
        return {name: by_name[name] for name in names}
    if all(name.isdecimal() and int(name) < len(class_names) for name in names):
        return {name: int(name) for name in names}
    if len(names) == len(class_names) and not has_names:
        return {name: number for number, name in enumerate(names)}
    return None
