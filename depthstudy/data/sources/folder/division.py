"""What of a folder is trained on and what is tested on, and the name of its content.

A set that folders do not divide is divided by seed, class by class: a fifth of the images, rounded
and at least one, is tested on. Files with equal bytes are all on one side. Neither names nor times
of files matter, nor where the folder is: the same images in the same classes are the same set.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Int

from depthstudy.data.pipeline import order, subset
from depthstudy.data.sources.folder.contents import FolderContents
from depthstudy.data.sources.folder.scan import FolderScan, LabeledFile
from depthstudy.errors import InputError, first_names

TEST_SHARE = 0.2
_RECIPE = 2  # part of the fingerprint; to be raised when the same folder comes to give another set

Division = Mapping[str, Sequence[LabeledFile]]  # the images of each part, to test on the last


def fingerprint(scan: FolderScan, contents: FolderContents, seed: int) -> str:
    """Returns a short hash of what a set is made from.

    It covers part, class and bytes of every image, and the seed where that divides them.
    """
    key = hashlib.sha256(f"{_RECIPE} {None if scan.part_names else seed}".encode())
    for name in scan.class_names:
        key.update(f"\n{name}".encode())
    rows = [(file.part, file.label, facts.digest) for file, facts in contents.images.items()]
    for part, label, digest in sorted(rows):
        key.update(f"\n{part}\0{label}\0{digest}".encode())
    return key.hexdigest()[:16]


def divide(scan: FolderScan, contents: FolderContents, seed: int) -> Division:
    """Returns the images of each part, ``train`` first, shuffled so that a slice has all classes.

    Raises:
      InputError: A class would have no image in one of them.
    """
    require_enough(scan, list(contents.images), len(contents.damaged))
    files = sorted(contents.images, key=lambda f: (contents.images[f].digest, f.label, f.path))
    if scan.part_names:
        parts = {part: [f for f in files if f.part == part] for part in scan.parts}
    else:
        labels = np.array([file.label for file in files])
        tested = held_out(labels, groups_of(files, contents), seed)
        _require_both(scan, labels, tested)
        parts = {
            "train": [file for file, test in zip(files, tested, strict=True) if not test],
            "test": [file for file, test in zip(files, tested, strict=True) if test],
        }
    shuffle = order.generator(0 if scan.part_names else seed, order.PREPARE)
    return {part: [of[i] for i in shuffle.permutation(len(of))] for part, of in parts.items()}


def held_out(
    labels: Int[np.ndarray, " N"], groups: Int[np.ndarray, " N"], seed: int
) -> Bool[np.ndarray, " N"]:
    """Returns a mask of the examples to test on: of each class a fifth, rounded, at least one.

    Args:
      labels: Class of each example.
      groups: Number of the group of each; the examples of a group stay together.
      seed: Seed of the choice.
    """
    shuffled = order.generator(seed, order.SUBSET, 1).permutation(len(labels))
    return subset.choose(labels, groups, shuffled, lambda n: max(1, round(TEST_SHARE * n)))


def groups_of(files: Sequence[LabeledFile], contents: FolderContents) -> Int[np.ndarray, " N"]:
    """Returns a number for each image that those of equal bytes share."""
    digests = [contents.images[file].digest for file in files]
    return np.unique(digests, return_inverse=True)[1].reshape(-1)


def require_enough(scan: FolderScan, files: Sequence[LabeledFile], damaged: int) -> None:
    """Refuses a class that would be empty in a part.

    Args:
      scan: The classes and parts.
      files: Images of the set.
      damaged: How many more are left out as damaged.

    Raises:
      InputError: There are too few images of a class.
    """
    least = 1 if scan.part_names else 2
    counts = collections.Counter((file.part, file.label) for file in files)
    few = [
        f"{counts[part, label]} of {name!r}{_where(scan, part)}"
        for part in scan.parts
        for label, name in enumerate(scan.class_names)
        if counts[part, label] < least
    ]
    if few:
        left_out = f" ({damaged} damaged left out)" if damaged else ""
        raise InputError(
            f"too few images in {scan.root}{left_out}: each class needs {least}"
            f"{' in each part' if scan.part_names else ''},"
            f" and there are {first_names(few)}"
        )


def _require_both(
    scan: FolderScan, labels: Int[np.ndarray, " N"], tested: Bool[np.ndarray, " N"]
) -> None:
    """Refuses a class whose images are all copies of one, and cannot be on both sides."""
    for label, name in enumerate(scan.class_names):
        if tested[labels == label].all() or not tested[labels == label].any():
            raise InputError(
                f"the images of class {name!r} in {scan.root} are copies of one another, and cannot"
                " be divided; put some that differ into train/ and test/"
            )


def _where(scan: FolderScan, part: str) -> str:
    return f" in {'train' if part == 'train' else scan.part_names[part]}" if part else ""
