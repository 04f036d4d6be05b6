"""The net of a run folder, loaded without its config file and without its images."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from absl import logging
from jaxtyping import Array, Float, UInt8

from depthstudy import arch, config, data, nets
from depthstudy.errors import DamagedError, InputError
from depthstudy.store import RunInfo, RunStore


class TrainedNet(NamedTuple):
    """A net of a run, with all that is needed to use it.

    Attributes:
      network: A Flax module; ``network.spec`` is its architecture.
      variables: Its ``params`` and ``batch_stats``, as NumPy arrays.
      preprocessing: The steps from an image to its input.
      class_names: Names of the classes, in the order of its logits.
    """

    network: nets.Net
    variables: nets.Variables
    preprocessing: data.Preprocessing
    class_names: tuple[str, ...]

    def logits(self, images: UInt8[np.ndarray, "B H W C"]) -> Float[Array, "B K"]:
        """Returns the logits of images of ``preprocessing.image_shape``, in gray levels."""
        mean = np.array(self.preprocessing.mean, np.float32)
        std = np.array(self.preprocessing.std, np.float32)
        normalized = data.normalize(jnp.asarray(images), mean, std)
        return jnp.asarray(self.network.apply(self.variables, normalized))


def load_run(folder: str | Path, step: int | None = None) -> TrainedNet:
    """Returns the net of a run folder at a checkpoint; the run may still be in training.

    >>> net = load_run("results/quickstart/runs/resnet_depth8/seed0")  # doctest: +SKIP
    >>> net.logits(np.zeros((5, *net.preprocessing.image_shape), np.uint8)).shape  # doctest: +SKIP
    (5, 10)

    Args:
      folder: The run folder.
      step: The checkpoint; ``None`` is the last.

    Raises:
      InputError: The folder holds no run or no such checkpoint, or it is of a version that stored
        no preprocessing, and the images are not at hand.
    """
    run, info = RunStore(Path(folder)), read_info(folder)
    step, _ = choose_step(run, step)
    variables = run.checkpoints.variables(step, info)
    stored = info.preprocessing
    return TrainedNet(
        network=nets.build(arch.spec_from_json(info.arch)),
        variables=variables,
        preprocessing=data.Preprocessing.from_dict(stored)
        if stored
        else data.load(config.parse(info.config).data).preprocessing,
        class_names=info.class_names,
    )


def read_info(folder: str | Path) -> RunInfo:
    """Returns what a run is.

    Raises:
      InputError: The folder holds no run.
    """
    info = RunStore(Path(folder)).read_info()
    if info is None:
        raise InputError(
            f"{folder} holds no run; a run folder is as results/NAME/runs/VARIANT/seed0"
        )
    return info


def choose_step(run: RunStore, step: int | None) -> tuple[int, tuple[int, ...]]:
    """Returns the step of a whole checkpoint, and those of later ones, which are damaged.

    It is ``step``, or for ``None`` the last that is whole; a damaged one is named in a warning.

    Raises:
      DamagedError: The checkpoint of this step, or every one, is not as it was written.
      InputError: There is no such checkpoint.
    """
    steps = run.checkpoints.all_steps()
    if not steps or (step is not None and step not in steps):
        at = "" if step is None else f" at step {step}"
        others = f"its checkpoints: {', '.join(map(str, steps))}" if steps else "it has none yet"
        raise InputError(f"{run.folder} has no checkpoint{at}; {others}")
    damaged: list[int] = []
    for candidate in reversed(steps) if step is None else [step]:
        damage = run.checkpoints.damage(candidate)
        if not damage:
            return candidate, tuple(damaged)
        if step is None:
            logging.warning("%s; the one before it is taken", damage)
        damaged.append(candidate)
    left = [str(other) for other in steps if other not in damaged]
    raise DamagedError(
        f"{damage}; other checkpoints of the run: {', '.join(left) or 'none that is whole'}"
    )
