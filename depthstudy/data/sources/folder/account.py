"""An account of a folder: every file of it, what is odd about its images, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from depthstudy.data.source import Shape
from depthstudy.data.sources.folder import copies
from depthstudy.data.sources.folder.contents import FolderContents
from depthstudy.data.sources.folder.division import Division
from depthstudy.data.sources.folder.scan import FolderScan, LabeledFile
from depthstudy.data.sources.images.image_file import DAMAGED, ImageProperties, damaged_lines
from depthstudy.errors import first_names
from depthstudy.records import DataFile

_CLASSES_NAMED = 20


def files(
    scan: FolderScan, contents: FolderContents, division: Division, dataset: str
) -> tuple[DataFile, ...]:
    """Returns a row for every file of a folder, those of the set by part, class and name."""
    parts = {file: part for part, of in division.items() for file in of}
    first: dict[str, str] = {}
    rows = []
    order = list(division)
    for file in sorted(parts, key=lambda f: (order.index(parts[f]), f.label, f.path)):
        facts, name = contents.images[file], scan.name(file.path)
        rows.append(
            DataFile(
                dataset=dataset,
                file=name,
                class_name=scan.class_names[file.label],
                part=parts[file],
                height=facts.height,
                width=facts.width,
                digest=facts.digest,
                note="; ".join(_oddities(facts, first.setdefault(facts.digest, name), name)),
            )
        )
    for file, reason in contents.damaged.items():
        name, label = scan.name(file.path), scan.class_names[file.label]
        rows.append(
            DataFile(dataset=dataset, file=name, class_name=label, left_out=f"{DAMAGED}: {reason}")
        )
    rows += [
        DataFile(
            dataset=dataset,
            file=scan.name(left.path),
            class_name=left.class_name,
            left_out=left.reason,
        )
        for left in scan.left_out
    ]
    return tuple(rows)


def _oddities(facts: ImageProperties, first: str, name: str) -> Iterator[str]:
    if first != name:
        yield f"same bytes as {first}"
    if facts.constant:
        yield "all pixels alike"
    if facts.frames > 1:
        yield f"first of {facts.frames} frames"


def notes(scan: FolderScan, contents: FolderContents, division: Division) -> tuple[str, ...]:
    """Returns what a person should know of the images before believing a result."""
    return (
        *scan.notes,
        *copies.notes(_placed(scan, contents, division)),
        *_constant(scan, contents),
        *_deep(contents),
        *_frames(scan, contents),
        *_damaged(scan, contents),
    )


def _placed(
    scan: FolderScan, contents: FolderContents, division: Division
) -> list[copies.PlacedImage]:
    parts = {file: part for part, of in division.items() for file in of}
    return [
        copies.PlacedImage(
            scan.name(file.path), parts[file], file.label, contents.images[file].digest
        )
        for file in sorted(parts, key=lambda file: file.path)
    ]


def _constant(scan: FolderScan, contents: FolderContents) -> Iterator[str]:
    names = [scan.name(file.path) for file, facts in contents.images.items() if facts.constant]
    if names:
        yield f"all pixels are alike in {_images(len(names))}: {first_names(names)}"


def _deep(contents: FolderContents) -> Iterator[str]:
    peaks = [facts.peak for facts in contents.images.values() if facts.peak]
    if peaks:
        yield (
            f"{_images(len(peaks))} of more than 8 bits a channel: the greatest value is"
            f" {max(peaks):,}, so {contents.bits} bits are taken to be in use:"
            f" 0 to {2**contents.bits - 1:,} becomes 0 to 255, in all of them alike"
        )


def _frames(scan: FolderScan, contents: FolderContents) -> Iterator[str]:
    names = [scan.name(file.path) for file, facts in contents.images.items() if facts.frames > 1]
    if names:
        yield f"of {len(names):,} files with several frames the first counts: {first_names(names)}"


def _damaged(scan: FolderScan, contents: FolderContents) -> Iterator[str]:
    reasons = [f"{scan.name(f.path)} ({why})" for f, why in contents.damaged.items()]
    if reasons:
        yield f"damaged and left out: {_images(len(reasons))}, {first_names(reasons)}"


def _images(number: int) -> str:
    return f"{number:,} image" if number == 1 else f"{number:,} images"


def lines(
    scan: FolderScan, contents: FolderContents, division: Division, shape: Shape
) -> list[str]:
    """Returns what is said when a set is prepared: damaged images by name, and a summary."""
    reasons = [f"{scan.name(file.path)}: {reason}" for file, reason in contents.damaged.items()]
    return [
        *damaged_lines(reasons),
        _summary(scan, division, len(reasons), shape),
    ]


def _summary(
    scan: FolderScan, division: Mapping[str, Sequence[LabeledFile]], damaged: int, shape: Shape
) -> str:
    height, width, channels = shape
    names = scan.class_names
    hidden = sum(left.reason == "hidden" for left in scan.left_out)
    *others, tested = (f"{len(of)} {part}" for part, of in division.items())
    folders = " and ".join(name for part, name in scan.part_names.items() if part != "train")
    return (
        f"{scan.root}: {len(names)} classes ({first_names(names, _CLASSES_NAMED)}),"
        f" {', '.join(others)} and {tested} images"
        f" ({f'of {folders}' if folders else 'divided by seed'}),"
        f" {'gray' if channels == 1 else 'color'},"
        f" {f'{height} x {width}' if height else 'of many sizes'};"
        f" left out: {damaged} damaged, {len(scan.left_out) - hidden} of another kind or place,"
        f" {hidden} hidden"
    )
