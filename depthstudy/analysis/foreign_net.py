"""The net that a file of weights is of: named by the user, or told by the file."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from flax import traverse_util

from depthstudy import arch, config, nets
from depthstudy.arch import ArchSpec
from depthstudy.errors import InputError

_NAMED = 3  # nets that a file of another one would fit
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # what torchvision's nets expect
_GRAY = ((0.449,), (0.226,))  # its means over the colors, as timm takes them
_CIFAR = ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))
# TensorFlow's EfficientNet-Lite expects (pixel - 127) / 128, and so do the weights made from it.
_LITE = ((127 / 255,) * 3, (128 / 255,) * 3)
_HALF = ((0.5,) * 3, (0.5,) * 3)
_BLUE_FIRST = ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255,) * 3)
_OF_KERAS = {
    "resnet": (_BLUE_FIRST, "those of keras.applications.resnet"),
    "mobilenet_v2": (_HALF, "those of keras.applications.mobilenet_v2"),
    "efficientnet": (((0.0,) * 3, (1.0,) * 3), "as of a layer of the net that learned nothing"),
}
_SIDE, _SMALL_SIDE = 224, 32  # of images, where the architecture is not made for a size

Moments = tuple[tuple[float, ...], tuple[float, ...]]


@dataclasses.dataclass(frozen=True)
class ForeignNet:
    """A net with weights from elsewhere.

    Attributes:
      spec: The architecture, with the file's number of classes.
      variables: Its weights.
      label: Family and options.
      style: Whose names the file has.
      is_inferred: Whether the family was told by the file.
      own_moments: By which a layer of the file itself normalizes images, if it has one.
    """

    spec: ArchSpec
    variables: Mapping[str, Any]
    label: str
    style: str
    is_inferred: bool
    own_moments: Moments | None = None

    @property
    def channels(self) -> int:
        """Channels of its images."""
        stem = traverse_util.flatten_dict(self.variables["params"]["stem"])
        first = "conv1" if self.spec.stem.inner else "conv"
        return int(stem[first, "kernel"].shape[2])

    @property
    def image_size(self) -> int:
        """Side of the images that it is made for, in pixels."""
        if self.spec.resolution:
            return self.spec.resolution
        return _SMALL_SIDE if self.spec.stem.stride == 1 else _SIDE

    @property
    def moments(self) -> tuple[Moments, str]:
        """Mean and deviation that it expects of each channel, and whose they are."""
        if self.own_moments:
            return self.own_moments, "as a layer of the file has it"
        family = self.spec.family.removesuffix("_plain")
        if self.style == nets.KERAS:
            return _OF_KERAS[family]
        if self.channels == 1:
            return _GRAY, "ImageNet’s, in gray"
        if family == "efficientnet_lite" and self.style == "efficientnet_pytorch":
            return _LITE, "those of TensorFlow’s EfficientNet-Lite"
        if family == "efficientnet_v2" and self.style == "timm":
            return _HALF, "those of TensorFlow’s EfficientNetV2"
        if family == "efficientnet_lite" and self.style == "timm" and self.spec.padding == "same":
            return _HALF, "those of timm’s tf_efficientnet_lite"
        if self.image_size == _SMALL_SIDE:
            return _CIFAR, "CIFAR-10’s"
        return _IMAGENET, "ImageNet’s"


def load(path: Path, family: str | None, options: Mapping[str, Any]) -> ForeignNet:
    """Returns the net that a file's weights fit, with the weights in it.

    The number of classes is the file's. Where no family is given, or an option that it needs is
    not, they are told from names and shapes.

    Args:
      path: What ``nets.read_weights`` reads.
      family: A key of ``arch.FAMILIES``, or ``None``.
      options: Options of the family.

    Raises:
      InputError: The file cannot be read, an option is wrong, or the weights are of another net;
        the message names those that the file fits.
    """
    given = checked(family, options) if family else dict(options)
    choices: list[_Choice] = []

    def choose(shapes: Mapping[str, np.ndarray]) -> None:
        try:
            choices.append(_chosen(shapes, family, given))
        except InputError as error:
            raise InputError(f"{error}{_fitting(shapes, family)}") from error

    state = nets.read_weights(path, choose)
    (choice,) = choices
    try:
        variables = nets.load_torch(choice.spec, state)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return ForeignNet(
        spec=choice.spec,
        variables=variables,
        label=choice.label,
        style=choice.style,
        is_inferred=choice.is_inferred,
        own_moments=_own_moments(state),
    )


def _own_moments(state: Mapping[str, np.ndarray]) -> Moments | None:
    """Returns the mean and deviation by which Keras's EfficientNet normalizes images.

    Its published weights hold the deviations of ImageNet in the place of variances, and the net
    divides once more by their roots.
    """
    mean, variance = (state.get(f"normalization.{x}") for x in ("mean", "variance"))
    if mean is None or variance is None:
        return None
    slipped = len(variance) == 3 and np.allclose(variance, _IMAGENET[1], atol=1e-4)
    deviation = variance if slipped else np.sqrt(variance)
    return tuple(map(float, mean)), tuple(map(float, deviation))


class _Choice(NamedTuple):
    """A net that a file fits, as in ``ForeignNet``."""

    spec: ArchSpec
    label: str
    style: str
    is_inferred: bool


def _chosen(
    shapes: Mapping[str, np.ndarray], family: str | None, options: Mapping[str, Any]
) -> _Choice:
    """Returns the net that is asked for, or is told by names and shapes, if the file fits it."""
    if family is not None and _can_be_built(family, options):
        return _fitted(shapes, family, options, nets.style_of(shapes), is_inferred=False)
    recognized = next(nets.recognize(shapes, family), None)
    if recognized is None:
        raise InputError(_unknown(shapes, family))
    merged = {**recognized.options, **checked(recognized.family, options)}
    return _fitted(shapes, recognized.family, merged, recognized.style, is_inferred=True)


def checked(family: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns options of the types that they have in a config.

    Raises:
      InputError: There is no such family, it takes no such option, or a value is of another type.
    """
    kinds = {field.name for field in dataclasses.fields(config.ModelConfig)} - {"family"}
    for name in options:
        if name == "num_classes":
            raise InputError("--options: num_classes is not to be set, the file says it")
        if name not in kinds or name in ("module", "options"):
            arch.build(family, **{name: None})  # says which options the family takes
    given = tuple((f"model.{name}", value) for name, value in options.items())
    model = config.apply(config.StudyConfig(), given).model
    return {name: getattr(model, name) for name in options}


def _fitted(
    shapes: Mapping[str, np.ndarray],
    family: str,
    options: Mapping[str, Any],
    style: str,
    *,
    is_inferred: bool,
) -> _Choice:
    spec = nets.as_written(arch.build(family, **options), style, options)
    head = dataclasses.replace(spec.head, num_classes=nets.count_classes(spec, shapes))
    spec = dataclasses.replace(spec, head=head)
    nets.check_torch(spec, shapes)
    label = ", ".join([family, *(f"{name}={value}" for name, value in options.items())])
    return _Choice(spec, label, style, is_inferred)


def _can_be_built(family: str, options: Mapping[str, Any]) -> bool:
    """Returns whether the options are enough; those that are wrong are refused."""
    try:
        arch.build(family, **options)
    except InputError as error:
        if "needs the option" in str(error):
            return False
        raise
    return True


def _unknown(state: Mapping[str, np.ndarray], family: str | None) -> str:
    first = ", ".join(f"{name} {x.shape}" for name, x in itertools.islice(state.items(), _NAMED))
    whose = f"no {family}" if family else "no net of the families that are known"
    return (
        f"{whose} has these names and shapes: {len(state)} arrays, {first}, ...; with --family="
        "NAME and --options the first that is missing is named"
    )


def _fitting(state: Mapping[str, np.ndarray], family: str | None) -> str:
    """Names the nets that a file would fit."""
    if family is None:
        return ""
    labels = [recognized.label for recognized in itertools.islice(nets.recognize(state), _NAMED)]
    return f"; the file fits {' or '.join(labels)}" if labels else ""
