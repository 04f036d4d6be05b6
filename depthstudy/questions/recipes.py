"""Recipes: data and training that published nets, or the digits, are learned by."""

from __future__ import annotations

import ml_collections


def digits(config: ml_collections.ConfigDict) -> None:
    """Sets a recipe with which residual nets of depth 56 learn the digits in 144 steps."""
    config.train.batch_size = 64
    config.train.epochs = 8
    config.train.learning_rate = 0.05
    config.train.warmup_steps = 45
    config.train.log_every = 9
    config.train.evaluations = 3


def cifar10(config: ml_collections.ConfigDict) -> None:
    """Sets the recipe of He et al. 2015 (arXiv 1512.03385) for CIFAR-10.

    64,000 steps of batch 128, learning rate 0.1 divided by 10 at half and at three quarters, weight
    decay 1e-4, pad-and-crop by 4 pixels and flip. The slow start that the paper gives the deepest
    net is a linear warm-up over 400 steps, the same for all. The paper trains on all 50,000 images;
    here a fifth of them is held out, as ``data.validation`` says.
    """
    config.data.name = "cifar10"
    config.data.shift = 4
    config.data.flip = True
    config.train.batch_size = 128
    config.train.steps = 64_000
    config.train.learning_rate = 0.1
    config.train.schedule = "step"
    config.train.step_boundaries = (0.5, 0.75)
    config.train.warmup_steps = 400
    config.train.weight_decay = 1e-4
    config.train.log_every = 200
    config.train.evaluations = 32
    config.train.eval_batch_size = 1_000


def imagenet(config: ml_collections.ConfigDict) -> None:
    """Sets the recipe of Goyal et al. 2017 (arXiv 1706.02677) for ImageNet, with a cosine schedule.

    Batch 1,024 over 90 epochs, five of them of warm-up, and label smoothing; batch normalization
    takes its statistics over 32 images, as each device of the paper does. In bfloat16, a batch
    split over all devices. An epoch is of 98% of the train split: the rest is what is chosen by.
    """
    config.model.layout = "imagenet"
    config.data.name = "imagenet2012"
    config.data.test_split = "validation"
    config.data.validation = 0.02
    config.data.image_size = 224
    config.data.shift = 0
    config.data.crop_area = 0.08
    config.data.eval_center = 0.875
    config.data.flip = True
    config.data.stream = True
    config.train.placement = "jit"
    config.train.precision = "bfloat16"
    config.train.batch_size = 1_024
    config.train.statistics_images = 32
    config.train.steps = None
    config.train.epochs = 90
    config.train.schedule = "cosine"
    config.train.learning_rate = 0.4
    config.train.nesterov = True
    config.train.warmup_steps = 6_131  # five epochs
    config.train.weight_decay = 1e-4
    config.train.label_smoothing = 0.1
    config.train.log_every = 100
    config.train.evaluations = 90
    config.train.eval_batch_size = 1_024
