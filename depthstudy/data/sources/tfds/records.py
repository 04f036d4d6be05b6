"""The records of a TFDS split on disk, whatever their labels are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from depthstudy.data.source import Examples
from depthstudy.data.sources.tfds.split_index import SplitIndex


class RecordExamples(Examples):
    """Examples that are records with an image and a label, and what is known of them unread."""

    def __init__(
        self,
        records: Sequence[dict[str, Any]],
        image: str,
        label: str,
        index: SplitIndex | None = None,
    ) -> None:
        """Reads the features named ``image`` and ``label`` of a TFDS data source.

        Args:
          records: The data source.
          image: Name of the feature with the image.
          label: Name of the feature with the label, or the objects.
          index: Labels, or strata of objects, and groups, where they are known beforehand.
        """
        self._records, self._image, self._label = records, image, label
        self._groups = None
        if index is not None:
            self.labels, self._groups = index

    @property
    def groups(self) -> Int[np.ndarray, " N"] | None:
        """A number for each example that copies of it share."""
        return self._groups

    def __len__(self) -> int:
        """Returns the number of examples."""
        return len(self._records)

    def _pairs(self, rows: Int[np.ndarray, " n"]) -> list[tuple[Any, Any]]:
        """Returns image file and label at each position, as the record has them."""
        records = self._records.__getitems__(rows.tolist())  # type: ignore[attr-defined]
        return [(record[self._image], record[self._label]) for record in records]
