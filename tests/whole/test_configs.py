"""Each hypothesis of a config compares the variants that its sentence speaks of, and no others."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from claimed import compared

from depthstudy import records
from depthstudy.evidence.claims import verdicts
from depthstudy.plan import prepare, settings_of
from depthstudy.records import Summary

CONFIGS = Path(__file__).parents[2] / "configs"
RESCUES = {
    "residual": "plain",
    "silu": "plain",
    "repvgg": "plain",
    "looks_linear": "plain_no_norm",
    "skip_init": "resnet_no_norm",
}
HALVES = ("bfloat16", "float16", "float16_unscaled")
PAIRS = {
    "plain_rescue": {name: [(name, control)] for name, control in RESCUES.items()},
    "precision": {
        half: [(f"{half}_depth{depth}", f"float32_depth{depth}") for depth in (8, 20, 32)]
        for half in HALVES
    },
    "pruning": {
        "weights_can_go": [("depth44_weights0.9", "depth44_longer")],
        "pruned_beats_shallow": [("depth44_channels0.5", "depth14_longer")],
        "half_the_depth_is_enough": [("depth44_blocks0.5", "depth44_longer")],
        "magnitude_beats_random": [
            (f"depth{depth}_weights0.95", f"depth{depth}_weights0.95_random") for depth in (20, 44)
        ],
        "tuned_beats_scratch": [
            (f"depth{depth}_channels0.5", f"depth{depth}_channels0.5_scratch") for depth in (20, 44)
        ],
    },
}


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name: str) -> None:
    """Every variant has a test error of its own, so that an effect tells who was compared."""
    get_config = runpy.run_path(str(CONFIGS / f"{name}.py"))["get_config"]
    study, variants = prepare(get_config())
    errors = {variant.name: 1.7**i for i, variant in enumerate(variants)}
    rows = [
        Summary(variant=variant, seed=seed, train_error=0.0, test_error=error, gap=error,
                parameters=1, macs=1, seconds=1.0)
        for variant, error in errors.items()
        for seed in range(2)
    ]  # fmt: skip
    judged = verdicts.judge(records.frame(Summary, rows), settings_of(variants), study.hypotheses)
    trends = {h.name for h in study.hypotheses if h.along is not None}
    effects = {v.hypothesis: compared(v, trend=v.hypothesis in trends) for v in judged}
    assert effects == {
        hypothesis: pytest.approx([errors[a] - errors[b] for a, b in sorted(pairs)])
        for hypothesis, pairs in PAIRS[name].items()
    }
