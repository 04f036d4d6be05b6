"""The finished runs of one variant, by one metric: what every effect is made of.

An arm holds one number for each seed. Where the number is an error counted on images, the arm also
holds how many images these were and, where it is known, which of them each run got wrong. All
functions of this package take stacks of studies, too: further axes stand before that of the seeds.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

# Numbers that differ by less, relative to the larger of 1 and themselves, differ by rounding.
ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True, eq=False)
class Arm:
    """The runs of one variant.

    >>> Arm.of_predictions(np.array([[True, False, False, False], [True, True, False, False]]))
    Arm(seeds=2, mean=0.375, images=4)

    Attributes:
      values: One number per seed, ``[..., seeds]``, in units of the metric.
      images: Number of images on which an error was counted; ``None`` for other numbers.
      wrong: Whether a run errs on an image, ``[..., seeds, images]``, for the images that stand for
        others like them; ``None`` where this is not known or not asked.
      fraction: Whether the values are fractions of one, as errors are.
      classes: Class of each image, ``[images]``, where the value is the mean over the classes of
        the error of each; ``None`` where all images count alike.
      test_set: Name of the images. Those of another name, or of another number, are other images.
    """

    values: Floats
    images: int | None = None
    wrong: NDArray[np.bool_] | None = None
    fraction: bool = False
    classes: NDArray[np.integer] | None = None
    test_set: str = ""

    def __post_init__(self) -> None:
        """Refuses what is no set of runs."""
        values = np.asarray(self.values, dtype=np.float64)
        object.__setattr__(self, "values", values)
        if values.ndim == 0:
            raise ValueError("expected one number per seed, got a single number")
        if not np.isfinite(values).all():
            raise ValueError(f"expected finite numbers, got {values.tolist()}")
        if self.fraction and ((values < 0) | (values > 1)).any():
            raise ValueError("expected fractions between 0 and 1")
        if self.wrong is not None and self.wrong.shape[:-1] != values.shape:
            raise ValueError(
                f"expected a row of images for each of {values.shape}, got {self.wrong.shape}"
            )
        if self.classes is not None and (
            self.wrong is None or self.classes.shape != self.wrong.shape[-1:]
        ):
            raise ValueError("expected a class for each image that is known to be right or wrong")

    @classmethod
    def of_predictions(cls, wrong: ArrayLike) -> Arm:
        """Returns the arm of runs that err where ``wrong[..., seeds, images]`` is true."""
        matrix = np.asarray(wrong, dtype=np.bool_)
        return cls(matrix.mean(axis=-1), matrix.shape[-1], matrix, fraction=True)

    def __repr__(self) -> str:
        """Returns a short form, as a matrix of answers has no place in a message."""
        size = f"seeds={self.seeds}, mean={np.round(self.mean, 6)}, images={self.images}"
        return f"{type(self).__name__}({size})"

    @property
    def seeds(self) -> int:
        """Number of runs."""
        return self.values.shape[-1]

    @property
    def answered(self) -> int | None:
        """Number of images of which it is known who errs on them; ``None`` where it is not."""
        return None if self.wrong is None else self.wrong.shape[-1]

    @property
    def image_key(self) -> tuple[str, int | None]:
        """What arms share whose ``wrong`` is of the same images, in the same order."""
        return self.test_set, self.answered

    @property
    def strata(self) -> list[NDArray[np.intp] | slice]:
        """The images of each class that counts as much as another; all in one without classes."""
        if self.classes is None:
            return [slice(None)]
        return [np.flatnonzero(self.classes == label) for label in np.unique(self.classes)]

    @property
    def mean(self) -> Floats:
        """Mean over the runs; NaN without any."""
        if not self.seeds:
            return np.full(self.values.shape[:-1], np.nan)
        return self.values.mean(axis=-1)

    @property
    def center(self) -> Floats:
        """Mean with half a count more of either kind (Haldane 1956, Anscombe 1956)."""
        if self.images is None:
            return self.mean
        return (self.mean * self.images + 0.5) / (self.images + 1)

    @property
    def variance(self) -> Floats:
        """Variance of a run, over seeds; of counts at least that of half a count.

        Runs that all count the same have no spread to see, and yet their next may count one more.
        """
        if self.seeds < 2:
            return np.full(self.values.shape[:-1], np.nan)
        spread = np.ptp(self.values, axis=-1)
        size = np.maximum(1.0, np.abs(self.values).max(axis=-1))
        variance = np.where(spread <= ROUNDING * size, 0.0, self.values.var(axis=-1, ddof=1))
        return variance if self.images is None else np.maximum(variance, (0.5 / self.images) ** 2)

    @property
    def odds_slope(self) -> Floats:
        """Change of the mean fraction with its logit."""
        return self.center * (1 - self.center)

    @property
    def typical(self) -> Floats:
        """Fraction at the mean of the runs' logits; the mean where a run errs always or never."""
        logits, apt = self._logits()
        return np.where(apt, special.expit(logits.mean(axis=-1)), self.center)

    @property
    def logit_variance(self) -> Floats:
        """Variance of a run on the logit scale; zero where all its runs err always, or never.

        The larger of two: that of the logits of the runs, and that of the runs by the slope at
        their mean (delta method). They agree for runs that are much alike. Where one of three runs
        failed, the first is larger and keeps its failure from looking like a settled difference;
        where the errors are skewed, the second keeps to their mean.
        """
        slope = self.odds_slope
        inside = slope > ROUNDING
        by_slope = np.where(inside, self.variance / np.where(inside, slope, 1.0) ** 2, 0.0)
        if self.seeds < 2:
            return by_slope
        logits, apt = self._logits()
        return np.where(apt, np.maximum(by_slope, logits.var(axis=-1, ddof=1)), by_slope)

    def _logits(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Returns the logits of the runs, with half counts, and whether they are finite."""
        fractions = self.values
        if self.images is not None:
            fractions = (fractions * self.images + 0.5) / (self.images + 1)
        apt = np.asarray(((fractions > 0) & (fractions < 1)).all(axis=-1) & (self.seeds > 0))
        return special.logit(np.where(apt[..., None], fractions, 0.5)), apt

    def profile(self) -> Floats:
        """Returns how often each image is got wrong, ``[..., images]``."""
        assert self.wrong is not None
        return self.wrong.mean(axis=-2)

    def residual(self) -> Floats:
        """Returns the variance of a run's mean that neither its seed nor its images explain.

        Of one answer it is the mean square of the interaction in the two-way layout of seeds by
        images (Searle, Casella & McCulloch 1992, "Variance Components", chapter 4); zero with fewer
        than two seeds. Classes are layouts of their own.
        """
        assert self.wrong is not None
        strata = self.strata
        parts = [_interaction(self.wrong[..., images]) for images in strata]
        return np.asarray(sum(parts)) / len(strata) ** 2


def _interaction(wrong: NDArray[np.bool_]) -> Floats:
    """Returns what the interaction of seeds and images adds to the variance of a run's mean."""
    seeds, images = wrong.shape[-2:]
    if seeds < 2 or images < 2:
        return np.zeros(wrong.shape[:-2])
    by_seed, by_image = wrong.sum(axis=-1), wrong.sum(axis=-2)
    total = by_seed.sum(axis=-1).astype(np.float64)
    rows, columns = (by_seed**2).sum(axis=-1) / images, (by_image**2).sum(axis=-1) / seeds
    squares = total - rows - columns + total**2 / (seeds * images)
    return np.maximum(squares, 0.0) / ((seeds - 1) * (images - 1)) / images
