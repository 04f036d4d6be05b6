"""Writes what a study says to its folder: a table for each kind of finding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from depthstudy import records, store, tasks
from depthstudy.evidence.findings import Findings
from depthstudy.evidence.material import Material
from depthstudy.plan import Variant
from depthstudy.records import BudgetRow
from depthstudy.study.conclusions import thumbnails

_SCENES = 6  # test images with what detectors find in them


def write_tables(
    folder: Path, material: Material, found: Findings, budgets: tuple[BudgetRow, ...] = ()
) -> None:
    """Writes the tables of a study.

    Args:
      folder: Where to.
      material: What was measured.
      found: What it says.
      budgets: What came of longer trainings.
    """
    frame = records.frame
    tables = {
        store.RECORDS: frame(records.Record, [*material.trained, *material.probed]),
        store.SUMMARY: material.summary,
        store.TUNING: frame(records.TrialRow, material.trials),
        store.EXPECTED_BEST: frame(records.ExpectedBest, found.expected_best),
        store.BUDGET: frame(records.BudgetRow, budgets),
        store.VERDICTS: frame(records.Verdict, found.verdicts),
        store.TUNED_VERDICTS: frame(records.Verdict, found.tuned_verdicts),
        store.ROBUSTNESS: frame(records.Robustness, found.robustness),
        store.DECOMPOSITION: frame(records.Decomposition, found.decomposition),
        store.ATTRIBUTION: frame(records.Attribution, found.attribution),
        store.MATCHED: frame(records.MatchedGap, found.matched),
        store.MEANS: frame(records.Mean, found.means),
        store.PARETO: frame(records.ParetoPoint, found.pareto),
        store.PRUNING: frame(records.PrunedNet, found.pruning),
        store.GAINS: frame(records.Gain, found.gains),
        store.CLASS_ERRORS: frame(records.ClassError, found.class_errors),
        store.CONFUSION: frame(records.Confusion, found.confusion),
        store.FLIPS: frame(records.Flips, found.flips),
        store.MISTAKES: frame(records.Mistake, found.mistakes),
    }
    for name, table in tables.items():
        store.write_table(folder / name, table)
    store.write_recommendation(folder, found.recommendation)


def write_images(folder: Path, variants: Sequence[Variant], found: Findings) -> None:
    """Writes the test images that are shown as mistakes."""
    if found.mistakes:
        by_name = {variant.name: variant for variant in variants}
        split = by_name[found.mistakes[0].variant].dataset.test
        places = [row.image for row in found.mistakes]
        thumbnails.write(folder / store.MISTAKE_IMAGES, split, places)


def write_scenes(folder: Path, variant: Variant) -> None:
    """Writes the test images that are shown with what detectors find in them."""
    dataset = variant.dataset
    if isinstance(tasks.of(dataset), tasks.Detection):
        images = dataset.test.read(np.arange(min(_SCENES, len(dataset.test)))).images
        store.write_scenes(folder, images, dataset.class_names)
