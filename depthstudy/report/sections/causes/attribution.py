"""Why deeper did worse: for each deep net with an excess, what treatments win back of it.

What is credited to a mechanism follows from intervals alone: a treatment wins something back where
its interval lies above zero, and nothing else counts.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from depthstudy.records import Attribution, Decomposition
from depthstudy.report import tables
from depthstudy.report.blocks import Charts, Figure, Items, Picture, Section, Text
from depthstudy.report.charts.depth import bars
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.sections.causes import treatments
from depthstudy.report.sections.causes.no_excess import excesses, healthy
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import listing, number, points_range, sentence_case, spaced
from depthstudy.report.text.sentences import treatment_name, unequal_sentence

_TREATING = {"receptive_field": "the receptive field"}  # where a mechanism needs an article
_NO_MORE = "no more than its control"  # word of a treatment that a control does as well as
_INTRODUCTION = (
    "Every net was trained again with a treatment that is aimed at one mechanism alone. A "
    "mechanism is to blame for what depth lost to the extent that its treatment wins it back: by "
    "how much the treatment lowers the error of the deep net, less what it does for the best "
    "depth. Treatments overlap, so their shares need not add up to 100%."
)
_HOW_TO_READ = (
    "How to read the pictures: the top bar is what was lost to depth, and the dashed line carries "
    "it down. Each bar below is what one treatment won back; a bar that reaches the line won back "
    "all of it. Pale bars may be chance. Thin lines are 95% intervals."
)


@dataclasses.dataclass(frozen=True)
class Cause:
    """A deep net with an excess.

    Attributes:
      finding: What it lost, and what was won back.
      lines: Of each treatment, a sentence and the name of its color.
      panel: The chart, or ``None`` where no treatment changes the net.
    """

    finding: str
    lines: tuple[tuple[str, str], ...]
    panel: ChartPanel | None


def section(study: Study) -> Section | None:
    """Returns the nets with an excess, or ``None`` in a study without treatments."""
    whole = tables.whole_nets(study)
    if not tables.has_treatments(whole):
        return None
    net_causes = causes(whole)
    look = "note" if net_causes else "finding"
    blocks = (
        Text(_INTRODUCTION, "note"),
        *treatments.table(study),
        *([Text(_HOW_TO_READ, "note")] if net_causes else ()),
        *map(_figure, net_causes),
        *(Text(sentence, look) for sentence in healthy(whole)),
    )
    title = "Why deeper did worse" if net_causes else "Is deeper worse?"
    panels = tuple(cause.panel for cause in net_causes if cause.panel)
    note = tables.figure_note(study, "lines are 95% intervals; pale bars may be chance")
    picture = Picture("attribution", "Why deeper did worse", (note,), panels, 1, 560)
    return Section(title, blocks, (picture,) if panels else ())


def _figure(cause: Cause) -> Figure:
    finding = Text(cause.finding, "finding")
    if cause.panel is None:
        return Figure((finding,))
    return Figure((finding, Charts((cause.panel,), "one"), Items(cause.lines, "causes")))


def causes(study: Study) -> list[Cause]:
    """Returns the untreated nets that are worse than the best depth by more than chance."""
    return [_cause(study, row) for row in excesses(study) if row.established]


def _cause(study: Study, excess: Decomposition) -> Cause:
    deep, best = (tables.label(study.info, name) for name in (excess.variant, excess.best))
    numbers = (excess.effect, excess.low, excess.high)
    lost = excess_sentence(excess.group, deep, best, numbers)
    rows = of_excess(study, excess)
    if not rows:
        return Cause(f"{lost} {open_sentence(study, excess)}", (), None)
    return Cause(
        finding=f"{lost} {credit_sentence(rows)}",
        lines=tuple((treatment_sentence(row), _color(row)) for row in rows),
        panel=bars.cause_panel(
            f"{excess.group}, {deep}",
            f"Lost to depth (against {best})",
            excess,
            [(treatment_label(row), _color(row), row) for row in rows],
        ),
    )


def of_excess(study: Study, excess: Decomposition) -> list[Attribution]:
    """Returns what treatments win back of an excess; a net may have one in several series."""
    series = (excess.group, excess.variant)
    return [row for row in study.attribution if (row.group, row.variant) == series]


def _color(row: Attribution) -> str:
    if row.control_of:
        return "var(--muted)"
    return f"var(--{row.mechanism.replace('_', '-')})"


def treatment_label(row: Attribution) -> str:
    """Returns ``"Weight decay (overfitting)"``, or ``"Scratch (control of block removal)"``."""
    if row.control_of:
        return (
            f"{sentence_case(treatment_name(row.treatment))} (control of {spaced(row.control_of)})"
        )
    return f"{sentence_case(treatment_name(row.treatment))} ({spaced(row.mechanism)})"


def excess_sentence(group: str, deep: str, best: str, excess: tuple[float, float, float]) -> str:
    """Says how much worse a deep net is than the best depth.

    Args:
      group: What the two share.
      deep: Label of the deep net, as ``"depth 56"``.
      best: Label of the best.
      excess: The excess as a fraction, and the ends of its interval.
    """
    mean, low, high = (number(100 * value) for value in excess)
    return f"In {group}, {deep} errs {mean} points more than {best} (95% interval {low} to {high})."


def credit_sentence(rows: Sequence[Attribution]) -> str:
    """Says what share of an excess each mechanism's best treatment wins back."""
    shares: dict[str, float] = {}
    for row in rows:
        if row.established and not row.control_of:
            shares[row.mechanism] = max(row.share, shares.get(row.mechanism, 0.0))
    ordered = sorted(shares.items(), key=lambda pair: -pair[1])
    if not ordered and not any(row.low > 0 for row in rows):
        return "No treatment in this study wins back more of it than chance could."
    if not ordered:
        alike = [treatment_name(row.treatment) for row in rows if row.word == _NO_MORE]
        verb = "wins" if len(alike) == 1 else "win"
        more = f" {sentence_case(listing(alike))} {verb} back no more of it than a control."
        return f"No treatment in this study shows a cause.{more if alike else ''}"
    (first, share), *others = ordered
    parts = [f"treating {_TREATING.get(first, first)} wins back {part_of(share)} of it"]
    parts += [f"treating {_TREATING.get(name, name)} {part_of(share)}" for name, share in others]
    return f"{sentence_case(listing(parts))}."


def treatment_sentence(row: Attribution) -> str:
    """Says what a treatment wins back of an excess, how sure that is, and by what budget."""
    return f"{_won_back(row)} {unequal_sentence(row)}".strip()


def _won_back(row: Attribution) -> str:
    won, lost = number(100 * row.recovered), number(100 * row.excess)
    name = treatment_label(row)
    if not math.isfinite(row.low):
        return f"{name}: too few seeds to tell what it wins back from chance."
    if row.established:
        some = f"{won} of the {lost} points"
        some = some if row.share <= 1 else f"{won} points, all of the {lost} that were lost"
        more = interaction_sentence(row)
        return f"{name} wins back {some} (share {_share(row)}). {more}".strip()
    if row.word == "harms the best":
        worse = number(-100 * row.gain_at_best)
        return (
            f"{name} is not credited: it wins back {won} points, but the best depth errs {worse} "
            "points more with it."
        )
    if row.word == _NO_MORE:
        return (
            f"{name} wins back {won} points, but no more, beyond chance, than its control: not "
            "shown to be a cause."
        )
    if row.word == "points only":
        return (
            f"{name} wins back {won} points, but by a factor it may do as much for the best depth: "
            "a general good, not shown to be a cause."
        )
    if row.high < 0:
        worse = number(-100 * row.recovered)
        ends = points_range(-row.high, -row.low)
        return f"{name} wins back nothing: it adds {worse} points ({ends})."
    sure = f"{won} points, {points_range(row.low, row.high)}"
    return f"{name} wins back nothing that can be told from chance ({sure})."


def interaction_sentence(row: Attribution) -> str:
    """Says what a combination wins back beyond what its parts do; ``""`` for single treatments."""
    if not row.combines or not math.isfinite(row.interaction):
        return ""
    sure = points_range(row.interaction_low, row.interaction_high)
    parts = listing([spaced(name) for name in row.combines.split(" + ")])
    size = f"{number(100 * row.interaction)} points ({sure})"
    if row.interaction_low > 0:
        return f"That is {size} beyond {parts} apart: both are needed."
    if row.interaction_high < 0:
        more = number(-100 * row.interaction)
        sure = points_range(-row.interaction_high, -row.interaction_low)
        return f"Apart, {parts} add up to {more} points more than together ({sure}): they overlap."
    return f"Beyond {parts} apart, that is {size}, which may be chance."


def open_sentence(study: Study, excess: Decomposition) -> str:
    """Says why an excess stays unexplained where no treatment is judged."""
    treated = [info for info in study.info.variants if info.untreated == excess.variant]
    if treated and all(info.trained_longer for info in treated):
        return "What is to blame stays open: the best depth was not trained longer by as much."
    if treated:
        return (
            "What is to blame stays open: treated nets lack runs, or the best depth is no better "
            "than always giving the same answer."
        )
    return "No treatment in this study changes these nets, so what is to blame stays open."


def part_of(share: float) -> str:
    """Returns a share as ``"72%"``, or ``"all"``."""
    return "all" if share >= 0.995 else f"{number(100 * share, 0)}%"


def _share(row: Attribution) -> str:
    share = f"{number(100 * row.share, 0)}%"
    if not math.isfinite(row.share_low):
        return share
    low, high = number(100 * row.share_low, 0), number(100 * row.share_high, 0)
    return f"{share}, 95% interval {low} to {high}%"
