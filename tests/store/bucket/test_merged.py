"""Shards that are merged into a study in a bucket, from any machine."""

from __future__ import annotations

import shutil
from pathlib import Path

from made_shard import shard_of_one_run

from depthstudy.config import StudyConfig, apply
from depthstudy.store import bucket
from depthstudy.store.bucket import places
from depthstudy.study import shards

STUDY = apply(StudyConfig(), (("seeds", 1), ("model.width", 4), ("train.steps", 4)))


def test_the_same_command_goes_on_elsewhere(url: str, tmp_path: Path) -> None:
    """Where the checkpoints of what was merged are not fetched yet."""
    run = shard_of_one_run(tmp_path / "one", STUDY)
    for _ in range(2):
        shards.merge([tmp_path / "one"], url)
        shutil.rmtree(places.buckets())
    place = bucket.read_from(f"{url}/{run.relative_to(tmp_path / 'one')}")
    assert (place / "result.json").read_bytes() == (run / "result.json").read_bytes()
