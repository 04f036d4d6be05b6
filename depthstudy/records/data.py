"""What was learned from: the files of a set, and what a person should know of it."""

from __future__ import annotations

import dataclasses

SHEET_ROWS = 10  # classes that a picture of the images of a set shows


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataFile:
    """A file of the user's, in the set or left out of it: a row of ``data.csv``.

    Attributes:
      dataset: Name of the set, which names its content.
      file: Path in the folder; bytes that are not UTF-8 stand as escapes.
      class_name: Its class, or ``""``.
      part: ``"train"``, ``"validation"`` or ``"test"``; ``""`` where it is left out.
      left_out: Why it is left out, or ``""``.
      height: In pixels, of an image that decodes.
      width: The same.
      digest: SHA-256 of the bytes of an image that decodes.
      note: What is odd about it, as ``"same bytes as cat/3.png"``.
    """

    dataset: str
    file: str
    class_name: str = ""
    part: str = ""
    left_out: str = ""
    height: int | None = None
    width: int | None = None
    digest: str = ""
    note: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSplit:
    """A split of a set as it is used.

    Attributes:
      name: ``"train"``, ``"validation"`` or ``"test"``.
      images: How many there are.
      counts: How many of each class, by true labels; empty where counting would mean to read a
        streamed set whole.
        Where labels are objects, they are counted.
      majority_error: Error of always naming the largest class; ``None`` where that is not known.
      empty_images: Images without an object, where labels are objects and were counted.
      median_side: Square root of the median area of an object in pixels of what a net sees; the
        same.
    """

    name: str
    images: int
    counts: tuple[int, ...] = ()
    majority_error: float | None = None
    empty_images: int | None = None
    median_side: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataInfo:
    """A set as variants of a study use it: an entry of ``data.json``.

    Attributes:
      variants: Names of these variants.
      name: Name of the set, which names its content.
      title: What a person calls it.
      class_names: Names of the classes, in the order of their labels.
      splits: The splits in use.
      image_shape: Height, width and channels of what a net sees.
      sizes: The sizes of the images before resizing, in words.
      fit: How they are made to fit, in words.
      left_out: What was left out: reason, class (or ``""``) and number of files.
      notes: What a person should know before believing a result, a sentence each.
      sheet: Name of the picture that shows a few images of each class, or ``""``.
    """

    variants: tuple[str, ...]
    name: str
    title: str
    class_names: tuple[str, ...]
    splits: tuple[DataSplit, ...]
    image_shape: tuple[int, int, int]
    sizes: str
    fit: str
    left_out: tuple[tuple[str, str, int], ...] = ()
    notes: tuple[str, ...] = ()
    sheet: str = ""
