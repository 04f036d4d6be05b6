"""Spaces are values: every choice is a net whose cost is known."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from depthstudy import arch, nets
from depthstudy.config import SearchConfig
from depthstudy.errors import InputError
from depthstudy.search import Gene, StageSpace, space

FREE = StageSpace.of(SearchConfig(stages=3))
FIELDS = space.from_config(
    SearchConfig(ranges=(("model.depth", (8, 14, 20, 26)), ("model.residual", (True, False))))
)


def build(genome: space.Genome) -> arch.ArchSpec:
    given = dict(FREE.settings(genome))
    return arch.build("staged", stages=given["model.stages"], width=given["model.width"])


def test_there_are_more_than_a_million_nets() -> None:
    draw = np.random.default_rng(0)
    assert FREE.size == 25_920**3
    words = {str(FREE.settings(FREE.sample(draw))) for _ in range(200)}
    assert len(words) == 200


def test_every_choice_is_a_net_of_known_cost() -> None:
    draw = np.random.default_rng(1)
    for _ in range(150):
        assert arch.cost(build(FREE.sample(draw)), (14, 14, 1)).macs > 0
    for _ in range(3):
        spec = build(FREE.sample(draw))
        network = nets.build(spec)
        shapes = jax.eval_shape(
            lambda key, network=network: nets.init(network, key, (14, 14, 1)), jax.random.key(0)
        )
        count = sum(leaf.size for leaf in jax.tree.leaves(shapes["params"]))
        assert count == arch.cost(spec, (14, 14, 1)).parameters


def test_genes_that_a_kind_ignores_mean_the_same_net() -> None:
    genome = dict(FREE.sample(np.random.default_rng(0))) | {"stage1.kind": "basic"}
    one = FREE.settings(tuple((genome | {"stage1.expansion": 1}).items()))
    other = FREE.settings(tuple((genome | {"stage1.expansion": 6}).items()))
    assert one == other


def test_strata_leave_counts_that_some_net_can_have() -> None:
    for depth in ((8, 8), (9, 14), (80, 90)):
        within, draw = FREE.within(depth), np.random.default_rng(0)
        assert within.size < FREE.size
        depths = [arch.cost(build(within.sample(draw)), (14, 14, 1)).depth for _ in range(300)]
        assert any(depth[0] <= value <= depth[1] for value in depths)
        assert all(set(g.values) <= set(f.values) for g, f in zip(within.genes, FREE.genes,
                                                                  strict=True))  # fmt: skip
    with pytest.raises(InputError, match=r"3 stages have no net of depth 4 to 5"):
        FREE.within((4, 5))


def test_what_is_no_space_is_refused() -> None:
    with pytest.raises(InputError, match=r"either ranges of fields of model, or stages"):
        space.from_config(SearchConfig())
    with pytest.raises(InputError, match=r"train.steps is no field of config.model"):
        space.from_config(SearchConfig(ranges=(("train.steps", (1, 2)),)))
    with pytest.raises(InputError, match=r"no stage of kind 'dense'; allowed: basic"):
        space.from_config(SearchConfig(stages=1, kinds=("dense",)))
    with pytest.raises(InputError, match=r"gives model.depth a value twice"):
        Gene("model.depth", (8, 8))
    with pytest.raises(InputError, match=r"gives model.depth no values"):
        Gene("model.depth", ())
    genome = FIELDS.sample(np.random.default_rng(0))
    with pytest.raises(InputError, match=r"no model.depth of 9; allowed"):
        FIELDS.check((("model.depth", 9), genome[1]))
    with pytest.raises(InputError, match=r"has no gene model.width"):
        FIELDS.check((*genome, ("model.width", 4)))
