"""Reference logits of PyTorch's nets, for weights and images that a seed gives.

Every array is drawn from NumPy's default generator, in the sorted order of the names of the state
dict, then the images: see ``random_state`` and ``random_images``. So a file of a few logits stands
for a whole net, and a test can make the same weights again with no PyTorch there.

Written by, with torchvision, timm and efficientnet_lite_pytorch installed:
``python tests/helpers/torch_reference.py tests/nets/torch/fixtures/torch.json``
"""

import hashlib
import json
import pathlib
import sys
from collections.abc import Mapping

import numpy as np

from depthstudy import arch
from depthstudy.nets.torch.expectation import Expectation
from depthstudy.nets.torch.names import torch_names

FIXTURE = pathlib.Path(__file__).parents[1] / "nets" / "torch" / "fixtures" / "torch.json"
SEED = 7
CLASSES = 10

# Our family and options, PyTorch's name, the side of the images and the gain of the kernels: as
# much as makes the two images' logits differ.
MEMBERS = [
    ("resnet", {"depth": 18}, "resnet18", 64, 2.0),
    ("resnet", {"depth": 50}, "resnet50", 64, 2.0),
    ("wide_resnet", {"depth": 50, "layout": "imagenet"}, "wide_resnet50_2", 64, 2.0),
    ("vgg", {"depth": 11, "norm": "none"}, "vgg11", 64, 2.0),
    ("vgg", {"depth": 16}, "vgg16_bn", 224, 2.0),
    ("mobilenet_v2", {}, "mobilenet_v2", 64, 2.0),
    ("mobilenet_v3", {"variant": "small"}, "mobilenet_v3_small", 64, 2.2),
    ("mobilenet_v3", {"variant": "large"}, "mobilenet_v3_large", 65, 2.2),
    ("shufflenet_v2", {"width_multiplier": 0.5}, "shufflenet_v2_x0_5", 64, 2.0),
    ("shufflenet_v2", {"width_multiplier": 1.0}, "shufflenet_v2_x1_0", 65, 2.0),
    ("efficientnet", {"variant": "b0"}, "efficientnet_b0", 64, 2.6),
    ("efficientnet", {"variant": "b1"}, "efficientnet_b1", 65, 2.6),
    ("efficientnet", {"variant": "b5"}, "efficientnet_b5", 64, 2.3),
    ("efficientnet_lite", {"variant": "lite0"}, "efficientnet-lite0", 64, 2.0),
    ("efficientnet_lite", {"variant": "lite2"}, "efficientnet-lite2", 65, 2.0),
    ("efficientnet_v2", {"variant": "s"}, "efficientnet_v2_s", 64, 1.6),
    ("convnext", {"variant": "tiny"}, "convnext_tiny", 64, 2.0),
    ("convnext", {"variant": "atto"}, "timm/convnext_atto", 65, 2.0),
    ("densenet", {"depth": 121}, "densenet121", 64, 2.0),
    ("regnet", {"variant": "x_400mf"}, "regnet_x_400mf", 65, 2.0),
    ("regnet", {"variant": "y_400mf"}, "regnet_y_400mf", 64, 2.0),
    ("resnet_d", {"depth": 18}, "timm/resnet18d", 65, 2.0),
    ("resnet_d", {"depth": 50}, "timm/resnet50d", 65, 2.0),
    ("resnet", {"depth": 50, "norm": "group"}, "timm/resnet50_gn", 64, 2.0),
]
# Compared with PyTorch where it is installed, but with no logits in the file.
NOT_STORED = [
    ("resnext", {"depth": 50, "groups": 32, "width_per_group": 4}, "resnext50_32x4d", 64, 2.0),
    ("se_resnet", {"depth": 50}, "timm/seresnet50", 64, 2.0),
    ("vgg", {"depth": 11}, "timm/vgg11_bn", 224, 2.0),
    ("mobilenet_v2", {}, "timm/mobilenetv2_100", 64, 2.0),
    ("mobilenet_v3", {"variant": "large"}, "timm/mobilenetv3_large_100", 64, 2.2),
    ("efficientnet", {"variant": "b0"}, "timm/efficientnet_b0", 64, 2.4),
    ("efficientnet_lite", {"variant": "lite0"}, "timm/efficientnet_lite0", 64, 2.0),
    ("efficientnet_v2", {"variant": "s"}, "timm/tf_efficientnetv2_s", 65, 1.6),
    ("regnet", {"variant": "y_400mf"}, "timm/regnety_004", 64, 2.0),
]


def torch_shapes(spec: arch.ArchSpec, style: str = "torchvision") -> dict[str, tuple[int, ...]]:
    """Returns the names and shapes that a file of weights for ``spec``, on color images, has."""
    costs = {cost.path: cost for cost in arch.layer_costs(spec, (224, 224, 3)) if cost.parameters}
    return Expectation(spec, torch_names(spec, style), costs, {}).shapes


def random_state(
    shapes: Mapping[str, tuple[int, ...]], seed: int, gain: float
) -> dict[str, np.ndarray]:
    """Returns weights and statistics that keep activations near 1 and differ everywhere.

    Kernels are normal with variance gain / fan-in; running variances are uniform in [0.5, 1.5],
    scales in [0.6, 1.2]; running means and all biases are normal with deviation 0.1.
    """
    random = np.random.default_rng(seed)
    state = {}
    for name in sorted(shapes):
        shape = shapes[name]
        if name.endswith("running_var"):
            state[name] = random.uniform(0.5, 1.5, shape)
        elif name.endswith("weight") and len(shape) == 1:
            state[name] = random.uniform(0.6, 1.2, shape)
        elif name.endswith("weight"):
            deviation = np.float32(np.sqrt(gain / np.prod(shape[1:])))
            state[name] = random.standard_normal(shape, np.float32) * deviation
        else:
            state[name] = 0.1 * random.standard_normal(shape, np.float32)
    return {name: x.astype(np.float32) for name, x in state.items()}


def random_images(side: int, seed: int) -> np.ndarray:
    """Returns two images ``[2, side, side, 3]``."""
    return np.random.default_rng(seed + 1).standard_normal((2, side, side, 3), np.float32)


def digest(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Returns a short word for all names and their shapes.

    A dense layer has the shape of a 1x1 convolution, and axes of one pixel are left out.
    """
    listing = "\n".join(f"{name} {_stripped(tuple(shapes[name]))}" for name in sorted(shapes))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def _stripped(shape: tuple[int, ...]) -> tuple[int, ...]:
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def reference(name: str, side: int, gain: float) -> tuple:
    """Returns PyTorch's names with their shapes, and its logits ``[2, K]``."""
    import torch

    model = _model(name, CLASSES).eval()
    shapes = {
        key: tuple(x.shape)
        for key, x in model.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    state = {key: torch.from_numpy(x) for key, x in random_state(shapes, SEED, gain).items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(key.endswith("num_batches_tracked") for key in missing)
    with torch.no_grad():
        images = torch.from_numpy(random_images(side, SEED).transpose(0, 3, 1, 2).copy())
        return shapes, model(images).numpy()


def _model(name: str, classes: int):
    if name.startswith("efficientnet-lite"):
        from efficientnet_lite_pytorch import EfficientNet

        return EfficientNet.from_name(name, num_classes=classes, image_size=None)
    if name.startswith("timm/"):
        import timm

        return timm.create_model(name.removeprefix("timm/"), num_classes=classes)
    from torchvision import models

    return models.get_model(name, weights=None, num_classes=classes)


def main(path: str) -> None:
    references = {}
    for _, _, name, side, gain in MEMBERS:
        shapes, logits = reference(name, side, gain)
        rows = [[float(f"{x:.7g}") for x in row] for row in logits]
        references[name] = {"names": digest(shapes), "logits": rows}
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in references.items())
    pathlib.Path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1])
