"""Studies side by side: what differs in config, errors and verdicts, as data frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from depthstudy import records, store
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError

_METRIC = "test_error"
_UNEQUAL = {  # settings, or groups of them, and why errors cannot be compared where they differ
    "metric": "they are shares of all images in one study, and means over classes in another",
    "data": "they do not learn from, or are not tested on, the same images",
    "train": "their nets are not trained by the same recipe",
    "model": "nets of the same name are not the same nets",
    "prune": "not the same is taken out of their nets",
}
# Told as verdicts and as the names of the columns, and what changes no result.
_LEFT_OUT = (
    "hypotheses",
    "name",
    "data.workers",
    "data.source_dir",
    "data.data_dir",
    "data.labels_csv",
    "processes",
    "time_budget",
)
_BEFORE = {"data.validation": 0.0}  # of earlier versions, where it is not the default


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """Studies side by side.

    Attributes:
      folders: The folder of each study, by its name in the frames.
      settings: The settings that differ, a row each and a column a study; one that the version of
        a study did not know is at its default.
      errors: Test error, its 95% interval, seeds and cost: a row for each variant of each study.
      verdicts: A row for each hypothesis of each study, with the effect and its interval.
      notes: Why errors are not those of equals, if they are not.
    """

    folders: Mapping[str, Path]
    settings: pd.DataFrame
    errors: pd.DataFrame
    verdicts: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the studies."""
        return tuple(self.folders)


def compare(folders: Sequence[str | Path]) -> Comparison:
    """Sets finished studies side by side.

    >>> compare(["results/one", "results/other"]).settings  # doctest: +SKIP

    Args:
      folders: Their folders, at least two.

    Raises:
      InputError: There are fewer, or one holds no finished study.
    """
    places = dict.fromkeys(map(store.bucket.joined, folders))  # a pattern may name one once more
    if len(places) < 2:
        raise InputError("give the folders of two studies or more")
    paths = [store.bucket.read_from(place) for place in places]
    infos = [_info(path) for path in paths]
    named = dict(zip(_names(paths, infos), paths, strict=True))
    by_name = dict(zip(named, infos, strict=True))
    settings = _settings(by_name)
    sets = [frozenset(info.name for info in store.read_data(path)) for path in paths]
    return Comparison(
        folders=named,
        settings=settings,
        errors=pd.DataFrame(row for name in named for row in _errors(name, named, by_name)),
        verdicts=pd.DataFrame(
            [row for name in named for row in _verdicts(name, named, by_name)],
            columns=["hypothesis", "study", "verdict", "effect", "low", "high", "statement"],
        ),
        notes=tuple(_notes(settings, sets)),
    )


def _info(folder: Path) -> records.StudyInfo:
    info = store.read_info(folder)
    if info is None:
        raise InputError(f"{folder} holds no finished study")
    return info


def _names(paths: Sequence[Path], infos: Sequence[records.StudyInfo]) -> list[str]:
    """Returns names of studies where they differ, else those of their folders, else paths."""
    for names in ([info.name for info in infos], [path.name for path in paths]):
        if len(set(names)) == len(names):
            return names
    return [store.bucket.shown(path) for path in paths]


def _settings(infos: Mapping[str, records.StudyInfo]) -> pd.DataFrame:
    usual = dict(_flat(dataclasses.asdict(StudyConfig()))) | _BEFORE
    flat = {name: usual | dict(_flat(info.config)) for name, info in infos.items()}
    fields = dict.fromkeys(field for row in flat.values() for field in row)
    rows = {
        field: {name: _shown(row.get(field)) for name, row in flat.items()}
        for field in fields
        if not {field, field.partition(".")[0]} & {*_LEFT_OUT}
        and len({_shown(row.get(field)) for row in flat.values()}) > 1
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(infos))


def _shown(value: Any) -> str:
    """Returns a value as text; of pairs, as a sweep has, each name with its values.

    >>> _shown((("model.family", ("plain", "resnet")), ("model.depth", (8, 20))))
    'model.family: plain, resnet; model.depth: 8, 20'
    >>> _shown((("tiny", (("model.depth", 8),)),)), _shown(()), _shown(0.5)
    ('tiny (model.depth: 8)', 'none', '0.5')
    """
    if value is None or value == () or value == [] or value == {}:
        return "none"
    if _are_pairs(value):
        named = (f"{k} ({_shown(x)})" if _are_pairs(x) else f"{k}: {_shown(x)}" for k, x in value)
        return "; ".join(named)
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return str(value)


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(x, list | tuple) and len(x) == 2 and isinstance(x[0], str) for x in value
    )


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _errors(
    name: str, folders: Mapping[str, Path], infos: Mapping[str, records.StudyInfo]
) -> Iterator[dict[str, Any]]:
    means = store.read_table(folders[name] / store.MEANS, records.Mean)
    rows = {row["variant"]: row for row in means.to_dict("records") if row["metric"] == _METRIC}
    for variant in infos[name].variants:
        if row := rows.get(variant.name):
            yield {
                "variant": variant.name,
                "study": name,
                **{key: row[key] for key in ("mean", "low", "high")},
                "seeds": row["seeds"],
                "depth": variant.depth,
                "macs": variant.macs,
                "steps": variant.steps,
            }


def _verdicts(
    name: str, folders: Mapping[str, Path], infos: Mapping[str, records.StudyInfo]
) -> Iterator[dict[str, Any]]:
    statements = {h["name"]: h["statement"] for h in infos[name].config["hypotheses"]}
    table = store.read_table(folders[name] / store.VERDICTS, records.Verdict)
    for row in table.to_dict("records"):
        yield {
            **{key: row[key] for key in ("hypothesis", "verdict", "effect", "low", "high")},
            "study": name,
            "statement": statements[row["hypothesis"]],
        }


def _notes(settings: pd.DataFrame, sets: Collection[frozenset[str]]) -> Iterator[str]:
    """Yields why errors are not those of equals.

    Args:
      settings: Those that differ.
      sets: Of each study the names of its sets, which say what is in files of the user's; none
        where an earlier version wrote it.
    """
    for group, reason in _UNEQUAL.items():
        fields = [field for field in settings.index if field.partition(".")[0] == group]
        if group == "data" and not fields and all(sets) and len(set(sets)) > 1:
            fields = ["what is in the files"]
        if fields:
            verb = "differs" if len(fields) == 1 else "differ"
            yield f"Errors are not those of equals: {reason} ({', '.join(fields)} {verb})."
