"""Dense twins: the trained nets that pruned variants start from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from depthstudy.config import StudyConfig
from depthstudy.plan.variants import pruning
from depthstudy.plan.variants.naming import check_names, name_of
from depthstudy.plan.variants.variant import Datasets, Variant, build, same, with_settings


def with_twins(
    study: StudyConfig, variants: Sequence[Variant], varied: Sequence[str], datasets: Datasets
) -> list[Variant]:
    """Returns variants with the dense twin of each pruned one before it, and its name in them.

    Args:
      study: The config of the study.
      variants: Variants, pruned or not.
      varied: The fields in which the variants of the study differ.
      datasets: Sets that are loaded already; others are added.
    """
    done = [variant for variant in variants if not variant.is_pruned]
    for variant in variants:
        if not variant.is_pruned:
            continue
        twin = _dense_twin(study, variant, varied, datasets)
        known = next((other for other in done if same(other, twin)), None)
        if known is None:
            check_names([*(other.name for other in variants), twin.name], ())
            done.append(twin)
        info = dataclasses.replace(variant.info, dense=(known or twin).runs)
        done.append(dataclasses.replace(variant, info=info))
    return done


def _dense_twin(
    study: StudyConfig, variant: Variant, varied: Sequence[str], datasets: Datasets
) -> Variant:
    dense = dataclasses.replace(variant.given, prune=pruning.DENSE)
    settings = tuple((f, v) for f, v in variant.info.settings.items() if not _prunes(f))
    swept = len(settings) < len(variant.info.settings) and not variant.info.treatment
    name = name_of(settings) if swept else f"{variant.name}_dense"
    fields = [field for field in varied if not _prunes(field)]
    twin = build(dense, name or f"{study.name}_dense", (), fields, datasets)
    treatment = variant.info.treatment and f"{variant.info.treatment}_dense"
    info = dataclasses.replace(
        twin.info,
        group=f"{variant.info.group}, dense",
        treatment=treatment,
        untreated=variant.info.untreated,
    )
    return with_settings(dataclasses.replace(twin, info=info), varied)


def _prunes(field: str) -> bool:
    return field.startswith("prune.")
