"""A folder of labeled images as a source: prepared on first use, the same set wherever it lies.

Color in any image gives three channels, otherwise there is one. Images that cannot be decoded are
named, counted and left out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from depthstudy import store
from depthstudy.config import DataConfig
from depthstudy.data.source import Shape, Source
from depthstudy.data.sources.folder import account, labels_csv, layout
from depthstudy.data.sources.folder.contents import FolderContents, keep, look_into, quiet
from depthstudy.data.sources.folder.division import (
    Division,
    divide,
    fingerprint,
    groups_of,
    require_enough,
)
from depthstudy.data.sources.folder.scan import FolderScan, LabeledFile
from depthstudy.data.sources.images import image_file
from depthstudy.data.sources.images.image_file import ImageProperties, UnreadableError
from depthstudy.data.sources.tfds import prepared, split_index, writer
from depthstudy.data.sources.tfds.source import BITS
from depthstudy.data.sources.tfds.split_index import SplitIndex
from depthstudy.errors import InputError

PREFIX = "folder_"  # of the name of a prepared set


def open_source(config: DataConfig) -> Source:
    """Opens the images in ``config.source_dir``, prepared on first use.

    They are prepared again when an image, its class, or the seed that divides them has changed.

    Raises:
      InputError: The folder cannot be what a set is made from, or the set cannot be written.
    """
    scan = (
        labels_csv.scan(config.source_dir, config.labels_csv)
        if config.labels_csv
        else layout.scan(config.source_dir)
    )
    require_enough(scan, scan.files, 0)
    contents = look_into(scan, prepared.data_dir(config))
    if scan.files and not contents.images:
        first = next(iter(contents.damaged.items()))
        raise InputError(
            f"all {len(contents.damaged)} images in {scan.root} are damaged, the first is"
            f" {scan.name(first[0].path)}: {first[1]}"
        )
    division = divide(scan, contents, config.seed)
    keep(scan, contents, prepared.data_dir(config))
    source = prepared.open_prepared(
        f"{PREFIX}{fingerprint(scan, contents, config.seed)}",
        config,
        lambda folder: _prepare(scan, contents, division, folder),
        title=store.bucket.shown(scan.root),
    )
    if source.bits != contents.bits:  # prepared by an earlier version, which did not note them
        with contextlib.suppress(OSError):  # of a cache that is only read
            store.write_text(source.folder / BITS, str(contents.bits))
    return dataclasses.replace(
        source,
        bits=contents.bits,
        title=store.bucket.shown(scan.root),
        files=account.files(scan, contents, division, source.name),
        notes=account.notes(scan, contents, division),
    )


def _prepare(scan: FolderScan, contents: FolderContents, division: Division, folder: Path) -> None:
    """Writes the images of a scan as a prepared set, and a summary of it on stderr."""
    shape = _shape(list(contents.images.values()))
    lines = "\n".join(account.lines(scan, contents, division, shape))
    print(store.bucket.shown(lines), file=sys.stderr)
    with quiet():
        writer.write_files_once(
            folder,
            scan.class_names,
            shape,
            {part: _examples(files, contents) for part, files in division.items()},
            total=len(contents.images),
            beside={
                split_index.INDEX: _index(contents, division),
                BITS: str(contents.bits).encode(),
            },
        )


def _index(contents: FolderContents, division: Division) -> bytes:
    """Returns labels and groups of the examples of each part, in their order, as a file."""
    files = [file for part in division.values() for file in part]
    groups = dict(zip(files, groups_of(files, contents).tolist(), strict=True))
    return split_index.encoded(
        {
            part: SplitIndex(
                np.array([file.label for file in of], np.int32),
                np.array([groups[file] for file in of], np.int64),
            )
            for part, of in division.items()
        }
    )


def _shape(images: Sequence[ImageProperties]) -> Shape:
    """Returns the height and width that all images share, or ``None``, and the channels."""
    channels = 1 if all(image.gray for image in images) else 3
    sizes = {(image.height, image.width) for image in images}
    height, width = sizes.pop() if len(sizes) == 1 else (None, None)
    return height, width, channels


def _examples(
    files: Sequence[LabeledFile], contents: FolderContents
) -> Iterator[tuple[bytes, int]]:
    for file in files:
        try:
            digest = contents.images[file].digest
            encoded = image_file.encode(file.path, contents.bits, digest)
        except UnreadableError as error:
            raise InputError(f"{file.path} changed while it was read; try again") from error
        yield encoded, file.label
