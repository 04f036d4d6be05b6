"""Nets that are no better than one constant answer: nothing is concluded from comparing them.

A net that always names the largest class has learned nothing that a comparison could be about,
however low its error is where classes are uneven.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from depthstudy.evidence.image_counts import ImageCounts, image_count

Baselines = Mapping[str, Mapping[str, float]]  # by error and variant: that of the constant answer

_COUNTED = 1_000_000  # images of an error of which it is not known
_OF = {"gap": "test_error"}  # a gap is small for nets that have learned nothing, too


def no_better(
    summary: pd.DataFrame,
    metric: str,
    baselines: Baselines | None,
    images: ImageCounts | None,
) -> frozenset[str]:
    """Returns the variants whose mean error is no better than that of the constant answer.

    >>> runs = pd.DataFrame({"variant": ["a", "a", "b"], "test_error": [0.1, 0.1, 0.02]})
    >>> no_better(runs, "test_error", {"test_error": {"a": 0.1, "b": 0.1}}, {"test_error": 50})
    frozenset({'a'})

    Args:
      summary: Finished runs, with the columns of ``records.Summary``.
      metric: An error, or ``"gap"``; nothing is no better in other metrics.
      baselines: Error of always naming the largest class, where it is known.
      images: Name of an error to the number of images that it is counted on. A mean that is less
        than half an image better is no better.
    """
    error = _OF.get(metric, metric)
    known = (baselines or {}).get(error, {})
    if not known or error not in summary:
        return frozenset()
    means = summary.groupby("variant")[error].mean()
    return frozenset(
        name
        for name in map(str, means.index)
        if name in known
        and means[name] > known[name] - 0.5 / (image_count(images, error, name) or _COUNTED)
    )
