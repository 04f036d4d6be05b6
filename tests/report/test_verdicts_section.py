import math

import pytest
from made_study import METRICS

from depthstudy import records
from depthstudy.report.sections.verdicts import verdicts

NBSP = "\N{NO-BREAK SPACE}"


def hypothesis(relation, metric="train_error", **fields):
    return {"name": "h", "statement": "S.", "metric": metric, "relation": relation, **fields}


def verdict(word, effect, low, high, p=0.002, seeds=3, settle=None):
    return records.Verdict(
        hypothesis="h",
        verdict=word,
        effect=effect,
        low=low,
        high=high,
        p=p,
        seeds=seeds,
        seeds_to_settle=settle,
    )


@pytest.mark.parametrize(
    ("asked", "found", "sentence"),
    [
        (
            hypothesis("rises"),
            verdict("supported", 0.719, 0.601, 0.837),
            "Train error rose by 71.9 points (95% interval 60.1 to 83.7, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis("rises", margin=0.01),
            verdict("refuted", -0.05, -0.08, -0.02, p=0.00004),
            "Train error fell by 5.0 points (95% interval 2.0 to 8.0, p < 0.001, 3 seeds). "
            "To count, a rise must exceed 1.0 points.",
        ),
        (
            hypothesis(
                "not_greater",
                margin=0.02,
                where=[["model.norm", "none"]],
                against=[["model.norm", "batch"]],
            ),
            verdict("supported", 0.01, 0.008, 0.012),
            "Train error was 1.0 points higher with norm=none than with norm=batch (95% interval "
            "0.8 to 1.2, p = 0.002, 3 seeds). Up to 2.0 points more counts as none.",
        ),
        (
            hypothesis("rises", "gradients.gradient_norm_slope", margin=0.5),
            verdict("refuted", -1.234, -1.5, -1.0),
            "Change of the weights’ gradient from head to stem fell by 1.23 (95% interval 1.00 to "
            "1.50, p = 0.002, 3 seeds). "
            "To count, a rise must exceed 0.50.",
        ),
        (
            hypothesis("rises", "run.step_memory_bytes"),
            verdict("supported", 2.5e6, 2e6, 3e6),
            "Memory of a train step rose by 2.5 MB (95% interval 2.0 to 3.0, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis("rises", "run.train_seconds"),
            verdict("supported", 2.5, 2.0, 3.0),
            "Time in train steps rose by 2.5 s (95% interval 2.0 to 3.0, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis("does_not_rise", margin=0.02),
            verdict("inconclusive", 0.12, -0.249, 0.489, p=0.31, settle=9),
            "Train error rose by 12.0 points (95% interval −24.9 to 48.9, p = 0.31, 3 seeds). "
            "A rise of less than 2.0 points counts as none. "
            "9 seeds would settle it at this effect and spread.",
        ),
        (
            hypothesis("does_not_rise"),
            verdict("inconclusive", -0.02, -0.05, 0.01, p=0.06),
            "Train error fell by 2.0 points (95% interval −1.0 to 5.0, p = 0.060, 3 seeds). "
            "At this effect, no number of seeds would settle it.",
        ),
        (
            hypothesis("does_not_rise"),
            verdict("inconclusive", 0.0, 0.0, 0.0, p=math.nan),
            "Train error changed by 0.0 points (95% interval 0.0 to 0.0, 3 seeds). "
            "At this effect, no number of seeds would settle it.",
        ),
        (
            hypothesis(
                "less",
                "test_error",
                where=[["model.residual", True], ["model.depth", 56]],
                against=[["model.residual", False], ["model.depth", 56]],
            ),
            verdict("supported", -0.571, -0.657, -0.485),
            "At depth=56, test error was 57.1 points lower with residual=True than with "
            "residual=False (95% interval 48.5 to 65.7, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis(
                "less",
                "test_error",
                where=[["model.norm", "none"], ["model.skip_init", None], ["model.depth", 8]],
                against=[["model.norm", None], ["model.skip_init", None], ["model.depth", 8]],
            ),
            verdict("supported", -0.571, -0.657, -0.485),
            "At depth=8, test error was 57.1 points lower with norm=none than with the default "
            "norm (95% interval 48.5 to 65.7, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis("greater", "gap", where={"train.weight_decay": 0.0}, against={}),
            verdict("supported", 0.031, 0.02, 0.042),
            "The gap between test and train error was 3.1 points higher "
            "(95% interval 2.0 to 4.2, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis("equivalent", "seconds", margin=5.0),
            verdict("supported", -1.25, -2.5, 0.5),
            "The time of a run was 1.2 s lower (95% interval −0.5 to 2.5, p = 0.002, 3 seeds). "
            "Less than 5.0 s either way counts as no difference.",
        ),
        (
            hypothesis("less", "parameters"),
            verdict("supported", -1_200_000, -1_200_000, -1_200_000),
            "The number of parameters was 1,200,000 lower "
            "(95% interval 1,200,000 to 1,200,000, p = 0.002, 3 seeds).",
        ),
        (
            hypothesis("rises"),
            verdict("inconclusive", 0.3, math.nan, math.nan, p=math.nan, seeds=1),
            "Train error rose by 30.0 points (1 seed, so no interval). "
            "It takes two seeds or more to tell an effect from chance.",
        ),
        (
            hypothesis("rises"),
            verdict("not tested", math.nan, math.nan, math.nan, p=math.nan, seeds=0),
            "This study has no runs to compare for it.",
        ),
        (hypothesis("rises"), None, "This study has no runs to compare for it."),
    ],
)
def test_verdict_sentence(asked, found, sentence):
    assert verdicts.verdict_sentence(asked, found, METRICS).replace(NBSP, " ") == sentence


def test_tally():
    found = ["supported", "inconclusive", "supported"]
    assert verdicts.tally(found) == "Of 3 hypotheses, 2 are supported and 1 is inconclusive."
    assert verdicts.tally(["not tested"]) == "Of 1 hypothesis, 1 is not tested."
    every = ["supported", "refuted", "inconclusive", "not tested"]
    assert verdicts.tally(every) == (
        "Of 4 hypotheses, 1 is supported, 1 is refuted, 1 is inconclusive and 1 is not tested."
    )
