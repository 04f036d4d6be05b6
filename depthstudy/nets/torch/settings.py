"""What a package does that its files of weights do not say: padding and epsilon."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping
from typing import Any

import numpy as np

from depthstudy.arch import ArchSpec, BlockSpec
from depthstudy.arch.families.options import map_blocks
from depthstudy.nets.torch.names import KERAS

_TENSORFLOW: dict[str, Any] = {"padding": "same", "norm_epsilon": 1e-3}
_PYTORCH: dict[str, Any] = {"norm_epsilon": 1e-5}
# As ``keras.applications`` builds its nets, by family.
_KERAS: Mapping[str, dict[str, Any]] = {
    "efficientnet": {**_TENSORFLOW, "norm_momentum": 0.99},
    "mobilenet_v2": {**_TENSORFLOW, "norm_momentum": 0.999},
    "resnet": {"norm_epsilon": 1.001e-5, "norm_momentum": 0.99},
}
_KERAS_STEM = "conv1_conv"  # of ResNets
# Sides of the images of nets of which timm has TensorFlow's weights alone: B6 and B7, Lite 1 to 4.
_TENSORFLOW_ALONE = {"efficientnet": (528, 600), "efficientnet_lite": (240, 260, 280, 300)}
_MOBILE = ("efficientnet", "efficientnet_lite", "efficientnet_v2", "mobilenet_v2", "mobilenet_v3")


def as_written(spec: ArchSpec, style: str, options: Container[str]) -> ArchSpec:
    """Returns the net as the package that wrote its weights applies it.

    Args:
      spec: The net.
      style: The package, a key of ``names.STYLES``.
      options: Names of options that were asked for, which stay as they are.
    """
    family = spec.family.removesuffix("_plain")
    settings: dict[str, Any] = {}
    if style == "efficientnet_pytorch":
        settings = {**_TENSORFLOW, "norm_momentum": 0.99}
    elif style == KERAS:
        settings = _KERAS.get(family, {})
        spec = map_blocks(spec, _with_first_stride)
    elif style == "timm" and family in _MOBILE:
        settings = _of_timm(spec, family, options)
    elif style == "Hugging Face" and family == "convnext":
        settings = {"norm_epsilon": 1e-6}
    changes = {name: x for name, x in settings.items() if name not in options}
    return dataclasses.replace(spec, **changes)


def _with_first_stride(block: BlockSpec) -> BlockSpec:
    is_bottleneck = block.kind == "bottleneck"
    return dataclasses.replace(block, kind="first_stride_bottleneck") if is_bottleneck else block


def without_biases(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns Keras's weights without the biases of convolutions that a normalization follows.

    It takes the mean off anyway, so that the running mean less the bias says the same.
    """
    weights = dict(state)
    for name in state:
        norm = name.removesuffix("_conv.bias") + "_bn.running_mean"
        if name.endswith("_conv.bias") and norm in state:
            weights[norm] = weights[norm] - weights.pop(name)
    return weights


def for_rgb(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the weights of Keras's ResNets, which are given blue first, for red first."""
    name = f"{_KERAS_STEM}.weight"
    return {**state, name: state[name][:, ::-1]}


def _of_timm(spec: ArchSpec, family: str, options: Container[str]) -> dict[str, Any]:
    """Weights that were brought over from TensorFlow have its padding, and then its epsilon.

    Of EfficientNetV2, of B6 and B7 and of the larger Lites there are no others.
    """
    if "padding" in options:
        return _TENSORFLOW if spec.padding == "same" else _PYTORCH
    alone = spec.resolution in _TENSORFLOW_ALONE.get(family, ())
    brought_over = family == "efficientnet_v2" or alone
    return _TENSORFLOW if brought_over else {**_PYTORCH, "padding": "torch"}


def caveats(spec: ArchSpec, style: str) -> tuple[str, ...]:
    """Returns what the file cannot tell, and what was taken, a sentence each."""
    family = spec.family.removesuffix("_plain")
    sentences = []
    kinds = {block.kind for stage in spec.stages for block in stage}
    if style == KERAS:
        sentences += _of_keras(family)
    if "bottleneck" in kinds and "resne" in family:
        sentences.append(
            "The file cannot tell which convolution of a bottleneck has the stride: it is taken to "
            "be the 3x3, as in torchvision’s and timm’s weights; in the first ones it is the 1x1."
        )
    if "resne" in family or family in ("densenet", "vgg"):
        sentences.append(
            "The file cannot tell whether poolings and strides are anti-aliased: they are taken "
            "not to be."
        )
    if spec.stem.norm == "group":
        sentences.append(
            "The file cannot tell normalization by groups from that by pixels, nor the number of "
            "groups: they are taken to be 32."
        )
    if style == "timm" and family in _MOBILE:
        rule = "TensorFlow’s" if spec.padding == "same" else "PyTorch’s"
        other = "torch" if spec.padding == "same" else "same"
        sentences.append(
            f"The file cannot tell whose padding and epsilon it was trained with: {rule} are "
            f"taken. Those of timm’s names that begin with tf_ have TensorFlow’s; "
            f"--options=padding={other} takes the others."
        )
    if style == "efficientnet_pytorch":
        sentences.append(
            "efficientnet_pytorch pads as TensorFlow does, with an epsilon of 0.001, and so does "
            "this net."
        )
    return tuple(sentences)


def _of_keras(family: str) -> list[str]:
    """Says what ``keras.applications`` does that its files do not say."""
    if family == "resnet":
        return [
            "keras.applications has the stride of a bottleneck in its first convolution, an "
            "epsilon of 0.00001001 and blue as the first channel, and so has this net; the file "
            "does not say it."
        ]
    return [
        "keras.applications pads as TensorFlow does, with an epsilon of 0.001, and so does this "
        "net; the file does not say it."
    ]
