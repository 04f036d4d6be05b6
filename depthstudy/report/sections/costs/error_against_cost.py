"""Error against multiply-accumulates: what accuracy costs, and which nets are worth their cost."""

from __future__ import annotations

from depthstudy.report import tables
from depthstudy.report.blocks import Charts, Figure, Front, Key, Mark, Picture, Section, Text
from depthstudy.report.charts.costs import front
from depthstudy.report.tables import Study
from depthstudy.report.text import palette
from depthstudy.report.text.formats import count, listing, percent_estimate
from depthstudy.report.text.sentences import SOURCES

_TITLE = "Error against cost"
_MARKS = (
    "Points are means over {seeds}, lines through them the 95% intervals, "
    f"{SOURCES} (cut at the edges); "
    "where those overlap, which net is on the front may be chance."
)

_NAMED = 6  # nets that a sentence names


def section(study: Study) -> Section | None:
    """Returns the Pareto front, or ``None`` where nets do not differ in their cost."""
    panel = front.panel(study)
    if panel is None:
        return None
    lines = nets_on_front(study)
    key = group_colors(study)
    marks = (
        _MARKS.format(seeds=tables.seeds(study))
        if study.has_seeds
        else "One seed each: which net is on the front may be chance."
    )
    stairs = Mark("the front", "stairs", "var(--muted)")
    figure = Figure(
        (
            Key((*(Mark(name, "line", color) for name, color in key), stairs)),
            Charts((panel,), "one"),
        ),
        "The lower left is better: fewer errors for fewer multiply-accumulates (the Pareto front). "
        + marks,
    )
    notes = (
        tables.figure_note(study, "lines are 95% intervals, numbers the Pareto front"),
        *(f"{place}  {label}: {text}" for place, (_, label, text) in enumerate(lines, start=1)),
    )
    picture = Picture("error_against_cost", _TITLE, notes, (panel,), 1, 640, key)
    blocks = (Text(sentence(study), "finding"), Front(tuple(lines)), figure)
    return Section(_TITLE, blocks, (picture,))


def nets_on_front(study: Study) -> list[tuple[str, str, str]]:
    """Returns color, label, and error with cost of the nets on the front, by rising cost."""
    infos = {info.name: info for info in study.info.variants}
    lines = []
    for point in front.front(study.pareto):
        group = infos[point.variant].group
        label = tables.label(study.info, point.variant)
        label = label if label == point.variant else f"{group}, {label}"
        error = percent_estimate(point.test_error, point.low, point.high)
        lines.append((_color(study, group), label, f"{error} at {short_count(point.macs)} MACs"))
    return lines


def group_colors(study: Study) -> tuple[tuple[str, str], ...]:
    """Returns the groups of the nets that are compared, where colors tell groups apart."""
    names = list(tables.groups(study.info))
    group_of = {info.name: info.group for info in study.info.variants}
    compared = {group_of[point.variant] for point in study.pareto}
    if len(compared) < 2 or len(names) > palette.GROUPS:
        return ()
    return tuple((name, palette.group(i)) for i, name in enumerate(names) if name in compared)


def sentence(study: Study) -> str:
    """Says how many nets are on the front, and which groups have none there."""
    group_of = {info.name: info.group for info in study.info.variants}
    best = front.front(study.pareto)
    fair = [point for point in study.pareto if point.equal_budget]
    verb = "is" if len(best) == 1 else "are"
    equal = "" if len(fair) == len(study.pareto) else " of equal budget"
    text = f"{len(best)} of {count(len(fair), 'net')}{equal} {verb} worth the cost: no other has "
    text += "both no more multiply-accumulates and no greater mean test error."
    groups = dict.fromkeys(group_of[point.variant] for point in fair)
    absent = [name for name in groups if name not in {group_of[p.variant] for p in best}]
    if absent and len(absent) < len(groups) <= palette.GROUPS:
        text += f" None of them is of {listing(absent, 'or')}."
    return f"{text} {_others(study)}".strip()


def _others(study: Study) -> str:
    """Names the nets that have no place on the front, as they were trained with more or less."""
    others = [p.variant for p in study.pareto if not p.equal_budget]
    if not others:
        return ""
    have = "has" if len(others) == 1 else "have"
    named = listing(others) if len(others) <= _NAMED else count(len(others), "net")
    return f"{named} {have} seen another number of images, and no place on the front."


def short_count(macs: int) -> str:
    """Returns a number of multiply-accumulates as ``"7.73 M"``.

    >>> short_count(7_730_000), short_count(999_600), short_count(999_400)
    ('7.73 M', '1 M', '999 k')
    """
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        digits = f"{macs / size:.3g}"
        if float(digits) >= 1:
            return f"{digits} {letter}"
    return str(macs)


def _color(study: Study, group: str) -> str:
    names = list(tables.groups(study.info))
    return palette.group(names.index(group) if len(names) <= palette.GROUPS else 1)
