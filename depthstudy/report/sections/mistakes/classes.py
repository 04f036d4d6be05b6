"""Errors by class against depth, and what the recommended net takes for what."""

from __future__ import annotations

import statistics

from depthstudy.records import ClassError, Confusion
from depthstudy.report import tables
from depthstudy.report.blocks import Block, Charts, Heading, Items, Picture, Section, Text
from depthstudy.report.charts.mistakes import classes as charts
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.sections.mistakes.images import image_blocks
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import count, listing, number, percent, whole_percent

_MOST = 20  # classes of a map
_PAIRS = 5  # confusions that are named
_ALWAYS = 0.95  # error of a class that is as good as never right
_NOTE = (
    "Share of the test images of a class that is wrong, mean over the runs; the classes of most "
    "errors are on top."
)
_CONFUSED = (
    "How many test images of each class (rows) the recommended net takes for each (columns), mean "
    "over its runs; strong colors are mistakes. On the diagonal it is right."
)


def section(study: Study) -> Section | None:
    """Returns errors by class and single mistakes, or ``None`` where runs kept no answers."""
    if not study.class_errors:
        return None
    columns = _columns(study)
    rows = _worst_first(study, [name for name, _ in columns])
    few = _of_few(rows)
    panels = [charts.class_map("Error by class", columns, few), *_confusion(study)]
    captions = (_NOTE + _left_out(rows, few) + _diverged(study), _CONFUSED)[: len(panels)]
    pairs = confusion_sentences(study.confusion)
    taken = study.confusion[0].variant if pairs else ""
    blocks: tuple[Block, ...] = (
        Text(classes_sentence(study, rows), "finding"),
        Charts(tuple(panels), "two" if len(panels) > 1 else "one", captions),
        *(
            (Heading(f"What {taken} takes for what"), Items.plain(pairs, "matched"))
            if pairs
            else ()
        ),
        *image_blocks(study),
    )
    names = ("error_by_class", "confusion")
    notes = ("share of a class that is wrong", "counts are means over the runs")
    pictures = tuple(
        Picture(name, panel.title, (tables.figure_note(study, note),), (panel,), 1, 520)
        for name, note, panel in zip(names, notes, panels, strict=False)
    )
    return Section("What they get wrong", blocks, pictures)


def _columns(study: Study) -> list[tuple[str, str]]:
    """Returns the variants that are shown: those of the recommended net's group, or a dozen."""
    infos = {info.name: info for info in study.info.variants}
    series = tables.depth_series(study.info)
    known = list(dict.fromkeys(row.variant for row in study.class_errors))
    choice = study.recommendation
    group = infos[choice.variant].group if choice and choice.variant in infos else ""
    if study.answer and study.answer.group:
        group = study.answer.group
    chosen = [name for name in known if infos[name] in series.get(group, ())] or known[:12]
    ordered = sorted(chosen, key=lambda name: infos[name].depth)
    labels = [(name, tables.label(study.info, name)) for name in ordered]
    return [
        (name, label if label == name else f"{infos[name].group}, {label}")
        for name, label in labels
    ]


def _worst_first(study: Study, names: list[str]) -> list[ClassError]:
    rows = [row for row in study.class_errors if row.variant in names]
    errors: dict[int, list[float]] = {}
    for row in rows:
        errors.setdefault(row.label, []).append(row.error)
    return sorted(rows, key=lambda row: (-statistics.fmean(errors[row.label]), row.label))


def _of_few(rows: list[ClassError]) -> list[ClassError]:
    kept = list(dict.fromkeys(row.label for row in rows))[:_MOST]
    return [row for row in rows if row.label in kept]


def _left_out(rows: list[ClassError], few: list[ClassError]) -> str:
    left = len({row.label for row in rows}) - len({row.label for row in few})
    if not left:
        return ""
    return f" Left out: {left:,} {'class' if left == 1 else 'classes'} with fewer errors."


def _diverged(study: Study) -> str:
    """Names the nets whose runs are not all in means and single mistakes, as some diverged."""
    parts = [
        f"{name} ({runs.runs} of {count(tables.runs_of(study, name), 'run')})"
        for name, runs in tables.divergences(study).items()
    ]
    return f" Left out, here and below, are runs that diverged: {listing(parts)}." if parts else ""


def classes_sentence(study: Study, rows: list[ClassError]) -> str:
    """Names the class that is got wrong most, and those that are never right."""
    names = list(dict.fromkeys(row.variant for row in rows))
    always = [
        row.name
        for row in rows
        if all(other.error >= _ALWAYS for other in rows if other.label == row.label)
    ]
    always = list(dict.fromkeys(always))
    if always:
        return f"Hardly ever right, by any of these nets: {listing(always)}."
    worst = [max((r for r in rows if r.variant == name), key=lambda r: r.error) for name in names]
    parts = [
        f"{_class(row.name)} at {tables.label(study.info, row.variant)} "
        f"({percent(row.error)} of {count(row.images, 'image')})"
        for row in worst
        if row.error > 0
    ]
    return f"Most often wrong: {listing(parts)}." if parts else "No class has an error."


def _class(name: str) -> str:
    return f"class {name}" if name.isdigit() else name


def _confusion(study: Study) -> list[ChartPanel]:
    """Returns the map of what the recommended net says of each class, where it is readable."""
    ordered = sorted(study.class_errors, key=lambda row: row.label)
    names = list(dict.fromkeys(row.name for row in ordered))
    if not study.confusion or len(names) > _MOST:
        return []
    return [charts.confusion_map(study.confusion, names)]


def confusion_sentences(rows: tuple[Confusion, ...]) -> list[str]:
    """Names the confusions of most images."""
    wrong = sorted((r for r in rows if r.name != r.predicted), key=lambda row: -row.images)
    return [
        f"{row.name} taken for {row.predicted}: {number(row.images)} images, "
        f"{whole_percent(row.share)} of its class."
        for row in wrong[:_PAIRS]
    ]
