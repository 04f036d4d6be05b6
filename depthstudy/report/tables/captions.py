"""What stands above a page and below its figures: of which images, and of how many seeds."""

from __future__ import annotations

from depthstudy.report.tables.study import Study
from depthstudy.report.text.formats import count, listing, sentence_case


def lede(study: Study) -> str:
    """Says in one sentence what was compared."""
    variants = study.info.variants
    shapes = {tuple(variant.image_shape) for variant in variants}
    images = " × ".join(map(str, *shapes)) if len(shapes) == 1 else f"in {len(shapes)} sizes"
    runs = f"{count(len(variants), 'variant')} × {seeds(study)}"
    return f"{runs} on {_data(study) or 'one data set'}, images {images}."


def figure_note(study: Study, spread: str, trial_seeds: int | None = None) -> str:
    """Says below a figure's title of what it is, and how it shows the ``spread`` over seeds.

    Args:
      study: The study, with the variants that are shown.
      spread: How the scatter of seeds is shown.
      trial_seeds: The seeds of each trial, in a figure of trials.
    """
    if trial_seeds is not None:
        shown = f"{f'mean of {trial_seeds} seeds' if trial_seeds > 1 else 'one seed'}; {spread}"
    else:
        shown = f"mean of {seeds(study)}; {spread}" if study.has_seeds else "one seed"
    return f"{_data(study)}: {shown}" if _data(study) else sentence_case(shown)


def seeds(study: Study) -> str:
    """Returns how many seeds the variants of a study have, as ``"3 to 5 seeds"``."""
    runs = study.summary["variant"].value_counts()
    counts = [int(runs[info.name]) for info in study.info.variants if info.name in runs]
    low, high = min(counts, default=study.info.seeds), max(counts, default=study.info.seeds)
    return count(low, "seed") if low == high else f"{low} to {high} seeds"


def runs_of(study: Study, variant: str) -> int:
    """Returns how many runs of a variant are done."""
    return int((study.summary["variant"] == variant).sum())


def _data(study: Study) -> str:
    """Returns the names of the sets that variants are trained on."""
    usual = (study.info.config.get("data") or {}).get("name") or ""
    names = {str(info.settings.get("data.name", usual)): None for info in study.info.variants}
    return listing([*names] or [usual])
