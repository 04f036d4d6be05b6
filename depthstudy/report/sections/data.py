"""What the nets learned from: how many images, how even the classes, what to know, and a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from depthstudy import store
from depthstudy.records import SHEET_ROWS, DataInfo, DataSplit
from depthstudy.report import tables
from depthstudy.report.blocks import (
    Block,
    Details,
    Facts,
    Image,
    Items,
    Row,
    Section,
    Table,
    Text,
)
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import count, listing, percent, sentence_case, two_digits

_HEADER = (
    "Split", "Images", "Smallest class", "Largest class", "Always naming the largest",
)  # fmt: skip
_OF_OBJECTS = (
    "Split", "Images", "Without objects", "Objects", "Smallest class", "Largest class",
    "Half are under",
)  # fmt: skip
_LOOK = (
    "Train images of the first classes, a class a row: on the left as they are after resizing, on"
    " the right as the nets see them while training."
)
_VARIANTS = 4


def section(study: Study) -> Section | None:
    """Returns what is known of each set that the study learned from."""
    if not study.data:
        return None
    first, *others = study.data
    blocks = [*_balanced(study), *_of_set(study, first), *_waiting(study)]
    for info in others:
        title = f"As {_names(info.variants)} see it"
        blocks.append(Details(title, tuple(_of_set(study, info, known=first))))
    return Section("Data", tuple(blocks))


def _balanced(study: Study) -> list[Block]:
    if not study.is_balanced:
        return []
    return [
        Text(
            "Errors of this study are balanced: the mean over the classes of the share of images"
            " that are wrong. (Curves while training show plain shares.)",
            "finding",
        )
    ]


def _waiting(study: Study) -> list[Block]:
    share = tables.waiting_share(study)
    if share is None:
        return []
    return [Text(f"Train steps waited for data {percent(share)} of their time.", "note")]


def _of_set(study: Study, info: DataInfo, known: DataInfo | None = None) -> list[Block]:
    """Returns the blocks of a set, without what was said of another."""
    by_image = not (study.detects or study.is_balanced)
    counted = [("One test image", _points(info))] if by_image else []
    blocks: list[Block] = [
        Facts(
            (
                ("Images", info.title),
                ("Classes", f"{len(info.class_names):,}"),
                ("Sizes", info.sizes),
                ("Made to fit", info.fit),
                ("What a net sees", " x ".join(map(str, info.image_shape))),
                *counted,
            )
        ),
        _splits(info),
    ]
    known_notes = () if known is None else known.notes
    notes = [f"{sentence_case(note)}." for note in info.notes if note not in known_notes]
    if notes:
        blocks.append(Items.plain(notes, "notes"))
    if info.sheet in study.sheets:
        rows = f"{_LOOK} The rows are {listing(info.class_names[:SHEET_ROWS])}."
        blocks += [Text(rows, "note"), Image(study.sheets[info.sheet], rows)]
    if known is None or known.splits != info.splits:
        blocks += _counts(info)
    if info.left_out and known is None:
        blocks.append(_left_out(info))
    return blocks


def _names(names: Sequence[str]) -> str:
    shown = list(names[:_VARIANTS])
    more = len(names) - _VARIANTS
    return listing([*shown, f"{more} more"] if more > 0 else shown)


def _points(info: DataInfo) -> str:
    test = next(split for split in info.splits if split.name == "test")
    return f"{two_digits(100 / test.images)} points of error"


def _splits(info: DataInfo) -> Table:
    if any(split.empty_images is not None for split in info.splits):
        return Table(_OF_OBJECTS, tuple(_row_of_objects(info, split) for split in info.splits))
    return Table(_HEADER, tuple(_row(info, split) for split in info.splits))


def _row_of_objects(info: DataInfo, split: DataSplit) -> Row:
    if split.empty_images is None or split.median_side is None:
        return Row(split.name, (f"{split.images:,}", *["not counted"] * (len(_OF_OBJECTS) - 2)))
    least, most = min(split.counts), max(split.counts)
    return Row(
        split.name,
        (
            f"{split.images:,}",
            f"{split.empty_images:,}",
            f"{sum(split.counts):,}",
            _class(info, split, least),
            _class(info, split, most),
            f"{split.median_side:.0f} px",
        ),
    )


def _row(info: DataInfo, split: DataSplit) -> Row:
    if not split.counts:
        return Row(split.name, (f"{split.images:,}", "not counted", "not counted", ""))
    least, most = min(split.counts), max(split.counts)
    majority = split.majority_error
    error = "" if majority is None else f"{percent(majority)} of images wrong"
    return Row(
        split.name,
        (
            f"{split.images:,}",
            _class(info, split, least),
            _class(info, split, most),
            error,
        ),
    )


def _class(info: DataInfo, split: DataSplit, number: int) -> str:
    names = [n for n, k in zip(info.class_names, split.counts, strict=True) if k == number]
    return f"{names[0] if len(names) == 1 else f'{len(names)} classes'}: {number:,}"


def _counts(info: DataInfo) -> list[Block]:
    """Returns the images of each class, where they were counted."""
    counted = [split for split in info.splits if split.counts]
    if not counted:
        return []
    rows = tuple(
        Row(name, tuple(f"{split.counts[label]:,}" for split in counted))
        for label, name in enumerate(info.class_names)
    )
    header = ("Class", *(sentence_case(split.name) for split in counted))
    what = "Images" if counted[0].empty_images is None else "Objects"
    return [Details(f"{what} of each class", (Table(header, rows),))]


def _left_out(info: DataInfo) -> Details:
    """Returns what was left out, by reason and class."""
    total = sum(number for *_, number in info.left_out)
    reasons: Counter[tuple[str, str]] = Counter()
    for reason, name, number in info.left_out:
        reasons[reason, name] += number
    rows = tuple(
        Row(reason, (name or "none", f"{number:,}"))
        for (reason, name), number in sorted(reasons.items())
    )
    where = Text(f"Every file by name is in {store.DATA}.", "note")
    header = ("Why", "Class", "Files")
    title = f"{count(total, 'file')} left out, and why"
    return Details(title, (Table(header, rows), where))
