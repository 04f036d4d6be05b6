"""Scores of units against sums written out by hand."""

import jax
import numpy as np
import pytest
import small_nets as small

from depthstudy import arch, prune
from depthstudy.errors import InputError

KEY = jax.random.key(0)
OPTIONS = {"depth": 8, "layout": "cifar", "width": 3}


def scored(score: object, spec: arch.ArchSpec, params: dict) -> dict:
    return jax.jit(lambda params: score(spec, params, key=KEY))(params)  # type: ignore[operator]


def test_filter_norms_are_over_all_coupled_filters() -> None:
    spec, variables = small.made("resnet", {**OPTIONS, "shortcut": "B"})
    params = variables["params"]
    scores = scored(prune.filter_norm, spec, params)
    block = params["stage2"]["block01"]
    parts = [block["conv2"]["kernel"], block["shortcut_conv"]["kernel"]]
    lines = np.concatenate([np.reshape(part, (-1, 6)) for part in parts])
    np.testing.assert_allclose(
        scores["stage2/block01/conv2"], np.abs(lines).mean(axis=0), rtol=1e-5
    )
    inner = np.abs(params["stage1"]["block01"]["conv1"]["kernel"]).mean((0, 1, 2))
    np.testing.assert_allclose(scores["stage1/block01/conv1"], inner, rtol=1e-5)


def test_filter_norms_of_depthwise_and_grouped_units() -> None:
    spec, variables = small.made(
        "shufflenet_v1", {"layout": "small", "groups": 2, "width_multiplier": 0.3}
    )
    block = variables["params"]["stage1"]["block02"]
    scores = scored(prune.filter_norm, spec, variables["params"])["stage1/block02/conv1"]
    inner = block["conv1"]["kernel"].shape[-1]
    part = inner // 2
    assert len(scores) == part // 2
    # Two channels of either half of what conv1 makes, next to each other once dealt out.
    before = [0, part // 2, part, part + part // 2]
    dealt = [0, 1, part, part + 1]
    whole = np.concatenate(
        [
            np.ravel(block["conv1"]["kernel"][..., before]),
            np.ravel(block["conv2"]["kernel"][..., dealt]),
        ]
    )
    np.testing.assert_allclose(scores[0], np.abs(whole).mean(), rtol=1e-5)


def test_norm_scales_and_groups_without() -> None:
    spec, variables = small.made("mobilenet_v3", {"variant": "small", "layout": "small"})
    scores = scored(prune.norm_scale, spec, variables["params"])
    stage = variables["params"]["stage3"]["block01"]
    both = (stage["norm1"]["scale"], stage["norm2"]["scale"])
    np.testing.assert_allclose(scores["stage3/block01/conv1"], np.mean(both, axis=0), rtol=1e-5)
    assert scores["stage3/block01/squeeze_excite/conv1"] is None
    keep = prune.choose_channels(
        prune.Channels(spec, prune.norm_scale), variables["params"], 0.5, key=KEY
    )
    assert np.all(keep["stage3/block01/squeeze_excite/conv1"])
    assert not np.all(keep["stage3/block01/conv1"])


def test_factors_of_branches_are_no_scales_of_normalization() -> None:
    """So the stages of ConvNeXt that have more blocks are not worth less for their factors."""
    spec, variables = small.made("convnext", {"layout": "small", "width_multiplier": 0.1})
    params = jax.tree_util.tree_map_with_path(
        lambda path, x: np.full_like(x, 0.001 if "layer_scale" in str(path) else 1),
        variables["params"],
    )
    scores = scored(prune.norm_scale, spec, params)
    known = [values for values in scores.values() if values is not None]
    assert len(known) > 1
    for values in known:
        np.testing.assert_array_equal(values, 1)


def test_without_normalization_there_are_no_scales() -> None:
    spec, variables = small.made("resnet", {**OPTIONS, "norm": "none"})
    with pytest.raises(InputError, match="resnet without normalization has no scales"):
        prune.norm_scale(spec, variables["params"], key=KEY)


def test_random_scores_are_uniform() -> None:
    scores = prune.random({"a": np.zeros((50, 40)), "b": np.zeros(2000)}, key=KEY)
    drawn = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(scores)])
    assert np.mean(drawn) == pytest.approx(0.5, abs=4 / (12 * 4000) ** 0.5)
    assert len(np.unique(drawn)) > 3990
