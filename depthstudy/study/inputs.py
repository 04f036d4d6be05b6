"""Evidence beside the summary: which images runs get wrong, and how many they have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from depthstudy.plan import Variant
from depthstudy.store import Outcome, RunStore

Runs = Sequence[tuple[Variant, int, RunStore]]  # variant, seed and folder of each run


def predictions(runs: Runs) -> dict[str, NDArray[np.bool_]]:
    """Returns by variant whether each run errs on each test image, ``[runs, images]``.

    A run that diverged guesses: as many images count as wrong as a guess gets wrong. Variants with
    a run of which only its error is known are left out.
    """
    rows: dict[str, list[NDArray[np.bool_] | None]] = {}
    for variant, _, run in runs:
        rows.setdefault(variant.name, []).append(_wrong(variant, run))
    return {
        name: np.stack([row for row in of_variant if row is not None])
        for name, of_variant in rows.items()
        if all(row is not None for row in of_variant)
    }


def _wrong(variant: Variant, run: RunStore) -> NDArray[np.bool_] | None:
    errors = run.read_errors().get("test")
    if errors is not None:
        return errors > 0
    outcome: Outcome | None = run.read_outcome()
    if outcome is None or outcome.diverged_at is None or outcome.test_error is None:
        return None
    images = len(variant.dataset.test)
    return np.arange(images) < round(outcome.test_error * images)


def image_counts(variant: Variant) -> dict[str, int]:
    """Returns the number of images on which each error of a study is counted."""
    dataset, limit = variant.dataset, variant.train.eval_train_examples
    counts = {"train_error": min(limit, len(dataset.train)), "test_error": len(dataset.test)}
    counts["gap"] = counts["test_error"]
    if dataset.validation is not None:
        counts["validation_error"] = len(dataset.validation)
    return counts


def budgets(variants: Sequence[Variant]) -> Mapping[str, float]:
    """Returns the images that a run of each variant has seen, those of its dense net included."""
    by_name = {variant.name: variant for variant in variants}

    def seen(variant: Variant) -> int:
        return variant.info.steps * variant.train.batch_size

    return {
        variant.name: float(
            seen(variant)
            + (
                seen(by_name[variant.info.dense])
                if variant.info.dense and variant.config.prune.control == "none"
                else 0
            )
        )
        for variant in variants
    }
