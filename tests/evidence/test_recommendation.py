"""The net to take: the one-standard-error rule by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from planted import summary, variant

from depthstudy.evidence.choice.recommendation import no_choice, recommend

INFOS = [variant("d8", 8), variant("d20", 20), variant("d56", 56)]


def errors(**tests: list[float]) -> dict[str, np.ndarray]:
    return {name: np.stack([np.zeros(len(t)), np.array(t)], axis=1) for name, t in tests.items()}


def test_the_cheapest_within_one_standard_error_of_the_best() -> None:
    runs = errors(d8=[0.10, 0.12, 0.09], d20=[0.06, 0.04, 0.05], d56=[0.07, 0.02, 0.05])
    choice = recommend(summary(runs), INFOS)
    assert choice is not None
    # d56 is best by 0.0033; the standard error of d20 - d56 is 0.016, that of d8 - d56, 0.017.
    assert (choice.variant, choice.best, choice.deepest) == ("d20", "d56", "d56")
    assert (choice.depth, choice.seconds) == (20, 11)
    assert (choice.macs, choice.parameters) == (200_000, 20_000)
    assert choice.over_best == pytest.approx(0.05 - 0.14 / 3)
    assert choice.macs_saved_best == pytest.approx(1 - 20 / 56)
    assert 0 <= choice.low < choice.test_error < choice.high <= 1
    assert 0 < choice.optimism < 0.02
    assert (choice.test_error, choice.seeds) == (pytest.approx(0.05 + choice.optimism), 3)
    assert (choice.ties, choice.chosen_on) == ("d20, d56", "test")


def test_of_equal_errors_the_cheapest() -> None:
    choice = recommend(summary(errors(d56=[0.0, 0.0], d20=[0.0, 0.0], d8=[0.1, 0.1])), INFOS)
    assert choice is not None
    assert (choice.variant, choice.best, choice.deepest) == ("d20", "d20", "d56")
    assert choice.over_deepest == 0


def test_a_treatment_that_cannot_be_told_from_none_is_not_taken() -> None:
    treated = variant("d8+x", 8, group="plain + x", treatment="x", untreated="d8")
    close = errors(**{"d8": [0.10, 0.12, 0.11], "d8+x": [0.09, 0.12, 0.11]})
    choice = recommend(summary(close), [*INFOS, treated])
    assert choice is not None
    assert (choice.variant, choice.best, choice.treatment) == ("d8", "d8+x", "")
    assert not choice.enough
    clear = errors(**{"d8": [0.10, 0.12, 0.11], "d8+x": [0.05, 0.06, 0.06]})
    choice = recommend(summary(clear), [*INFOS, treated])
    assert choice is not None
    assert (choice.variant, choice.treatment, choice.group) == ("d8+x", "x", "plain + x")
    assert choice.deepest == "d8"  # the deepest untreated one
    assert choice.over_deepest == pytest.approx(-0.16 / 3)


def test_one_seed_has_no_interval() -> None:
    choice = recommend(summary(errors(d8=[0.2], d20=[0.1], d56=[0.15])), INFOS)
    assert choice is not None
    assert (choice.variant, choice.low, choice.high, choice.seeds) == ("d20", None, None, 1)
    assert choice.over_deepest == pytest.approx(-0.05)


def test_without_a_choice_there_is_nothing_to_recommend() -> None:
    assert recommend(summary(errors(d8=[0.1, 0.2])), INFOS) is None
    assert recommend(summary({}), INFOS) is None


def test_the_choice_is_made_on_validation() -> None:
    runs = errors(d8=[0.05, 0.06, 0.05], d20=[0.09, 0.08, 0.09], d56=[0.2, 0.21, 0.2])
    table = summary(runs)
    table["validation_error"] = [0.10, 0.11, 0.10, 0.05, 0.04, 0.05, 0.2, 0.2, 0.21]
    choice = recommend(table, INFOS)
    assert choice is not None
    assert (choice.variant, choice.chosen_on, choice.optimism) == ("d20", "validation", 0.0)
    assert choice.test_error == pytest.approx(0.26 / 3)
    assert choice.over_best == 0
    assert choice.enough


def test_only_what_is_compared_has_to_hold_images_out() -> None:
    runs = errors(d8=[0.05, 0.06, 0.05], d20=[0.09, 0.08, 0.09], d56=[0.2, 0.21, 0.2])
    table = summary(runs)
    table["validation_error"] = [0.10, 0.11, 0.10, 0.05, 0.04, 0.05, *[math.nan] * 3]
    alike = recommend(table, INFOS)
    unequal = recommend(table, INFOS, budgets={"d8": 1.0, "d20": 1.0, "d56": 16.0})
    assert alike is not None
    assert unequal is not None
    assert (alike.variant, alike.chosen_on) == ("d8", "test")
    assert (unequal.variant, unequal.chosen_on, unequal.excluded) == ("d20", "validation", "d56")


def validated(**counts: list[int]) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Returns runs of that many wrong validation images, and which of 60 these are."""
    wrong = {name: np.arange(60) < np.array(of)[:, None] for name, of in counts.items()}
    table = summary(errors(**{name: [0.1] * len(of) for name, of in counts.items()}))
    table["validation_error"] = np.concatenate([w.mean(axis=1) for w in wrong.values()])
    return table, wrong


def test_validation_images_are_chance_too() -> None:
    infos = [variant("b", 8), variant("d", 20)]
    table, wrong = validated(b=[8, 8, 9], d=[4, 5, 5])
    apart = {name: of[:, ::-1] if name == "b" else of for name, of in wrong.items()}
    for answers in (wrong, apart, None):
        # Four of sixty images more or less: Fisher's exact test gives p = 0.4.
        choice = recommend(table, infos, validated=answers, images={"validation_error": 60})
        assert choice is not None
        assert (choice.enough, choice.scope) == (False, "images like these")
    seeds_alone = recommend(table, infos)
    assert seeds_alone is not None
    assert (seeds_alone.enough, seeds_alone.scope) == (True, "these images")
    # Of a hundred times as many images it is enough.
    many = recommend(table, infos, images={"validation_error": 6000})
    assert many is not None
    assert many.enough


def test_the_images_count_in_the_standard_error() -> None:
    infos = [variant("b", 8), variant("d", 20)]
    table, wrong = validated(b=[8, 9, 9, 8], d=[6, 7, 7, 6])
    apart = {name: of[:, ::-1] if name == "b" else of for name, of in wrong.items()}
    picked = {
        name: recommend(table, infos, validated=answers, images=images).variant
        for name, answers, images in (
            ("seeds", None, None),
            ("the same images", wrong, {"validation_error": 60}),
            ("other images", apart, {"validation_error": 60}),
            ("unknown images", None, {"validation_error": 60}),
        )
    }
    # Two images of 60 are 0.033. Standard errors: seeds 0.007, sqrt(2)/60 where both err on the
    # same six, sqrt(15)/60 where they share none.
    assert picked == {
        "seeds": "d", "the same images": "d", "other images": "b", "unknown images": "b"
    }  # fmt: skip


def test_a_net_that_learned_is_told_from_one_that_did_not() -> None:
    """Only the first may be taken, but that it is better than the other is evident."""
    table = summary(errors(d8=[0.10, 0.11, 0.10], d56=[0.9, 0.9, 0.9]))
    guess = {"test_error": dict.fromkeys(("d8", "d56"), 0.9)}
    choice = recommend(table, INFOS, images={"test_error": 360}, baselines=guess)
    assert choice is not None
    assert (choice.variant, choice.ties, choice.enough) == ("d8", "d8", True)
    assert (choice.deepest, choice.over_deepest) == ("d56", pytest.approx(0.31 / 3 - 0.9))
    one = recommend(table[table["seed"] < 1], INFOS, images={"test_error": 360}, baselines=guess)
    assert one is not None
    assert not one.enough


def test_budgets_that_whole_steps_set_apart_are_equal() -> None:
    """Eight epochs of a thousand images are 125 steps of 64 of them, or 62 of 128."""
    table = summary(errors(d8=[0.10, 0.11, 0.10], d56=[0.2, 0.21, 0.2]))
    for images_seen, excluded in ((62 * 128.0, ""), (2 * 8_000.0, None)):
        choice = recommend(table, INFOS, budgets={"d8": 8_000.0, "d56": images_seen})
        assert (choice and choice.excluded) == excluded


@pytest.mark.slow
def test_equal_nets_are_seldom_told_apart_on_few_validation_images() -> None:
    draw, infos = np.random.default_rng(3), [variant("b", 8), variant("d", 20)]
    decided = {"known": 0, "unknown": 0}
    for _ in range(150):
        # Each net has its own hard images, the same in all of its runs.
        wrong = {n: np.repeat(draw.random((1, 60)) < 0.15, 3, axis=0) for n in "bd"}
        table = summary(errors(b=[0.1] * 3, d=[0.1] * 3))
        table["validation_error"] = np.concatenate([w.mean(axis=1) for w in wrong.values()])
        for name, answers in (("known", wrong), ("unknown", None)):
            choice = recommend(table, infos, validated=answers, images={"validation_error": 60})
            assert choice is not None
            decided[name] += choice.enough
    assert max(decided.values()) / 150 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_controls_and_other_budgets_are_not_compared() -> None:
    names = ("scratch", "longer")
    extra = [
        variant(f"d8+{n}", 8, treatment=n, untreated="d8", group=f"plain + {n}") for n in names
    ]
    runs = errors(
        **{"d8": [0.2, 0.21, 0.2], "d56": [0.3, 0.31, 0.3]},
        **{f"d8+{n}": [0.1, 0.11, 0.1] for n in names},
    )
    budgets = {"d8": 60, "d56": 60, "d8+scratch": 60, "d8+longer": 960}
    infos = [*INFOS, *extra]
    choice = recommend(summary(runs), infos, budgets=budgets, controls=["d8+scratch"])
    assert choice is not None
    assert (choice.variant, choice.excluded, choice.deepest) == ("d8", "d8+longer", "d56")
    free = recommend(summary(runs), infos)
    assert free is not None
    assert free.treatment in names


def test_the_correction_meets_the_truth_of_equal_nets() -> None:
    # Ten equal nets of three seeds on 360 images; the chosen one looks better than it is.
    draw = np.random.default_rng(0)
    infos = [variant(f"n{k}", 8 + k) for k in range(10)]
    shown, naive, covered = [], [], []
    for _ in range(60):
        hard = draw.beta(0.2, 3.8, 360)  # mean 0.05
        wrong = {info.name: draw.random((3, 360)) < hard for info in infos}
        table = summary(errors(**{n: w.mean(axis=1) for n, w in wrong.items()}))
        choice = recommend(table, infos, predictions=wrong)
        assert choice is not None
        shown.append(choice.test_error)
        naive.append(min(w.mean() for w in wrong.values()))
        covered.append(choice.low <= 0.05 <= choice.high)
    assert np.mean(naive) < 0.045
    assert np.mean(shown) == pytest.approx(0.05, abs=0.006)
    assert np.mean(covered) > 0.88


def test_where_all_budgets_differ_it_is_known_that_none_can_be_recommended() -> None:
    """As of nets that were trained for other numbers of epochs, or on other numbers of images."""
    table = summary(errors(d8=[0.1, 0.11, 0.1], d20=[0.09, 0.08, 0.09], d56=[0.2, 0.21, 0.2]))
    for budgets, differ in (((1.0, 2.0, 4.0), True), ((1.0, 1.0, 4.0), False)):
        seen = dict(zip(("d8", "d20", "d56"), budgets, strict=True))
        assert (recommend(table, INFOS, budgets=seen) is None) == differ
        assert (no_choice(table, INFOS, budgets=seen) == "unequal budgets") == differ
    assert no_choice(table, INFOS[:1], budgets=seen) == ""
    # A control is no alternative, though it has the budget of another net.
    assert recommend(table, INFOS, budgets=seen, controls=["d8"]) is None
    assert no_choice(table, INFOS, budgets=seen, controls=["d8"]) == "unequal budgets"


def test_nets_of_several_data_sets_are_not_compared() -> None:
    runs = errors(d8=[0.2, 0.21, 0.2], d56=[0.1, 0.11, 0.1])
    for field, ours, theirs in (("name", "digits", "mnist"), ("source_dir", "cats", "dogs")):
        sets = [
            variant(name, depth, settings={f"data.{field}": of})
            for name, depth, of in (("d8", 8, ours), ("d56", 56, theirs))
        ]
        seen = {"d8": 100.0, "d56": 200.0}  # as sets of other sizes have, in as many epochs
        assert recommend(summary(runs), sets, budgets=seen) is None
        assert no_choice(summary(runs), sets, budgets=seen) == "several data sets"
    assert recommend(summary(runs), INFOS) is not None
    assert no_choice(summary(runs), INFOS) == ""


def test_the_deepest_net_has_the_same_images_whatever_a_treatment_does_to_them() -> None:
    """A shift of images in training is the net's own affair, another share of them is not."""
    runs = errors(**{"d8": [0.2, 0.21, 0.2], "d56": [0.3, 0.31, 0.3], "d8+x": [0.1, 0.11, 0.1]})
    treated = variant(
        "d8+x", 8, group="plain + x", treatment="x", untreated="d8",
        settings={"data.shift": 4, "data.train_examples": None},
    )  # fmt: skip
    for examples, deepest in ((None, "d56"), (100, "d8")):
        of_d56 = {"data.shift": 0, "data.train_examples": examples}
        infos = [INFOS[0], variant("d56", 56, settings=of_d56), treated]
        choice = recommend(summary(runs), infos)
        assert choice is not None
        assert (choice.variant, choice.deepest) == ("d8+x", deepest)


def test_a_net_of_another_budget_alone_has_learned() -> None:
    table = summary(errors(d8=[0.9, 0.9, 0.9], d20=[0.9, 0.9, 0.9], d56=[0.1, 0.11, 0.1]))
    seen = {"d8": 100.0, "d20": 100.0, "d56": 400.0}
    guess = {"test_error": dict.fromkeys(seen, 0.9)}
    assert recommend(table, INFOS, budgets=seen, baselines=guess) is None
    assert no_choice(table, INFOS, budgets=seen, baselines=guess) == (
        "nothing learned at equal budget"
    )


def test_a_net_whose_runs_all_diverged_is_not_recommended() -> None:
    """Its error is known, that of a guess, and what a whole run would take is not."""
    table = summary(errors(d8=[0.9, 0.9, 0.9], d20=[0.9, 0.9, 0.9]))
    table["seconds"] = math.nan
    assert recommend(table, INFOS) is None
    assert no_choice(table, INFOS) == "nothing learned"
    table.loc[table["variant"] == "d20", "seconds"] = 10.0
    choice = recommend(table, INFOS)
    assert choice is not None
    assert choice.variant == "d20"


def test_the_deepest_is_one_of_the_same_images() -> None:
    runs = errors(d8=[0.1] * 3, d20=[0.2] * 3, d56=[0.3] * 3)
    counts = {"d8": None, "d20": None, "d56": 200}
    infos = [
        variant(info.name, info.depth, settings={"data.train_examples": counts[info.name]})
        for info in INFOS
    ]
    choice = recommend(summary(runs), infos)
    assert choice is not None
    assert (choice.variant, choice.deepest) == ("d8", "d20")
