"""Train and evaluation steps of the nets of ``net``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from depthstudy.arch import ArchSpec
from depthstudy.bench import synthetic
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side.run import Run, timed
from depthstudy.bench.jax_side.steps import build
from depthstudy.bench.torch_side.net import TorchNet
from depthstudy.config import TrainConfig


def prepare(work: Work) -> Run:
    """Returns train or evaluation steps of a classifier on noise."""
    spec = build(work)
    assert isinstance(spec, ArchSpec)
    net = on_device(TorchNet(spec, (work.side, work.side, 3)))
    images = on_device(torch.randn(work.batch, 3, work.side, work.side))
    labels = torch.randint(0, synthetic.CLASSES, (work.batch,), device=images.device)
    kind = _train if work.kind == "train" else _evaluate
    if not images.is_cuda:
        return kind(net, images, labels)
    mixed = torch.autocast("cuda", torch.bfloat16, enabled=work.precision == "auto")
    return _on_gpu(kind(torch.compile(net, mode="reduce-overhead"), images, labels), mixed)


def on_device(x: Any) -> Any:
    """Returns a module or images on the GPU, if there is one, channels last."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return x.to(device, memory_format=torch.channels_last)


def _on_gpu(run: Run, mixed: torch.autocast) -> Run:
    """Returns ``run`` in mixed precision, with the time until the GPU is done."""

    def until_done(times: int) -> float:
        torch.cuda.synchronize()
        start = time.perf_counter()
        with mixed:
            run(times)
        torch.cuda.synchronize()
        return time.perf_counter() - start

    return until_done


def _train(net: Any, images: torch.Tensor, labels: torch.Tensor) -> Run:
    def loss() -> torch.Tensor:
        return functional.cross_entropy(net(images), labels)

    return taking_steps(net, loss, on_gpu=images.is_cuda)


def taking_steps(net: Any, loss: Callable[[], torch.Tensor], *, on_gpu: bool) -> Run:
    """Returns steps of SGD on a loss that is computed anew at each, timed until the GPU is done."""
    config = TrainConfig()
    optimizer = torch.optim.SGD(
        net.parameters(),
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        foreach=not on_gpu,
        fused=on_gpu,
    )
    net.train()

    def once() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()

    return timed(once, lambda _: torch.cuda.synchronize() if on_gpu else None)


def _evaluate(net: Any, images: torch.Tensor, labels: torch.Tensor) -> Run:
    net.eval()

    def run(times: int) -> float:
        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(times):
                logits = net(images)
                functional.cross_entropy(logits, labels, reduction="sum")
                (logits.argmax(1) != labels).sum()
        return time.perf_counter() - start

    return run
