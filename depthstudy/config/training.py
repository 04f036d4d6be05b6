"""Settings of training."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.config.types import Count, Fraction, Natural, NonNegative, Positive, Share


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """The recipe by which a net is trained.

    Attributes:
      batch_size: Images in a step, over all devices.
      gradient_accumulation: Parts into which a batch is cut; they are gone through one after the
        other and their gradients averaged, in the memory of one, each with its own statistics. A
        detector has one, as its loss is divided by the objects of the whole batch.
      rematerialize: Whether blocks are computed again in the backward pass and not kept: less
        memory for a third more arithmetic (Chen et al. 2016).
      scan_blocks: Whether equal blocks that follow one another are compiled once and looped over,
        their arrays put into one while they are trained: the time to compile does not grow with
        depth. Checkpoints are as without it. Blocks that draw at random, as by dropout, are left
        alone, and so are nets whose weights are pruned meanwhile.
      statistics_images: Images over which batch normalization takes its statistics, one group
        after the other (Hoffer et al. 2017); ``None`` is the batch, over all devices. The share of
        a device, ``batch_size`` over their number, is what unsynchronized training takes.
      average_decay: Decay of the exponential average of weights and statistics that is evaluated
        and kept in the place of the last ones; 0 averages nothing. The first steps forget faster:
        ``min(average_decay, (1 + step) / (10 + step))``.
      epochs: Length of the training in passes over the train set.
      steps: Length of the training in steps; given, it replaces ``epochs``.
      least_steps: Steps that a training has at least, however few ``epochs`` make on a small set; a
        fine-tuning has the share of them that its epochs are of ``epochs``.
      optimizer: SGD with momentum, or AdamW.
      learning_rate: Peak learning rate.
      momentum: Momentum of SGD.
      nesterov: Whether SGD's momentum is Nesterov's.
      schedule: Shape of the learning rate after warm-up.
      step_boundaries: Shares of the training after which ``schedule="step"`` lowers the rate.
      step_factor: Factor of the rate at each of them.
      warmup_steps: Steps over which the rate rises linearly to its peak.
      weight_decay: Decay of kernels; norms and biases are left alone.
      scale_penalty: Weight of the L1 norm of the normalization's scales in the loss (network
        slimming, Liu et al. 2017).
      gradient_clip: Norm of all gradients to which a larger one is cut; ``None`` cuts none.
      label_smoothing: Share of the target that is spread over all classes.
      precision: Type of the compute; ``"auto"`` is bfloat16 on TPU and GPU, float32 on CPU. Of
        float32, a TPU rounds the factors of products to bfloat16 and an NVIDIA GPU to TF32, unless
        the environment has ``JAX_DEFAULT_MATMUL_PRECISION=highest``.
      loss_scale: Of float16: ``"dynamic"`` keeps small gradients from becoming zero and skips steps
        whose gradients are not finite (Micikevicius et al. 2018); ``"none"`` does neither.
      placement: ``"jit"``: one net, its batch over all devices. ``"pmap"``: the seeds of a variant
        at once, spread over the devices, several to a device where there are more seeds.
        ``"auto"``: ``"pmap"`` where there are several seeds and an accelerator or several devices;
        otherwise one net, its batch over the most devices that share it evenly and have 32 images
        each. Large nets need ``"jit"`` that do not fit beside each other.
      log_every: Steps between two points of the training curve.
      evaluations: How often the net is evaluated, at equal distances; it is saved then, too.
      save_seconds: Least time between two saves: an evaluation that comes sooner saves nothing,
        unless it is the last.
      save_minutes: Most minutes between two saves, for machines that may be taken away: a save that
        is due is made between two steps. ``None`` saves at evaluations alone.
      eval_batch_size: Images in a batch of evaluation.
      eval_train_examples: Size of the fixed part of the train set that is evaluated on.
      keep_checkpoints: How many checkpoints stay, counted from the last; one from early in the
        training stays beside them.
    """

    batch_size: Count = 128
    gradient_accumulation: Count = 1
    rematerialize: bool = False
    scan_blocks: bool = False
    statistics_images: Count | None = None
    average_decay: Fraction = 0.0
    epochs: Count = 20
    steps: Count | None = None
    least_steps: Natural = 0
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: Positive = 0.1
    momentum: Fraction = 0.9
    nesterov: bool = False
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    step_boundaries: tuple[Fraction, ...] = (0.5, 0.75)
    step_factor: Share = 0.1
    warmup_steps: Natural = 0
    weight_decay: NonNegative = 1e-4
    scale_penalty: NonNegative = 0.0
    gradient_clip: Positive | None = None
    label_smoothing: Fraction = 0.0
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    loss_scale: Literal["dynamic", "none"] = "dynamic"
    placement: Literal["auto", "jit", "pmap"] = "auto"
    log_every: Count = 50
    evaluations: Count = 10
    save_seconds: NonNegative = 10.0
    save_minutes: Positive | None = None
    eval_batch_size: Count = 256
    eval_train_examples: Count = 10_000
    keep_checkpoints: Count = 2
