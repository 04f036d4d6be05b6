"""Means over seeds of what nets end with: errors, times, and what probes measured of whole nets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from depthstudy import records, stats
from depthstudy.evidence.image_counts import ImageCounts
from depthstudy.evidence.metrics import EXACT, TRAINING
from depthstudy.evidence.panel import ErrorsByVariant, measure
from depthstudy.records import Mean, Record

_PRECISIONS = "test_ap"  # what names of a detector's average precisions begin with
_ERRORS = ("train_error", "test_error", "gap")  # columns of ``summary.csv``


def over_seeds(
    summary: pd.DataFrame,
    rows: Iterable[Record] = (),
    *,
    predictions: ErrorsByVariant | None = None,
    images: ImageCounts | None = None,
) -> list[Mean]:
    """Returns the mean of each metric of each variant, with its 95% interval.

    That of an error is as of an effect, for seeds and test images; that of any other metric is
    Student's (1908). Numbers that do not depend on the seed (``EXACT``) have a point for one.
    Others that all runs agree on have none, as have errors on an unknown number of images that do.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``.
      rows: What was measured. Of each probe's metric the last value of a run counts; what is said
        of single layers is left out, as is what training itself writes but for average precisions.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      images: Name of an error to the number of images that it is counted on.

    Returns:
      A row for each variant and metric, in the order in which both are met.

    >>> runs = pd.DataFrame(
    ...     {
    ...         "variant": ["a", "a"],
    ...         "seed": [0, 1],
    ...         "train_error": [0.1, 0.3],
    ...         "test_error": [0.2, 0.4],
    ...         "gap": [0.1, 0.1],
    ...         "seconds": [2.0, 4.0],
    ...     }
    ... )
    >>> [(row.metric, round(row.mean, 3), row.seeds) for row in over_seeds(runs)]
    [('train_error', 0.2, 2), ('test_error', 0.3, 2), ('gap', 0.1, 2), ('seconds', 3.0, 2)]
    """
    errors = [
        mean for metric in _ERRORS for mean in _of_error(summary, metric, predictions, images)
    ]
    seconds = summary.melt(["variant", "seed"], ["seconds"], "metric")
    table = pd.concat([seconds, _last(rows)], ignore_index=True)
    table = table[np.isfinite(table["value"].astype(float))]
    others = [
        _mean(str(variant), str(metric), _of_others(str(metric), group["value"]))
        for (variant, metric), group in table.groupby(["variant", "metric"], sort=False)
    ]
    return errors + others


def _of_error(
    summary: pd.DataFrame,
    metric: str,
    predictions: ErrorsByVariant | None,
    images: ImageCounts | None,
) -> Iterator[Mean]:
    finite = np.isfinite(summary[metric].astype(float))
    lacking = set(summary.loc[~finite, "variant"])
    whole = {name: runs for name, runs in (predictions or {}).items() if name not in lacking}
    panel = measure(summary[finite], metric, predictions=whole, images=images)
    for name in dict.fromkeys(summary.loc[finite, "variant"]):
        yield _mean(name, metric, panel.mean(name))


def _of_others(metric: str, values: pd.Series) -> stats.Estimate:
    return stats.interval(values.to_numpy(dtype=float), exact=metric in EXACT)


def _mean(variant: str, metric: str, estimate: stats.Estimate) -> Mean:
    return Mean(
        variant=variant,
        metric=metric,
        mean=estimate.mean,
        low=estimate.low,
        high=estimate.high,
        seeds=estimate.seeds,
    )


def _last(rows: Iterable[Record]) -> pd.DataFrame:
    """Returns what probes said last of whole nets: columns variant, seed, metric, value."""
    whole = (
        row
        for row in rows
        if row.layer == "" and (row.probe not in TRAINING or row.metric.startswith(_PRECISIONS))
    )
    table = records.frame(Record, (row for row in whole if ":" not in row.metric))
    table["metric"] = table["probe"] + "." + table["metric"]
    key = ["variant", "seed", "metric"]
    ordered = table.sort_values("step", kind="stable")
    return ordered.drop_duplicates(key, keep="last").sort_index()[[*key, "value"]]
