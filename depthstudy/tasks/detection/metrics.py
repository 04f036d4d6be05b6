"""What the numbers of a detector mean."""

from __future__ import annotations

from depthstudy.records import Metric

AP_NAMES = ("ap50", "ap75", "ap_small", "ap_medium", "ap_large")

STEP_METRICS = (
    Metric(
        name="loss",
        title="Train loss",
        scale="log",
        better="lower",
        description="mean over the latest steps of the loss of a step: focal loss of classes and "
        "50 times the Huber loss of boxes",
    ),
    Metric(
        name="error",
        title="Misses while training",
        unit="fraction",
        better="lower",
        description="share of the anchors on objects that name another class, or whose box overlaps"
        " the object's by less than half",
    ),
)
_SPLITS = {"train": "train images", "validation": "held-out images", "test": "new images"}
_PRECISIONS = {
    "ap50": "at an overlap of .5",
    "ap75": "at an overlap of .75",
    "ap_small": "of objects under 32x32 pixels",
    "ap_medium": "of objects between 32x32 and 96x96 pixels",
    "ap_large": "of objects over 96x96 pixels",
}


def _of_split(split: str, images: str) -> tuple[Metric, ...]:
    title = split.capitalize()
    error = Metric(
        name=f"{split}_error",
        title=f"{title} error",
        unit="fraction",
        better="lower",
        description=f"one minus average precision (COCO, overlaps .5 to .95) on {images}",
    )
    loss = Metric(
        name=f"{split}_loss",
        title=f"Loss on the {split} split",
        scale="log",
        better="lower",
        description=f"mean loss on {images}, without augmentation",
    )
    precisions = (
        Metric(
            name=f"{split}_{name}",
            title=f"{title} {name.replace('_', ' ').upper()}",
            unit="fraction",
            better="higher",
            description=f"average precision {what}, on {images}",
        )
        for name, what in _PRECISIONS.items()
    )
    return (error, loss, *precisions)


SPLIT_METRICS = tuple(
    metric for split, images in _SPLITS.items() for metric in _of_split(split, images)
)
