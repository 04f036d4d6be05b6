"""What has to be alike for shards to be of one study."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from depthstudy import plan
from depthstudy.config import StudyConfig
from depthstudy.plan import Variant
from depthstudy.store import ShardInfo

# In which shards may differ.
_OTHERS = (*plan.OF_THE_MACHINE, *plan.OF_THE_COMPUTE, "processes", "executor")


def hashes(variants: Sequence[Variant]) -> dict[str, str]:
    """Returns by name of a variant a hash of its architecture and of the images that it learns."""
    return {
        variant.name: hashlib.sha256(_text(variant).encode()).hexdigest() for variant in variants
    }


def differences(one: ShardInfo, other: ShardInfo) -> list[str]:
    """Returns in what two shards are of different studies, in words; nothing where of the same."""
    before, now = _fields(one.config), _fields(other.config)
    changed = [
        f"{name} ({before.get(name)!r} and {now.get(name)!r})"
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name)
    ]
    if changed:
        return changed
    nets = [name for name in one.nets if one.nets[name] != other.nets.get(name)]
    return [f"images or nets of {', '.join(nets)}"] if nets else []


def _text(variant: Variant) -> str:
    return f"{variant.spec.to_json()} {variant.dataset.name} {variant.dataset.image_shape}"


def _fields(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what counts of a config; what an earlier version did not know is at its default."""
    fields = dict(_leaves(dataclasses.asdict(StudyConfig()), "")) | dict(_leaves(config, ""))
    plain: dict[str, Any] = json.loads(json.dumps(fields))
    return {name: value for name, value in plain.items() if name not in _OTHERS}


def _leaves(config: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
