"""What is taken of a net from elsewhere, and of the images that it is shown."""

from __future__ import annotations

import numpy as np
import pytest

from depthstudy import analysis, arch, data, nets
from depthstudy.analysis import image_labels
from depthstudy.analysis.foreign_net import ForeignNet
from depthstudy.errors import InputError


@pytest.mark.parametrize(("variant", "mean"), [("lite0", 0.485), ("lite1", 0.5), ("lite4", 0.5)])
def test_images_for_lites_that_timm_has_from_tensorflow_are_as_there(
    variant: str, mean: float
) -> None:
    spec = nets.as_written(arch.build("efficientnet_lite", variant=variant), "timm", ())
    variables = {"params": {"stem": {"conv": {"kernel": np.zeros((3, 3, 3, 32))}}}}
    net = ForeignNet(spec, variables, label=variant, style="timm", is_inferred=True)
    assert net.moments[0][0][0] == mean


def test_images_for_a_net_of_keras_without_shortcuts_are_as_for_that_with_them() -> None:
    spec = arch.build("mobilenet_v2", residual=False)
    net = ForeignNet(spec, {}, label="", style=nets.KERAS, is_inferred=False)
    assert net.moments[0] == ((0.5,) * 3, (0.5,) * 3)


def test_a_sub_folder_with_the_name_of_several_classes_is_refused() -> None:
    """Two classes of ImageNet are cranes."""
    images = [data.UnlabeledImage("crane/1.png", b""), data.UnlabeledImage("duck/1.png", b"")]
    with pytest.raises(InputError, match="2 classes of the net are named crane: name the sub-fold"):
        image_labels.labels(images, ["crane", "duck"], ["crane", "duck", "crane"], True)


def test_one_image_with_a_label_is_refused() -> None:
    images = [data.UnlabeledImage("crane/1.png", b"")]
    with pytest.raises(InputError, match="of one image with a label there is none to test on"):
        image_labels.labels(images, ["crane", "duck"], ["crane", "duck"], True)


@pytest.mark.parametrize(
    ("name", "number"), [("image_size", 0), ("image_size", -8), ("examples", 0)]
)
def test_images_without_pixels_are_refused(name: str, number: int) -> None:
    with pytest.raises(InputError, match=f"needs {name} of at least 1, it is {number}"):
        analysis.Pictures(**{name: number})
