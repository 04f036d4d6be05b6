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
    folder: Path, material: Material, findings: Findings, budgets: tuple[BudgetRow, ...] = ()
) -> None:
    """Writes the tables of a study.

    Args:
      folder: Where to.
      material: What was measured.
      findings: What it says.
      budgets: What came of longer trainings.
    """
    measured = records.frame(records.Record, [*material.trained, *material.probed])
    store.write_table(folder / store.RECORDS, measured)
    store.write_table(folder / store.SUMMARY, material.summary)
    rows = {**vars(findings), "tuning": material.trials, "budget": budgets}
    for field, (name, kind) in store.FINDINGS.items():
        store.write_table(folder / name, records.frame(kind, rows[field]))
    store.write_recommendation(folder, findings.recommendation)


def write_images(folder: Path, variants: Sequence[Variant], findings: Findings) -> None:
    """Writes the test images that are shown as mistakes."""
    if findings.mistakes:
        by_name = {variant.name: variant for variant in variants}
        split = by_name[findings.mistakes[0].variant].dataset.test
        places = [row.image for row in findings.mistakes]
        thumbnails.write(folder / store.MISTAKE_IMAGES, split, places)


def write_scenes(folder: Path, variant: Variant) -> None:
    """Writes the test images that are shown with what detectors find in them."""
    dataset = variant.dataset
    if isinstance(tasks.of(dataset), tasks.Detection):
        images = dataset.test.read(np.arange(min(_SCENES, len(dataset.test)))).images
        store.write_scenes(folder, images, dataset.class_names)
