"""What a study takes on devices that are not at hand, and what does not fit there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import ml_collections
import pandas as pd

from depthstudy import arch, data, train
from depthstudy.config import StudyConfig, TrainConfig
from depthstudy.errors import InputError
from depthstudy.execute import following_share
from depthstudy.plan import Variant, prepare
from depthstudy.study.forecast import devices, roofline
from depthstudy.study.forecast.describe import following, runs_in_words
from depthstudy.study.forecast.devices import Pool
from depthstudy.study.forecast.estimate import duration, evaluated_images
from depthstudy.study.forecast.known_sets import PublishedSets

_DECODED = 650.0  # JPEGs of ImageNet's size a second and core (docs/performance.md)
_USABLE = 0.92  # of a device's memory; the rest is the runtime's
_INTO_PARTS = ", or cut it into more parts by config.train.gradient_accumulation"


class Forecast(NamedTuple):
    """What a variant takes.

    Attributes:
      variant: The variant.
      nets: Nets that are trained at once on each device.
      devices: Devices that are at work.
      images: Images of each net in a step, on each device.
      step_seconds: Of a step, waiting for data included.
      data_seconds: What decoding the images of a step takes on the hosts; 0 if they are in memory.
      memory: Bytes on each device.
      checkpoint: Bytes of the checkpoint of a run.
      seconds: All its runs.
    """

    variant: Variant
    nets: int
    devices: int
    images: int
    step_seconds: float
    data_seconds: float
    memory: float
    checkpoint: float
    seconds: float


def describe_parts(study: ml_collections.ConfigDict | StudyConfig, text: str) -> Iterator[str]:
    """Yields what a study takes on the devices that a text names, and what does not fit.

    Published sets need not be there. Compiling, probes, and seeds that are added until a hypothesis
    is decided, are not counted.

    Raises:
      InputError: Something in the config is wrong, it is a search, or there are no such devices.
    """
    pool = devices.parse(text)
    study, variants = prepare(study, datasets=PublishedSets())
    if study.awaits_search:
        raise InputError(
            "the nets of a search are not known before it, and no time is forecast; depthstudy run"
            " --dry_run says how many there are"
        )
    distinct = [variant for variant in variants if not variant.info.same_as]
    counts = [len(variant.seeds_in(study)) for variant in distinct]
    forecasts = [forecast(v, count, pool) for v, count in zip(distinct, counts, strict=True)]
    yield pd.DataFrame([_row(each) for each in forecasts]).to_string(index=False)
    runs = sum(each.seconds for each in forecasts)
    hosts = f" on {pool.hosts} hosts" if pool.hosts > 1 else ""
    yield (
        f"\n{runs_in_words(study, variants)}; about {duration(runs)} on"
        f" {pool.count} x {pool.device.title}{hosts}, within about a third"
    )
    share = following_share(study, variants)
    if share:
        yield f"{following(study, variants)}with these about {duration(runs * (1 + share))}"
    yield from dict.fromkeys(line for each in forecasts for line in _amiss(each, pool, study.seeds))


def forecast(variant: Variant, seeds: int, pool: Pool) -> Forecast:
    """Returns what all seeds of a variant take on a pool of devices.

    Raises:
      InputError: It is no architecture of ours, or a batch cannot be split over the devices.
    """
    training, dataset = variant.train, variant.dataset
    if isinstance(variant.spec, arch.ModuleSpec):
        raise InputError(f"{variant.name} is a module of yours, whose layers are not known")
    costs = arch.layer_costs(variant.spec, dataset.image_shape)
    together = variant.together(seeds)
    split = training.placement == "jit" or (training.placement == "auto" and together == 1)
    at_once = 1 if split else -(-together // pool.count)
    used = _devices_of_one_net(training, pool) if split else -(-together // at_once)
    images = training.batch_size // (used if split else 1)
    step = roofline.step(costs, training, pool.device, images=images, nets=at_once)
    exchange = roofline.exchange_seconds(costs, pool.device, used) if split else 0.0
    decoding = 0.0
    if _is_streamed(variant):
        cores = pool.device.cores * min(used, pool.count)
        decoding = images * at_once * used / (cores * _DECODED)
    step_seconds = max(step.seconds + exchange, decoding)
    rounds = seeds if split else -(-seeds // together)
    evaluated = evaluated_images(variant) / training.batch_size / 3  # forward only
    return Forecast(
        variant=variant,
        nets=at_once,
        devices=used,
        images=images,
        step_seconds=step_seconds,
        data_seconds=decoding,
        memory=step.memory,
        checkpoint=roofline.state_bytes(costs, training),
        seconds=rounds * step_seconds * (variant.info.steps + evaluated),
    )


def _devices_of_one_net(training: TrainConfig, pool: Pool) -> int:
    """Returns over how many devices of a pool the batch of a net is split."""
    if training.placement == "jit":
        if training.batch_size % pool.count:
            raise InputError(
                f"config.train.batch_size={training.batch_size} cannot be split over {pool.count}"
                " devices; take a multiple, fewer devices, or train.placement='auto' or 'pmap'"
            )
        return pool.count
    if train.devices_of_one_net(training, pool.count) == pool.count:
        return pool.count
    return train.devices_of_one_net(training, min(pool.count, pool.device.a_host))


def _is_streamed(variant: Variant) -> bool:
    dataset = variant.dataset
    count = len(dataset.train) + len(dataset.test)
    return data.is_streamed(variant.config.data, count, dataset.image_shape)


def _row(each: Forecast) -> dict[str, str]:
    rate = each.images * each.nets * each.devices / each.step_seconds
    return {
        "variant": each.variant.name,
        "nets/device": str(each.nets),
        "images/net": str(each.images),
        "step ms": f"{1e3 * each.step_seconds:.3g}",
        "images/s": f"{rate:,.0f}",
        "GB/device": f"{each.memory / 1e9:.2g}",
        "checkpoint MB": f"{each.checkpoint / 1e6:.3g}",
        "all seeds": duration(each.seconds),
    }


def _amiss(each: Forecast, pool: Pool, seeds: int) -> Iterator[str]:
    """Yields what does not fit or stands idle, and what to change."""
    name, room = each.variant.name, _USABLE * pool.device.memory
    if each.memory > room:
        fitting = int(each.images * each.nets * room / each.memory)
        change = (
            f"at most {fitting} images of all its nets fit: lower config.train.batch_size"
            + ("" if isinstance(each.variant.spec, arch.DetectorSpec) else _INTO_PARTS)
            + ("" if each.nets == 1 else ", or take more devices or train.placement='jit'")
            if fitting
            else "not one image fits: take devices with more memory"
        )
        yield (
            f"does not fit: {name} takes {each.memory / 1e9:.3g} GB of"
            f" {pool.device.memory / 1e9:.3g} on each device; {change}"
        )
    if each.devices < pool.count:
        why = f"{seeds} seeds of a variant are trained at once"
        if each.variant.together(seeds) == 1:
            why = f"a net by itself has a batch of {each.variant.train.batch_size}"
        yield (
            f"{pool.count - each.devices} of {pool.count} devices stand idle: {why}; take fewer"
            " devices, more seeds, or train.placement='jit'"
        )
    if each.data_seconds >= each.step_seconds:
        rate = each.images * each.nets * each.devices / each.data_seconds
        yield (
            f"waits for data: the hosts of {pool.count} devices decode about {rate:,.0f} images a"
            " second; prepare smaller images, or take hosts with more cores"
        )
