"""Nets that always name the largest class: nothing is concluded from them, however low they err."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from depthstudy.config import Hypothesis, Treatment
from depthstudy.evidence import deeper
from depthstudy.evidence.baseline import no_better
from depthstudy.evidence.causes.attribution import attribute
from depthstudy.evidence.causes.decomposition import decompose
from depthstudy.evidence.choice.recommendation import recommend
from depthstudy.evidence.claims.verdicts import judge
from depthstudy.records import VariantInfo
from depthstudy.tasks.detection.task import Detection

MAJORITY = 10 / 310  # 300 images of one class and 10 of another
IMAGES = {"test_error": 310, "train_error": 310, "gap": 310}


def runs(errors: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {
            "variant": name,
            "seed": seed,
            "test_error": error,
            "train_error": error,
            "gap": 0.0,
            "majority_error": MAJORITY,
            "seconds": 1.0,
        }
        for name, of_variant in errors.items()
        for seed, error in enumerate(of_variant)
    ]
    return pd.DataFrame(rows)


def settings(names: list[str]) -> dict[str, dict[str, object]]:
    return {name: {"model.depth": depth, "name": name} for depth, name in enumerate(names)}


def depths(names: list[str]) -> dict[str, dict[str, object]]:
    return {name: {"model.depth": depth} for depth, name in enumerate(names)}


def info(name: str, depth: int) -> VariantInfo:
    return VariantInfo(
        name=name,
        group="resnet",
        settings={},
        depth=depth,
        parameters=depth,
        macs=depth,
        activations=1,
        receptive_field=None,
        image_shape=(8, 8, 1),
        steps=1,
    )


def baselines(names: list[str]) -> dict[str, dict[str, float]]:
    return {error: dict.fromkeys(names, MAJORITY) for error in ("test_error", "train_error")}


A, B = (("name", "a"),), (("name", "b"),)
EQUAL = Hypothesis("equal", "", "test_error", "equivalent", A, B, None, 0.02)
LESS = Hypothesis("less", "", "test_error", "less", B, A)
RISES = Hypothesis("rises", "", "test_error", "rises", (), (), "model.depth")


def test_two_nets_that_say_the_same_are_not_equally_good() -> None:
    """Without the baseline this claim is supported with p 0."""
    table = runs({"a": [MAJORITY] * 3, "b": [MAJORITY] * 3})
    predictions = {name: np.tile(np.arange(310) < 10, (3, 1)) for name in "ab"}
    known = {"predictions": predictions, "images": IMAGES}
    (before,) = judge(table, settings(["a", "b"]), [EQUAL], **known)
    assert (before.verdict, before.no_better) == ("supported", "")
    (after,) = judge(table, settings(["a", "b"]), [EQUAL], baselines=baselines(["a", "b"]), **known)
    assert (after.verdict, after.no_better) == ("inconclusive", "a, b")
    assert np.isnan(after.p)


def test_a_net_that_learns_beats_one_that_does_not() -> None:
    table = runs({"a": [MAJORITY] * 3, "b": [0.001, 0.002, 0.001]})
    table["test_error"] *= 5
    known = {error: {"a": 5 * MAJORITY, "b": 5 * MAJORITY} for error in ("test_error",)}
    (verdict,) = judge(
        table, settings(["a", "b"]), [LESS], images={"test_error": 3_000}, baselines=known
    )
    assert (verdict.verdict, verdict.no_better) == ("supported", "")


def test_a_trend_rests_on_the_nets_that_learn() -> None:
    """The two deepest have learned nothing; that the deepest does worse than the first counts."""
    table = runs({"a": [0.01, 0.02, 0.01], "b": [0.5, 0.5, 0.5], "c": [0.5, 0.5, 0.5]})
    known = {"test_error": dict.fromkeys("abc", 0.5)}
    (verdict,) = judge(
        table, depths(["a", "b", "c"]), [RISES], images={"test_error": 1_000}, baselines=known
    )
    assert (verdict.verdict, verdict.no_better) == ("supported", "c, b")


@pytest.mark.parametrize(("error", "better"), [(MAJORITY, False), (MAJORITY - 1 / 310, True)])
def test_half_an_image_decides(error: float, better: bool) -> None:
    table = runs({"a": [error] * 3})
    assert (no_better(table, "test_error", baselines(["a"]), IMAGES) == set()) == better
    assert (no_better(table, "gap", baselines(["a"]), IMAGES) == set()) == better
    assert no_better(table, "seconds", baselines(["a"]), IMAGES) == set()


def test_no_net_is_recommended_that_is_no_better() -> None:
    infos = [info("a", 8), info("b", 20)]
    table = runs({"a": [MAJORITY] * 3, "b": [MAJORITY] * 3})
    assert recommend(table, infos, images=IMAGES) is not None
    assert recommend(table, infos, images=IMAGES, baselines=baselines(["a", "b"])) is None
    table = runs({"a": [MAJORITY] * 3, "b": [0.01] * 3})
    chosen = recommend(table, infos, images=IMAGES, baselines=baselines(["a", "b"]))
    assert chosen is not None
    assert (chosen.variant, chosen.excluded) == ("b", "")


def test_whether_deeper_is_better_is_not_known_where_nothing_was_learned() -> None:
    infos = [info("a", 8), info("b", 20)]
    table = runs({"a": [0.5] * 3, "b": [0.5] * 3}).assign(unfinished=False)
    known = {"test_error": {"a": 0.5, "b": 0.5}}
    (before,) = deeper.answers(table, infos, images={"test_error": 10_000})
    assert before.word == "no"
    (after,) = deeper.answers(table, infos, images={"test_error": 10_000}, baselines=known)
    assert (after.word, after.seeds_needed, after.images_needed) == ("not known yet", None, None)
    assert before.excess_high is not None
    assert after.excess_high is None


def test_nothing_is_a_cause_where_the_best_depth_learned_nothing() -> None:
    """What brings a net back to a constant answer has repaired nothing."""
    treated = dataclasses.replace(info("c", 20), treatment="residual", untreated="b")
    infos, treatment = [info("a", 8), info("b", 20), treated], Treatment("residual", "", ())
    table = runs({"a": [0.3] * 3, "b": [0.6] * 3, "c": [0.3] * 3})
    images = {"test_error": 3_000, "train_error": 3_000}
    (row,) = attribute(table, infos, [treatment], images=images)
    assert row.gain == pytest.approx(0.3)
    known = {"test_error": {"a": 0.3, "b": 0.3}}
    assert attribute(table, infos, [treatment], images=images, baselines=known) == []


def test_that_nothing_was_lost_is_not_shown_by_nets_that_learned_nothing() -> None:
    infos, images = [info("a", 8), info("b", 20)], {"test_error": 10_000, "train_error": 10_000}
    table = runs({"a": [0.9] * 3, "b": [0.9] * 3})
    assert decompose(table, infos, images=images)[0].word == "no excess"
    known = {"test_error": {"a": 0.9, "b": 0.9}}
    rows = decompose(table, infos, images=images, baselines=known)
    assert {row.word for row in rows} == {"cannot tell"}


def test_images_are_counted_variant_by_variant() -> None:
    """Of 100 images half is 0.005, of 10,000 next to nothing."""
    table = runs({"a": [0.499] * 3, "b": [0.499] * 3})
    known = {"test_error": {"a": 0.5, "b": 0.5}}
    counts = {"test_error": {"a": 100, "b": 10_000}}
    for ordered in (counts, {"test_error": dict(reversed(counts["test_error"].items()))}):
        assert no_better(table, "test_error", known, ordered) == {"a"}


def test_a_verdict_does_not_depend_on_which_variant_is_first() -> None:
    table = runs({"a": [0.0, 0.0, 0.0], "b": [0.004, 0.0045, 0.0042]})
    asked = dataclasses.replace(EQUAL, relation="greater", metric="train_error")
    asked = dataclasses.replace(asked, where=asked.against, against=asked.where, margin=0.0)
    names, counts = ["a", "b"], {"a": 100, "b": 10_000}
    few, each = (
        judge(table, settings(names), [asked], images={"train_error": images})[0]
        for images in (10_000, counts)
    )
    assert few.verdict == "supported"
    assert each.verdict == "inconclusive"
    assert each.low < 0 < each.high


def test_detectors_that_find_nothing_support_nothing() -> None:
    task = Detection(num_classes=3, max_objects=4, image_size=(64, 64))
    baseline = task.majority_error(np.empty((0, *task.label.shape), task.label.dtype))
    known = {"test_error": dict.fromkeys("ab", baseline)}
    table = runs({"a": [0.9990, 0.9991, 0.9992], "b": [0.9991, 0.9990, 0.9992]})
    infos = [info("a", 8), info("b", 20)]
    (verdict,) = judge(table, settings(["a", "b"]), [EQUAL], baselines=known)
    assert (verdict.verdict, verdict.no_better) == ("inconclusive", "a, b")
    assert recommend(table, infos, baselines=known) is None
    (row,) = deeper.answers(table.assign(unfinished=False), infos, baselines=known)
    assert (row.word, row.seeds_needed) == ("not known yet", None)


def test_no_number_of_seeds_is_named_where_none_would_tell() -> None:
    """Five seeds that all agree, on an unknown number of images: three would be no help."""
    table = runs({"a": [0.5] * 5, "b": [0.5] * 5}).assign(unfinished=False)
    (row,) = deeper.answers(table, [info("a", 8), info("b", 20)])
    assert (row.word, row.seeds_needed, row.images_needed) == ("not known yet", None, None)
