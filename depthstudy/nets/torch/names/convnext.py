"""Names of ConvNeXt's weights as its authors wrote them, and as Hugging Face did."""

from __future__ import annotations

from depthstudy.arch import ArchSpec
from depthstudy.nets.torch.names.walk import Names, block_paths, blocks, numbers

_LEAVES = {"conv1": "dwconv", "conv2": "pwconv1", "conv3": "pwconv2"}


def authors(spec: ArchSpec) -> Names:
    """Names in the files of the paper's authors."""
    words = {**_LEAVES, "norm1": "norm", "layer_scale": "gamma"}
    yield ("stem", "conv"), "downsample_layers.0.0"
    yield ("stem", "norm"), "downsample_layers.0.1"
    for section in blocks(spec):
        stage, block = numbers(section.path)
        for (leaf,) in block_paths(section):
            path = (*section.path, leaf)
            if leaf.startswith("patch"):
                yield path, f"downsample_layers.{stage - 1}.{int(leaf == 'patch_conv')}"
            else:
                yield path, f"stages.{stage - 1}.{block - 1}.{words[leaf]}"
    yield ("head", "pooled_norm"), "norm"
    yield ("head", "dense"), "head"


def hugging_face(spec: ArchSpec) -> Names:
    """Names of ``ConvNextForImageClassification``."""
    words = {**_LEAVES, "norm1": "layernorm", "layer_scale": "layer_scale_parameter"}
    yield ("stem", "conv"), "convnext.embeddings.patch_embeddings"
    yield ("stem", "norm"), "convnext.embeddings.layernorm"
    for section in blocks(spec):
        stage, block = numbers(section.path)
        prefix = f"convnext.encoder.stages.{stage - 1}"
        for (leaf,) in block_paths(section):
            path = (*section.path, leaf)
            if leaf.startswith("patch"):
                yield path, f"{prefix}.downsampling_layer.{int(leaf == 'patch_conv')}"
            else:
                yield path, f"{prefix}.layers.{block - 1}.{words[leaf]}"
    yield ("head", "pooled_norm"), "convnext.layernorm"
    yield ("head", "dense"), "classifier"
