"""Images as training gets them: drawn and augmented on the device, or decoded from JPEG files."""

from __future__ import annotations

import functools
import time

import jax
import numpy as np

from depthstudy.bench import synthetic
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side.run import Run, taking_images
from depthstudy.config import DataConfig
from depthstudy.data import ArrayExamples, augment, train_batches
from depthstudy.data.pipeline import crop
from depthstudy.data.pipeline.splits.reader import Reader
from depthstudy.data.pipeline.splits.streamed import StreamedSplit

CROP_AND_FLIP = DataConfig(shift=4, flip=True)
JPEGS = 256  # files that are decoded again and again
LEAST_AREA = 0.08


def drawn(work: Work) -> Run:
    """Batches as the train step gets and augments them, per 1,000 images."""
    data = synthetic.dataset(work.side, 25 * work.batch)
    draw = jax.jit(lambda images, key: augment(images, key=key, config=CROP_AND_FLIP))
    keys = jax.random.split(jax.random.key(0), 100)
    batches = 1_000 / work.batch

    def run(times: int) -> float:
        steps = round(times * batches)
        start = time.perf_counter()
        for step, batch in enumerate(train_batches(data, batch_size=work.batch, stop=steps)):
            images = draw(batch.images, keys[step % len(keys)])
        jax.block_until_ready(images)
        return (time.perf_counter() - start) * times * batches / steps

    return run


def decoded(work: Work) -> Run:
    """Batches of a streamed set, per 1,000 images, by as many workers as there are cores."""
    shape = (work.side, work.side, 3)
    examples = ArrayExamples(synthetic.jpegs(JPEGS), np.zeros(JPEGS, np.int32))
    reader = Reader.of_all(examples, name="jpegs", num_classes=1, image_shape=shape)
    split = StreamedSplit(reader, None, LEAST_AREA)

    def indices_at(step: int) -> np.ndarray:
        return np.arange(step * work.batch, (step + 1) * work.batch) % JPEGS

    draws_at = functools.partial(crop.draws_at, 0, (0,), work.batch)
    batches = split.batches(indices_at, start=0, stop=2**31, draws_at=draws_at)
    return taking_images(batches, work.batch)
