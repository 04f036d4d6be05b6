"""Weights by torchvision's names, where it has the family; otherwise by our own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import traverse_util
from safetensors import numpy as files

from depthstudy import arch, data, nets
from depthstudy.deploy.net import TrainedNet
from depthstudy.errors import InputError

# How torchvision makes what a builder's default is. One that is not here may have equal names.
_TORCHVISION: Mapping[tuple[str, int | str], str] = {
    **{("resnet", depth): f"resnet{depth}" for depth in (18, 34, 50, 101, 152)},
    **{("vgg", depth): f"vgg{depth}_bn" for depth in (11, 13, 16, 19)},
    ("mobilenet_v2", ""): "mobilenet_v2",
    **{("mobilenet_v3", size): f"mobilenet_v3_{size}" for size in ("small", "large")},
    **{("efficientnet", f"b{n}"): f"efficientnet_b{n}" for n in range(8)},
    ("shufflenet_v2", ""): "shufflenet_v2_x1_0",
}


def encode(net: TrainedNet) -> bytes:
    """Returns the weights, with architecture, classes and preprocessing in the header."""
    state, names = _state(net)
    stored = net.preprocessing.to_dict()
    header = {
        "names": names,
        "arch": "" if net.spec is None else net.spec.to_json(),
        "classes": json.dumps(net.classes),
        "preprocessing": json.dumps(stored),
        "input": "images scaled to [0, 1], minus mean, over std, as in preprocessing",
        "torchvision": torchvision_name(net) or "",
    }
    contiguous = {name: np.asarray(x, order="C") for name, x in state.items()}  # a number stays one
    return files.save(contiguous, header)


def decode(content: bytes, net: TrainedNet) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what the net computes with the weights of the content."""
    state = files.load(content)
    if isinstance(net.spec, arch.ArchSpec) and _state(net)[1] == "torchvision":
        variables: Mapping[str, Any] = nets.load_torch(net.spec, state)
    else:
        variables = traverse_util.unflatten_dict(state, sep="/")

    def logits(images: np.ndarray) -> np.ndarray:
        normalized = data.normalize(jnp.asarray(images), *net.moments)
        return np.asarray(net.network.apply(variables, normalized))

    return logits


def use(net: TrainedNet) -> str:
    """Returns how one loads the file."""
    name, (_, names) = torchvision_name(net), _state(net)
    if name is not None:
        return (
            f"net = torchvision.models.{name}(num_classes={len(net.classes)}); net.load_state_dict("
            "safetensors.torch.load_file(FILE)); it takes normalized images [B, C, H, W], with "
            "mean and std from the header"
        )
    return f"weights by the names of {names}; the header has architecture, classes, mean and std"


def torchvision_name(net: TrainedNet) -> str | None:
    """Returns torchvision's function that makes a net of this architecture, if there is one.

    Images of three channels are meant; with another number the first convolution differs.
    """
    spec = net.spec
    if not isinstance(spec, arch.ArchSpec) or net.preprocessing.image_shape[2] != 3:
        return None
    for (family, member), name in _TORCHVISION.items():
        if family != spec.family:
            continue
        option = "variant" if isinstance(member, str) else "depth"
        options = {option: member} if member else {}
        if arch.build(family, num_classes=len(net.classes), **options) == spec:
            return name
    return None


def _state(net: TrainedNet) -> tuple[dict[str, np.ndarray], str]:
    """Returns the weights and whose names they have."""
    if isinstance(net.spec, arch.ArchSpec):
        try:
            return nets.save_torch(net.spec, net.variables), "torchvision"
        except InputError:
            pass  # a family or a layer that torchvision has not
    flat: dict[str, Any] = traverse_util.flatten_dict(dict(net.variables), sep="/")
    return {name: np.asarray(x) for name, x in flat.items()}, "depthstudy"
