"""Means over seeds of what nets end with: errors, times, and what probes measured of whole nets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from depthstudy import records, stats
from depthstudy.evidence.metrics import TRAINING
from depthstudy.records import Mean, Record

_PRECISIONS = "test_ap"  # what names of a detector's average precisions begin with
SUMMARIZED = ("train_error", "test_error", "gap", "seconds")  # columns of ``summary.csv``


def over_seeds(summary: pd.DataFrame, rows: Iterable[Record] = ()) -> list[Mean]:
    """Returns the mean and the 95% t-interval (Student 1908) of each metric of each variant.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``.
      rows: What was measured. Of each probe's metric the last value of a run counts; what is said
        of single layers is left out, as is what training itself writes but for average precisions.

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
    errors = summary.melt(["variant", "seed"], list(SUMMARIZED), "metric")
    table = pd.concat([errors, _last(rows)], ignore_index=True)
    table = table[np.isfinite(table["value"].astype(float))]
    return [
        _mean(str(variant), str(metric), group["value"])
        for (variant, metric), group in table.groupby(["variant", "metric"], sort=False)
    ]


def _mean(variant: str, metric: str, values: pd.Series) -> Mean:
    found = stats.interval(values.to_numpy(dtype=float))
    return Mean(
        variant=variant,
        metric=metric,
        mean=found.mean,
        low=found.low,
        high=found.high,
        seeds=found.seeds,
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
