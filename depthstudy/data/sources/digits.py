"""The embedded set: 1,797 handwritten digits of 8 by 8 pixels, which come with scikit-learn.

It is the test part of Alpaydin and Kaynak's *Optical Recognition of Handwritten Digits* (UCI,
1998). The division into train and test is ours: 80 to 20, stratified.
"""

from __future__ import annotations

import numpy as np

from depthstudy.config import DataConfig
from depthstudy.data.pipeline.subset import stratified_order
from depthstudy.data.source import Source
from depthstudy.data.sources.arrays import ArrayExamples, ArraySource

_NAME = "digits/1.0.0"  # to be raised when the images, their order or their division change
_TRAIN_SHARE = 0.8
_BRIGHTEST = 16  # scikit-learn's pixels are counts from 0 to 16


def open_source(config: DataConfig) -> Source:
    """Returns the digits; no field of ``config`` changes them."""
    del config
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = np.round(images.reshape(-1, 8, 8, 1) * (255 / _BRIGHTEST)).astype(np.uint8)
    shuffled = stratified_order(labels, seed=0)
    border = round(_TRAIN_SHARE * len(labels))
    parts = {"train": np.sort(shuffled[:border]), "test": np.sort(shuffled[border:])}
    return ArraySource(
        name=_NAME,
        image_shape=(8, 8, 1),
        class_names=tuple("0123456789"),
        examples={name: ArrayExamples(images[rows], labels[rows]) for name, rows in parts.items()},
    )
