"""What is known of the examples of a prepared split without reading them, in a file of the set."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from etils import epath
from jaxtyping import Int, Int32

from depthstudy.data.source import Ranges

INDEX = "index.npz"  # of sets that we prepare


class SplitIndex(NamedTuple):
    """What is known of the examples of a split without reading them.

    Attributes:
      labels: The label of each; of objects, the class of the largest.
      groups: A number for each that copies of it share; ``None`` where copies are unknown.
    """

    labels: Int32[np.ndarray, " N"]
    groups: Int[np.ndarray, " N"] | None


def encoded(parts: Mapping[str, SplitIndex]) -> bytes:
    """Returns the content of the file, from the index of each whole split."""
    arrays: dict[str, Any] = {}
    for part, (labels, groups) in parts.items():
        arrays[f"{part}_labels"] = labels
        if groups is not None:
            arrays[f"{part}_groups"] = groups
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def read(folder: Path | epath.Path, where: Ranges) -> SplitIndex | None:
    """Returns the index of some examples of a set, ``None`` where it has no such file."""
    path = folder / INDEX
    if not path.is_file():
        return None
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        labels = np.concatenate([arrays[f"{split}_labels"][a:b] for split, a, b in where])
        groups = None
        if all(f"{split}_groups" in arrays for split, _, _ in where):
            groups = np.concatenate([arrays[f"{split}_groups"][a:b] for split, a, b in where])
    return SplitIndex(labels.astype(np.int32), groups)
