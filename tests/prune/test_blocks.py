"""Which blocks go: the cheapest ones, but never a whole stage."""

import math

import pytest

from depthstudy import arch, prune
from depthstudy.errors import InputError
from depthstudy.nets import surgery

SPEC = arch.build("resnet", depth=20, layout="cifar")
DAMAGE = {path: cost for cost, path in enumerate(surgery.removable(SPEC))}


def test_the_least_damaging_go_first() -> None:
    backwards = {path: -cost for path, cost in DAMAGE.items()}
    assert prune.least_damaging(SPEC, backwards, 3 / 7) == (
        "stage2/block03",
        "stage3/block02",
        "stage3/block03",
    )
    assert prune.least_damaging(SPEC, DAMAGE, 0) == ()


def test_a_block_without_which_a_net_is_not_finite_goes_last() -> None:
    unknown = {**DAMAGE, "stage1/block02": math.nan}
    assert prune.least_damaging(SPEC, {**unknown, "stage1/block01": 9}, 2 / 7) == (
        "stage1/block03",
        "stage2/block02",
    )


def test_every_stage_keeps_a_block() -> None:
    assert list(DAMAGE)[:3] == [f"stage1/block0{i}" for i in (1, 2, 3)]
    assert prune.least_damaging(SPEC, DAMAGE, 3 / 7) == (
        "stage1/block01",
        "stage1/block02",
        "stage2/block02",
    )
    assert len(prune.least_damaging(SPEC, DAMAGE, 1)) == 6


def test_refusals() -> None:
    with pytest.raises(InputError, match="in \\[0, 1\\], it is 2"):
        prune.least_damaging(SPEC, DAMAGE, 2)
    with pytest.raises(InputError, match="'stage2/block01' cannot be removed; allowed: stage1"):
        prune.least_damaging(SPEC, {"stage2/block01": 0.1}, 0.5)
