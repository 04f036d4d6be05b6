"""A shard of one run, which was trained by nobody."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np

from depthstudy import plan, store
from depthstudy.config import StudyConfig
from depthstudy.plan.shards import Shard
from depthstudy.study.shards import identity


def shard_of_one_run(
    folder: Path, study: StudyConfig, shard: str = "1/1", platform: str = ""
) -> Path:
    """Writes a shard of the seed of its number, with a checkpoint of one array; returns the run.

    Args:
      folder: Of the shard.
      study: Has one variant.
      shard: Which; the first has seed 0.
      platform: What the run was trained on; ``""`` is a run of an earlier version.
    """
    seed = Shard.parse(shard).number - 1
    study, (variant,) = plan.prepare(study)
    groups = dataclasses.asdict(variant.config)
    run = store.RunStore.of(folder, variant.name, seed)
    info = store.RunInfo(
        study=study.name,
        variant=variant.name,
        seed=seed,
        arch=variant.spec.to_json(),
        config={group: groups[group] for group in plan.SWEEPABLE_GROUPS},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
        platform=platform,
    )
    run.write_info(info)
    with contextlib.closing(run.open_checkpoint_writer()) as writer:
        writer.save(4, {"params": {"kernel": np.ones(3, np.float32)}}, info)
    errors = dict.fromkeys(("train_error", "test_error"), 0.5)
    none = dict.fromkeys(("diverged_at", "train_loss", "test_loss"))
    seconds = {"train_seconds": 1.0, "eval_seconds": 1.0}
    run.write_outcome(store.Outcome(status="finished", step=4, **errors, **none, **seconds))
    shard_info = store.ShardInfo(
        shard=shard,
        command="",
        config_file=None,
        config=dataclasses.asdict(study),
        nets=identity.hashes((variant,)),
        seeds={variant.name: (seed,)},
        finished=True,
    )
    store.write_shard_info(folder, shard_info)
    return run.folder
