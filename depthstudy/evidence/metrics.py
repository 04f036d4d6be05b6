"""What a hypothesis can compare: columns of ``summary.csv``, and what probes say of a whole run.

A metric of a probe is named ``"probe.metric"``, as ``"gradients.gradient_norm_slope"``. Its value
for a run is the one of greatest step among the records that speak of the whole net. A run of which
the probe says nothing, as it was not measured or the probe does not apply, counts as missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from depthstudy import records
from depthstudy.records import Record

TRAINING = ("run", "training", "evaluation")  # what training itself writes, as if probes
ERRORS = ("train_error", "validation_error", "test_error", "balanced_error", "gap")  # of a net

# Metrics that do not depend on the seed where all seeds agree.
EXACT = (
    "parameters",
    "macs",
    "run.step_memory_bytes",
    "run.step_temporary_bytes",
    "field.receptive_field",
    "field.convolutions",
    "field.convolutions_past_border",
    "field.share_past_border",
)

_DIVERGED = "run.diverged_at_step"
_RUN = ["variant", "seed"]


def is_error(metric: str) -> bool:
    """Returns whether a metric is an error, or made of errors, counted on images."""
    return metric == "gap" or metric.rpartition(".")[2].endswith("error")


def is_trained(metric: str) -> bool:
    """Returns whether training itself writes a metric, so that every seed has it."""
    probe, dot, _ = metric.partition(".")
    return not dot or probe in TRAINING


def is_learned(metric: str) -> bool:
    """Returns whether a metric says how well a net does, which its budget changes."""
    return metric in (*ERRORS, "training.loss", "training.error") or metric.startswith(
        "evaluation."
    )


def problem(metric: str, known: Collection[str], probes: Collection[str] | None) -> str | None:
    """Says what is wrong with the name of a metric, if anything.

    Args:
      metric: The name.
      known: Names that are allowed.
      probes: Probes whose metrics are allowed beside them, as are those of training; ``None`` where
        ``known`` is all that there is.
    """
    if metric in known:
        return None
    probe, dot, _ = metric.partition(".")
    if not dot or probes is None:
        return f"unknown metric {metric!r}; allowed: {', '.join(known)}"
    measured = (*TRAINING, *probes)
    if probe in measured:
        return None
    return f"metric {metric!r}: {probe!r} is not measured; config.probes has to name it " + (
        f"(measured are {', '.join(measured)})"
    )


def widen(summary: pd.DataFrame, rows: Iterable[Record], metrics: Iterable[str]) -> pd.DataFrame:
    """Returns the summary with a further column for each of ``metrics`` that is of a probe.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``.
      rows: All that was measured of these runs.
      metrics: What is asked for; columns of the summary, and names that no row has, may be among
        them. The latter give columns of NaN.

    A run that diverged was cut short: of it only errors count, which are those of a guess, the
    step, what was measured before training, and what no training changes (``EXACT``). Its time and
    all else are NaN.
    """
    asked = [metric for metric in dict.fromkeys(metrics) if metric not in summary.columns]
    table = records.frame(Record, (row for row in rows if row.layer == ""))
    table["name"] = table["probe"] + "." + table["metric"]
    cut_short = table.loc[table["name"] == _DIVERGED, _RUN]
    table = table[~_among(table, cut_short) | table["name"].map(_counts_of_diverged).astype(bool)]
    last = (
        table[table["name"].isin(asked)]
        .sort_values("step", kind="stable")
        .groupby([*_RUN, "name"])["value"]
        .last()
        .unstack("name")
        .reindex(columns=asked)
        .astype(float)
    )
    wide = summary.join(last, on=_RUN)
    if "seconds" in wide.columns:
        wide["seconds"] = wide["seconds"].mask(_among(wide, cut_short))
    return wide


def to_choose_by(summary: pd.DataFrame) -> str:
    """Returns the error that choices are made on: the validation error where each run has one.

    Where images were held out for none, it is the test error.
    """
    held_out = summary.get("validation_error")
    has_all = held_out is not None and np.isfinite(held_out.astype(float)).all()
    return "validation_error" if has_all else "test_error"


def _among(table: pd.DataFrame, runs: pd.DataFrame) -> NDArray[np.bool_]:
    """Returns whether each row of a table is of one of some runs."""
    return np.asarray(pd.MultiIndex.from_frame(table[_RUN]).isin(pd.MultiIndex.from_frame(runs)))


def _counts_of_diverged(name: str) -> bool:
    """Returns whether a metric stands for a run that diverged, too."""
    is_of_guess = name.startswith("evaluation.") and is_error(name)
    return is_of_guess or name in (_DIVERGED, *EXACT) or name.endswith("_initial")


def measured(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Returns the runs that have a metric; every run has those of the summary but its time."""
    return table.dropna(subset=[metric]) if "." in metric or metric == "seconds" else table
