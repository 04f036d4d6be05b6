"""How a command ends: the line that makes one study of its shards names folders that are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from depthstudy.command.ending import print_shard
from depthstudy.plan.shards import Shard, Share


def test_shards_are_merged_from_where_they_were_put(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    share = Share({"plain_depth8": (0, 1)}, (), 0.5)
    print_shard(share, Shard(2, 4), tmp_path / "elsewhere", Path("results", "quickstart"))
    output = capsys.readouterr().out
    assert output.startswith("shard 2/4: 2 runs done, 50% of the work of all shards\n")
    folder = tmp_path / "elsewhere"
    assert f"depthstudy merge {folder} ... --workdir=results/quickstart\n" in output


def test_a_shard_in_the_folder_of_the_whole_study_is_merged_into_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    share = Share({"plain_depth8": (0,)}, (), 0.5)
    folder = tmp_path / "quickstart"
    print_shard(share, Shard(1, 2), folder, folder)
    expected = f"depthstudy merge {folder} ... --workdir={folder}_whole\n"
    assert expected in capsys.readouterr().out
