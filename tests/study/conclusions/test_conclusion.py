"""What the terminal shows of a study."""

from __future__ import annotations

import dataclasses
import math
from types import SimpleNamespace

import pandas as pd

from depthstudy import records
from depthstudy.study.conclusions.text import conclusion

RECOMMENDED = records.Recommendation(
    variant="plain_depth8", group="plain", treatment="", depth=8, parameters=1, macs=747_136,
    seconds=3.0, test_error=0.25, low=0.2, high=0.3, seeds=3, best="plain_depth8", over_best=0.0,
    macs_saved_best=0.0, deepest="plain_depth8", over_deepest=0.0, macs_saved_deepest=0.0,
)  # fmt: skip


def result(*verdicts: records.Verdict, metric: str = "test_error") -> SimpleNamespace:
    hypotheses = [
        {
            "name": verdict.hypothesis,
            "statement": "Train error of plain nets without normalization rises with depth.",
            "metric": metric,
        }
        for verdict in verdicts
    ]
    answer = records.Answer(
        group="plain",
        depths=(
            records.DepthAnswer(
                group="plain", word="no", deepest="plain_depth56", against="plain_depth8",
                effect=0.753, low=0.596, high=0.868, seeds=3, bound="budget",
            ),
        ),
        next=records.NextStep(reason="Train more seeds.", command="python " + "x" * 90),
    )  # fmt: skip
    return SimpleNamespace(
        info=SimpleNamespace(
            config={"hypotheses": hypotheses},
            metrics={},
            variants=(),
            processes=2,
            seconds={"total": 12.0},
        ),
        findings=SimpleNamespace(robustness=()),
        verdicts=verdicts,
        data=(),
        attribution=(),
        recommendation=None,
        answer=answer,
        summary=pd.DataFrame(columns=["variant", "majority_error"]),
    )


def verdict(**fields: object) -> records.Verdict:
    plain = {
        "hypothesis": "h", "verdict": "inconclusive", "effect": 0.0123, "low": -0.0011,
        "high": 0.0257, "p": 0.06, "seeds": 3, "seeds_to_settle": None, "level": 0.975,
    }  # fmt: skip
    return records.Verdict(**plain | fields)


def test_effects_are_in_points_and_lines_fit_the_terminal() -> None:
    text = conclusion(result(verdict(seeds_to_settle=9)))
    joined = " ".join(text.split())
    assert "deeper: no plain_depth56 against plain_depth8: +75.3 points of test error" in joined
    assert "(+1.2 points, 97.5% interval -0.1 to +2.6, 3 seeds; 9 seeds would settle it)" in joined
    lines = text.splitlines()
    assert max(len(line) for line in lines if "xxx" not in line) <= 80
    assert f"              python {'x' * 90}" in lines  # a command is one line, to be copied


def test_two_seeds_tell_nothing_yet() -> None:
    study_result = result(verdict())
    answer = study_result.answer
    few = dataclasses.replace(
        answer.depths[0], word="not known yet", bound="", seeds=2, seeds_needed=3
    )
    study_result.answer = dataclasses.replace(answer, depths=(few,))
    joined = " ".join(conclusion(study_result).split())
    assert "(+59.6 to +86.8); it takes 3 seeds or more" in joined


def test_images_and_failed_runs_are_named() -> None:
    open_one = conclusion(result(verdict(images_to_settle=12_000)))
    assert "12,000 test images, not seeds, would settle it" in " ".join(open_one.split())
    failed = conclusion(result(verdict(verdict="supported", failed="plain-56: 1 of 3")))
    assert "failed: plain-56: 1 of 3" in " ".join(failed.split())
    both = conclusion(result(verdict(seeds_to_settle=9, failed="plain-56: 1 of 3")))
    assert "failed: plain-56: 1 of 3; 9 seeds would settle it" in " ".join(both.split())


def test_a_small_effect_does_not_seem_none() -> None:
    text = conclusion(result(verdict(verdict="supported", effect=-0.0003, low=-0.0004, high=0.0)))
    assert "(-0.03 points, 97.5% interval -0.04 to 0.0, 3 seeds)" in " ".join(text.split())


def test_runs_of_pools_are_no_seeds() -> None:
    study_result = result(verdict(seeds_to_settle=9))
    study_result.info.config["hypotheses"][0]["where"] = [["pool", "found by the search"]]
    joined = " ".join(conclusion(study_result).split())
    assert "97.5% interval -0.1 to +2.6, 3 runs; 9 runs would settle it)" in joined


def test_seeds_that_agree_are_said_to_tell_no_spread() -> None:
    text = conclusion(result(verdict(low=math.nan, high=math.nan)))
    assert "3 seeds: no interval, as all agree" in " ".join(text.split())


def test_other_metrics_have_their_own_unit() -> None:
    counted = conclusion(
        result(verdict(effect=12_345.0, low=12_345.0, high=12_345.0), metric="parameters")
    )
    assert "(+12,345, 97.5% interval +12,345 to +12,345" in " ".join(counted.split())
    study_result = result(
        verdict(effect=-12e6, low=-13e6, high=-11e6), metric="run.step_memory_bytes"
    )
    study_result.info.metrics = {
        "run": (
            records.Metric(
                name="step_memory_bytes", title="Memory", unit="bytes", description="of a step"
            ),
        )
    }
    bytes_fewer = " ".join(conclusion(study_result).split())
    assert "(-12.0 MB, 97.5% interval -13.0 to -11.0, 3 seeds)" in bytes_fewer


def test_a_balanced_error_is_named_so() -> None:
    study_result = result(verdict())
    study_result.recommendation = RECOMMENDED
    assert "plain_depth8: test error 25.0% (20.0 to 30.0%)" in " ".join(
        conclusion(study_result).split()
    )
    study_result.info.config["metric"] = "balanced_error"
    balanced = " ".join(conclusion(study_result).split())
    assert "plain_depth8: balanced test error 25.0% (20.0 to 30.0%)" in balanced


def test_the_largest_class_is_that_of_the_images_of_the_net() -> None:
    """Another net of the study learns from another set, whose classes are more even."""
    study_result = result(verdict())
    study_result.recommendation = RECOMMENDED
    study_result.summary = pd.DataFrame(
        {"variant": ["plain_depth8", "other"], "majority_error": [0.4, 0.9]}
    )
    assert "(largest class always: 40.0%)" in " ".join(conclusion(study_result).split())


def test_nets_that_no_run_measures_are_named() -> None:
    untested = {"verdict": "not tested", "effect": math.nan, "p": math.nan, "seeds": 0}
    text = " ".join(conclusion(result(verdict(**untested, missing="plain-56"))).split())
    assert "(no runs to compare) No run has this number: plain-56." in text
    text = " ".join(conclusion(result(verdict(**untested))).split())
    assert "(no variants to compare)" in text
    assert "No run has this number: plain-20." in " ".join(
        conclusion(result(verdict(missing="plain-20"))).split()
    )


def test_it_is_said_that_nets_of_other_budgets_leave_nothing_to_take() -> None:
    study_result = result(verdict())
    study_result.answer = dataclasses.replace(study_result.answer, no_choice="unequal budgets")
    assert "take none: each net saw another number of images" in " ".join(
        conclusion(study_result).split()
    )


def test_nets_of_several_data_sets_leave_nothing_to_take() -> None:
    study_result = result(verdict())
    study_result.answer = dataclasses.replace(study_result.answer, no_choice="several data sets")
    text = " ".join(conclusion(study_result).split())
    assert "take none: nets have several data sets" in text


def test_no_seeds_are_asked_for_where_nothing_was_learned() -> None:
    study_result = result(verdict())
    (row,) = study_result.answer.depths
    row = dataclasses.replace(row, word="not known yet", seeds=1, bound="", learned=False)
    study_result.answer = dataclasses.replace(study_result.answer, depths=(row,))
    text = " ".join(conclusion(study_result).split())
    assert "; no depth is better than always giving the same answer" in text
    assert "it takes 3 seeds" not in text


def test_nets_that_had_not_finished_are_counted_first() -> None:
    study_result = result(verdict())
    study_result.info.variants = [SimpleNamespace(name=name) for name in "ab"]
    study_result.summary = pd.DataFrame(
        {"variant": ["a", "a", "b", "of_a_pool"], "unfinished": [False, True, False, True]}
    )
    text = " ".join(conclusion(study_result).split())
    assert text.startswith("unfinished 1 of 2 nets had not finished: train loss was still falling")
