"""Images and labels by step number, from any source of them.

``load`` opens a set by name and ``from_arrays`` takes one from memory; ``train_batches`` and
``eval_batches`` walk it; ``augment`` and ``normalize`` are pure and run inside the train step.
"""

from depthstudy.data.batches import batch_at, eval_batches, train_batches
from depthstudy.data.cache import Cleaned, clean
from depthstudy.data.changes import changes
from depthstudy.data.dataset import Dataset
from depthstudy.data.loading.datasets import Datasets, source_key
from depthstudy.data.loading.images import as_dataset, with_labels
from depthstudy.data.loading.load import from_arrays, from_source, is_streamed, load
from depthstudy.data.pipeline.augment import augment, normalize
from depthstudy.data.pipeline.augment_objects import augment_objects
from depthstudy.data.pipeline.order import order_at
from depthstudy.data.pipeline.sharding import put
from depthstudy.data.pipeline.splits.reader import Batch
from depthstudy.data.pipeline.splits.split import Split
from depthstudy.data.preprocessing import Preprocessing, decode_file, decode_image
from depthstudy.data.source import Examples, Source
from depthstudy.data.sources.arrays import ArrayExamples, ArraySource, array_source
from depthstudy.data.sources.registry import OtherDataError
from depthstudy.data.sources.unlabeled import (
    UnlabeledImage,
    label_folders,
    photographs,
    read_folder,
)

__all__ = [
    "ArrayExamples",
    "ArraySource",
    "Batch",
    "Cleaned",
    "Dataset",
    "Datasets",
    "Examples",
    "OtherDataError",
    "Preprocessing",
    "Source",
    "Split",
    "UnlabeledImage",
    "array_source",
    "as_dataset",
    "augment",
    "augment_objects",
    "batch_at",
    "changes",
    "clean",
    "decode_file",
    "decode_image",
    "eval_batches",
    "from_arrays",
    "from_source",
    "is_streamed",
    "label_folders",
    "load",
    "normalize",
    "order_at",
    "photographs",
    "put",
    "read_folder",
    "source_key",
    "train_batches",
    "with_labels",
]
