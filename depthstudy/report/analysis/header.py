"""What stands above the sections: which nets were analyzed, and on which images."""

from __future__ import annotations

from depthstudy.report.blocks import Block, Nets, Text
from depthstudy.report.tables import Analysis, MeasuredNet
from depthstudy.report.text.formats import listing


def title(analysis: Analysis) -> str:
    """Returns the title of the page: the names of the nets."""
    return listing([net.label for net in analysis.nets])


def blocks(analysis: Analysis) -> tuple[Block, ...]:
    """Returns a line for each net, and what the images are worth where they have no labels."""
    nets = Nets(tuple((net.label, net.color, lede(net)) for net in analysis.nets))
    images = unlabeled_images(analysis)
    caveats = tuple(Text(text, "note") for net in analysis.nets for text in net.info.caveats)
    return (nets, Text(images, "note images"), *caveats) if images else (nets,)


def lede(net: MeasuredNet) -> str:
    """Says in one line which net was analyzed."""
    info = net.info
    images = " × ".join(map(str, info.image_shape))
    text = f"{info.family}, depth {info.depth}, images {images}"
    if info.images:
        return f"{text} · weights of {info.study}"
    return f"{text} · study {info.study}, seed {info.seed}, step {info.step:,}"


def unlabeled_images(analysis: Analysis) -> str:
    """Says what images an analysis of weights rests on, and what they cannot tell; else ``""``."""
    images = [net.info.images for net in analysis.nets if net.info.images]
    if not images:
        return ""
    if all(net.info.labeled for net in analysis.nets):
        return (
            f"All that follows was seen on {images[0]}, whose sub-folders are their labels. Where "
            "this page speaks of train and of test images, it means every other image of each "
            "class: the net need not have learned from either, and its two errors differ by chance."
        )
    return (
        f"All that follows was seen on {images[0]}. They are not what the net learned from, and "
        "they have no labels: probes that need labels do not apply, and where this page speaks of "
        "train images, it means these. It tells how signals pass through the net, not how good the "
        "net is. With few images, a filter that never fires may for others."
    )
