"""Learning rates and steps: whether what depth lost is the recipe's fault."""

from __future__ import annotations

import math
from collections import Counter

from depthstudy.records import BudgetRow
from depthstudy.report import tables
from depthstudy.report.blocks import (
    Block,
    Charts,
    Figure,
    Heading,
    Items,
    Key,
    Mark,
    Picture,
    Section,
    Text,
)
from depthstudy.report.charts.training import effort, tuning
from depthstudy.report.tables import Study
from depthstudy.report.text import palette
from depthstudy.report.text.formats import count, listing, percent

_TUNED = (
    "Each net was trained with each learning rate, on seeds that no verdict uses, and takes the "
    "one of least error on validation data (ringed)."
)
_TUNED_OTHERWISE = (
    "Each net takes the settings of least error on validation data, by seeds that no verdict uses."
)
_EFFORT = (
    "What to expect of the best of so many trials, drawn from those of the grid (Dodge et al. "
    "2019, Tang et al. 2020): a line that falls for long belongs to a net that has to be tuned."
)
_ENDS = ("shallowest of its group", "deepest of its group")
_LONGER = (
    "A net that fits the train set worse than a shallower one may be worse, or need more steps. "
    "So such nets, the one that fits best, and the best of the shallower ones by validation error "
    "were trained longer, each with its learning rate."
)


def section(study: Study) -> Section | None:
    """Returns the error against the learning rate of each net, and what longer trainings did."""
    if not (study.tuning or study.budget):
        return None
    trial_seeds = study.info.config.get("tune_seeds", 1)
    panels = tuple(tuning.rate_panels(study))
    blocks: list[Block] = []
    pictures: list[Picture] = []
    if panels:
        key = tuple(_key(study))
        marks = Key(tuple(Mark(label, "line", color) for label, color in key))
        caption = _joined(
            _TUNED, _trials(study), _diverged(study), _chosen(study), edge_sentence(study)
        )
        charts = Charts(panels, "three" if len(panels) > 2 else "two")
        blocks += [Figure((marks, charts), caption)]
        note = tables.figure_note(study, "validation error against learning rate", trial_seeds)
        pictures = [Picture("learning_rates", "Validation error", (note,), panels, 2, 330, key)]
    elif study.tuning:
        text = _joined(_TUNED_OTHERWISE, _trials(study), edge_sentence(study))
        blocks.append(Text(text, "note"))
    if study.expected_best:
        efforts = tuple(effort.effort_panels(study))
        key = tuple(_key(study))
        marks = Key(tuple(Mark(label, "line", color) for label, color in key))
        shown = Charts(efforts, "three" if len(efforts) > 2 else "two")
        blocks += [
            Heading("How much tuning a net needs"),
            Text(effort_sentence(study), "finding"),
            Figure((marks, shown), _EFFORT),
        ]
        note = tables.figure_note(
            study, "expected validation error of the best of so many trials", trial_seeds
        )
        pictures.append(Picture("tuning_effort", "Tuning effort", (note,), efforts, 2, 330, key))
    if study.budget:
        sentences = [budget_sentence(row) for row in study.budget]
        blocks += [Heading("More steps"), Text(_LONGER, "note"), Items.plain(sentences, "matched")]
    return Section("Own learning rate, more steps", tuple(blocks), tuple(pictures))


def effort_sentence(study: Study) -> str:
    """Says how many trials nets of each depth need, group by group."""
    needed = {row.variant: row.needed for row in study.expected_best}
    parts = []
    for group, infos in tables.groups(study.info).items():
        rows = [info for info in infos if info.name in needed]
        if rows:
            each = [
                f"{needed[info.name]} at {tables.label(study.info, info.name)}" for info in rows
            ]
            parts.append(f"{group}: {listing(each)}")
    return f"Trials of the grid until within a point of its best. {'; '.join(parts)}."


def edge_sentence(study: Study) -> str:
    """Names the nets whose best value is the least or the greatest that was tried, if any."""
    rows = [trial for trial in study.tuning if trial.at_edge]
    if not rows:
        return ""
    names = [f"{row.variant} ({_field(row.at_edge)})" for row in rows]
    return f"The best lies at an edge of what was tried, and may lie beyond: {listing(names)}."


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _field(names: str) -> str:
    return names.replace("train.", "").replace("_", " ")


def _trials(study: Study) -> str:
    """Says whether all nets have as many trials."""
    counts = set(Counter(trial.variant for trial in study.tuning).values())
    if len(counts) == 1:
        return "All nets have as many trials."
    return f"Nets have {min(counts)} to {max(counts)} trials, as some grids have no value to add."


def _diverged(study: Study) -> str:
    """Says how many trials the charts lack; ``""`` where they lack none."""
    lost = sum(not math.isfinite(trial.validation_error) for trial in study.tuning)
    return f"Not drawn, as a run diverged: {count(lost, 'trial')}." if lost else ""


def budget_sentence(row: BudgetRow) -> str:
    """Says what a longer training did to what a deep net failed to fit."""
    end = "so it only needed the steps" if row.settled else "so it does not fit as well yet"
    settings = row.settings.replace("train.", "").replace("_", " ").replace("=", " ")
    how = ", ".join(filter(None, [f"{row.steps:,} steps", settings]))
    return (
        f"{row.variant}: trained {row.factor} times as long ({how}), its train error is "
        f"{percent(row.train_error)}, {_points(row.excess)} that of {row.reference}; in the plan "
        f"it was {_points(row.excess_before)}: {end}."
    )


def _points(excess: float) -> str:
    return f"{abs(100 * excess):.1f} points {'over' if excess >= 0 else 'under'}"


def _chosen(study: Study) -> str:
    groups = tables.groups(study.info)
    parts = []
    for group, infos in groups.items():
        by_name = {t.variant: tuning.rate(t) for t in study.tuning if t.chosen}
        rates = [by_name[i.name] for i in infos if by_name.get(i.name) is not None]
        if len(rates) > 1:
            parts.append(f"{group} {listing([f'{value:g}' for value in rates if value])}")
    return f"Chosen, from shallow to deep: {'; '.join(parts)}." if parts else ""


def _key(study: Study) -> list[tuple[str, str]]:
    """Returns the shades of depth, which have a name where all groups have the same depths."""
    tuned = {trial.variant for trial in study.tuning}
    groups = {
        tuple(tables.label(study.info, info.name) for info in infos if info.name in tuned)
        for infos in tables.groups(study.info).values()
    } - {()}
    labels = groups.pop() if len(groups) == 1 else _ENDS
    return list(zip(labels, palette.shades(0, len(labels)), strict=True))
