"""Detection: which objects are where; boxes and classes, and COCO's average precision."""

from depthstudy.tasks.detection.average_precision import average_precision
from depthstudy.tasks.detection.suppression import detections
from depthstudy.tasks.detection.task import Detection

__all__ = ["Detection", "average_precision", "detections"]
