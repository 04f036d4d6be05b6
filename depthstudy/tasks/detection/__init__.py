"""Detection: which objects are where; boxes and classes, and COCO's average precision."""

from depthstudy.tasks.detection.average_precision import average_precision
from depthstudy.tasks.detection.suppression import detections
from depthstudy.tasks.detection.task import SHOWN, Detection

__all__ = ["SHOWN", "Detection", "average_precision", "detections"]
