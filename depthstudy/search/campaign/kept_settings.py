"""The settings that a journal was begun with: other ones would mix trials that do not compare."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from depthstudy import plan, store
from depthstudy.config import StudyConfig
from depthstudy.errors import InputError

_FILE = "settings.json"
_GROUPS = ("search", "data", "model", "train")
# What a search may have more of, or is read only after its nets were proposed.
_FREE = ("search.trials", "search.repeats", "search.method", "search.keep", "search.scored")
_UNTUNED = ("search.strata", "search.families")  # free too, but where all of them are tuned alike
_OF_RUNS = (*plan.OF_THE_MACHINE, *plan.OF_THE_COMPUTE, "train.evaluations")


def keep(study: StudyConfig, journal: Path) -> None:
    """Keeps beside a journal what its trials depend on; call it before the journal is opened.

    A journal without such a file, which an earlier version began, is taken as it is.

    Raises:
      InputError: The journal was begun with other settings.
    """
    path, now = journal.with_name(_FILE), _settings(study)
    if not journal.exists():
        store.write_json(path, now)
        return
    then = f"{journal} is taken to be of this config"
    before = store.read_earlier_json(path, dict[str, Any], then)
    if before is None:
        store.write_json(path, now)
        return
    before = _settings(StudyConfig()) | before
    free = () if study.tune else _UNTUNED
    changed = [name for name in now if name not in free and before.get(name) != now[name]]
    if changed:
        words = ", ".join(f"{name} ({before.get(name)!r}, now {now[name]!r})" for name in changed)
        raise InputError(
            f"{journal.parent} holds a search with other settings: {words}; take another "
            "--workdir, or remove that folder"
        )


def _settings(study: StudyConfig) -> dict[str, Any]:
    """Returns the dotted fields that change what is proposed, or what its error is."""
    groups: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(study)))
    fields = {f"{group}.{name}": x for group in _GROUPS for name, x in groups[group].items()}
    fields |= {"tune": groups["tune"], "metric": groups["metric"]}
    return {name: x for name, x in fields.items() if name not in (*_FREE, *_OF_RUNS)}
