"""Opens a run for probes: its folder says what the net is, what it learned, and on which images."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from absl import logging

from depthstudy import config, data, nets, probes, store, train
from depthstudy.arch import Spec, spec_from_json
from depthstudy.deploy import choose_step, read_info
from depthstudy.errors import DamagedError, InputError
from depthstudy.plan.variants import pruning
from depthstudy.plan.variants.variant import Datasets
from depthstudy.records import AnalysisRun
from depthstudy.store import RunInfo, RunStore


@dataclasses.dataclass(frozen=True, eq=False)
class Analyzed:
    """A trained net, opened: what it is, and what probes take of it."""

    info: AnalysisRun
    probe_input: probes.ProbeInput


def open_run(folder: Path, step: int | None, examples: int, datasets: Datasets) -> Analyzed:
    """Returns the net of a run folder at a checkpoint, with its data.

    Args:
      folder: The run folder; it says what the net is and what it learned.
      step: The checkpoint; ``None`` is the last.
      examples: How many examples of each split a probe looks at.
      datasets: Sets that are loaded already; one that is not is added.

    Raises:
      InputError: The folder holds no run, or no such checkpoint, or its images have changed.
    """
    run, info = RunStore(folder), read_info(folder)
    step, damaged = choose_step(run, step)
    study = config.parse(info.config)
    learned = images_of(folder, info, study.data, datasets).of_run(info.seed)
    dataset = _normalized_as_trained(learned, info)
    spec = spec_from_json(info.arch)
    training = _training(run, study, spec, dataset)
    steps = train.count_steps(training, len(dataset.train))
    early = train.early_step(training, steps)
    checkpoints = run.checkpoints
    variables = checkpoints.variables(step, info)
    has_early = early < step and early in checkpoints.all_steps()
    before = _early(checkpoints, early, info) if has_early else None
    network = nets.build(spec)
    drawn = study.prune == pruning.DENSE or study.prune.control != "none"
    key = train.init_key(info.seed)
    places = {"_initial": 0, "_early": early, "": step - 1}
    probe_input = probes.ProbeInput(
        network=network,
        variables=variables,
        initial=nets.init(network, key, info.image_shape) if drawn else None,
        early=before,
        rates=proportional_rates(training, study.prune, steps, places),
        dataset=dataset,
        examples=examples,
    )
    about = AnalysisRun(
        folder=store.bucket.shown(folder),
        study=info.study,
        variant=info.variant,
        seed=info.seed,
        step=step,
        family=spec.family,
        depth=nets.cost(spec, info.image_shape).depth,
        image_shape=info.image_shape,
        damaged=damaged,
    )
    return Analyzed(about, probe_input)


def images_of(
    folder: Path, info: RunInfo, data_config: config.DataConfig, datasets: Datasets
) -> data.Dataset:
    """Returns the images that a run has learned; the prepared ones, if its folder has changed."""
    try:
        dataset = datasets.get(data_config, info.dataset)
    except data.OtherDataError as error:
        known = store.find_data(folder)
        now = () if error.source is None else error.source.files
        changed = data.changes(known, now) if known else ""
        raise InputError(
            f"{folder} has learned other images than there are now{changed and f' ({changed})'}:"
            f" {error}"
        ) from error
    if dataset.name != info.dataset:
        raise InputError(
            f"{folder} has learned {info.dataset}, and not {dataset.name}, which was loaded"
        )
    return dataset


def _early(checkpoints: store.CheckpointReader, step: int, info: RunInfo) -> nets.Variables | None:
    """Returns the net early in its training, or ``None`` and a warning where it is damaged."""
    try:
        return checkpoints.variables(step, info)
    except DamagedError as error:
        logging.warning("%s; nothing is measured of it", error)
        return None


def _normalized_as_trained(dataset: data.Dataset, info: RunInfo) -> data.Dataset:
    """Returns the data set with the mean and deviation that the run stored, if it stored any."""
    if info.preprocessing is None:
        return dataset
    stored = data.Preprocessing.from_dict(info.preprocessing)
    if stored == dataset.preprocessing:
        return dataset
    mean, std = np.array(stored.mean, np.float32), np.array(stored.std, np.float32)
    return dataclasses.replace(dataset, mean=mean, std=std)


def _training(
    run: RunStore, study: config.StudyConfig, spec: Spec, dataset: data.Dataset
) -> config.TrainConfig:
    """Returns how a run is trained; how long a pruned one is, its end says best."""
    training = pruning.training(spec, spec, study, dataset)
    outcome = run.read_outcome()
    if outcome is None or outcome.status != "finished":
        return training
    return dataclasses.replace(training, steps=outcome.step)


def proportional_rates(
    training: config.TrainConfig, prune: config.PruneConfig, steps: int, places: Mapping[str, int]
) -> dict[str, float]:
    """Returns the learning rate at each place; none where steps are not proportional to gradients.

    Those of AdamW are not, nor those of gradients that are cut to a norm.

    Args:
      training: How a net is trained.
      prune: How it is pruned meanwhile.
      steps: How long.
      places: Steps by the suffix of what is measured there.
    """
    if training.optimizer != "sgd" or training.gradient_clip is not None:
        return {}
    rate = train.learning_rate(training, steps, pruning.sparsity(prune, steps))
    return {suffix: float(jnp.asarray(rate(step))) for suffix, step in places.items()}
