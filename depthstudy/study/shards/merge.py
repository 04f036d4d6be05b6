"""Makes one study of its shards: brings their runs together, and then has it ended."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
from absl import logging

from depthstudy import config, execute, plan, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError, first_names
from depthstudy.plan.follow_up import TUNING
from depthstudy.plan.shards import Shard, divide
from depthstudy.store import RunStore, ShardInfo
from depthstudy.study.shards.identity import differences, hashes

_STAGED = ".merging"  # where runs are copied before they are moved to their places
# Begin names of what may differ: of what is measured or made of a run once it is done, too.
_APART = ("analysis", "damaged", "events.", "export", "probes.csv", ".probes.json")
_NAMED = 8  # runs that a line names

_Shards = Mapping[Path, ShardInfo]


class Merged(NamedTuple):
    """A study whose runs lie together.

    Attributes:
      study: Its config.
      config_file: The file of the config, where it is here.
      command: The command line of one of its shards.
    """

    study: StudyConfig
    config_file: str | None
    command: str


def merge(
    folders: Sequence[str | Path],
    workdir: str | Path,
    study: StudyConfig | None = None,
    config_file: str | None = None,
) -> Merged:
    """Brings the runs of all shards of a study together; ``study.run`` in ``workdir`` ends it.

    All is checked before anything is written. A run is copied whole or not at all, and a merger
    that was cut short goes on.

    Args:
      folders: Those of the shards, in any order.
      workdir: Folder of the study; made where there is none.
      study: Its config, where images lie elsewhere than on the machines of the shards; ``None``
        takes that of the shards.
      config_file: As in ``study.run``; without ``study`` that of the shards is run, if it is here.

    Raises:
      InputError: A folder holds no finished shard, shards are of different studies or missing, a
        run is there twice with different content, or ``workdir`` holds something else.
    """
    with store.bucket.work_in(workdir) as folder:
        return _merge(folders, folder, study, config_file)


def _merge(
    folders: Sequence[str | Path],
    workdir: Path,
    study: StudyConfig | None,
    config_file: str | None,
) -> Merged:
    if store.read_shard_info(workdir) is not None:
        raise InputError(f"{workdir} holds a shard; take another --workdir for the whole study")
    paths = [store.bucket.read_from(folder, whole=True) for folder in folders]
    shards = {path: _read(path) for path in paths}
    if not shards:
        raise InputError("give the folders of all shards, as results/quickstart_shard*of4")
    (folder, first), *others = shards.items()
    for other, info in others:
        _require_same_study((folder, first), (other, info))
    if study is None:
        study, config_file = _config(first)
    study, variants = plan.prepare(study)
    asked = dataclasses.replace(first, config=dataclasses.asdict(study), nets=hashes(variants))
    if changed := differences(first, asked):
        raise InputError(f"{folder} is a shard of another study than here: {', '.join(changed)}")
    _require_all(shards, study, variants)
    runs = _runs(shards)
    execute.check(study, variants, workdir)
    left = {place: source for place, source in runs.items() if not _holds(workdir / place, source)}
    _warn_of_types(_platforms(shards, variants), study, is_first=bool(left))
    with store.lock(workdir):
        _copy(left, workdir)
    return Merged(study, config_file, first.command)


def _read(folder: Path) -> ShardInfo:
    info = store.read_shard_info(folder)
    if info is None:
        raise InputError(f"{folder} holds no shard of a study")
    if not info.finished:
        raise InputError(
            f"{folder}: shard {info.shard} is not finished; give its command again: {info.command}"
        )
    return info


def _require_same_study(one: tuple[Path, ShardInfo], other: tuple[Path, ShardInfo]) -> None:
    counts = [Shard.parse(info.shard).count for _, info in (one, other)]
    changed = differences(one[1], other[1])
    if counts[0] != counts[1]:
        changed = [f"one is of {counts[0]} shards, one of {counts[1]}"]
    if changed:
        raise InputError(
            f"{one[0]} and {other[0]} are shards of different studies: {', '.join(changed)}"
        )


def _config(shard: ShardInfo) -> tuple[StudyConfig, str | None]:
    """Returns the config of a shard, after its file has run, which may register a family.

    Who does the runs is of the machine of the shard, so it is this one here.
    """
    fields = {**shard.config, "executor": "local"}
    file = shard.config_file
    if file is None or not Path(file.partition(":")[0]).is_file():
        return config.parse(fields), None
    config.run_file(file)
    return config.parse(fields), file


def _require_all(shards: _Shards, study: StudyConfig, variants: Sequence[plan.Variant]) -> None:
    """Refuses shards that are not all: missing runs are named."""
    numbers = {Shard.parse(info.shard) for info in shards.values()}
    count = next(iter(numbers)).count
    shares = divide(study, variants, count)
    missing = [n for n in range(1, count + 1) if Shard(n, count) not in numbers]
    runs = [
        f"{name} seed {seed}"
        for number in missing
        for name, seeds in shares[number - 1].seeds.items()
        for seed in seeds
    ]
    if missing:
        raise InputError(
            f"missing: {', '.join(f'shard {n}/{count}' for n in missing)}, with "
            f"{first_names(runs, _NAMED) or 'no runs'}"
        )


def _platforms(shards: _Shards, variants: Sequence[plan.Variant]) -> set[str]:
    """Returns what nets of precision ``"auto"`` were trained on, as ``{"gpu"}``."""
    names = {variant.name for variant in variants if variant.train.precision == "auto"}
    infos = [run.read_info() for shard in shards.items() for run in _runs_of(*shard)]
    return {info.platform for info in infos if info and info.variant in names} - {""}


def _warn_of_types(platforms: Collection[str], study: StudyConfig, *, is_first: bool) -> None:
    """Says that nets are computed in different types, where ``"auto"`` is not alike.

    What results may ask for is said before the first merger alone: later it may be done, and
    where it is not, that is said when it is trained.
    """
    names, current = " and ".join(sorted(platforms)), jax.default_backend()
    if unlike := train.unlike_types(platforms):
        logging.warning("shards were trained on %s: %s", names, unlike)
    elif is_first and _may_train(study) and (unlike := train.unlike_types({*platforms, current})):
        logging.warning(
            "shards were trained on %s, and what follows from their results is trained on %s: %s",
            names,
            current,
            unlike,
        )


def _may_train(study: StudyConfig) -> bool:
    """Returns whether results may ask for further runs, which this machine trains."""
    asks = study.tune or study.budget_check or study.seeds_until_settled
    return study.executor == "local" and bool(asks)


def _runs(shards: _Shards) -> dict[Path, Path]:
    """Returns by its place in the folder of a study the folder of each run."""
    folders: dict[Path, Path] = {}
    for folder, info in shards.items():
        for run in _runs_of(folder, info):
            place = run.folder.relative_to(folder)
            if wrong := store.damage(run) or ("" if run.read_outcome() else "there is no result"):
                raise InputError(
                    f"{run.folder} is not whole ({wrong}); give the command of shard {info.shard} "
                    f"again: {info.command}"
                )
            if place in folders and _content(folders[place]) != _content(run.folder):
                raise InputError(
                    f"{folders[place]} and {run.folder} are the same run with different content; "
                    "give one of the two shards"
                )
            folders[place] = run.folder
    return folders


def _runs_of(folder: Path, info: ShardInfo) -> Iterator[RunStore]:
    """Yields the runs of a shard, and the trials that it tuned its nets by."""
    for name, seeds in info.seeds.items():
        for seed in seeds:
            yield RunStore.of(folder, name, seed)
    for run in sorted((folder / TUNING).glob("runs/*/seed*")):
        if RunStore(run).read_outcome():
            yield RunStore(run)


def _holds(target: Path, source: Path) -> bool:
    """Returns whether a run is in its place; one that is not done there does not count."""
    if not RunStore(target).read_outcome():
        return False
    if _content(target) != _content(source):
        raise InputError(
            f"{target} is there, and is another run than {source}; take another --workdir"
        )
    return True


def _content(folder: Path) -> dict[Path, str]:
    """Returns the hash of each file of a run, but of those that may be written again."""
    store.bucket.need(folder)
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(_APART)
    }


def _copy(runs: Mapping[Path, Path], workdir: Path) -> None:
    """Copies runs, and moves them to their places when all are there."""
    staged = workdir / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    try:
        for place, source in runs.items():
            shutil.copytree(source, staged / place)
        for place in runs:
            target = workdir / place
            if target.exists():  # and is not done
                store.remove_folder(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            (staged / place).rename(target)
            store.bucket.placed(target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
