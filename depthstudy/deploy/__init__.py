"""Trained nets in use: load one from a run or a study, classify images, export it."""

from depthstudy.deploy.folders import choose_step, load, load_run, read_info
from depthstudy.deploy.net import TrainedNet
from depthstudy.deploy.predictions import Predictions

__all__ = ["Predictions", "TrainedNet", "choose_step", "load", "load_run", "read_info"]
