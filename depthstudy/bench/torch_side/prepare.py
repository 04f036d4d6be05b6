"""Each kind of work of the bench, as PyTorch does it.

A GPU is used where there is one, with ``torch.compile`` and CUDA graphs, and with the fastest of
cuDNN's ways to convolve. ``torch.compile`` is left out on the CPU: it needs a C++ compiler when it
runs.
"""

from __future__ import annotations

import torch

from depthstudy import runtime
from depthstudy.bench.benchmarks import Work
from depthstudy.bench.jax_side.run import Run, timed
from depthstudy.bench.torch_side import detector, inputs, steps, study


def prepare(work: Work) -> Run:
    """Returns the work ready to be timed; images are normalized before, which ours are within."""
    if work.kind == "study":
        return timed(study.prepare())
    if work.kind == "decode":
        return inputs.decoded(work)
    torch.set_num_threads(runtime.cores())
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    return detector.train(work) if work.detects else steps.prepare(work)
