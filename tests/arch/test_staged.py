"""Nets that are written down stage by stage are those of papers that have such stages."""

from __future__ import annotations

import dataclasses

import pytest

from depthstudy import arch
from depthstudy.arch.families.staged import STAGE_KINDS, Stage
from depthstudy.errors import InputError

RESNET20 = "basic_r3_c16 basic_r3_s2_c32 basic_r3_s2_c64"


def test_stages_of_a_resnet_are_the_resnet() -> None:
    staged = arch.build("staged", stages=RESNET20)
    resnet = arch.build("resnet", depth=20, layout="cifar", shortcut="B")
    assert dataclasses.replace(staged, family="resnet") == resnet
    # The count that pytorch-cifar-models (chenyaofo) states of its ResNet-20, 0.27M.
    assert arch.cost(staged, (32, 32, 3)).parameters == 272_474


def test_inverted_stages_are_those_of_mobilenet_v2() -> None:
    net = arch.build("mobilenet_v2", activation="relu")
    stages = "inverted_r1_c16 inverted_r2_s2_e6_c24 inverted_r3_s2_e6_c32 inverted_r4_s2_e6_c64"
    assert arch.build("staged", stages=stages, width=32).stages == net.stages[:4]


def test_gated_stages_are_those_of_efficientnet() -> None:
    net = arch.build("efficientnet", activation="relu")
    words = "inverted_r1_c16_se4 inverted_r2_s2_e6_c24_se4 inverted_r2_k5_s2_e6_c40_se4"
    built = arch.build("staged", stages=words, width=32).stages
    plain = tuple(
        tuple(dataclasses.replace(block, squeeze_activation="relu") for block in stage)
        for stage in net.stages[:3]
    )
    assert built == plain


@pytest.mark.parametrize("kind", STAGE_KINDS)
def test_every_kind_survives_its_word(kind: str) -> None:
    stage = Stage(kind=kind, count=2, filters=8, kernel=5, stride=2, residual=False)
    assert Stage.from_text(stage.to_text()) == stage
    spec = arch.build("staged", stages=f"{stage.to_text()} basic_r1_c8", width=4)
    assert arch.ArchSpec.from_json(spec.to_json()) == spec
    assert arch.cost(spec, (8, 8, 1)).parameters > 0


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("dense_r1_c8", "no stage of kind 'dense'; allowed: basic"),
        ("basic_r2", "has to name its channels"),
        ("basic_r2_r3_c8", "each number once"),
        ("basic r2", "no stage 'r2'; a stage is as"),
        ("basic_r1_e2_c8", "of kind 'basic' has no expansion; it is one of bottleneck"),
        ("separable_r1_c8_se4", "of kind 'separable' has no squeeze"),
        ("basic_r0_c8", "count of at least 1, it is 0"),
        ("basic_r1_k4_c8", "odd kernels, not 4"),
        ("", "needs a stage at least"),
    ],
)
def test_what_is_no_stage_is_refused(word: str, problem: str) -> None:
    words = word if word != "basic r2" else "basic_r1_c8 r2"
    with pytest.raises(InputError, match=problem):
        arch.build("staged", stages=words)


def test_a_gate_of_less_than_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="a stage needs squeeze of at least 0, it is -4"):
        Stage(kind="basic", filters=8, squeeze=-4)


def test_a_shortcut_that_leaves_other_pixels_is_refused() -> None:
    """A window as large as its stride cuts the image into patches; the shortcut's does not."""
    spec = arch.build("staged", stages="basic_r1_s3_c16")
    problem = "images of 8x8: stage1/block01 joins a shortcut of 3x3x16 and a branch of 2x2x16"
    with pytest.raises(InputError, match=problem):
        arch.cost(spec, (8, 8, 1))
    assert arch.cost(spec, (9, 9, 1)).parameters > 0


def test_a_width_that_a_config_writes_as_a_float_is_whole() -> None:
    assert arch.build("staged", width=8.0) == arch.build("staged", width=8)
    assert isinstance(arch.build("staged", width=8.0).stem.filters, int)
