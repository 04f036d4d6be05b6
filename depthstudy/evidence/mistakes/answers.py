"""What the runs of a variant say of each test image."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, eq=False)
class Answers:
    """The answers of the runs of one variant to the images of a test split.

    Attributes:
      labels: Class of each image.
      predicted: Class that each run says.
      confidence: Its probability.
    """

    labels: Int[NDArray, " images"]
    predicted: Int[NDArray, "runs images"]
    confidence: Float[NDArray, "runs images"]

    @property
    def wrong(self) -> Bool[NDArray, "runs images"]:
        """Whether a run errs on an image."""
        return self.predicted != self.labels

    @property
    def wrong_share(self) -> Float[NDArray, " images"]:
        """Share of the runs that err on an image."""
        return self.wrong.mean(axis=0)


AnswersOf = Mapping[str, Answers]  # by name of a variant, all of the same images
