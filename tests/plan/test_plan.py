"""From a config to variants: names, costs, and what is refused."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from depthstudy import arch, data, plan, study
from depthstudy.config import DataConfig, StudyConfig, Value, apply, parse
from depthstudy.data.loading import datasets
from depthstudy.errors import InputError
from depthstudy.plan import prepare, settings_of

ROOT = Path(__file__).parents[2]


def planned(**fields: Value) -> tuple[plan.Variant, ...]:
    settings = tuple((name.replace("__", "."), value) for name, value in fields.items())
    return plan.plan(apply(StudyConfig(), settings))


def test_the_config_itself_is_one_variant() -> None:
    (variant,) = planned()
    assert variant.name == "resnet_depth20"
    assert (variant.info.depth, variant.info.parameters) == (20, 269_434)
    assert variant.info.steps == round(20 * 1151 / 128)
    assert variant.spec.head.num_classes == 10


def test_a_sweep_is_a_product_over_any_fields() -> None:
    variants = planned(
        sweep=(("model.depth", (8, 14)), ("data.label_noise", (0.0, 0.3)), ("train.steps", (5,)))
    )
    assert [variant.name for variant in variants] == [
        "depth8_label_noise0.0_steps5",
        "depth8_label_noise0.3_steps5",
        "depth14_label_noise0.0_steps5",
        "depth14_label_noise0.3_steps5",
    ]
    assert [variant.info.group for variant in variants][:2] == [
        "resnet, label_noise=0.0",
        "resnet, label_noise=0.3",
    ]
    assert variants[1].config.data.label_noise == 0.3
    assert variants[0].dataset is variants[2].dataset
    assert variants[1].dataset is not variants[0].dataset


def test_a_group_names_only_what_differs_in_a_family() -> None:
    """How depth is set, and what a family always has, is no part of its group."""
    small = (("model.layout", "small"), ("model.depth", None))
    mobile = (("model.family", "mobilenet_v2"), *small, ("model.width_multiplier", 0.25))
    variants = planned(
        variants=(
            ("r8", (("model.family", "resnet"), ("model.depth", 8))),
            ("r8n", (("model.family", "resnet"), ("model.depth", 8), ("model.norm", "none"))),
            ("m1", (*mobile, ("model.depth_multiplier", 0.5))),
            ("m2", (*mobile, ("model.depth_multiplier", 1.0))),
        )
    )
    assert [variant.info.group for variant in variants] == [
        "resnet",
        "resnet, norm=none",
        "mobilenet_v2",
        "mobilenet_v2",
    ]


@pytest.mark.slow
def test_the_study_of_families_can_be_planned_and_judged() -> None:
    module = SimpleNamespace(**runpy.run_path(str(ROOT / "configs/families.py")))
    _, variants = prepare(module.get_config("digits"))
    groups = [variant.info.group for variant in variants]
    assert list(dict.fromkeys(groups)) == list(module.FAMILIES)
    assert {*module.FAMILIES, "staged"} == set(arch.FAMILIES)  # which a search makes
    for group in module.FAMILIES:
        rows = [variant.info for variant in variants if variant.info.group == group]
        assert len(rows) == 3
        assert rows[0].depth < rows[1].depth < rows[2].depth
        assert 0.6e6 < rows[0].macs < rows[2].macs < 1.1e7


def test_named_variants_join_the_sweep() -> None:
    variants = planned(
        sweep=(("model.depth", (8,)),),
        variants=(("no_norm", (("model.norm", "none"), ("model.depth", 14))),),
    )
    assert [variant.name for variant in variants] == ["depth8", "no_norm"]
    assert variants[0].info.settings == {"model.depth": 8, "model.norm": None}
    assert settings_of(variants)["no_norm"]["model.norm"] == "none"
    assert [variant.info.group for variant in variants] == ["resnet", "resnet, norm=none"]


def test_what_lets_a_net_train_can_be_swept() -> None:
    swept = (
        ("model.init", ("he", "delta_orthogonal")),
        ("model.init_scale", (0.5,)),
        ("model.skip_init", (False, True)),
        ("model.stochastic_depth", (0.0, 0.2)),
    )
    specs = [variant.spec for variant in planned(sweep=swept)]
    assert len(set(specs)) == 8
    assert specs[-1].init == "delta_orthogonal"
    assert (specs[-1].init_scale, specs[-1].skip_init, specs[-1].stochastic_depth) == (
        0.5, True, 0.2,
    )  # fmt: skip
    branches = (("model.branches", ("single", "repvgg")),)
    names = [v.spec.family for v in planned(model__family="plain", sweep=branches)]
    assert names == ["plain", "plain_repvgg"]
    with pytest.raises(InputError, match="variant skip_initTrue: skip_init needs shortcuts"):
        planned(model__family="plain", sweep=(("model.skip_init", (True,)),))


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ((("model.dept", (8,)),), "did you mean 'depth'"),
        ((("model.depth", (8,)), ("model.depth", (14,))), "names model.depth twice"),
        ((("model.depth", ()),), "gives model.depth no values"),
        ((("model.depth", (8, 8)),), "a value twice"),
        ((("train.learning_rate", (1, 1.0)),), "a value twice"),
        ((("model.depth", (8, "x")),), "expected `int | null`, got `str`"),
        ((("model.depth", (8, 15)),), "variant depth15: no depth 15.*nearest: 14 and 20"),
        ((("seeds", (1, 2)),), "cannot differ in config.seeds"),
        ((("model.family", ("resnet", "resnets")),), "did you mean resnet"),
        ((("data.train_examples", (5,)),), "10 .its classes. to 1438"),
    ],
)
def test_refusals(sweep: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        planned(sweep=sweep)
    assert "\n" not in str(caught.value)


def test_a_point_of_a_sweep_that_sets_nothing_is_named_by_its_net() -> None:
    variants = planned(sweep=(("data.image_size", (None, 12)),))
    assert [variant.name for variant in variants] == ["resnet_depth20", "image_size12"]
    variants = planned(model__depth=14, sweep=(("model.depth", (None, 8)),))
    assert [variant.name for variant in variants] == ["resnet_depth20", "depth8"]


def test_each_net_that_is_tuned_needs_images_to_choose_by() -> None:
    tune: Value = (("train.learning_rate", (0.1, 0.2)),)
    sweep: Value = (("data.validation", (0.0, 0.2)),)
    asked = apply(StudyConfig(), (("tune", tune), ("sweep", sweep)))
    with pytest.raises(InputError, match=r"variant validation0\.0: config\.tune chooses"):
        prepare(asked)
    held_out: Value = (("a", (("data.validation", 0.2),)),)
    prepare(apply(asked, (("sweep", ()), ("data.validation", 0.0), ("variants", held_out))))


def test_batches_that_trials_cannot_split_are_refused_before_anything_is_trained() -> None:
    """Eight devices are simulated; nothing but ``"jit"`` insists on all of them."""
    tune: Value = (("train.batch_size", (64, 100)),)
    prepare(apply(StudyConfig(), (("tune", tune),)))
    asked = apply(StudyConfig(), (("tune", tune), ("train.placement", "jit")))
    with pytest.raises(InputError, match="batch_size=100 cannot be split over 8 devices"):
        prepare(asked)


@pytest.mark.parametrize("length", [("train.steps", 100), ("train.least_steps", 5_000)])
def test_batches_by_which_nets_see_other_numbers_of_images_are_not_tuned(
    length: tuple[str, int],
) -> None:
    asked = apply(StudyConfig(), (("tune", (("train.batch_size", (32, 128)),)), length))
    message = r"variant resnet_depth20: config\.tune tries train\.batch_size=32, with which .* by"
    with pytest.raises(InputError, match=message):
        prepare(asked)
    prepare(apply(asked, (("tune", (("train.learning_rate", (0.03, 0.1)),)),)))


def test_another_draw_of_the_data_is_no_variant() -> None:
    sweep: Value = (("model.depth", (8, 14)), ("data.seed", (0, 1)))
    asked = apply(StudyConfig(), (("sweep", sweep),))
    message = r"cannot differ in config\.data\.seed, as {0}_seed0, {0}_seed1 do: another draw"
    with pytest.raises(InputError, match=message.format("depth8")):
        prepare(asked)
    pools = [
        {"name": name, "variants": (f"{net}_seed0", f"{net}_seed1")}
        for name, net in (("shallow", "depth8"), ("deep", "depth14"))
    ]
    with pytest.raises(InputError, match=message.format("depth14")):
        prepare(apply(asked, (("pools", (pools[0],)),)))  # those of depth 14 stand alone
    prepare(apply(asked, (("pools", tuple(pools)),)))  # their runs stand together
    prepare(apply(asked, (("sweep", (("data.seed", (1,)),)),)))
    shift = {"name": "shift", "mechanism": "overfitting", "settings": (("data.shift", 1),)}
    prepare(apply(asked, (("pools", tuple(pools)), ("treatments", (shift,)))))
    of_pruned = {"name": "pruned", "variants": ("seed0", "seed1")}
    twins = (("prune.weights", 0.5), ("prune.fine_tune_epochs", 1), ("pools", (of_pruned,)))
    # Dense twins, which the plan adds, are not compared.
    prepare(apply(asked, (("sweep", (("data.seed", (0, 1)),)), *twins)))


def test_names_are_unique_and_fit_a_folder() -> None:
    twice = (("a", ()), ("a", (("model.depth", 8),)))
    with pytest.raises(InputError, match="2 variants have the name 'a'"):
        planned(variants=twice)
    with pytest.raises(InputError, match=r"the name '\.\./a'"):
        planned(variants=(("../a", ()),))
    with pytest.raises(InputError, match=r"config\.variants: 'a' names model.depth twice"):
        planned(variants=(("a", (("model.depth", 8), ("model.depth", 14))),))


def test_the_plan_is_described_with_its_costs() -> None:
    asked = parse({"sweep": (("model.family", ("plain", "resnet")), ("model.depth", (8,)))})
    table = next(part for part in study.describe_parts(asked) if "MACs" in part)
    assert "75,002" in table
    assert "747,136" in table
    assert "25 px" in table


def test_a_study_is_planned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan loads the data, and nothing else of a study does."""
    loaded = []
    load = datasets.from_source

    def counted(source: data.Source, asked: DataConfig) -> data.Dataset:
        loaded.append(asked)
        return load(source, asked)

    monkeypatch.setattr(datasets, "from_source", counted)
    fields = {
        "probes": ("field",),
        "model.depth": 8,
        "model.width": 4,
        "train.steps": 1,
        "train.evaluations": 1,
        "sweep": (("train.learning_rate", (0.1, 0.2)),),
    }
    asked = apply(StudyConfig(), tuple(fields.items()))
    study.run(asked, tmp_path)
    assert len(loaded) == 1
    text = study.describe(asked)
    assert len(loaded) == 2
    assert "2 variants x 1 seeds = 2 runs; about" in text
