"""Names of layers in weights of EfficientDet, as the package ``effdet`` has them.

Those of the backbone are timm's.
"""

from __future__ import annotations

from depthstudy.arch import DetectorSpec
from depthstudy.arch.detection.graph import graph
from depthstudy.nets.torch.names import timm
from depthstudy.nets.torch.names.walk import Path

_HEADS = {"class_head": "class_net", "box_head": "box_net"}
_SEPARABLE = {"conv1": "conv_dw", "conv2": "conv_pw"}


def names(spec: DetectorSpec) -> dict[Path, str]:
    """Returns, for the path of each layer with parameters, its name in the file."""
    net = graph(spec)
    name_by_path: dict[Path, str] = {
        ("stem", "conv"): "backbone.conv_stem",
        ("stem", "norm"): "backbone.bn1",
    }
    for path, name in timm.mobile_blocks(spec.backbone):
        name_by_path[path] = f"backbone.{name}"
    levels = spec.pyramid.levels
    for level, _ in net.coarser:
        prefix = f"fpn.resample.{levels.index(level)}.conv"
        name_by_path["pyramid", f"p{level}_conv"] = f"{prefix}.conv"
        name_by_path["pyramid", f"p{level}_norm"] = f"{prefix}.bn"
    for c, cell in enumerate(net.cells):
        for n, node in enumerate(cell.nodes):
            path, prefix = ("pyramid", cell.name, node.name), f"fpn.cell.{c}.fnode.{n}"
            name_by_path[*path, "fusion"] = f"{prefix}.combine"
            name_by_path[*path, "norm"] = f"{prefix}.after_combine.conv.bn"
            for ours, theirs in _SEPARABLE.items():
                name_by_path[*path, ours] = f"{prefix}.after_combine.conv.{theirs}"
            for edge in node.edges:
                if edge.source < len(levels):
                    resample = f"{prefix}.combine.resample.{edge.source}.conv"
                    level = levels[edge.source]
                    name_by_path[*path, f"p{level}_conv"] = f"{resample}.conv"
                    name_by_path[*path, f"p{level}_norm"] = f"{resample}.bn"
    for head, steps in net.towers:
        for r, step in enumerate(steps):
            last = r == len(steps) - 1
            prefix = f"{_HEADS[head]}.{'predict' if last else f'conv_rep.{r}'}"
            for ours, theirs in _SEPARABLE.items():
                name_by_path[head, step.name, ours] = f"{prefix}.{theirs}"
            for place, level in enumerate(levels):
                norm = f"{_HEADS[head]}.bn_rep.{r}.{place}.bn"
                name_by_path[head, step.name, f"norm_p{level}"] = norm
    return name_by_path
