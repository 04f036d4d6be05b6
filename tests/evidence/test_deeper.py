import dataclasses

import numpy as np
import pytest
from planted import variant as info

from depthstudy import records
from depthstudy.evidence import deeper

RANDOM = np.random.default_rng(3)
IMAGES = 2_000


def runs(**rates):
    """Returns summary and predictions of runs that err on each image with these rates."""
    rows, wrong = [], {}
    for name, rate in rates.items():
        wrong[name] = RANDOM.random((5, IMAGES)) < rate
        rows += [
            records.Summary(
                variant=name, seed=seed, train_error=0.0, test_error=error, gap=error,
                unfinished=name.startswith("slow"), parameters=1, macs=1, seconds=1.0,
            )
            for seed, error in enumerate(wrong[name].mean(axis=1))
        ]  # fmt: skip
    return records.frame(records.Summary, rows), wrong


def answer(infos, **rates):
    table, wrong = runs(**rates)
    (row,) = deeper.answers(table, infos, predictions=wrong, images={"test_error": IMAGES})
    return row


def depths(*names, **fields):
    return [info(name, depth, group="g", **fields) for depth, name in enumerate(names, start=8)]


@pytest.mark.parametrize(
    ("rates", "word", "against"),
    [
        ({"a": 0.3, "b": 0.2, "c": 0.1}, "yes", "b"),
        ({"a": 0.1, "b": 0.2, "c": 0.3}, "no", "a"),
        ({"a": 0.01, "b": 0.01, "c": 0.01}, "no", "a"),  # nothing is gained
    ],
)
def test_the_greatest_depth_is_set_against_the_best_of_the_others(rates, word, against):
    row = answer(depths(*rates), **rates)
    assert (row.word, row.deepest) == (word, "c")
    if word != "no" or rates["a"] != rates["c"]:
        assert row.against == against
    assert row.effect == pytest.approx(rates["c"] - rates[row.against], abs=0.03)
    assert row.low < row.effect < row.high
    assert row.bound == ""


def test_few_images_leave_it_open_and_seeds_would_not_help():
    table, wrong = runs(a=0.30, b=0.28)
    few = {name: rows[:, :60] for name, rows in wrong.items()}
    table["test_error"] = [float(rows[seed].mean()) for rows in few.values() for seed in range(5)]
    (row,) = deeper.answers(table, depths("a", "b"), predictions=few)
    assert row.word == "not known yet"
    assert row.seeds_needed is not None or row.images_needed > 60


def test_two_seeds_are_not_enough():
    table, wrong = runs(a=0.1, b=0.4)
    table, two = table[table["seed"] < 2], {name: rows[:2] for name, rows in wrong.items()}
    (row,) = deeper.answers(table, depths("a", "b"), predictions=two)
    assert (row.word, row.seeds) == ("not known yet", 2)


def follow_up(name, base, treatment):
    return info(name, 9, group=f"g + {treatment}", treatment=treatment, untreated=base, steps=999)


def test_only_nets_that_were_trained_as_long_are_compared():
    """The net of depth 8 has its own steps; what four times the steps do to the other is no news.

    The rival of another group, which fits best, was trained longer beside it.
    """
    rival = info("r", 9, group="other")
    nets = {"p8": 0.2, "p56": 0.6, "r": 0.1}
    longer = [follow_up("p56+4", "p56", "longer4"), follow_up("r+4", "r", "longer4")]
    made = {"p56+4": 0.18, "r+4": 0.05}
    row = answer([*depths("p8", "p56"), rival, *longer], **nets, **made)
    assert (row.word, row.effect_longer, row.bound) == ("no", None, "")
    longer.append(follow_up("p8+4", "p8", "longer4"))
    longer.append(follow_up("p56+16", "p56", "longer16"))
    made |= {"p8+4": 0.1, "p56+16": 0.1}
    row = answer([*depths("p8", "p56"), rival, *longer], **nets, **made)
    assert row.bound == "budget"
    assert row.effect_longer == pytest.approx(0.08, abs=0.03)  # at four times, as both were


def test_settings_of_its_own_are_compared_with_those_of_the_other():
    infos = [*depths("a", "b"), follow_up("b+", "b", "own_settings")]
    row = answer(infos, **{"a": 0.1, "b": 0.4, "b+": 0.1})
    assert (row.effect_own_settings, row.bound) == (None, "")


@pytest.mark.parametrize(
    ("treatment", "rate", "bound"),
    [("longer16", 0.15, "budget"), ("own_settings", 0.15, "recipe"), ("longer16", 0.38, "")],
)
def test_an_excess_that_shrinks_is_bound_by_what_shrinks_it(treatment, rate, bound):
    infos = [
        *depths("a", "b"),
        follow_up("a+", "a", treatment),
        follow_up("b+", "b", treatment),
    ]
    row = answer(infos, **{"a": 0.1, "b": 0.4, "a+": 0.1, "b+": rate})
    assert (row.word, row.bound) == ("no", bound)
    kept = row.effect_longer if treatment == "longer16" else row.effect_own_settings
    assert kept == pytest.approx(rate - 0.1, abs=0.03)


def test_a_deepest_net_that_was_still_improving_is_named():
    assert answer(depths("a", "slow"), a=0.1, slow=0.4).bound == "unfinished"


def test_the_headline_is_of_the_group_of_the_recommended_net():
    rows = [
        records.DepthAnswer(
            group=group, word="no", deepest="x", against="y", effect=0.1, low=0.0, high=0.2,
            seeds=3,
        )
        for group in ("plain", "resnet")
    ]  # fmt: skip
    infos = [
        dataclasses.replace(info("r", 8), group="resnet"),
        dataclasses.replace(info("r+own", 8), group="resnet + own", untreated="r"),
    ]

    class Chosen:
        variant = "r+own"

    assert deeper.headline(rows, Chosen(), infos).group == "resnet"
    assert deeper.headline(rows, None, infos).group == "plain"
    assert deeper.headline([], None, infos) is None


def scattered(**errors):
    """Returns the summary of runs with these errors, counted on 1,000 images."""
    rows = [
        records.Summary(
            variant=name, seed=seed, train_error=0.0, test_error=error, gap=error, parameters=1,
            macs=1, seconds=1.0,
        )
        for name, of_seeds in errors.items()
        for seed, error in enumerate(of_seeds)
    ]  # fmt: skip
    return records.frame(records.Summary, rows)


@pytest.mark.parametrize("treatment", ["longer16", "own_settings"])
@pytest.mark.parametrize(("scatter", "bound"), [(0.04, False), (0.001, True)])
def test_only_a_loss_that_is_more_than_chance_is_bound_by_something(treatment, scatter, bound):
    infos = [*depths("a", "b"), follow_up("a+", "a", treatment), follow_up("b+", "b", treatment)]
    means = {"a": 0.20, "b": 0.26, "a+": 0.1, "b+": 0.1}
    table = scattered(**{name: mean + scatter * np.arange(-1, 2) for name, mean in means.items()})
    (row,) = deeper.answers(table, infos, images={"test_error": 1_000})
    assert row.effect == pytest.approx(0.06)
    assert (row.word, row.bound != "") == ("no" if bound else "not known yet", bound)


def test_how_much_more_the_deepest_may_err_is_told_by_each_lesser_depth():
    """The answer is of the best of the others, but another one scatters so that it may be best."""
    table = scattered(a=(0.05, 0.12, 0.19), b=(0.1, 0.101, 0.102), c=(0.09, 0.091, 0.092))
    (row,) = deeper.answers(table, depths(*"abc"), images={"test_error": 1_000})
    assert (row.deepest, row.against) == ("c", "b")
    assert row.effect == pytest.approx(-0.01)
    assert row.high < 0 < 0.05 < row.excess_high
    two = table[table["seed"] < 2]
    assert deeper.answers(two, depths(*"abc"))[0].excess_high is None


def test_the_best_of_the_others_is_chosen_on_validation():
    table, wrong = runs(a=0.1, b=0.2, c=0.4)
    table["validation_error"] = table["variant"].map({"a": 0.3, "b": 0.2, "c": 0.4})
    (row,) = deeper.answers(table, depths("a", "b", "c"), predictions=wrong)
    assert row.against == "b"
    assert row.effect == pytest.approx(0.2, abs=0.03)
