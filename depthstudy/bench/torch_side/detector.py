"""The train step of EfficientDet by ``effdet``: its net, its targets within the step, its loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from depthstudy.bench import synthetic
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side.run import Run
from depthstudy.bench.torch_side.steps import on_device, taking_steps
from depthstudy.data import objects


def train(work: Work) -> Run:
    """Returns train steps on the images and objects that ours has, drawing nothing either."""
    net, images, truths = problem(work)
    return taking_steps(net, lambda: net(images, truths)["loss"], on_gpu=images.is_cuda)


def problem(work: Work) -> tuple[Any, torch.Tensor, dict[str, torch.Tensor]]:
    """Returns a net that gives its loss, images ``[B, C, H, W]`` and their objects."""
    import effdet

    config = effdet.get_efficientdet_config(f"tf_efficientdet_{dict(work.options)['variant']}")
    config.update(
        num_classes=synthetic.CLASSES,
        image_size=(work.side, work.side),
        backbone_args={"drop_path_rate": 0.0},
        jit_loss=True,  # its loss as compiled by TorchScript
    )
    net = effdet.DetBenchTrain(effdet.EfficientDet(config, pretrained_backbone=False))
    net = on_device(net)
    whole = synthetic.scenes(work.side, work.batch).train.read(np.arange(work.batch))
    images = on_device(torch.tensor(whole.images).permute(0, 3, 1, 2) / 127.5 - 1)
    labels = torch.tensor(whole.labels).to(images.device)
    classes = labels[..., objects.CLASS]
    truths = {
        "bbox": labels[..., objects.BOX].contiguous(),
        "cls": torch.where(classes < 0, -1, classes + 1),  # it counts from 1
    }
    return net, images, truths
