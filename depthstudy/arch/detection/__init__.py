"""Detectors as values: a backbone, a pyramid of features and two heads, and what they cost.

Tan, Pang & Le 2020, "EfficientDet" (arXiv 1911.09070). A new family of detectors is a file here,
with its builder, and its line in ``DETECTORS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from depthstudy.arch.detection.detector import detector
from depthstudy.arch.detection.efficientdet import efficientdet
from depthstudy.arch.detection.spec import DetectorSpec

DETECTORS: Mapping[str, Callable[..., DetectorSpec]] = {
    "detector": detector,
    "efficientdet": efficientdet,
}

__all__ = ["DETECTORS", "DetectorSpec", "detector", "efficientdet"]
