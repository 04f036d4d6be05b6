"""The only shard of a study of one run, which was trained by nobody."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import numpy as np

from depthstudy import plan, store
from depthstudy.config import StudyConfig
from depthstudy.study.shards import identity


def shard_of_one_run(folder: Path, study: StudyConfig) -> Path:
    """Writes the shard, whose run has a checkpoint of an array of its own; returns the run."""
    study, (variant,) = plan.prepare(study)
    groups = dataclasses.asdict(variant.config)
    run = store.RunStore.of(folder, variant.name, 0)
    info = store.RunInfo(
        study=study.name,
        variant=variant.name,
        seed=0,
        arch=variant.spec.to_json(),
        config={group: groups[group] for group in plan.SWEEPABLE_GROUPS},
        dataset=variant.dataset.name,
        image_shape=variant.dataset.image_shape,
        class_names=variant.dataset.class_names,
    )
    run.write_info(info)
    with contextlib.closing(run.open_checkpoint_writer()) as writer:
        writer.save(4, {"params": {"kernel": np.ones(3, np.float32)}}, info)
    errors = dict.fromkeys(("train_error", "test_error"), 0.5)
    none = dict.fromkeys(("diverged_at", "train_loss", "test_loss"))
    seconds = {"train_seconds": 1.0, "eval_seconds": 1.0}
    run.write_outcome(store.Outcome(status="finished", step=4, **errors, **none, **seconds))
    shard = store.ShardInfo(
        shard="1/1",
        command="",
        config_file=None,
        config=dataclasses.asdict(study),
        nets=identity.hashes((variant,)),
        seeds={variant.name: (0,)},
        finished=True,
    )
    store.write_shard_info(folder, shard)
    return run.folder
