"""Claim 4: deeper nets hold redundant layers, which can go at no cost.

    depthstudy run claims/redundancy
    depthstudy run claims/redundancy:full

Prediction: without half of its blocks and after fine-tuning, the deeper net errs no more than
before; single blocks can go, and distant layers are alike, more in the deeper net; but a net of the
smaller shape, trained anew for as long, does as well, so that the large net was not needed.

Why this is fair: blocks are chosen by what their deletion does to the train loss, not the test
error. What is left is compared with the whole net, and with a net of its own shape from scratch,
each trained for as many steps as the large net and its fine-tuning together (Liu et al. 2019). A
share of blocks is compared, not a number, as a deeper net has more of them.
"""

import ml_collections

from depthstudy import questions
from depthstudy.questions import DEEPEST, RESNET

CLAIM = "Deeper networks are full of redundant parameters."
MEANING = (
    "That blocks can go does not show that depth was wasted, nor that one should train a large net "
    "and cut it: compare with the smaller net trained from scratch for as long, which is the "
    "control that most reports of redundancy lack."
)
PUBLISHED = (
    "Single blocks of a trained residual net can be deleted with little harm (Veit et al. "
    "2016), and wide or deep nets show blocks of alike layers (Nguyen et al. 2020). On ResNet-56, "
    "filter pruning leaves 6.94% error from 6.96% with 27.6% of the operations gone, and a net of "
    "that shape from scratch was reported at 8.69% (Li et al. 2017); with equal budgets Liu et al. "
    "2019 find that the smaller net from scratch is as good."
)

REMOVED, SCRATCH, WHOLE = (("treatment", name) for name in ("block_removal", "scratch", "whole"))


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("redundancy", size)
    depths = {"small": (20, 44), "full": (20, 56, 110), "smoke": (14, 20)}[size]
    config.sweep = (("model.family", ("resnet",)), ("model.depth", depths))
    config.train.steps = None
    config.train.epochs = {"small": 10, "full": 164, "smoke": 1}[size]
    config.treatments = questions.block_removal(
        fine_tune_epochs={"small": 4, "full": 40, "smoke": 1}[size],
        fine_tune_rate={"small": 0.02, "full": 0.001, "smoke": 0.02}[size],
    )
    config.probes = ("deletion", "cka")
    config.hypotheses = (
        {
            "name": "half_the_blocks_can_go",
            "statement": "Without half of its blocks and after fine-tuning, the deepest residual "
            "net errs at most two points more than whole and trained for as long.",
            "metric": "test_error",
            "relation": "not_greater",
            "where": (*RESNET, DEEPEST, REMOVED),
            "against": (*RESNET, DEEPEST, WHOLE),
            "margin": 0.02,
        },
        {
            "name": "more_can_go_from_deeper",
            "statement": "The share of blocks each of which can be deleted for less than a point "
            "of test error rises with depth by more than a tenth.",
            "metric": "deletion.redundant_block_fraction",
            "relation": "rises",
            "where": RESNET,
            "along": "model.depth",
            "margin": 0.1,
        },
        {
            "name": "deeper_is_more_alike",
            "statement": "Layers that are half the net apart are more alike in deeper nets, by "
            "more than 0.05 of linear CKA.",
            "metric": "cka.far_cka",
            "relation": "rises",
            "where": RESNET,
            "along": "model.depth",
            "margin": 0.05,
        },
        {
            "name": "scratch_is_no_worse",
            "statement": "A net of the smaller shape that is trained from scratch for as long errs "
            "at most two points more than what is left of the deepest net.",
            "metric": "test_error",
            "relation": "not_greater",
            "where": (*RESNET, DEEPEST, SCRATCH),
            "against": (*RESNET, DEEPEST, REMOVED),
            "margin": 0.02,
        },
    )
    return config
