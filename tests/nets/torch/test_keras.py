"""Weights in Keras's files, against nets of keras.applications with random numbers everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.analysis import foreign_net
from depthstudy.errors import InputError
from depthstudy.nets.torch.names import torch_names

pytest.importorskip("h5py")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")

NETS: dict[str, tuple[str, dict[str, Any], int]] = {  # family, options and side of the images
    "MobileNetV2": ("mobilenet_v2", {}, 96),
    "ResNet50": ("resnet", {"depth": 50}, 64),
    "EfficientNetB0": ("efficientnet", {"variant": "b0"}, 65),
    "EfficientNetB3": ("efficientnet", {"variant": "b3"}, 64),
}
WRITERS: dict[str, Callable[[Any, Path], None]] = {
    "legacy.h5": lambda model, path: model.save(path),
    "numbered.weights.h5": lambda model, path: model.save_weights(path),
    "whole.keras": lambda model, path: model.save(path),
}


def build(name: str, side: int) -> Any:
    """Returns a net whose weights and statistics are random; logits of about 1."""
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(
        weights=None, include_top=False, pooling="avg", input_shape=(side, side, 3)
    )
    logits = keras.layers.Dense(7, name="predictions")(model.output)
    model = keras.Model(model.input, logits)
    random = np.random.default_rng(0)
    for variable in model.variables:
        value, word = np.asarray(variable.value), variable.path.rpartition("/")[2]
        if word == "kernel":
            fans = value.shape[:-1] if value.shape[-1] > 1 else value.shape[:2]
            drawn = random.normal(0, (1.6 / np.prod(fans)) ** 0.5, value.shape)
        elif word in ("gamma", "moving_variance", "variance"):
            drawn = random.uniform(0.7, 1.4, value.shape)
        elif word in ("beta", "bias", "moving_mean", "mean"):
            drawn = random.normal(0, 0.2, value.shape)
            drawn = np.abs(drawn) if word == "mean" else drawn
        else:
            continue
        variable.assign(drawn.astype(value.dtype))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # until then it normalizes by what it began with
    return model


def assert_near(actual: Any, expected: Any, tolerance: float) -> None:
    """Asserts that numbers agree, by the largest of them."""
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual / scale, expected / scale, atol=tolerance)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETS)
def test_logits_are_those_of_keras(name: str, tmp_path: Path) -> None:
    family, options, side = NETS[name]
    model = build(name, side)
    pixels = np.random.default_rng(1).integers(0, 256, (2, side, side, 3)).astype(np.float32)
    module = getattr(keras.applications, family if family != "resnet" else "resnet50")
    expected = np.asarray(model(module.preprocess_input(pixels.copy()), training=False))
    states = []
    for file, write in WRITERS.items():
        write(model, tmp_path / file)
        net = foreign_net.load(tmp_path / file, None, {})
        assert net.spec.family == family
        assert net.label == ", ".join([family, *(f"{k}={v}" for k, v in options.items())])
        assert net.spec.head.num_classes == 7
        (mean, std), _ = net.moments
        images = (pixels / 255 - np.float32(mean)) / np.float32(std)
        logits = jax.jit(nets.Network(net.spec).apply)(net.variables, images)
        assert_near(np.asarray(logits), expected, 1e-4)
        # The two images' logits are much alike: what tells them apart is the sharper test.
        assert_near(logits[0] - logits[1], expected[0] - expected[1], 1e-3)
        states.append(nets.read_weights(tmp_path / file))
    first, *others = states
    for state in others:
        assert state.keys() == first.keys()
        assert all(np.array_equal(state[key], first[key]) for key in first)


@pytest.mark.filterwarnings("ignore")
def test_every_efficientnet_is_told_by_its_names() -> None:
    for number in range(8):
        keras.backend.clear_session()
        model = getattr(keras.applications, f"EfficientNetB{number}")(weights=None, classes=3)
        names = {layer.name for layer in model.layers if layer.weights}
        spec = arch.build("efficientnet", variant=f"b{number}", num_classes=3)
        ours = set(torch_names(spec, nets.KERAS).values())
        assert ours == names - {"normalization"}
        counted = arch.cost(spec, (64, 64, 3)).parameters
        assert counted == sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_a_link_out_of_the_file_is_not_followed(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = np.ones((3, 3, 3, 4))
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["Conv1/kernel"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/kernel")
    with pytest.raises(InputError, match="leads elsewhere"):
        nets.read_weights(tmp_path / "weights.h5")


def test_numbers_that_are_not_in_the_file_are_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.create_dataset("Conv1/kernel", (3, 3, 512, 2**20), "f4", compression="gzip")
    with pytest.raises(InputError, match=r"numbers of /Conv1/kernel are compressed, or not in it"):
        nets.read_weights(tmp_path / "weights.h5")


def test_numbered_layers_without_names_are_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file["layers/conv2d/vars/0"] = np.ones((3, 3, 3, 4))
    with pytest.raises(InputError, match="save the model again by a newer one"):
        nets.read_weights(tmp_path / "model.weights.h5")


def test_another_net_of_keras_is_refused_with_its_names(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["block1_conv1/block1_conv1/kernel:0"] = np.ones((3, 3, 3, 64))
    with pytest.raises(InputError, match=r"block1_conv1\.weight \(64, 3, 3, 3\)"):
        foreign_net.load(tmp_path / "weights.h5", None, {})
