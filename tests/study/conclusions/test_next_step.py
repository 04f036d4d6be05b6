"""What a study proposes to do next."""

from __future__ import annotations

import ast
import dataclasses
import math
import shlex

import pandas as pd
import pytest
from made_past import COMMAND, NAMES, RISES, findings, headline, past, verdict

from depthstudy import records
from depthstudy.study.conclusions.next_step import next_step


def test_more_seeds_until_it_is_settled_with_error_that_is_spent() -> None:
    step = next_step(
        past(), findings(verdict(seeds_to_settle=9, seeds_high=13)), headline(), [RISES]
    )
    assert step.command == f"{COMMAND} --config.seeds_until_settled=13"
    assert step.reason == "Train more seeds, 13 at most, to settle what is open."
    assert step.seconds == pytest.approx(10 * (10 + 20) / 2)  # ten more of either in two processes


def test_no_more_seeds_are_proposed_than_are_worth_it() -> None:
    """17 seeds would settle it, 61 at the upper end of the spread's interval."""
    answer = headline(word="not known yet", seeds_needed=17)
    wide = findings(verdict(seeds_to_settle=17, seeds_low=10, seeds_high=61))
    for step in (next_step(past(), wide, answer, [RISES]), next_step(past(), wide, None, [RISES])):
        assert step.command == f"{COMMAND} --config.seeds_until_settled=50"
        assert step.reason == "Train more seeds, 50 at most, to settle what is open."


def test_no_seeds_are_proposed_for_pools_that_take_none() -> None:
    study = past(pools=(("depth 8", ("plain_depth8",)),))
    step = next_step(study, findings(verdict(seeds_to_settle=6, seeds_high=9)), None, [RISES])
    assert step.reason.startswith("More nets, not seeds: about 6 in each pool")
    assert step.command == ""


def test_what_more_seeds_than_that_would_settle_is_said() -> None:
    reason = "About 170 seeds would settle what is open, more than the 50 that are worth proposing."
    many = findings(verdict(seeds_to_settle=170))
    assert next_step(past(), many, headline(), [RISES]) == records.NextStep(reason=reason)
    answer = headline(word="not known yet", seeds_needed=170)
    assert next_step(past(), findings(), answer, [RISES]).reason == reason
    some = findings(verdict(seeds_to_settle=170), verdict(hypothesis="b", seeds_to_settle=20))
    asked = [RISES, dataclasses.replace(RISES, name="b")]
    assert next_step(past(), some, answer, asked).reason.startswith("Train more seeds, 20 at most")


def test_answers_of_other_groups_are_settled_after_the_first() -> None:
    other = headline(word="not known yet", seeds_needed=12)
    step = next_step(past(), findings(answers=(headline(), other)), headline(), [])
    assert step.command == f"{COMMAND[:-2]}=12"
    assert "decides wrongly in up to 10% of such studies" in step.reason
    first = headline(word="not known yet", images_needed=900)
    step = next_step(past(), findings(answers=(first, other)), first, [])
    assert step.reason.startswith("More test images, not seeds: about 900")


def test_seeds_for_an_answer_are_added_by_looks_where_a_verdict_is_open_too() -> None:
    """No number of seeds is known to settle the verdict, and yet it would be looked at again."""
    answer = headline(word="not known yet", seeds_needed=12)
    step = next_step(past(), findings(verdict()), answer, [RISES])
    assert step.command == f"{COMMAND} --config.seeds_until_settled=12"
    assert step.reason == "Train more seeds, 12 at most, to settle what is open."


def test_an_open_verdict_on_other_nets_is_not_looked_at_again_at_the_whole_level() -> None:
    answer = headline(word="not known yet", seeds_needed=12, deepest="other_depth56")
    step = next_step(past(), findings(verdict()), answer, [RISES])
    assert step.command == f"{COMMAND[:-2]}=12 --config.seeds_until_settled=13"


def test_an_answer_takes_three_seeds() -> None:
    step = next_step(past(), findings(), headline(word="not known yet", seeds=2), [])
    assert step.reason == "Train 3 seeds: with fewer nothing is decided."


@pytest.mark.parametrize(
    ("verdicts", "answer"),
    [
        ([verdict()], headline()),
        ([verdict(seeds=60, seeds_to_settle=40, seeds_high=55)], headline()),
        ([], headline(word="not known yet")),
    ],
)
def test_what_is_open_is_never_called_settled(
    verdicts: list[records.Verdict], answer: records.DepthAnswer
) -> None:
    step = next_step(past(), findings(*verdicts), answer, [RISES])
    assert step.reason == (
        "What is open is not known to be settled by more seeds or images of this plan."
    )
    assert step.command == ""


def test_what_probes_measure_takes_more_measured_seeds() -> None:
    asked = dataclasses.replace(RISES, metric="gradients.gradient_norm_slope")
    for fields, count in (({"seeds_to_settle": 9}, 9), ({"seeds": 1}, 3)):
        step = next_step(past(), findings(verdict(**fields)), headline(), [asked])
        assert step.reason == (
            f"Measure more seeds (config.probe_seeds): it takes about {count} to settle what is"
            " open."
        )


def test_a_flag_that_is_given_is_replaced() -> None:
    step = next_step(past(), findings(verdict(seeds=1, low=math.nan)), None, [RISES])
    assert step.command == ("depthstudy run quickstart --config.seeds=3")
    assert step.reason == "Train 3 seeds: with fewer nothing is decided."


def test_images_where_seeds_would_not_settle_it() -> None:
    step = next_step(past(), findings(verdict(images_to_settle=12_000)), headline(), [RISES])
    assert step.reason == ("More test images, not seeds: about 12,000 would settle what is open.")
    assert (step.command, step.seconds) == ("", None)


def test_what_had_not_finished_is_trained_longer_first() -> None:
    open_verdict = verdict(seeds_to_settle=9)
    for seeds, longer in ((1, 1), (3, 2)):
        step = next_step(
            past(seeds=seeds), findings(open_verdict), headline(bound="unfinished"), [RISES]
        )
        assert step.command == f"{COMMAND} '--config.budget_check=(4,)'"
        assert step.seconds == pytest.approx(longer * 4 * (10 + 20) / 2)
    checked = next_step(
        past(budget_check=(4,)), findings(open_verdict), headline(bound="unfinished"), [RISES]
    )
    assert "budget_check" not in checked.command


def test_a_greater_depth_where_the_greatest_is_best() -> None:
    step = next_step(past(), findings(), headline(word="yes"), [RISES])
    assert step.reason == "The greatest depth is the best so far: add a greater one."
    swept = past(sweep=(("model.family", ("plain",)), ("model.depth", (8, 20, 56))))
    step = next_step(swept, findings(), headline(word="yes"), [RISES])
    assert step.reason == "The greatest depth is the best so far: add depth 92."
    flag = shlex.split(step.command)[-1].removeprefix("--config.sweep=")
    assert ast.literal_eval(flag) == (
        ("model.family", ("plain",)), ("model.depth", (8, 20, 56, 92)),
    )  # fmt: skip
    assert step.seconds == pytest.approx(3 * 20 * 92 / 56 / 2)


def test_no_depth_is_proposed_that_a_family_lacks() -> None:
    swept = past(sweep=(("model.depth", (16, 19)),))
    vgg = {
        name: {"model.family": "vgg", "model.depth": depth}
        for name, depth in zip(NAMES, (16, 19), strict=True)
    }
    step = next_step(
        dataclasses.replace(swept, settings=vgg), findings(), headline(word="yes"), [RISES]
    )
    assert (step.reason, step.command) == (
        "The greatest depth is the best so far: add a greater one.", "",
    )  # fmt: skip


def test_a_greater_depth_takes_the_time_of_all_families_of_the_sweep() -> None:
    plain = past(sweep=(("model.family", ("plain", "resnet")), ("model.depth", (8, 56))))
    other = plain.summary["variant"].str.replace("plain", "resnet")
    both = dataclasses.replace(
        plain,
        summary=pd.concat([plain.summary, plain.summary.assign(variant=other)]),
        settings={
            name.replace("plain", family): row
            for family in ("plain", "resnet")
            for name, row in plain.settings.items()
        },
    )
    step = next_step(both, findings(), headline(word="yes"), [RISES])
    assert step.seconds == pytest.approx(2 * 3 * 20 * 104 / 56 / 2)


@pytest.mark.parametrize("program", ["depthstudy", ".venv/bin/depthstudy", "python -m depthstudy"])
def test_else_the_recommended_net_is_looked_into(program: str) -> None:
    step = next_step(past(f"{program} run quickstart"), findings(), headline(), [RISES])
    assert step.command == f"{program} analyze results/quickstart/runs/plain_depth8/seed0"
    assert next_step(past(""), findings(), headline(), [RISES]).command == ""


def test_no_seeds_are_proposed_where_nothing_was_learned() -> None:
    answer = headline(word="not known yet", seeds=1, learned=False)
    step = next_step(past(seeds=1), findings(), answer, [])
    assert step.reason.startswith("What is open is not known to be settled by more seeds")


def test_no_time_of_a_run_that_diverged_counts() -> None:
    study = past()
    first = study.summary["seed"] == 0
    times = study.summary.assign(seconds=study.summary["seconds"].mask(first, math.nan))
    assert dataclasses.replace(study, summary=times).seconds(NAMES, 2) == 10 + 20
    none = study.summary.assign(seconds=math.nan)
    assert dataclasses.replace(study, summary=none).seconds(NAMES, 2) is None


def test_no_run_that_guesses_is_looked_into() -> None:
    """Of two, none is an outlier: 0.9 of ten classes is what guessing errs."""
    study = past()
    two = study.summary[study.summary["seed"] < 2]
    guesses = two.assign(train_error=two["train_error"].mask(two["seed"] == 0, 0.9))
    ten = dataclasses.replace(study, summary=guesses, chance=dict.fromkeys(NAMES, 0.9))
    step = next_step(ten, findings(), headline(), [RISES])
    assert step.command.endswith("plain_depth8/seed1")


def test_no_run_that_failed_is_looked_into() -> None:
    study = past()
    first = (study.summary["variant"] == NAMES[0]) & (study.summary["seed"] == 0)
    failed = study.summary.assign(train_error=study.summary["train_error"].mask(first, 0.9))
    step = next_step(dataclasses.replace(study, summary=failed), findings(), headline(), [RISES])
    assert step.command.endswith("analyze results/quickstart/runs/plain_depth8/seed1")
