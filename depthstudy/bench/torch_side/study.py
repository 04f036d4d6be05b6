"""The quickstart study as one would write it in PyTorch: the same runs, nothing recorded or saved.

Runs are side by side as in ours, in a process for each core, which takes three quarters of the time
of one after the other. Images are in memory and on the device, batches are rows of a permutation.
What ours does beside (starting, compiling, checkpoints, records, verdicts) has no counterpart here,
and counts for ours.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import multiprocessing
import runpy
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from depthstudy import config, data, plan, runtime
from depthstudy.arch import ArchSpec
from depthstudy.bench.jax_side.processes import QUICKSTART
from depthstudy.bench.torch_side.net import TorchNet
from depthstudy.train import count_steps

_PATIENCE = 60  # seconds


@dataclasses.dataclass(frozen=True)
class _Split:
    images: torch.Tensor
    labels: torch.Tensor


def prepare(study: config.StudyConfig | None = None) -> Callable[[], list[float]]:
    """Returns a function that trains every run of a study, and returns their test errors.

    Args:
      study: A sweep over fields of the model alone; by default, that of ``configs/quickstart.py``.
    """
    study = study or config.parse(runpy.run_path(str(QUICKSTART))["get_config"]())
    names = [name for name, _ in study.sweep]
    variants = [
        config.apply(study, tuple(zip(names, values, strict=True)))
        for values in itertools.product(*(values for _, values in study.sweep))
    ]
    runs = [(variant, seed) for variant in variants for seed in range(variant.seeds)]
    runs.sort(key=lambda run: -(run[0].model.depth or 0))
    cores = runtime.cores()
    context = multiprocessing.get_context("spawn")
    all_there = context.Barrier(cores + 1)
    pool = futures.ProcessPoolExecutor(cores, context, _begin, (study.data, all_there))
    for _ in range(cores):
        pool.submit(int)
    all_there.wait(_PATIENCE)

    def once() -> list[float]:
        return list(pool.map(_run, *zip(*runs, strict=True)))

    return once


def _begin(data_config: config.DataConfig, all_there: Any) -> None:
    torch.set_num_threads(1)
    _splits(data_config)
    all_there.wait(_PATIENCE)


@functools.cache
def _splits(data_config: config.DataConfig) -> tuple[data.Dataset, _Split, _Split]:
    dataset = data.load(data_config)
    return dataset, _held(dataset, dataset.train), _held(dataset, dataset.test)


def _held(dataset: data.Dataset, split: data.Split) -> _Split:
    batch = split.read(np.arange(len(split)))
    scaled = (np.asarray(batch.images) / np.float32(255) - dataset.mean) / dataset.std
    images = torch.from_numpy(scaled.transpose(0, 3, 1, 2).copy())
    labels = torch.from_numpy(np.asarray(batch.labels, np.int64))
    return _Split(images.contiguous(memory_format=torch.channels_last), labels)


def _run(study: config.StudyConfig, seed: int) -> float:
    """Trains one net as the config says, evaluates it as often, and returns its test error."""
    dataset, train, test = _splits(study.data)
    torch.manual_seed(seed)
    train_config = study.train
    spec = plan.build_net(study.model, dataset.num_classes)
    assert isinstance(spec, ArchSpec)
    net = TorchNet(spec, dataset.image_shape).to(memory_format=torch.channels_last)
    kernels = [weight for weight in net.parameters() if weight.dim() > 1]
    others = [weight for weight in net.parameters() if weight.dim() == 1]
    optimizer = torch.optim.SGD(
        [{"params": kernels, "weight_decay": train_config.weight_decay}, {"params": others}],
        train_config.learning_rate,
        momentum=train_config.momentum,
        foreach=True,
    )
    length = count_steps(train_config, len(train.labels))
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate_factor(step, length, train_config)
    )
    evaluated = [
        round(length * i / train_config.evaluations) for i in range(1, train_config.evaluations + 1)
    ]
    rows: Any = iter(())
    error = math.nan
    for step in range(1, length + 1):
        if (batch := next(rows, None)) is None:
            rows = _epoch(len(train.labels), train_config.batch_size)
            batch = next(rows)
        optimizer.zero_grad(set_to_none=True)
        images = train.images[batch].contiguous(memory_format=torch.channels_last)
        functional.cross_entropy(net(images), train.labels[batch]).backward()
        optimizer.step()
        rates.step()
        if step in evaluated:
            _error(net, train, train_config.eval_batch_size)
            error = _error(net, test, train_config.eval_batch_size)
    return error


def _epoch(examples: int, batch_size: int) -> Iterator[torch.Tensor]:
    """Returns the rows of the whole batches of one pass."""
    order = torch.randperm(examples)
    return iter(order[: examples // batch_size * batch_size].split(batch_size))


def learning_rate_factor(step: int, length: int, train_config: config.TrainConfig) -> float:
    """Returns the share of the peak learning rate: linear warm-up, then half a cosine."""
    if step < train_config.warmup_steps:
        return (step + 1) / train_config.warmup_steps
    done = (step - train_config.warmup_steps) / max(1, length - train_config.warmup_steps)
    return (1 + math.cos(math.pi * done)) / 2


def _error(net: TorchNet, split: _Split, batch_size: int) -> float:
    net.eval()
    with torch.inference_mode():
        wrong = [
            (net(images).argmax(1) != labels).sum()
            for images, labels in zip(
                split.images.split(batch_size), split.labels.split(batch_size), strict=True
            )
        ]
    net.train()
    return float(sum(wrong)) / len(split.labels)
