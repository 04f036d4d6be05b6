"""A shrunk net gives the masked net's logits, and costs what its arrays hold, in every family."""

import dataclasses

import jax
import numpy as np
import pytest
import small_nets as small
from sampled import sampled

from depthstudy import arch, prune
from depthstudy.errors import InputError


def test_every_family_is_here() -> None:
    assert {family for family, _ in small.MEMBERS} == set(arch.FAMILIES)


@pytest.mark.parametrize(("family", "options"), sampled(small.MEMBERS, 4, small.IDS))
def test_a_shrunk_net_gives_the_masked_nets_logits(family: str, options: dict) -> None:
    spec, variables = small.made(family, options)
    keep = small.drawn_keep(spec)
    smaller, kept = prune.shrink(spec, variables, keep)
    masked = small.logits(spec, small.masked(spec, variables, keep))
    tolerance = 1e-5 * max(1, float(np.std(masked)))
    np.testing.assert_allclose(small.logits(smaller, kept), masked, rtol=1e-5, atol=tolerance)
    assert not np.allclose(small.logits(spec, variables), masked, rtol=1e-2)
    assert jax.tree.map(np.shape, kept) == jax.tree.map(np.shape, dict(small.shapes(smaller)))
    before, after = (arch.cost(s, (16, 16, 3)) for s in (spec, smaller))
    assert after.parameters == sum(leaf.size for leaf in jax.tree.leaves(kept["params"]))
    assert after.parameters < before.parameters
    assert after.macs < before.macs
    assert arch.ArchSpec.from_json(smaller.to_json()) == smaller


def kept_of(spec: arch.ArchSpec, wanted: dict[str, int]) -> dict[str, list[bool]]:
    sizes = {group.name: len(group.units) for group in arch.channel_groups(spec)}
    return {name: [i < count for i in range(sizes[name])] for name, count in wanted.items()}


@pytest.mark.parametrize(
    ("family", "options", "wanted", "changed"),
    [
        (
            "resnet",
            {"depth": 50, "layout": "small", "width": 4},
            {"stage1/block01/conv3": 4},
            {"shortcut": "C"},
        ),
        (
            "mobilenet_v2",
            {"layout": "small", "width_multiplier": 0.5},
            {"stem/conv": 8},
            {"residual": False},
        ),
        (
            "shufflenet_v2",
            {"layout": "small", "width_multiplier": 0.5},
            {"stem/conv": 16, "stage1/block01/conv3": 4},
            {"shortcut": "C"},
        ),
    ],
)
def test_equal_channels_by_chance_make_no_identity(
    family: str, options: dict, wanted: dict[str, int], changed: dict
) -> None:
    spec = small.cut(arch.build(family, **options))
    first = dataclasses.replace(spec.stages[0][0], stride=1)
    spec = dataclasses.replace(spec, stages=((first, *spec.stages[0][1:]), *spec.stages[1:]))
    variables = small.drawn(spec)
    keep = kept_of(spec, wanted)
    smaller, kept = prune.shrink(spec, variables, keep)
    first = smaller.stages[0][0]
    assert first.filters == smaller.stem.filters
    assert dataclasses.replace(first, **changed) == first
    masked = small.logits(spec, small.masked(spec, variables, keep))
    tolerance = 1e-5 * max(1, float(np.std(masked)))
    np.testing.assert_allclose(small.logits(smaller, kept), masked, rtol=1e-5, atol=tolerance)


def test_what_stays_whole_stays_the_same() -> None:
    spec, variables = small.made("resnet", {"depth": 8, "layout": "cifar", "width": 4})
    assert prune.shrink(spec, variables, {})[0] == spec
    everything = {group.name: [True] * len(group.units) for group in arch.channel_groups(spec)}
    same, kept = prune.shrink(spec, variables, everything)
    assert same == spec
    jax.tree.map(np.testing.assert_array_equal, kept, dict(variables))


def test_shrinking_twice_is_shrinking_once() -> None:
    spec, variables = small.made("resnet", {"depth": 8, "layout": "cifar", "width": 4})
    first = kept_of(spec, {"stem/conv": 3, "stage2/block01/conv1": 5})
    once = prune.shrink(spec, variables, kept_of(spec, {"stem/conv": 2, "stage2/block01/conv1": 5}))
    half, kept = prune.shrink(spec, variables, first)
    twice = prune.shrink(half, kept, kept_of(half, {"stem/conv": 2}))
    assert twice[0] == once[0]
    jax.tree.map(np.testing.assert_array_equal, twice[1], once[1])


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        ({"stage9": [True]}, "no group of channels 'stage9'; allowed: stem/conv"),
        ({"stem/conv": [True]}, "stem/conv has 4 units, not 1"),
        ({"stem/conv": [False] * 4}, "stem/conv would lose its last channel"),
    ],
)
def test_refusals(keep: dict, message: str) -> None:
    spec, variables = small.made("resnet", {"depth": 8, "layout": "cifar", "width": 4})
    with pytest.raises(InputError, match=message):
        prune.shrink(spec, variables, keep)


def test_branches_get_no_identity_by_chance() -> None:
    options = {"depth": 11, "width": 4, "layout": "small", "branches": "repvgg"}
    spec, variables = small.made("vgg", options)
    keep = kept_of(spec, {"stage1/block01/conv1": 4})
    with pytest.raises(InputError, match=r"vgg_repvgg would get an identity .* fold it first"):
        prune.shrink(spec, variables, keep)
