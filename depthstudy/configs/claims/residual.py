"""Claim 6: residual connections remove the degradation, in every family.

    depthstudy run claims/residual
    depthstudy run claims/residual:full

Prediction: at the greatest depth, train error is lower with shortcuts than without, in each of
three families; and with shortcuts, the deep net's train error is at most two points above that of
the shallow one.

Why this is fair: a net and its plain twin differ in nothing but shortcuts, which own no parameters
where shapes agree. ResNets, pre-activation ResNets and MobileNetV2 are not equally deep or wide;
each is compared with its own twin. It is train error that is judged, as the claim is about
training; test error is in the report.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Residual connections solve the problems of depth."
MEANING = (
    "Shortcuts should be the default in any net of more than about twenty layers. They make a deep "
    "net trainable; they do not make it better than a shallow one where the task does not ask for "
    "depth."
)
PUBLISHED = (
    "On ImageNet shortcuts turn a loss with depth (plain-18 27.94%, plain-34 28.54% top-1 error) "
    "into a gain (27.88 and 25.03%); on CIFAR-10 test error falls up to depth 110 and rises again "
    "at 1202 (He et al. 2015). They are not the only way: plain nets train deep from "
    "delta-orthogonal starts, with the TAT and DKS activations, or as RepVGG."
)

WITH, WITHOUT = ("model.residual", True), ("model.residual", False)
MOBILE = (("model.layout", "small"), ("model.dropout", 0.0))
NAMES = {
    "resnet": "ResNets",
    "preact_resnet": "pre-activation ResNets",
    "mobilenet_v2": "MobileNetV2",
}


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("residual", size)
    depths = {"small": (8, 44), "full": (20, 110), "smoke": (8, 14)}[size]
    factors = {"small": (0.5, 1.5), "full": (0.5, 2.0), "smoke": (0.5, 1.0)}[size]
    multiplier = 1.0 if size == "full" else 0.25
    ladders = {  # field of depth, its two values, and what else the family needs
        "resnet": ("model.depth", depths, ()),
        "preact_resnet": ("model.depth", depths, ()),
        "mobilenet_v2": (
            "model.depth_multiplier",
            factors,
            (("model.width", None), ("model.width_multiplier", multiplier), *MOBILE),
        ),
    }
    config.variants = tuple(
        (f"{family}_{where}_{how}", (("model.family", family), (field, value), kind, *others))
        for family, (field, (least, greatest), others) in ladders.items()
        for where, value, how, kind in (
            ("shallow", least, "residual", WITH),
            ("deep", greatest, "residual", WITH),
            ("deep", greatest, "plain", WITHOUT),
        )
    )
    config.hypotheses = (
        {
            "name": "shortcuts_repair",
            "statement": "Over three families, deep nets with shortcuts have a train error more "
            "than two points below that of their plain twins.",
            "metric": "train_error",
            "relation": "less",
            "where": (WITH,),
            "against": (WITHOUT,),
            "margin": 0.02,
        },
        *(
            {
                "name": f"{family}_does_not_degrade",
                "statement": f"With shortcuts, the deep net's train error is at most two points "
                f"above that of the shallow one: {NAMES[family]}.",
                "metric": "train_error",
                "relation": "not_greater",
                "where": (("model.family", family), WITH, (field, greatest)),
                "against": (("model.family", family), WITH, (field, least)),
                "margin": 0.02,
            }
            for family, (field, (least, greatest), _) in ladders.items()
        ),
    )
    return config
