"""What a folder says of itself that holds a part of a study."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from depthstudy.errors import DamagedError
from depthstudy.store.files import read_earlier_json, read_json, write_json

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
    try:
        return read_json(workdir / SHARD, ShardInfo)
    except DamagedError as error:
        raise DamagedError(f"{error}; give the command of that shard again") from error


def read_earlier_shard_info(workdir: Path) -> ShardInfo | None:
    """Reads ``shard.json`` where it is about to be written again; ``None`` if it is damaged."""
    return read_earlier_json(workdir / SHARD, ShardInfo, "it is written again")
