"""Images and labels by step number, from any source of them.

``load`` opens a set by name and ``from_arrays`` takes one from memory; ``train_batches`` and
``eval_batches`` walk it; ``augment`` and ``normalize`` are pure and run inside the train step.
"""

from depthstudy.data.batches import batch_at, eval_batches, train_batches
from depthstudy.data.dataset import Dataset, as_dataset, from_arrays, from_source, load
from depthstudy.data.pipeline.augment import augment, normalize
from depthstudy.data.pipeline.order import order_at
from depthstudy.data.pipeline.split import Batch, Split
from depthstudy.data.preprocessing import Preprocessing, decode_array, decode_file
from depthstudy.data.source import Examples, Source
from depthstudy.data.sources.arrays import ArrayExamples, ArraySource, array_source
from depthstudy.data.sources.unlabeled import UnlabeledImage, photographs, read_folder

__all__ = [
    "ArrayExamples",
    "ArraySource",
    "Batch",
    "Dataset",
    "Examples",
    "Preprocessing",
    "Source",
    "Split",
    "UnlabeledImage",
    "array_source",
    "as_dataset",
    "augment",
    "batch_at",
    "decode_array",
    "decode_file",
    "eval_batches",
    "from_arrays",
    "from_source",
    "load",
    "normalize",
    "order_at",
    "photographs",
    "read_folder",
    "train_batches",
]
