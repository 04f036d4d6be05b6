"""What a study learns from: a table of the images, a picture of some, and what to know of them."""

from __future__ import annotations

import collections
import dataclasses
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

from depthstudy import records, store
from depthstudy.config import DataConfig
from depthstudy.data import Dataset
from depthstudy.data.contact_sheet import contact_sheet
from depthstudy.plan import Variant
from depthstudy.records import DataInfo
from depthstudy.study.facts import data_splits, split_labels
from depthstudy.study.facts.runs import StudyRuns

_WIDTH = 80  # of a terminal
_QUARTER = 0.25  # share of its area, above which what a crop cuts off is counted
_SHEETS = 3
FITS = {
    "crop": "cropped to the center",
    "pad": "padded with black",
    "squash": "squashed, each axis by itself",
    "fit": "fitted in with their aspect, padded at bottom and right",
}


def write(workdir: Path, variants: Sequence[Variant]) -> tuple[DataInfo, ...]:
    """Writes ``data.csv``, ``data.json`` and a picture of each set, and returns what is said."""
    groups = _groups(variants)
    infos = []
    for number, (config, of_set) in enumerate(groups.items(), start=1):
        dataset, sheet = of_set[0].dataset, ""
        info = describe(dataset, config, [variant.name for variant in of_set])
        if number <= _SHEETS and data_splits.has_classes(dataset):
            sheet = store.DATA_SHEET.format(number)
            store.write_bytes(workdir / sheet, contact_sheet(dataset, config))
        infos.append(dataclasses.replace(info, sheet=sheet))
    sources = {v.dataset.name: v.dataset.source for v in variants if v.dataset.source}
    files = [row for source in sources.values() for row in source.files]
    store.write_data(workdir, files, infos)
    return tuple(infos)


def counted(runs: StudyRuns, infos: tuple[DataInfo, ...]) -> tuple[DataInfo, ...]:
    """Returns what is said of sets with what runs have counted of streamed ones, and writes it."""
    variants = {variant.name: variant for variant in runs.variants}
    updated = tuple(_counted(runs, variants[info.variants[0]], info) for info in infos)
    if updated != infos:
        store.write_data_info(runs.workdir, updated)
    return updated


def _counted(runs: StudyRuns, variant: Variant, info: DataInfo) -> DataInfo:
    labels = split_labels.of(runs, variant)
    splits = tuple(
        split
        if split.counts or split.images != len(labels.get(split.name, ()))
        else data_splits.of_labels(variant.dataset, split.name, labels[split.name])
        for split in info.splits
    )
    return dataclasses.replace(info, splits=splits)


def of_plan(variants: Sequence[Variant]) -> tuple[DataInfo, ...]:
    """Returns what is known of the sets of a plan."""
    return tuple(
        describe(of_set[0].dataset, config, [variant.name for variant in of_set])
        for config, of_set in _groups(variants).items()
    )


def _groups(variants: Sequence[Variant]) -> dict[DataConfig, list[Variant]]:
    groups: dict[DataConfig, list[Variant]] = {}
    for variant in variants:
        groups.setdefault(variant.config.data, []).append(variant)
    return groups


def describe(dataset: Dataset, config: DataConfig, variants: Sequence[str]) -> DataInfo:
    """Returns what a person should know of a set as it is used."""
    named = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    splits = tuple(
        data_splits.counted(dataset, name, of) for name, of in named.items() if of is not None
    )
    files = () if dataset.source is None else dataset.source.files
    kept = [row for row in files if not row.left_out]
    left_out = collections.Counter((row.left_out, row.class_name) for row in files if row.left_out)
    notes = () if dataset.source is None else dataset.source.notes
    return DataInfo(
        variants=tuple(variants),
        name=dataset.name,
        title=dataset.called,
        class_names=dataset.class_names,
        splits=splits,
        image_shape=dataset.image_shape,
        sizes=_sizes(dataset, kept),
        fit=_fit(dataset, config, kept),
        left_out=tuple((reason, name, n) for (reason, name), n in sorted(left_out.items())),
        notes=(*_subset_notes(config), *data_splits.notes(dataset, splits), *notes),
    )


def _subset_notes(config: DataConfig) -> list[str]:
    if not config.own_subset:
        return []
    return ["each run trains on images that it draws by its seed; those counted here are one draw"]


def places(variants: Sequence[Variant]) -> list[str]:
    """Returns the folders of the cache to which images were written, and their sizes."""
    sources = {v.dataset.source for v in variants if v.dataset.source and v.dataset.source.files}
    folders = dict.fromkeys(source.folder for source in sources if source.folder)
    return [f"{folder} ({_bytes(folder) / 1e6:,.1f} MB)" for folder in folders]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def lines(info: DataInfo) -> list[str]:
    """Returns what the command line says of a set, in lines of 80 columns but for longer paths."""
    return [
        line
        for paragraph in paragraphs(info)
        for line in textwrap.wrap(
            paragraph,
            _WIDTH,
            subsequent_indent=6 * " ",
            break_long_words=False,  # a path can be copied
            break_on_hyphens=False,
        )
    ]


def paragraphs(info: DataInfo) -> list[str]:
    """Returns what the command line says of a set, unbroken; all but the first are indented."""
    parts = ", ".join(f"{split.images:,} {split.name}" for split in info.splits)
    train = info.splits[0]
    objects = (
        f", {sum(train.counts):,} objects to train on"
        f" (half of them under {math.ceil(train.median_side)} pixels wide)"
        if train.median_side is not None
        else ""
    )
    majority = _majority(info)
    height, width, channels = info.image_shape
    count = sum(number for *_, number in info.left_out)
    left_out = f"; {count:,} files left out" if count else ""
    return [
        f"data: {info.title}: {parts} images of {len(info.class_names)} classes{objects};"
        f" {info.sizes}, {info.fit}, to {height} x {width} x {channels}{left_out}",
        *(
            [f"      always naming the largest class errs on {majority:.1%} of the test images"]
            if majority
            else []
        ),
        *(f"      note: {note}" for note in info.notes),
    ]


def _majority(info: DataInfo) -> float | None:
    return next((split.majority_error for split in info.splits if split.name == "test"), None)


def _sizes(dataset: Dataset, files: Sequence[records.DataFile]) -> str:
    """Says how large images are before they are resized."""
    sizes = collections.Counter((row.height, row.width) for row in files)
    if not sizes:
        height, width, _ = (
            dataset.image_shape if dataset.source is None else (dataset.source.image_shape)
        )
        return f"{height} x {width} pixels" if height and width else "of many sizes"
    if len(sizes) == 1:
        ((height, width),) = sizes
        return f"{height} x {width} pixels"
    heights, widths = zip(*sizes, strict=True)
    return f"{min(heights)} to {max(heights)} pixels high and {min(widths)} to {max(widths)} wide"


def _fit(dataset: Dataset, config: DataConfig, files: Sequence[records.DataFile]) -> str:
    """Says how images get their shape, and how many lose more than a quarter of their area."""
    height, width, _ = dataset.image_shape
    source = None if dataset.source is None else dataset.source.image_shape[:2]
    if source == (height, width) and config.eval_center == 1:
        return "not resized"
    sizes = [(row.height, row.width) for row in files if row.height and row.width]
    if not files and source is not None and source[0] and source[1]:
        sizes = [(source[0], source[1])]
    is_whole = bool(sizes) and all(h * width == w * height for h, w in sizes)
    words = "resized" if is_whole else FITS[dataset.resize]
    if config.eval_center < 1:
        words += f" ({config.eval_center:g} of the shorter side in evaluation)"
    if config.fit != "crop" or not files or is_whole:
        return words
    kept = [min(w / width, h / height) ** 2 * width * height / (w * h) for h, w in sizes]
    many = sum(share < 1 - _QUARTER for share in kept)
    return f"{words} ({many:,} of {len(kept):,} images lose more than a quarter of their area)"
