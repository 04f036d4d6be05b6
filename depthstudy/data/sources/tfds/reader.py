"""Prepared TFDS sets, read without TensorFlow and without the code that made them.

Only the folder is looked at: ``data_dir/NAME[/CONFIG]/VERSION``, in array_record format, which
gives random access.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from etils import epath

from depthstudy.data.source import DEEP_BITS, Shape
from depthstudy.data.sources.tfds.objects import MOST, OBJECTS, has_objects, most_objects
from depthstudy.data.sources.tfds.source import BITS, Folder, TfdsSource
from depthstudy.errors import InputError, required
from depthstudy.store import bucket

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

_NAME = re.compile(r"(?P<name>\w+)(/(?P<config>[\w.+-]+))?(:(?P<version>\d+\.\d+\.\d+))?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def find(name: str, data_dir: str | None) -> Folder:
    """Returns the folder of a prepared set, of its newest version where none is named.

    Args:
      name: ``"NAME"``, ``"NAME/CONFIG"``, and either with ``":VERSION"``.
      data_dir: Where to look; ``None`` is TFDS's own folder.

    Raises:
      InputError: The set is not there, or it has several configs and none is named.
    """
    import tensorflow_datasets as tfds

    match = _NAME.fullmatch(name)
    if not match:
        raise InputError(f"data.name {name!r} is not NAME, NAME/CONFIG or NAME:VERSION")
    root = _root(match["name"], data_dir or tfds.core.constants.DATA_DIR)
    folder = root / match["name"] / (match["config"] or "")
    if not _versions(folder) and not match["config"] and folder.is_dir():
        configs = sorted(path.name for path in folder.iterdir() if _versions(path))
        if len(configs) > 1:
            choices = ", ".join(f"{match['name']}/{config}" for config in configs)
            raise InputError(f"data.name {name!r} has several configs; name one of: {choices}")
        folder = folder / (configs[0] if configs else "")
    versions = _versions(folder)
    version = match["version"] or max(versions, key=_number, default=None)
    if version not in versions:
        raise InputError(
            f"data.name {name!r} is not prepared in {root}: prepare it with"
            f" `{_command(name, root)}` (needs `pip install depthstudy[tensorflow]`), set"
            " data.data_dir to where it is, or take digits or fashion_mnist, which need none of it;"
            ' for your own images, data.name="folder" and data.source_dir=PATH'
        )
    return folder / version


def _root(name: str, data_dir: str) -> Folder:
    """Returns a folder of sets: TFDS reads ``gs://`` itself; a set in ``s3://`` is copied."""
    if not bucket.is_url(data_dir):
        return Path(os.path.expanduser(data_dir))
    if not data_dir.startswith("gs:"):
        return bucket.copied(bucket.joined(data_dir, name)).parent
    required("gcsfs", extra="gcs", by="gs://")
    return epath.Path(data_dir)


def open_folder(folder: Folder) -> TfdsSource:
    """Opens a prepared set by its folder.

    Raises:
      InputError: The set is in another file format, or has no images or no class labels.
    """
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder_from_directory(folder)
    except Exception as error:  # whatever a damaged file makes TFDS raise
        raise InputError(
            f"{folder} cannot be opened as a prepared set ({' '.join(str(error).split())}); remove"
            " it and prepare it anew"
        ) from error
    name, features = builder.info.full_name, builder.info.features
    formats = {format.value for format in builder.info.available_file_formats()}
    if "array_record" not in formats:
        raise InputError(
            f"{folder} is in {', '.join(sorted(formats))} format; prepare it anew, in another"
            f" data.data_dir, with `{_command(builder.info.name, Path('DATA_DIR'))}`"
        )
    image = _only(features, tfds.features.Image, builder.info.supervised_keys)
    if image is not None and has_objects(features):
        return _with_objects(builder, image, folder)
    label = _only(features, tfds.features.ClassLabel, builder.info.supervised_keys)
    if image is None or label is None:
        kinds = ", ".join(f"{key} ({type(value).__name__})" for key, value in features.items())
        raise InputError(f"{name} is no set of images with one class each; it has: {kinds}")
    if features[image].np_dtype != np.uint8:
        raise InputError(f"images of {name} are {features[image].np_dtype}; allowed: uint8")
    return TfdsSource(
        name=name,
        image_shape=_shape(features[image]),
        class_names=tuple(features[label].names or map(str, range(features[label].num_classes))),
        bits=_bits(folder),
        _builder=builder,
        _folder=folder,
        _image=image,
        _label=label,
    )


def _with_objects(builder: tfds.core.DatasetBuilder, image: str, folder: Folder) -> TfdsSource:
    """Returns a set of images with objects in them."""
    features = builder.info.features
    label = features[OBJECTS].feature["label"]
    source = TfdsSource(
        name=builder.info.full_name,
        image_shape=_shape(features[image]),
        class_names=tuple(label.names or map(str, range(label.num_classes))),
        task="detection",
        bits=_bits(folder),
        _builder=builder,
        _folder=folder,
        _image=image,
        _label=OBJECTS,
        _max_objects=MOST,
    )
    splits = {f"{source.called} {name}": source.split(name) for name in source.split_names}
    return dataclasses.replace(source, _max_objects=most_objects(splits))


def _bits(folder: Folder) -> int:
    path = folder / BITS
    return int(path.read_text()) if path.is_file() else DEEP_BITS


def _shape(image: Any) -> Shape:
    height, width, channels = image.shape
    return height, width, channels or 3


def _versions(folder: Folder) -> list[str]:
    return [
        path.parent.name
        for path in folder.glob("*/features.json")
        if _VERSION.fullmatch(path.parent.name)
    ]


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _command(name: str, root: Folder) -> str:
    return f"tfds build {name} --file_format=array_record --data_dir={root}"


def _only(features: Any, kind: type, preferred: Any) -> str | None:
    """Returns the one feature of a kind; of several, the one for supervised learning."""
    if not hasattr(features, "items"):
        return None
    keys = [key for key, value in features.items() if isinstance(value, kind)]
    chosen = [key for key in keys if key in (preferred or ())]
    return chosen[0] if len(chosen) == 1 else keys[0] if len(keys) == 1 else None
