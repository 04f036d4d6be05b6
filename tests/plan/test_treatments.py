"""Treated variants: what is planned, what is left out, what is refused, what hypotheses see."""

from __future__ import annotations

import pytest

from depthstudy import plan
from depthstudy.config import Hypothesis, StudyConfig, apply
from depthstudy.errors import InputError
from depthstudy.plan import prepare, see_untreated, settings_of

FAMILIES = (("model.family", ("plain", "resnet")), ("model.depth", (8, 14)))
RESIDUAL = ("residual", "optimization", (("model.family", "resnet"),))
LARGER = ("larger", "receptive_field", (("data.image_size", "double"),))


def planned(*treatments: tuple, sweep: tuple = FAMILIES) -> tuple[plan.Variant, ...]:
    rows = tuple(dict(zip(("name", "mechanism", "settings"), t, strict=True)) for t in treatments)
    return plan.plan(apply(StudyConfig(), (("sweep", sweep), ("treatments", rows))))


def test_what_a_treatment_changes_is_planned_once_more() -> None:
    variants = planned(RESIDUAL, ("decay", "overfitting", (("train.weight_decay", 0.01),)))
    assert [variant.name for variant in variants] == [
        "plain_depth8", "plain_depth14", "resnet_depth8", "resnet_depth14",
        "plain_depth8+residual", "plain_depth14+residual",
        "plain_depth8+decay", "plain_depth14+decay", "resnet_depth8+decay", "resnet_depth14+decay",
    ]  # fmt: skip
    treated = variants[5]
    assert treated.spec == variants[3].spec
    assert (treated.info.treatment, treated.info.untreated) == ("residual", "plain_depth14")
    assert [v.info.group for v in variants[::2]] == [
        "plain", "resnet", "plain + residual", "plain + decay", "resnet + decay",
    ]  # fmt: skip
    assert variants[0].info.settings == {
        "model.family": "plain", "model.depth": 8, "train.weight_decay": 1e-4,
    }  # fmt: skip
    assert variants[7].config.train.weight_decay == 0.01
    assert variants[0].info.treatment == variants[0].info.untreated == ""


def test_nets_that_a_treatment_makes_alike_share_their_runs() -> None:
    decay = ("decay", "overfitting", (("train.weight_decay", 0.01),))
    variants = planned(decay, sweep=(("train.weight_decay", (1e-4, 1e-3)),))
    assert [(v.name, v.info.same_as) for v in variants[2:]] == [
        ("weight_decay0.0001+decay", ""),
        ("weight_decay0.001+decay", "weight_decay0.0001+decay"),
    ]


def test_the_same_net_by_another_name_is_no_change() -> None:
    explicit = ("shortcuts", "optimization", (("model.residual", True),))
    sweep = (("model.family", ("resnet", "preact_resnet")),)
    with pytest.raises(InputError, match="treatment 'shortcuts' changes no variant"):
        planned(explicit, sweep=sweep)


def test_double() -> None:
    variants = planned(LARGER, sweep=(("model.depth", (8,)), ("data.image_size", (None, 12))))
    assert [v.info.image_shape[0] for v in variants] == [8, 12, 16, 24]
    assert variants[2].info.macs == 4 * variants[0].info.macs - 3 * 640  # all but the head


@pytest.mark.parametrize(
    ("treatments", "message"),
    [
        ([("x", "overfitting", (("data.shift", 1), ("data.shift", 2)))], "'x' names data.shift tw"),
        ([RESIDUAL, RESIDUAL], "two have the name 'residual'"),
        ([("a+b", "overfitting", ())], r"the name 'a\+b' has to be"),
        ([("", "overfitting", ())], "the name '' has to be"),
        ([("x", "overfitting", ())], "treatment 'x' changes no variant"),
        ([("longer2", "budget", (("train.steps", 9),))], "'longer2' is what nets are called that"),
        ([("own_settings", "recipe", (("train.steps", 9),))], "'own_settings' is what nets are"),
        ([("x", "luck", ())], r"config.treatments\[0\].mechanism: invalid enum value 'luck'"),
        ([("x", "redundancy", (("model.depth", 8),))], "treatment 'x' sets model.depth"),
        ([("x", "overfitting", (("seeds", 8),))], "cannot differ in config.seeds"),
        ([("x", "overfitting", (("data.shft", 1),))], "did you mean 'shift'"),
        ([("x", "overfitting", (("data.flip", "double"),))], "data.flip is False, not to be doubl"),
        ([("x", "optimization", (("model.norm", "nil"),))], r"plain_depth8\+x: no norm 'nil'"),
    ],
)
def test_refusals(treatments: list[tuple], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        planned(*treatments)
    assert "\n" not in str(caught.value)


def test_names_of_treated_variants_are_unique() -> None:
    rows = ({"name": "b", "mechanism": "overfitting", "settings": (("data.shift", 1),)},)
    named = (("a", ()), ("a+b", ()))
    with pytest.raises(InputError, match=r"2 variants have the name 'a\+b'"):
        plan.plan(apply(StudyConfig(), (("variants", named), ("treatments", rows))))


def hypothesis(where: tuple, against: tuple = (), **fields: object) -> Hypothesis:
    known = {"name": "h", "statement": "", "metric": "test_error", "relation": "less"}
    return Hypothesis(**(known | fields), where=where, against=against)


def test_hypotheses_see_untreated_variants_unless_they_name_others() -> None:
    plain, residual, none = ("model.family", "plain"), ("treatment", "residual"), ("treatment", "")
    rises = hypothesis((plain,), relation="rises", along="model.depth")
    pair = hypothesis((residual,), (plain,))
    seen = see_untreated([rises, pair])
    assert [(h.where, h.against) for h in seen] == [
        ((plain, none), ()),
        ((residual,), (plain, none)),
    ]


def test_treated_variants_are_matched_with_their_untreated_ones() -> None:
    from depthstudy.evidence.claims import pairing

    settings = settings_of(planned(RESIDUAL))
    assert settings["plain_depth8+residual"] == settings["plain_depth8"] | {"treatment": "residual"}
    (asked,) = see_untreated([hypothesis((("treatment", "residual"),), (("treatment", ""),))])
    assert pairing.pairs(asked, settings) == [
        ("plain_depth8+residual", "plain_depth8"),
        ("plain_depth14+residual", "plain_depth14"),
    ]


def test_a_field_of_treatments_is_checked_with_the_hypotheses() -> None:
    row = {
        "name": "h",
        "statement": "",
        "metric": "test_error",
        "relation": "rises",
        "where": (("treatmnt", "residual"),),
        "along": "model.depth",
    }
    with pytest.raises(InputError, match="did you mean treatment"):
        prepare(apply(StudyConfig(), (("sweep", FAMILIES), ("hypotheses", (row,)))))


def test_a_treatment_is_given_where_it_says() -> None:
    rows = (
        {
            "name": "decay",
            "mechanism": "overfitting",
            "settings": (("train.weight_decay", 0.01),),
            "where": (("model.family", "resnet"), ("model.depth", 8)),
        },
    )
    *_, treated = variants = plan.plan(
        apply(StudyConfig(), (("sweep", FAMILIES), ("treatments", rows)))
    )
    assert len(variants) == 5
    assert treated.name == "resnet_depth8+decay"


def test_a_control_is_that_of_another_treatment() -> None:
    rows = (
        {
            "name": "decay",
            "mechanism": "overfitting",
            "settings": (("train.weight_decay", 0.01),),
            "control_of": "larger",
        },
    )
    with pytest.raises(InputError, match="control of 'larger'; other treatments: none"):
        plan.plan(apply(StudyConfig(), (("treatments", rows),)))


def test_a_treatment_that_is_given_to_no_net_is_said_to_be() -> None:
    row = {
        "name": "decay",
        "mechanism": "overfitting",
        "settings": (("train.weight_decay", 0.01),),
        "where": (("model.depth", 20),),
    }
    with pytest.raises(InputError, match="'decay' changes no variant; none is as its where says"):
        plan.plan(apply(StudyConfig(), (("sweep", FAMILIES), ("treatments", (row,)))))
