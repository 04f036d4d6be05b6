"""All runs of a study by one metric: the arms that effects are made of, and what they share."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from depthstudy import stats
from depthstudy.errors import InputError
from depthstudy.evidence import metrics
from depthstudy.evidence.image_counts import ImageCounts, image_count


@dataclasses.dataclass(frozen=True, eq=False)
class ImageErrors:
    """Where the runs of a variant err, and on which images that is.

    Attributes:
      wrong: Whether each run errs on each image of a split, ``[runs, images]``.
      classes: Class of each image, ``[images]``, where errors are means over the classes.
      test_set: Name of the images; those of another name are other images.
    """

    wrong: NDArray[np.bool_]
    classes: NDArray[np.integer] | None = None
    test_set: str = ""

    @classmethod
    def of(cls, errors: NDArray[np.bool_] | ImageErrors) -> ImageErrors:
        """Returns what is known; an array is of images without a name, which count alike."""
        return errors if isinstance(errors, ImageErrors) else cls(errors)

    @property
    def image_key(self) -> tuple[str, int]:
        """What runs share that are tested on the same images, as ``stats.Arm`` has it."""
        return self.test_set, self.wrong.shape[-1]

    def __len__(self) -> int:
        """Returns the number of runs."""
        return len(self.wrong)

    def __getitem__(self, runs: slice) -> ImageErrors:
        """Returns some of the runs."""
        return dataclasses.replace(self, wrong=self.wrong[runs])


# Whether each run errs on each image of a split, ``[runs in the order of their seeds, images]``;
# arrays are of the same images.
ErrorsByVariant = Mapping[str, NDArray[np.bool_] | ImageErrors]

ALPHA = 0.05  # level of everything that is decided, two-sided and after correction
LEAST_SEEDS = 3  # with fewer nothing is decided that depends on the seed

SCOPES = ("images like these", "these images", "seeds", "exact")


@dataclasses.dataclass(frozen=True, eq=False)
class RunPanel:
    """The runs of every variant by one metric.

    Attributes:
      arms: Name of a variant to its runs.
      prior: What their variances have in common.
      error: Whether the metric is an error, or made of errors, counted on images.
      exact: Whether the metric is one of those that do not depend on the seed.
      seeds: Name of a variant to the seeds of its runs, in their order.
    """

    arms: Mapping[str, stats.Arm]
    prior: stats.Prior | None
    error: bool
    exact: bool
    seeds: Mapping[str, NDArray[np.int64]]

    def effect(self, weights: Mapping[str, float]) -> stats.Contrast:
        """Returns the weighted sum of the means of variants."""
        used = {name: weight for name, weight in weights.items() if weight}
        arms = [self.arms[name] for name in used]
        return stats.contrast(arms, list(used.values()), self.prior, exact=self._settled(arms))

    def difference(self, left: str, right: str) -> stats.Contrast:
        """Returns the mean of ``left`` minus the mean of ``right``."""
        return self.effect({left: 1.0, right: -1.0})

    def mean(self, name: str) -> stats.Estimate:
        """Returns the mean of a variant with its 95% interval."""
        return self.effect({name: 1.0}).interval()

    def paired(self, left: str, right: str) -> stats.Estimate:
        """Returns the mean difference, run by run over the seeds that both have, with 95% interval.

        For variants whose runs of a seed share what it brings, as a pruned net and its dense one.
        """
        common = np.intersect1d(self.seeds[left], self.seeds[right])
        arms = [self._of_seeds(name, common) for name in (left, right)]
        return stats.contrast(arms, [1.0, -1.0], paired=True).interval()

    def _of_seeds(self, name: str, seeds: NDArray[np.int64]) -> stats.Arm:
        arm, kept = self.arms[name], np.isin(self.seeds[name], seeds)
        wrong = None if arm.wrong is None else arm.wrong[kept]
        return dataclasses.replace(arm, values=arm.values[kept], wrong=wrong)

    def scope(self, names: Collection[str]) -> str:
        """Returns what an effect of these variants speaks of, one of ``SCOPES``."""
        arms = [self.arms[name] for name in names]
        if self._settled(arms):
            return "exact"
        if all(arm.wrong is not None for arm in arms):
            return "images like these"
        return "these images" if self.error else "seeds"

    def _settled(self, arms: Collection[stats.Arm]) -> bool:
        """Whether numbers are compared as they stand, as no seed changes them."""
        return self.exact and all(not arm.seeds or np.ptp(arm.values) == 0 for arm in arms)


def measure(
    summary: pd.DataFrame,
    metric: str,
    *,
    predictions: ErrorsByVariant | None = None,
    validated: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
    follow_ups: Collection[str] = (),
) -> RunPanel:
    """Returns the runs of a study by ``metric``.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``.
      metric: A numeric column of it.
      predictions: Where the runs of a variant err on the test images; then ``test_error`` and
        ``gap`` have the images as a second source of chance, stratified by class where they are
        means over the classes.
      validated: The same of the validation images, for ``validation_error``.
      images: Name of an error to the number of images on which it is counted.
      follow_ups: Variants that say nothing of what variances have in common.

    Raises:
      InputError: A value is not finite, a run stands twice, or a variant has not one row of
        predictions for each of its runs.
    """
    table = stats.by_seed(metrics.measured(summary, metric), metric)
    values = {str(name): table[name].dropna().to_numpy() for name in table.columns}
    error = metrics.is_error(metric)
    within = all(((runs >= 0) & (runs <= 1)).all() for runs in values.values())
    by_metric = {"test_error": predictions, "gap": predictions, "validation_error": validated}
    answered = by_metric.get(metric) or {}
    arms = {}
    for name, runs in values.items():
        image_errors = answered.get(name)
        if image_errors is not None and len(image_errors) != len(runs):
            raise InputError(
                f"variant {name!r} has {len(runs)} runs and predictions of {len(image_errors)}; "
                "each run has a row of them, in the order of seeds"
            )
        count = image_count(images, metric, name) if error else None
        arm = stats.Arm(runs, count, fraction=error and metric != "gap" and within)
        arms[name] = arm if image_errors is None else _on_images(arm, image_errors)
    prior = stats.fit_prior([arm for n, arm in arms.items() if n not in follow_ups])
    seeds = {name: table.index[table[name].notna()].to_numpy() for name in values}
    return RunPanel(arms, prior, error, metric in metrics.EXACT, seeds)


def _on_images(arm: stats.Arm, image_errors: NDArray[np.bool_] | ImageErrors) -> stats.Arm:
    """Returns an arm of which it is known on which images it errs."""
    errors = ImageErrors.of(image_errors)
    return dataclasses.replace(
        arm,
        images=errors.wrong.shape[-1] if errors.classes is None else arm.images,
        wrong=errors.wrong,
        classes=errors.classes,
        test_set=errors.test_set,
    )
