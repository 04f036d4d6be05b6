"""PyTorch's side of the bench, as a user would tune it: channels last, all cores, no needless wait.

A GPU is used where there is one, with ``torch.compile`` and CUDA graphs, and with the fastest of
cuDNN's ways to convolve. ``torch.compile`` is left out on the CPU: it needs a C++ compiler when it
runs.
"""

from __future__ import annotations

import io
import time
from typing import Any

import torch
from PIL import Image
from torch.nn import functional
from torch.utils import data

from depthstudy import runtime
from depthstudy.bench import jax_side, synthetic, torch_study
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.torch_net import TorchNet
from depthstudy.config import TrainConfig


def prepare(work: Work) -> jax_side.Run:
    """Returns the work ready to be timed; images are normalized before, which ours are within."""
    if work.kind == "study":
        return jax_side.timed(torch_study.prepare())
    if work.kind == "decode":
        return _decode(work)
    torch.set_num_threads(runtime.cores())
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = TorchNet(jax_side.build(work), (work.side, work.side, 3))
    net = net.to(device, memory_format=torch.channels_last)
    images = torch.randn(work.batch, 3, work.side, work.side, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, synthetic.CLASSES, (work.batch,), device=device)
    kind = _train if work.kind == "train" else _evaluate
    if device == "cpu":
        return kind(net, images, labels)
    mixed = torch.autocast(device, torch.bfloat16, enabled=work.precision == "auto")
    return _on_gpu(kind(torch.compile(net, mode="reduce-overhead"), images, labels), mixed)


class _Jpegs(data.Dataset):
    """JPEG files, decoded by PIL, cropped at random and resized, again and again."""

    def __init__(self, side: int) -> None:
        from torchvision import transforms  # which other works do without

        self._files = synthetic.jpegs(jax_side.JPEGS)
        self._transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(side, (jax_side.LEAST_AREA, 1.0)),
                transforms.PILToTensor(),
            ]
        )

    def __len__(self) -> int:
        return 2**31

    def __getitem__(self, place: int) -> torch.Tensor:
        with Image.open(io.BytesIO(self._files[place % len(self._files)])) as file:
            return self._transform(file.convert("RGB"))


def _decode(work: Work) -> jax_side.Run:
    loader = data.DataLoader(_Jpegs(work.side), work.batch, num_workers=runtime.cores())
    return jax_side.taking_images(iter(loader), work.batch)


def _on_gpu(run: jax_side.Run, mixed: torch.autocast) -> jax_side.Run:
    """Returns ``run`` in mixed precision, with the time until the GPU is done."""

    def until_done(times: int) -> float:
        torch.cuda.synchronize()
        start = time.perf_counter()
        with mixed:
            run(times)
        torch.cuda.synchronize()
        return time.perf_counter() - start

    return until_done


def _train(net: Any, images: torch.Tensor, labels: torch.Tensor) -> jax_side.Run:
    config = TrainConfig()
    optimizer = torch.optim.SGD(
        net.parameters(),
        config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        foreach=not images.is_cuda,
        fused=images.is_cuda,
    )
    net.train()

    def run(times: int) -> float:
        start = time.perf_counter()
        for _ in range(times):
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(net(images), labels)
            loss.backward()
            optimizer.step()
        return time.perf_counter() - start

    return run


def _evaluate(net: Any, images: torch.Tensor, labels: torch.Tensor) -> jax_side.Run:
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
