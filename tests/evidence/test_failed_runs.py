"""Failed runs of a verdict: which are named, and how many may go unseen."""

from __future__ import annotations

import pandas as pd
import pytest
from claimed import A, B, claim, judge_one

from depthstudy import stats

RUNS = {  # train and test error of three seeds
    "a": [(0.01, 0.05), (0.02, 0.06), (0.9, 0.9)],
    "b": [(0.01, 0.04), (0.01, 0.05), (0.02, 0.05)],
}


@pytest.mark.parametrize("metric", ["test_error", "gap"])
def test_a_run_that_failed_is_named_by_its_test_error(metric: str) -> None:
    """Its gap is the least of all: it learned nothing that it could have failed to carry over."""
    table = pd.DataFrame(
        [
            {"variant": name, "seed": seed, "test_error": test, "gap": test - train}
            for name, runs in RUNS.items()
            for seed, (train, test) in enumerate(runs)
        ]
    )
    verdict = judge_one(table, claim("greater", A, B, metric=metric), {"a": dict(A), "b": dict(B)})
    assert verdict.failed == "a: 1 of 3"
    assert verdict.unseen_failures == stats.unseen_failures(3)  # of the other net
