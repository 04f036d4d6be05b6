"""Images and labels by step number, from TFDS sets that are read without TensorFlow.

``load`` opens a set, ``train_batches`` and ``eval_batches`` walk it, ``augment`` and ``normalize``
are pure and run inside the train step.
"""

from depthstudy.data.dataset import Dataset, load
from depthstudy.data.pipeline.augment import augment, normalize
from depthstudy.data.pipeline.batches import batch_at, eval_batches, train_batches
from depthstudy.data.pipeline.order import order_at
from depthstudy.data.pipeline.split import Batch, Split
from depthstudy.data.preprocessing import Preprocessing
from depthstudy.data.sources.unlabeled import (
    Picture,
    as_dataset,
    photographs,
    read_folder,
)

__all__ = [
    "Batch",
    "Dataset",
    "Picture",
    "Preprocessing",
    "Split",
    "as_dataset",
    "augment",
    "batch_at",
    "eval_batches",
    "load",
    "normalize",
    "order_at",
    "photographs",
    "read_folder",
    "train_batches",
]
