"""Claim 10: depth hurts where it comes with strides on small images, the usual confounder.

    depthstudy run claims/receptive_field
    depthstudy run claims/receptive_field:full

Prediction: residual nets in the layout made for ImageNet, which halves the image twice before the
first block and three times after, err more than the same nets without the two early halvings, and
less as images grow; it is these strides that cost accuracy, not depth.

Why this is fair: the two layouts have the same blocks, filters and depth and nearly the same number
of parameters; they differ in the early strides and the kernel of the stem alone. Both are trained
on images of two sizes, resized from the same pictures, so that more pixels bring little new.
"""

import ml_collections

from depthstudy import questions

CLAIM = "Deep networks do badly on small images."
MEANING = (
    "Before blaming depth, compare the receptive field with the image (every report and every "
    "--dry_run lists both), and count the early strides. On images of 64 pixels or fewer take a "
    "layout without early strides, or enlarge the images."
)
PUBLISHED = (
    "Richter et al. 2021 find that layers past the border, whose input sees the whole image "
    "already, contribute nothing to accuracy, and that enlarging images moves the border back. "
    "Size of image and of net are best scaled together: EfficientDet-D6 at a fixed 640 pixels "
    "reaches 47.9 AP on COCO, at its own resolution 52.6."
)

STRIDED, UNSTRIDED = ("model.layout", "imagenet"), ("model.layout", "small")
SMALL, LARGE = ("data.image_size", "least"), ("data.image_size", "greatest")


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    config = questions.claim("receptive_field", size)
    side = 64 if size == "full" else config.data.image_size
    config.sweep = (
        ("model.family", ("resnet",)),
        ("model.layout", ("imagenet", "small")),
        ("model.depth", {"small": (18, 34), "full": (18, 34, 50), "smoke": (18, 34)}[size]),
        ("data.image_size", (side // 2, side)),
    )
    config.hypotheses = (
        {
            "name": "depth_hurts_with_strides",
            "statement": "On the smaller images, with early strides, test error rises with depth "
            "by more than a point.",
            "metric": "test_error",
            "relation": "rises",
            "where": (STRIDED, SMALL),
            "along": "model.depth",
            "margin": 0.01,
        },
        {
            "name": "not_without_strides",
            "statement": "On the smaller images, without early strides, it does not rise by a "
            "point.",
            "metric": "test_error",
            "relation": "does_not_rise",
            "where": (UNSTRIDED, SMALL),
            "along": "model.depth",
            "margin": 0.01,
        },
        {
            "name": "strides_cost",
            "statement": "Over all depths and sizes, nets with early strides err more than a point "
            "more than those without.",
            "metric": "test_error",
            "relation": "greater",
            "where": (STRIDED,),
            "against": (UNSTRIDED,),
            "margin": 0.01,
        },
        {
            "name": "larger_images_help",
            "statement": "With early strides, images of twice the size lower test error by more "
            "than a point.",
            "metric": "test_error",
            "relation": "less",
            "where": (STRIDED, LARGE),
            "against": (STRIDED, SMALL),
            "margin": 0.01,
        },
    )
    return config
