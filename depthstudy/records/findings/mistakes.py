"""Which test images nets get wrong, class by class and image by image."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassError:
    """Error of a variant on the test images of one class: a row of ``class_errors.csv``.

    Attributes:
      variant: Name of the variant.
      label: The class, counted from 0.
      name: Name of the class.
      images: Number of its test images.
      error: Share of them that is wrong, mean over the runs.
    """

    variant: str
    label: int
    name: str
    images: int
    error: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often a net takes one class for another: a row of ``confusion.csv``.

    Attributes:
      variant: Name of the variant: the recommended one.
      name: Name of the class that the images have.
      predicted: Name of the class that the net says.
      images: Number of such images, mean over the runs; rows of none are left out.
      share: The same as a share of the images of the class.
    """

    variant: str
    name: str
    predicted: str
    images: float
    share: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flips:
    """Images that the deepest net of a group loses or wins: a row of ``flips.csv``.

    An image is lost where most runs of the deepest net get it wrong and most of the other right.

    Attributes:
      group: Settings that both share.
      deepest: The variant of greatest depth.
      against: The one of least mean validation error among the others (test error, where nothing
        was held out).
      lost: Number of images lost.
      won: Number of images won.
      images: Number of test images.
      churn: Number of images on which two runs of ``against`` disagree in being right, mean over
        its pairs of runs: what chance does by itself; NaN with one run.
    """

    group: str
    deepest: str
    against: str
    lost: int
    won: int
    images: int
    churn: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mistake:
    """A test image that is got wrong: a row of ``mistakes.csv``.

    Attributes:
      kind: ``"worst"``: the recommended net is surest of a wrong class. ``"lost"`` and ``"won"``:
        the deepest net of its group gets it wrong, or right, and the best of the others does not.
      variant: The net that gets it wrong.
      image: Its place in the test split; ``mistakes/PLACE.png`` shows it.
      name: Name of the class that it has.
      predicted: Name of the class that most runs of ``variant`` say.
      confidence: Probability of what a run says, mean over the runs that get it wrong.
      wrong: Share of the runs of ``variant`` that get it wrong.
      agreeing: Share of all runs of the study that say ``predicted``.
      suspect: Whether the label may be wrong: nearly all runs of all nets say ``predicted``.
    """

    kind: Literal["worst", "lost", "won"]
    variant: str
    image: int
    name: str
    predicted: str
    confidence: float
    wrong: float
    agreeing: float
    suspect: bool
