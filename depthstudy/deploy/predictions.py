"""What a net says of images: probabilities, as an array and as a table."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int


@dataclasses.dataclass(frozen=True, eq=False)
class Predictions:
    """The probability of each class for each image.

    >>> predictions = Predictions(("a.png",), ("cat", "dog"), np.array([[0.25, 0.75]]))
    >>> predictions.predicted, predictions.labels.tolist()
    (('dog',), [1])
    >>> predictions.frame().columns.tolist()
    ['image', 'class', 'probability', 'p_cat', 'p_dog']

    Attributes:
      images: Name of each image: its path, or its position as text.
      classes: Names of all classes.
      probabilities: Softmax of the logits, ``[N, K]``.
    """

    images: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: Float[np.ndarray, "N K"]

    @property
    def labels(self) -> Int[np.ndarray, " N"]:
        """The class of greatest probability of each image, as its position."""
        return self.probabilities.argmax(axis=1)

    @property
    def predicted(self) -> tuple[str, ...]:
        """The class of greatest probability of each image, by name."""
        return tuple(self.classes[label] for label in self.labels)

    def __len__(self) -> int:
        """Returns the number of images."""
        return len(self.images)

    def frame(self) -> pd.DataFrame:
        """Returns a row an image: its class, the probability of that, then of each class."""
        head = {
            "image": self.images,
            "class": self.predicted,
            "probability": self.probabilities.max(axis=1),
        }
        columns = self.probabilities.T
        return pd.DataFrame(
            head | {f"p_{name}": p for name, p in zip(self.classes, columns, strict=True)}
        )

    def error(self) -> float | None:
        """Returns the share of wrong classes of images whose folders are named like classes.

        ``None`` where the folder of an image is no class.
        """
        folders = [Path(image).parent.name for image in self.images]
        if not all(folder in self.classes for folder in folders):
            return None
        wrong = [
            folder != predicted for folder, predicted in zip(folders, self.predicted, strict=True)
        ]
        return float(np.mean(wrong))
