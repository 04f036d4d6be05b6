"""Chooses where nets are trained, by the config and the devices that there are."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh

from depthstudy.config import TrainConfig
from depthstudy.errors import InputError
from depthstudy.train.placement.placements import Jit, Placement, Pmap

_LEAST_IMAGES = 32  # of a net on a device: with fewer it waits for others more than it computes


def choose(
    config: TrainConfig, seeds: int, devices: Sequence[jax.Device] | None = None
) -> Placement:
    """Returns the placement that ``config`` asks for: ``"jit"`` on the devices of all hosts.

    A population is on the devices of this host. ``"auto"`` trains all seeds at once on an
    accelerator, even a single one, as one small net does not fill it (measured on a GPU); on a
    single CPU one after the other. A seed by itself, as in a trial, takes ``devices_of_one_net``:
    all there are, or else some of this host.

    Args:
      config: How it is trained.
      seeds: How many are trained.
      devices: Those of ``"jit"``; ``None`` are all.

    Raises:
      InputError: A batch cannot be split evenly, over the devices or into parts.
    """
    every = sorted(devices or jax.devices(), key=lambda device: (device.process_index, device.id))
    local = tuple(jax.local_devices())
    name = config.placement
    if name == "auto":
        room = len(every) > 1 or jax.default_backend() != "cpu"
        name = "pmap" if room and seeds > 1 else "jit"
        if name == "jit" and devices_of_one_net(config, len(every)) < len(every):
            host_devices = [
                device for device in every if device.process_index == jax.process_index()
            ]
            every = host_devices[: devices_of_one_net(config, len(host_devices))]
    _check_parts(config, 1 if name == "pmap" else len(every))
    if name == "pmap":
        per_device = -(-seeds // len(local))
        return Pmap(local[: -(-seeds // per_device)], per_device)
    if config.batch_size % len(every):
        raise InputError(
            f"config.train.batch_size={config.batch_size} cannot be split over {len(every)}"
            " devices; take a multiple, or placement 'auto' or 'pmap'"
        )
    return Jit(Mesh(np.array(every), ("batch",)))


def devices_of_one_net(config: TrainConfig, most: int) -> int:
    """Returns over how many of so many devices ``"auto"`` splits the batch of a single net.

    They are the most that share it, and its parts, evenly and have 32 images each.

    >>> [devices_of_one_net(TrainConfig(batch_size=128), n) for n in (1, 3, 4, 8)]
    [1, 2, 4, 4]
    """
    for count in range(most, 1, -1):
        share, rest = divmod(config.batch_size, count)
        if share >= _LEAST_IMAGES and not rest and not share % config.gradient_accumulation:
            return count
    return 1


def _check_parts(config: TrainConfig, devices: int) -> None:
    """Refuses a batch that does not divide into parts, and a part that does not into groups."""
    parts, group = config.gradient_accumulation, config.statistics_images
    share = config.batch_size // devices
    if parts > 1 and share % parts:
        raise InputError(
            f"config.train.gradient_accumulation={parts} does not divide the {share} images of a"
            " batch on a device"
        )
    if group is not None and (config.batch_size // parts) % group:
        raise InputError(
            f"config.train.statistics_images={group} does not divide the"
            f" {config.batch_size // parts} images that are gone through at once"
        )
