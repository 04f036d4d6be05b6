"""A shrunk net gives the masked net's logits, and costs what its arrays hold, in every family."""

import jax
import numpy as np
import pytest
import small_nets as small

from depthstudy import arch, prune


def test_every_family_is_here() -> None:
    assert {family for family, _ in small.MEMBERS} == set(arch.FAMILIES)


@pytest.mark.parametrize(("family", "options"), small.MEMBERS, ids=small.IDS)
def test_a_shrunk_net_gives_the_masked_nets_logits(family: str, options: dict) -> None:
    spec, variables = small.made(family, options)
    keep = small.drawn_keep(spec)
    smaller, kept = prune.shrink(spec, variables, keep)
    masked = small.logits(spec, prune.mask_channels(spec, variables, keep))
    tolerance = 1e-5 * max(1, float(np.std(masked)))
    np.testing.assert_allclose(small.logits(smaller, kept), masked, rtol=1e-5, atol=tolerance)
    assert not np.allclose(small.logits(spec, variables), masked, rtol=1e-2)
    assert jax.tree.map(np.shape, kept) == jax.tree.map(np.shape, dict(small.shapes(smaller)))
    before, after = (arch.cost(s, (16, 16, 3)) for s in (spec, smaller))
    assert after.parameters == sum(leaf.size for leaf in jax.tree.leaves(kept["params"]))
    assert after.parameters < before.parameters
    assert after.macs < before.macs
    assert arch.ArchSpec.from_json(smaller.to_json()) == smaller
