"""The studies of claims: they plan at every size, compare what they speak of, and run."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from claimed import compared

from depthstudy import config, data, study
from depthstudy.config import DataConfig, apply
from depthstudy.data.sources import fashion_mnist
from depthstudy.errors import InputError
from depthstudy.evidence.claims import verdicts
from depthstudy.plan import prepare, see_untreated, settings_of
from depthstudy.questions import SIZES

CONFIGS = sorted((Path(__file__).parents[2] / "configs" / "claims").glob("*.py"))
NAMES = [path.stem for path in CONFIGS]
QUICK = ("degradation",)  # all others that ask for errors alone are studied as it is
SLOW = ("vanishing_gradients", "redundancy", "pruning", "mixed_precision", "light_families",
        "detection")  # fmt: skip
SEARCHED = ("search", "zero_cost_scores")  # which tests/search/test_run.py has
ERRORS = {"train_error", "test_error", "gap"}
WITH_OBJECTS = ("fashion_scenes", "coco/2017")
SETS = {  # name: side, channels, classes and train examples
    "digits": (8, 1, 10, 1_437),
    "fashion_mnist": (28, 1, 10, 60_000),
    "cifar10": (32, 3, 10, 50_000),
    "imagenet2012": (224, 3, 1_000, 1_281_167),
    "fashion_scenes": (64, 1, 10, 2_000),
    "coco/2017": (640, 3, 80, 118_287),
}


def module(name: str) -> SimpleNamespace:
    (path,) = (path for path in CONFIGS if path.stem == name)
    return SimpleNamespace(**runpy.run_path(str(path)))


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets that nobody has prepared, so far as a plan looks at them."""

    def get(
        self: data.Datasets, data_config: DataConfig, expected: str | None = None
    ) -> data.Dataset:
        side, channels, classes, count = SETS[data_config.name]
        assert (data_config.train_examples or count) <= count
        side = data_config.image_size or side
        known = {
            "name": data_config.name,
            "image_shape": (side, side, channels),
            "num_classes": classes,
            "class_names": (),
            "task": "detection" if data_config.name in WITH_OBJECTS else "classification",
            "train": range(data_config.train_examples or count),
            "validation": range(1) if data_config.validation else None,
        }
        dataset = object.__new__(data.Dataset)  # without its images
        for name, value in known.items():
            object.__setattr__(dataset, name, value)
        return dataset

    monkeypatch.setattr(data.Datasets, "get", get)


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("fashion", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_plans_at_every_size(name: str, fashion: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "is_there", lambda: fashion)
    names, sizes = set(), SIZES if fashion else ("small",)  # which alone asks what is there
    for size in sizes:
        planned, variants = prepare(module(name).get_config(size))
        sets = {variant.config.data.name for variant in variants}
        garments = "fashion_mnist" if fashion else "digits"
        assert size != "small" or sets == {"fashion_scenes" if name == "detection" else garments}
        assert size == "full" or not sets & {"cifar10", "imagenet2012", "coco/2017"}
        assert all(v.info.steps >= {"small": 80, "full": 5_000, "smoke": 4}[size]
                   for v in variants)  # fmt: skip
        assert all(v.info.steps <= 16 for v in variants if size == "smoke")
        names.add(planned.name)
    assert len(names) == len(sizes)


def test_an_unknown_size_is_refused() -> None:
    for name in NAMES:
        with pytest.raises(InputError, match="no size 'tiny' of a claim; allowed: small, full"):
            module(name).get_config("tiny")


def points(*names: str) -> list[tuple[str, str]]:
    """Returns the pair of variants that each of ``"BEFORE|ONE~OTHER|AFTER"`` stands for."""
    pairs = []
    for before, middle, after in (name.split("|") for name in names):
        one, other = middle.split("~")
        pairs.append((f"{before}{one}{after}", f"{before}{other}{after}"))
    return pairs


LIGHT = ("mobilenet_v2", "shufflenet_v2")
BF16 = (("precisionbfloat16", "precisionfloat32"),)
FEW, MANY = "_train_examples250", "_train_examples2000"
CLEAN, WRONG = "_label_noise0.0", "_label_noise0.3"
EXTENT = [f"_train_examples{n}_image_size{s}" for n in (500, 2000) for s in (7, 14)]
PAIRS = {
    "degradation": dict.fromkeys(
        ("train_error_rises", "test_error_rises", "gap_does_not"),
        (("plain_depth56", "plain_depth8"),),
    ),
    "overfitting": {
        "gap_rises": points(
            *(f"resnet_depth|32~8|{n}{w}" for n in (FEW, MANY) for w in (CLEAN, WRONG))
        ),
        "with_few_images": points(f"resnet_depth|32~8|{FEW}{CLEAN}"),
        "with_wrong_labels": points(f"resnet_depth|32~8|{MANY}{WRONG}"),
        "not_with_enough_clean_images": points(f"resnet_depth|32~8|{MANY}{CLEAN}"),
        "test_error_rises": points(f"resnet_depth|32~8|{FEW}{CLEAN}"),
    },
    "vanishing_gradients": {
        "gradients_vanish": points("batch_norm_depth|44~8|"),
        "it_fails_nevertheless": points("batch_norm_depth|44~8|"),
        "small_starts_vanish": points("small_start_depth|44~8|"),
        "vanished_gradients_fail": points("|small_start~no_norm|_depth44"),
        "isometry_trains": points("|isometric~no_norm|_depth44"),
    },
    "redundancy": {
        "half_the_blocks_can_go": points("resnet_depth44+|block_removal~whole|"),
        "more_can_go_from_deeper": points("resnet_depth|44~20|"),
        "deeper_is_more_alike": points("resnet_depth|44~20|"),
        "scratch_is_no_worse": points("resnet_depth44+|scratch~block_removal|"),
    },
    "shallow_beats_deep": {
        "shallow_is_no_worse": points(*(f"resnet_depth|8~62|{extent}" for extent in EXTENT)),
        "shallow_wins_on_little": points(f"resnet_depth|8~62|{EXTENT[0]}"),
        "deep_wins_on_much": points(f"resnet_depth|62~8|{EXTENT[-1]}"),
    },
    "residual": {
        "shortcuts_repair": points(
            *(f"{f}_deep_|residual~plain|" for f in ("resnet", "preact_resnet", "mobilenet_v2"))
        ),
        **{
            f"{f}_does_not_degrade": points(f"{f}_|deep~shallow|_residual")
            for f in ("resnet", "preact_resnet", "mobilenet_v2")
        },
    },
    "pruning": {
        "no_less_accurate": [(kind, "dense_longer") for kind in ("weights", "filters", "blocks")],
        **{f"{k}_are_faster": [(k, "dense")] for k in ("filters", "blocks", "weights")},
        "scratch_is_no_worse": [("filters_scratch", "filters")],
    },
    "mixed_precision": {
        **dict.fromkeys(("fewer_parameters", "less_memory", "less_time"), BF16),
        "bfloat16_is_as_accurate": BF16,
        "float16_is_as_accurate": [("precisionfloat16", "precisionfloat32")],
    },
    "light_families": {
        **dict.fromkeys(
            ("less_error_at_this_cost", "no_more_operations", "faster"),
            tuple((light, "resnet_depth20") for light in LIGHT),
        ),
        "less_error_than_plain": [(light, "plain_depth20") for light in LIGHT],
        "as_good_as_deeper": [(light, "resnet_depth44") for light in LIGHT],
    },
    "search": {},  # which asks of what it finds
    "zero_cost_scores": {},  # which has scores to judge
    "detection": {
        "shallow_finds_more": [("shallow", "deep_backbone")],
        "deeper_backbone_finds_more": [("deep_backbone", "shallow")],
        "deeper_pyramid_finds_less": [("deep_pyramid", "shallow")],
        "deeper_pyramid_fits_less": [("deep_pyramid", "shallow")],
        "shortcuts_ease_the_pyramid": [("deep_pyramid+residual_pyramid", "deep_pyramid")],
        "deeper_heads_find_more": [("deep_heads", "shallow")],
    },
    "receptive_field": {
        "depth_hurts_with_strides": points("resnet_layoutimagenet_depth|34~18|_image_size7"),
        "not_without_strides": points("resnet_layoutsmall_depth|34~18|_image_size7"),
        "strides_cost": points(
            *(
                f"resnet_layout|imagenet~small|_depth{depth}_image_size{side}"
                for depth, side in itertools.product((18, 34), (7, 14))
            )
        ),
        "larger_images_help": points(
            *(f"resnet_layoutimagenet_depth{depth}_image_size|14~7|" for depth in (18, 34))
        ),
    },
}


@pytest.mark.usefixtures("no_data")
@pytest.mark.parametrize("name", NAMES)
def test_pairs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variant has a number of its own, so that an effect tells who was compared."""
    monkeypatch.setattr(fashion_mnist, "is_there", lambda: True)
    planned, variants = prepare(module(name).get_config())
    numbers = {variant.name: 1.7**i for i, variant in enumerate(variants)}
    metrics = {hypothesis.metric for hypothesis in planned.hypotheses}
    rows = [
        {"variant": variant, "seed": seed, **dict.fromkeys(metrics, number)}
        for variant, number in numbers.items()
        for seed in range(2)
    ]
    hypotheses = see_untreated(planned.hypotheses)
    judged = verdicts.judge(pd.DataFrame(rows), settings_of(variants), hypotheses)
    trends = {h.name for h in hypotheses if h.along is not None}
    effects = {v.hypothesis: compared(v, trend=v.hypothesis in trends) for v in judged}
    assert effects == {
        hypothesis: pytest.approx([numbers[a] - numbers[b] for a, b in sorted(pairs)])
        for hypothesis, pairs in PAIRS[name].items()
    }


def test_what_is_not_studied_asks_for_errors_alone() -> None:
    for name in {*NAMES} - {*SEARCHED, *SLOW}:
        asked = module(name).get_config("smoke")
        assert {hypothesis["metric"] for hypothesis in asked.hypotheses} <= ERRORS
        assert (asked.probes, asked.treatments) == ((), ())


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_smoke(name: str, tmp_path: Path) -> None:
    """The study runs from end to end, and has the metrics that its hypotheses ask for."""
    planned = config.parse(module(name).get_config("smoke"))
    if name == "detection":  # each level of the pyramid takes as long to compile
        planned = apply(planned, (("model.max_level", 3),))
    if name == "light_families":  # and so does each block
        shorter = (("model.depth_multiplier", 0.25),)
        variants = tuple((v, (*s, *shorter) if v in LIGHT else s) for v, s in planned.variants)
        planned = apply(planned, (("variants", variants),))
    result = study.run(planned, tmp_path)
    assert {verdict.hypothesis for verdict in result.verdicts} == PAIRS[name].keys()
    assert all(verdict.seeds == planned.seeds for verdict in result.verdicts)
    if name == "mixed_precision":  # what does not depend on how long it trains
        assert (result.verdicts[0].verdict, result.verdicts[0].effect) == ("refuted", 0)


def test_there_is_text_for_the_document() -> None:
    for name in NAMES:
        loaded = module(name)
        assert all(text.endswith(".") for text in (loaded.CLAIM, loaded.MEANING, loaded.PUBLISHED))
        assert "Prediction:" in loaded.__doc__
        assert "Why this is fair:" in loaded.__doc__
