"""Other runs in the place of those of some variants, as those with settings of their own."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from depthstudy.evidence.panel import ErrorsByVariant


def substitute(
    summary: pd.DataFrame, predictions: ErrorsByVariant, substitutes: Mapping[str, str]
) -> tuple[pd.DataFrame, ErrorsByVariant]:
    """Returns finished runs and predictions with those of other variants under some names.

    >>> runs = pd.DataFrame({"variant": ["a", "a+own", "b"], "test_error": [0.5, 0.1, 0.2]})
    >>> substitute(runs, {}, {"a": "a+own"})[0]["test_error"].tolist()
    [0.1, 0.2]

    Args:
      summary: Finished runs, with a column ``variant``.
      predictions: Name of a variant to whether each of its runs errs on each test image.
      substitutes: Name of a variant to the one whose runs it gets; those without runs are left out.
    """
    present = set(summary["variant"])
    known = {old: new for old, new in substitutes.items() if new in present}
    names = {new: old for old, new in known.items()}
    table = summary[~summary["variant"].isin(list(known))]
    table = table.assign(variant=table["variant"].map(lambda name: names.get(name, name)))
    kept = {name: rows for name, rows in predictions.items() if name not in {*known, *names}}
    replaced = {old: predictions[new] for old, new in known.items() if new in predictions}
    return table, kept | replaced
