import dataclasses
import json
import math

import pytest
from made_study import METRICS

from depthstudy import records
from depthstudy.report.sections.verdicts import sentences, verdicts
from depthstudy.report.sections.verdicts.numbers import numbers
from depthstudy.report.text.quantities import quantity

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
    ("asked", "judged", "sentence"),
    [
        (
            hypothesis("rises"),
            verdict("supported", 0.719, 0.601, 0.837),
            "Train error rose by 71.9 points (95% interval 60.1 to 83.7, 3 seeds). "
            "Any size counts.",
        ),
        (
            hypothesis("rises", margin=0.01),
            verdict("refuted", -0.05, -0.08, -0.02, p=0.00004),
            "Train error fell by 5.0 points (95% interval 2.0 to 8.0, 3 seeds). "
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
            "0.8 to 1.2, 3 seeds). Up to 2.0 points more counts as none.",
        ),
        (
            hypothesis("rises", "gradients.gradient_norm_slope", margin=0.5),
            verdict("refuted", -1.234, -1.5, -1.0),
            "Change of the weights’ gradient from head to stem fell by 1.23 (95% interval 1.00 to "
            "1.50, 3 seeds). "
            "To count, a rise must exceed 0.50.",
        ),
        (
            hypothesis("rises", "run.step_memory_bytes"),
            verdict("supported", 2.5e6, 2e6, 3e6),
            "Memory of a train step rose by 2.5 MB (95% interval 2.0 to 3.0, 3 seeds). "
            "Any size counts.",
        ),
        (
            hypothesis("rises", "run.train_seconds"),
            verdict("supported", 2.5, 2.0, 3.0),
            "Time in train steps rose by 2.5 s (95% interval 2.0 to 3.0, 3 seeds). "
            "Any size counts.",
        ),
        (
            hypothesis("does_not_rise", margin=0.02),
            verdict("inconclusive", 0.12, -0.249, 0.489, p=0.31, settle=9),
            "Train error rose by 12.0 points (95% interval −24.9 to 48.9, 3 seeds). "
            "A rise of less than 2.0 points counts as none.",
        ),
        (
            hypothesis("does_not_rise"),
            verdict("inconclusive", -0.02, -0.05, 0.01, p=0.06),
            "Train error fell by 2.0 points (95% interval −1.0 to 5.0, 3 seeds). Any size counts.",
        ),
        (
            hypothesis("does_not_rise"),
            verdict("inconclusive", 0.0, 0.0, 0.0, p=math.nan),
            "Train error changed by 0.0 points (95% interval 0.0 to 0.0, 3 seeds). "
            "Any size counts.",
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
            "residual=False (95% interval 48.5 to 65.7, 3 seeds). Any size counts.",
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
            "norm (95% interval 48.5 to 65.7, 3 seeds). Any size counts.",
        ),
        (
            hypothesis("greater", "gap", where={"train.weight_decay": 0.0}, against={}),
            verdict("supported", 0.031, 0.02, 0.042),
            "The gap between test and train error was 3.1 points higher "
            "(95% interval 2.0 to 4.2, 3 seeds). Any size counts.",
        ),
        (
            hypothesis("equivalent", "seconds", margin=5.0),
            verdict("supported", -1.25, -2.5, 0.5),
            "The time of a run was 1.2 s lower (95% interval −0.5 to 2.5, 3 seeds). "
            "Less than 5.0 s either way counts as no difference.",
        ),
        (
            hypothesis("less", "parameters"),
            verdict("supported", -1_200_000, -1_200_000, -1_200_000),
            "The number of parameters was 1,200,000 lower "
            "(95% interval 1,200,000 to 1,200,000, 3 seeds). Any size counts.",
        ),
        (
            hypothesis("rises"),
            verdict("inconclusive", 0.3, math.nan, math.nan, p=math.nan, seeds=1),
            "Train error rose by 30.0 points (1 seed, so no interval). Any size counts.",
        ),
        (
            hypothesis("rises"),
            verdict("not tested", math.nan, math.nan, math.nan, p=math.nan, seeds=0),
            "This study has no runs to compare for it.",
        ),
        (hypothesis("rises"), None, "This study has no runs to compare for it."),
    ],
)
def test_verdict_sentence(asked, judged, sentence):
    assert sentences.verdict_sentence(asked, judged, METRICS).replace(NBSP, " ") == sentence


PARTS = json.dumps(
    [
        {"left": "a-56", "right": "a-8", "effect": 0.12, "low": 0.1, "high": 0.14},
        {"left": "b-56", "right": "b-8", "effect": 0.02, "low": None, "high": None},
    ]
)


def test_the_worst_of_several_comparisons_is_named_with_its_own_level():
    judged = dataclasses.replace(
        verdict("supported", 0.02, 0.01, 0.03), parts=PARTS, level=0.975, failed="b-56: 1 of 3"
    )
    sentence = sentences.verdict_sentence(hypothesis("rises"), judged, METRICS)
    assert sentence == (
        "Train error rose by 2.0 points (97.5% interval 1.0 to 3.0, 3 seeds): the worst of 2 "
        "comparisons, b-56 against b-8. Any size counts. Failed runs, which count: b-56: 1 of 3."
    )
    lower = sentences.verdict_sentence(hypothesis("less", "test_error"), judged, METRICS)
    assert lower.startswith("Test error was 2.0 points higher with b-56 than with b-8 (97.5%")


def test_an_average_stands_below_its_parts():
    judged = dataclasses.replace(
        verdict("supported", 0.02, 0.01, 0.03), parts=PARTS, average=0.07, scope="these images",
        unseen_failures=0.63, look=5, ratio=1.5,
    )  # fmt: skip
    facts, table = numbers(judged, quantity("train_error", METRICS))
    value_by_label = dict(facts.facts)
    assert value_by_label["Speaks of"] == "these images only: chance of seeds alone"
    assert value_by_label["Looked at"] == "5 seeds, with the error of all looks"
    assert value_by_label["Failures not seen"].startswith("up to 63% of runs")
    assert value_by_label["Times the other"] == "1.50"
    assert [row.label for row in table.rows] == [
        "a-56 against a-8", "b-56 against b-8", "Average of these",
    ]  # fmt: skip
    assert [row.cells[0] for row in table.rows] == ["+12.0 points", "+2.0 points", "+7.0 points"]
    one = dataclasses.replace(judged, parts="[]")
    assert len(numbers(one, quantity("train_error", METRICS))) == 1  # no average without parts


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"seeds_to_settle": 9, "seeds_low": 6, "seeds_high": 20},
            "Not decided: anything from −24.9 points to +48.9 points fits these runs. 9 seeds "
            "(6 to 20) would settle it at this effect.",
        ),
        (
            {"images_to_settle": 12_000},
            "Not decided: anything from −24.9 points to +48.9 points fits these runs. More images, "
            "not seeds: about 12,000 test images would tell.",
        ),
        (
            {},
            "Not decided: anything from −24.9 points to +48.9 points fits these runs. At this "
            "effect, no number of seeds up to a thousand would settle it.",
        ),
        (
            {"scope": "images like these"},
            "Not decided: anything from −24.9 points to +48.9 points fits these runs. At this "
            "effect, no number of seeds up to a thousand, nor of images up to a million, would "
            "settle it.",
        ),
        ({"seeds": 2}, "Not decided: a verdict takes three seeds or more."),
        ({"verdict": "supported"}, ""),
    ],
)
def test_what_an_open_verdict_means(fields, words):
    judged = dataclasses.replace(verdict("inconclusive", 0.12, -0.249, 0.489), **fields)
    assert sentences.meaning(judged, quantity("train_error", METRICS)) == words


def test_unequal_budgets_are_said():
    judged = dataclasses.replace(verdict("supported", 0.1, 0.05, 0.15), budget_ratio=2.25)
    sentence = sentences.verdict_sentence(hypothesis("rises"), judged, METRICS)
    assert sentence.endswith("Unequal budgets: one side saw 2.2 times the images.")
    many = dataclasses.replace(judged, budget_ratio=612.0)
    assert "saw 610 times" in sentences.verdict_sentence(hypothesis("rises"), many, METRICS)
    equal = dataclasses.replace(judged, budget_ratio=1.0)
    assert "budgets" not in sentences.verdict_sentence(hypothesis("rises"), equal, METRICS)


def test_a_look_is_named():
    judged = dataclasses.replace(verdict("supported", 0.1, 0.05, 0.15, seeds=5), look=5)
    sentence = sentences.verdict_sentence(hypothesis("rises"), judged, METRICS)
    assert "5 seeds, which decided)" in sentence


def test_tally():
    words = ["supported", "inconclusive", "supported"]
    assert verdicts.tally(words) == "Of 3 hypotheses, 2 are supported and 1 is inconclusive."
    assert verdicts.tally(["not tested"]) == "Of 1 hypothesis, 1 is not tested."
    every = ["supported", "refuted", "inconclusive", "not tested"]
    assert verdicts.tally(every) == (
        "Of 4 hypotheses, 1 is supported, 1 is refuted, 1 is inconclusive and 1 is not tested."
    )
