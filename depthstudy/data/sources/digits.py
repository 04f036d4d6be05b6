"""The embedded set: 1,797 handwritten digits of 8 by 8 pixels, which come with scikit-learn.

It is the test part of Alpaydin and Kaynak's *Optical Recognition of Handwritten Digits* (UCI,
1998). The division into train and test is ours: 80 to 20, stratified.
"""

from __future__ import annotations

import numpy as np

from depthstudy.data.pipeline.subset import stratified_order
from depthstudy.data.sources.tfds_writer import Arrays

CLASS_NAMES = tuple("0123456789")
_TRAIN_SHARE = 0.8
_BRIGHTEST = 16  # scikit-learn's pixels are counts from 0 to 16


def read(source_dir: str | None) -> dict[str, Arrays]:
    """Returns gray images and labels of the splits; there are no files, so no folder of them."""
    del source_dir
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = np.round(images.reshape(-1, 8, 8) * (255 / _BRIGHTEST)).astype(np.uint8)
    shuffled = stratified_order(labels, seed=0)
    border = round(_TRAIN_SHARE * len(labels))
    parts = {"train": np.sort(shuffled[:border]), "test": np.sort(shuffled[border:])}
    return {name: (images[rows], labels[rows]) for name, rows in parts.items()}
