"""How the nets trained: loss and errors against the step, and which runs diverged."""

from __future__ import annotations

from depthstudy.report import tables
from depthstudy.report.blocks import Charts, Figure, Items, Key, Mark, Picture, Section, Text
from depthstudy.report.charts.training import curves
from depthstudy.report.tables import Divergence, Study
from depthstudy.report.text.formats import count


def section(study: Study) -> Section:
    """Returns the curves of each family of whole nets."""
    whole = tables.shown(study)
    families = curves.families(whole)
    figures, pictures = [], []
    for index, family in enumerate(families, start=1):
        panels = tuple(curves.curve_panels(whole, family))
        key = tuple((line.label, line.color) for line in family.legend)
        marks = tuple(Mark(label, "line", color) for label, color in key)
        figures.append(Figure((Key(marks, family.title), Charts(panels, "three"))))
        thin = curves.shows_seeds(whole, family)
        note = tables.figure_note(study, "thin lines are single seeds" if thin else "all variants")
        name = f"training_curves_{index}" if len(families) > 1 else "training_curves"
        title = f"Training, {family.title}"
        pictures.append(Picture(name, title, (note,), panels, 3, 250, key))
    diverged = [
        divergence_sentence(name, tables.runs_of(study, name), runs)
        for name, runs in tables.divergences(study).items()
    ]
    thin_lines = any(curves.shows_seeds(whole, family) for family in families)
    how = Text(_note(whole, thin_lines=thin_lines, diverged=bool(diverged)), "note")
    crosses = [Items.plain(diverged, "diverged")] if diverged else []
    return Section("How the nets trained", (*figures, how, *crosses), tuple(pictures))


def divergence_sentence(variant: str, seeds: int, runs: Divergence) -> str:
    """Says how many runs of a variant diverged, and when."""
    first = f"first at step {runs.first:,}" if runs.runs > 1 else f"at step {runs.first:,}"
    return f"{variant}: {runs.runs} of {count(seeds, 'seed')} diverged, {first}."


def _note(study: Study, *, thin_lines: bool, diverged: bool) -> str:
    parts = [
        "Train loss is the running loss on augmented batches, on a logarithmic scale; errors are "
        "evaluations in between, without augmentation."
    ]
    if study.has_seeds:
        strong = "Strong lines" if thin_lines else "Lines"
        single = "; thin lines are single seeds" if thin_lines else ""
        parts.append(f"{strong} are means over seeds, as far as all seeds got{single}.")
    if diverged:
        parts.append("A cross ends a run that diverged.")
    return " ".join(parts)
