"""JPEG files as torchvision reads them."""

from __future__ import annotations

import io

import torch
from PIL import Image
from torch.utils import data

from depthstudy import runtime
from depthstudy.bench import synthetic
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side.inputs import JPEGS, LEAST_AREA
from depthstudy.bench.jax_side.run import Run, taking_images


class _Jpegs(data.Dataset):
    """JPEG files, decoded by PIL, cropped at random and resized, again and again."""

    def __init__(self, side: int) -> None:
        from torchvision import transforms  # which other works do without

        self._files = synthetic.jpegs(JPEGS)
        self._transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(side, (LEAST_AREA, 1.0)),
                transforms.PILToTensor(),
            ]
        )

    def __len__(self) -> int:
        return 2**31

    def __getitem__(self, place: int) -> torch.Tensor:
        with Image.open(io.BytesIO(self._files[place % len(self._files)])) as file:
            return self._transform(file.convert("RGB"))


def decoded(work: Work) -> Run:
    """Returns 1,000 images at a time from a loader with as many workers as there are cores."""
    loader = data.DataLoader(_Jpegs(work.side), work.batch, num_workers=runtime.cores())
    return taking_images(iter(loader), work.batch)
