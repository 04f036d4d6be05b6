"""What a config asks of a training: its net, its length, and what does not go together."""

from __future__ import annotations

from depthstudy import nets
from depthstudy.arch import DetectorSpec, ModuleSpec, Spec
from depthstudy.config import TrainConfig
from depthstudy.errors import InputError
from depthstudy.train.steps.precision import compute_dtype


def check_settings(spec: Spec, config: TrainConfig, *, weights_pruned: bool) -> None:
    """Refuses settings of training that do not go together, or not with a net.

    Args:
      spec: The architecture, or a user's module.
      config: How it is trained.
      weights_pruned: Whether weights are pruned meanwhile.

    Raises:
      InputError: An average is to be kept of weights that are pruned, the batch of a detector is
        to be cut into parts, or a user's module is to be computed as only nets of ours can be.
    """
    if config.scan_blocks and isinstance(spec, ModuleSpec):
        raise InputError(
            "config.train.scan_blocks is for the families; a module of yours loops over its blocks"
            " itself, as by flax.linen.scan"
        )
    if config.gradient_accumulation > 1 and isinstance(spec, DetectorSpec):
        raise InputError(
            f"config.train.gradient_accumulation={config.gradient_accumulation} would divide a"
            " detector's loss by the objects of each part, not of the batch; allowed for a"
            " detector: 1"
        )
    if weights_pruned and config.average_decay:
        raise InputError(
            f"config.train.average_decay={config.average_decay} keeps an average of weights, of"
            " which pruned ones are not zero; allowed where weights are pruned: 0"
        )
    network_of(spec, config, None)


def network_of(spec: Spec, config: TrainConfig, platform: str | None) -> nets.Net:
    """Returns the net of an architecture, computed as a config asks for on a platform."""
    return nets.build(
        spec,
        compute_dtype(config.precision),
        platform,
        rematerialize=config.rematerialize,
        statistics_images=config.statistics_images,
    )


def count_steps(config: TrainConfig, train_examples: int) -> int:
    """Returns the length of the training in steps."""
    epochs = round(config.epochs * train_examples / config.batch_size)
    return config.steps or max(1, epochs, config.least_steps)
