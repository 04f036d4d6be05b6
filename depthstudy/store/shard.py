"""What a folder says of itself that holds a part of a study."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from depthstudy.store.files import read_json, write_json

SHARD = "shard.json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShardInfo:
    """A part of a study, and of which: the content of ``shard.json``.

    Attributes:
      shard: Its number and how many there are, as ``"2/4"``.
      command: The command line.
      config_file: The file of the config, where there is one.
      config: The config of the study.
      nets: By name of a variant, its architecture and what it learns, as a hash.
      seeds: By name of a variant, the seeds that are trained here.
      finished: Whether all that it has to do is done.
    """

    shard: str
    command: str
    config_file: str | None
    config: dict[str, Any]
    nets: dict[str, str]
    seeds: dict[str, tuple[int, ...]]
    finished: bool


def write_shard_info(workdir: Path, info: ShardInfo) -> None:
    """Writes ``shard.json``."""
    write_json(workdir / SHARD, dataclasses.asdict(info))


def read_shard_info(workdir: Path) -> ShardInfo | None:
    """Reads ``shard.json``; ``None`` where the folder holds no shard.

    Raises:
      DamagedError: It is not as it was written.
    """
    return read_json(workdir / SHARD, ShardInfo)
