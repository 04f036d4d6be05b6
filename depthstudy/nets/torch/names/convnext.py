"""Names of ConvNeXt's weights: what all packages share, and those of authors and Hugging Face."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from depthstudy.arch import ArchSpec
from depthstudy.arch.lowering import block_sections
from depthstudy.nets.torch.names.walk import Names, numbers, section_paths

_ENDS = (("stem", "conv"), ("stem", "norm"), ("head", "pooled_norm"), ("head", "dense"))
_LEAVES = {"conv1": "dwconv", "conv2": "pwconv1", "conv3": "pwconv2"}


def names(
    spec: ArchSpec,
    *,
    ends: tuple[str, str, str, str],
    patches: Callable[[int], str],
    block: Callable[[int, int], str],
    leaves: Mapping[str, str],
) -> Names:
    """Yields the names of all layers.

    Args:
      spec: The net.
      ends: Names of convolution and normalization of the stem, and of normalization and classifier
        of the head.
      patches: Gives, for a stage counted from 0, how the names before it begin: those of a
        normalization, 0, and of a convolution of patches, 1.
      block: Gives, for stage and block counted from 0, how the names of a block begin.
      leaves: Names of layers inside a block, where they differ from ours.
    """
    yield from zip(_ENDS, ends, strict=True)
    for section in block_sections(spec):
        stage, number = numbers(section.path)
        for path in section_paths(section):
            leaf = path[-1]
            if leaf.startswith("patch"):
                yield path, f"{patches(stage - 1)}.{int(leaf == 'patch_conv')}"
            else:
                yield path, f"{block(stage - 1, number - 1)}.{leaves.get(leaf, leaf)}"


def authors(spec: ArchSpec) -> Names:
    """Names in the files of the paper's authors."""
    return names(
        spec,
        ends=("downsample_layers.0.0", "downsample_layers.0.1", "norm", "head"),
        patches=lambda stage: f"downsample_layers.{stage}",
        block=lambda stage, number: f"stages.{stage}.{number}",
        leaves={**_LEAVES, "norm1": "norm", "layer_scale": "gamma"},
    )


def hugging_face(spec: ArchSpec) -> Names:
    """Names of ``ConvNextForImageClassification``."""
    embeddings, stages = "convnext.embeddings", "convnext.encoder.stages"
    return names(
        spec,
        ends=(
            f"{embeddings}.patch_embeddings",
            f"{embeddings}.layernorm",
            "convnext.layernorm",
            "classifier",
        ),
        patches=lambda stage: f"{stages}.{stage}.downsampling_layer",
        block=lambda stage, number: f"{stages}.{stage}.layers.{number}",
        leaves={**_LEAVES, "norm1": "layernorm", "layer_scale": "layer_scale_parameter"},
    )
