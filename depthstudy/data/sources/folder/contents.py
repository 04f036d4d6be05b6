"""What is in the files of a scan: size, color and a hash of the bytes of each, or what damages it.

It is kept in the cache by path, size and times of change, so that a folder is decoded once.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from tqdm import tqdm

from depthstudy import runtime, store
from depthstudy.data.sources.folder.scan import FolderScan, LabeledFile
from depthstudy.data.sources.images import image_file
from depthstudy.data.sources.images.image_file import GoneError, ImageProperties, UnreadableError

SCANS = "folder_scans"
_RECIPE = 3  # to be raised when the same file comes to have other properties

Stamp = tuple[int, int, int]  # size in bytes, times of change of the bytes and of the entry

_NO_FILE: Stamp = (-1, 0, 0)


class FolderContents(NamedTuple):
    """What is in the files of a scan.

    Attributes:
      images: The properties of each file that decodes.
      damaged: Why each other one does not.
      stamps: Size and times of each file when it was looked into.
      changed: Whether the cache knows less than this.
    """

    images: Mapping[LabeledFile, ImageProperties]
    damaged: Mapping[LabeledFile, str]
    stamps: Mapping[LabeledFile, Stamp]
    changed: bool

    @property
    def bits(self) -> int:
        """Bits in use of the images of more than 8 bits, one number for the set."""
        return image_file.bits_in_use(max((i.peak for i in self.images.values()), default=0))


class _Known(msgspec.Struct, array_like=True):
    """A file that was looked into before: its stamp, and its properties or what damages it."""

    stamp: Stamp
    properties: ImageProperties | None
    damage: str = ""


def look_into(scan: FolderScan, data_dir: Path) -> FolderContents:
    """Decodes every image of a scan that has changed since it was decoded last.

    Args:
      scan: The images.
      data_dir: Folder of the cache; one that cannot be read is done without.

    Raises:
      InputError: This user may not read a file.
      OSError: A file cannot be read now, which says nothing of what is in it.
    """
    before = _read(_place(scan.root, data_dir))
    known: dict[LabeledFile, _Known] = {}
    new: list[tuple[LabeledFile, Stamp]] = []
    for file in scan.files:
        stamp = _stamp(file.path)
        earlier = before.get(_key(file))
        if earlier is not None and earlier.stamp == stamp:
            known[file] = earlier
        else:
            new.append((file, stamp))
    bar = tqdm(total=len(new), desc="checking images", unit=" images", delay=2, disable=None)
    with quiet(), concurrent.futures.ThreadPoolExecutor(runtime.cores()) as pool, bar:
        results = pool.map(_inspect, [file.path for file, _ in new])
        for (file, stamp), result in zip(new, results, strict=True):
            if isinstance(result, GoneError):  # looked for again, should it come back as it was
                known[file] = _Known(_NO_FILE, None, str(result))
            elif isinstance(result, UnreadableError):
                known[file] = _Known(stamp, None, str(result) or "cannot be decoded")
            else:
                known[file] = _Known(stamp, result)
            bar.update()
    images = {file: known[file].properties for file in scan.files}
    return FolderContents(
        {file: properties for file, properties in images.items() if properties is not None},
        {file: known[file].damage for file in scan.files if known[file].properties is None},
        {file: known[file].stamp for file in scan.files},
        bool(new) or len(known) < len(before),
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silences the warnings of decoders, whose subject is told in our own words if it matters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _inspect(path: Path) -> ImageProperties | UnreadableError:
    try:
        return image_file.inspect(path)
    except UnreadableError as error:
        return error


def _stamp(path: Path) -> Stamp:
    try:
        about = path.stat()
    except OSError as error:
        reason = image_file.read_error(error, path)
        if isinstance(reason, GoneError):  # a link to nowhere, say: a damaged image like others
            return _NO_FILE
        raise reason from error
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns


def _place(root: Path, data_dir: Path) -> Path:
    key = hashlib.sha256(f"{_RECIPE} {os.path.realpath(root)}".encode()).hexdigest()[:16]
    return data_dir / SCANS / f"{key}.json"


def _key(file: LabeledFile) -> str:
    return os.fsencode(os.path.realpath(file.path)).hex()


def _read(place: Path) -> Mapping[str, _Known]:
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[str, _Known])
    except (OSError, msgspec.DecodeError):
        return {}


def keep(scan: FolderScan, contents: FolderContents, data_dir: Path) -> None:
    """Writes to the cache what was looked into; without a cache it is looked into again."""
    if not contents.changed:
        return
    rows = {
        _key(file): _Known(stamp, contents.images.get(file), contents.damaged.get(file, ""))
        for file, stamp in contents.stamps.items()
    }
    with contextlib.suppress(OSError):  # preparing the set says what is wrong with the cache
        store.write_bytes(_place(scan.root, data_dir), msgspec.json.encode(rows))
