"""Error against depth, or the errors of variants of one depth: the first picture of a study."""

from __future__ import annotations

from depthstudy.records import Mean
from depthstudy.report import tables
from depthstudy.report.blocks import Charts, Figure, Picture, Section
from depthstudy.report.charts.depth import errors, multiples
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import percent
from depthstudy.report.text.sentences import SOURCES

_DETECTS = "An error is one minus average precision (COCO, overlaps .5 to .95)."
_CUT = "Nets with settings of their own, more steps or other treatments have sections of their own."
_FROM = "of three seeds or more"  # that of two may span the whole chart
_TRAIN = "Train error is measured without augmentation on a fixed part of the train set."


def section(study: Study) -> Section:
    """Returns train and test error of whole nets, a chart for each or for each group."""
    every = tables.shown(study)
    is_cut = multiples.are_too_many(every) and tables.has_treatments(every)
    whole = tables.untreated(every) if is_cut else every
    has_depths = tables.has_depths(whole.info)
    title = "Error against depth" if has_depths else "Error of the variants"
    name = "error_against_depth" if has_depths else "error_of_variants"
    if multiples.are_needed(whole):
        panels = tuple(multiples.panels(whole))
        note = f"solid: test error, 95% intervals {_FROM}; dashed: train error"
        charts, columns, width = Charts(panels, "three"), 3, 220
    else:
        panels = tuple(errors.error_panels(whole))
        note = f"lines are 95% intervals {_FROM}, faint dots single seeds"
        charts, columns, width = Charts(panels, "two"), 2, 330
    notes = (tables.figure_note(study, note),)
    picture = Picture(name, title, notes, panels, columns, width, as_png=True)
    same = [f"{copy} is {origin}" for copy, origin in tables.copies(study.info).items()]
    once = f"The same runs, so shown once: {'; '.join(same)}." if same else ""
    detects = _DETECTS if study.detects else ""
    more = _CUT if is_cut else ""
    sentences = (lowest_errors(whole), detects, _marks(whole), once, _TRAIN, more)
    caption = " ".join(filter(None, sentences))
    return Section(title, (Figure((charts,), caption),), (picture,))


def best_of(study: Study) -> dict[str, tuple[str, Mean]]:
    """Returns label and error of the net that errs least, of each group that varies in depth."""
    best = {}
    for group, infos in tables.depth_series(study.info).items():
        errors_of = [(info.name, tables.mean(study, info.name, "test_error")) for info in infos]
        errors_of = [(name, error) for name, error in errors_of if error.seeds]
        if len(infos) > 1 and errors_of:
            name, error = min(errors_of, key=lambda pair: pair[1].mean)
            best[group] = (tables.label(study.info, name), error)
    return best


def lowest_errors(study: Study) -> str:
    """Names the variant with the least mean test error of each group."""
    parts = [
        f"{group}, {label} ({percent(error.mean)})"
        for group, (label, error) in best_of(study).items()
    ]
    return f"Lowest mean test error: {'; '.join(parts)}." if parts else ""


def _marks(study: Study) -> str:
    """Says what the marks of the charts are."""
    if multiples.are_needed(study):
        intervals = f" with its 95% intervals, {SOURCES} ({_FROM})" if study.has_seeds else ""
        return (
            f"Solid lines are test error{intervals}, dashed ones train error, gray ones the test "
            "error of the other groups."
        )
    if not study.has_seeds:
        return "One seed each, so there are no intervals."
    return (
        f"Large marks are means over {tables.seeds(study)}, lines through them the 95% intervals, "
        f"{SOURCES} ({_FROM}, and cut at the edges), faint dots the single seeds."
    )
