"""ONNX by jax2onnx, run by ONNX Runtime: both come with ``pip install depthstudy[onnx]``."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from depthstudy.deploy.export import portable
from depthstudy.deploy.net import TrainedNet
from depthstudy.errors import required

_INPUT, _OUTPUT = "images", "logits"


def encode(net: TrainedNet) -> bytes:
    """Returns the net as an ONNX model, which takes gray levels as float32.

    Raises:
      InputError: The packages are not installed.
    """
    with _quiet():
        model = _package("jax2onnx").to_onnx(
            portable.function(net),
            inputs=[("batch", *net.preprocessing.image_shape)],
            model_name="depthstudy",
            input_names=[_INPUT],
            output_names=[_OUTPUT],
        )
    return bytes(model.SerializeToString())


def decode(content: bytes, net: TrainedNet) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what the model computes, by ONNX Runtime."""
    del net
    session = _package("onnxruntime").InferenceSession(content, providers=["CPUExecutionProvider"])
    return lambda images: np.asarray(session.run(None, {_INPUT: images.astype(np.float32)})[0])


def use(net: TrainedNet) -> str:
    """Returns how one runs the file."""
    del net
    return (
        f"onnxruntime.InferenceSession(FILE).run(None, {{'{_INPUT}': images}}), with float32 "
        "images of any number, in gray levels from 0 to 255"
    )


def _package(name: str) -> Any:
    with _quiet():
        return required(name, extra="onnx", by="ONNX")


@contextlib.contextmanager
def _quiet() -> Any:
    """Hides what jax2onnx says of its plugins for packages that no net here uses."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)
