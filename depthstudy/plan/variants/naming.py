"""Names of variants, which are folders' too, and of the groups in which depth alone differs."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Sequence

from depthstudy import config
from depthstudy.config import ModelConfig, Settings, StudyConfig, Value
from depthstudy.errors import InputError
from depthstudy.plan.variants import model
from depthstudy.plan.variants.variant import Variant
from depthstudy.records import DEPTH_FIELDS

_KINDS = ("model.family", "model.module")
_NOT_IN_GROUP = (*DEPTH_FIELDS, *_KINDS)
_LONGEST = 200  # bytes of a folder's name, of the 255 that a disk takes
_TUNING = ("prune.fine_tune_epochs", "prune.fine_tune_rate")
_USUAL = ("train.", "prune.")  # fields that are named where they are not as in the config


def name_of(settings: Settings) -> str:
    """Returns a name for what has these settings.

    >>> name_of((("model.family", "plain"), ("model.depth", 20), ("data.label_noise", 0.1)))
    'plain_depth20_label_noise0.1'
    """
    return "_".join(_part(field, value) for field, value in settings if value is not None)


def name_of_net(net: ModelConfig) -> str:
    """Returns a name for the net of a config alone: its kind, and how deep it is.

    >>> name_of_net(ModelConfig(family="resnet")), name_of_net(ModelConfig(family="mobilenet_v1"))
    ('resnet_depth20', 'mobilenet_v1')
    """
    used = model.resolve(net)
    depths = (("model.depth", used.depth), ("model.depth_multiplier", used.depth_multiplier))
    of_module = ("model.options.depth", used.options.get("depth"))
    return name_of((("model.family", model.kind(used)), *depths, of_module))


def check_names(names: Sequence[str], treatments: Sequence[str]) -> None:
    """Refuses names of variants that are no folder's, or that stand twice, treated ones too."""
    every = [*names, *(f"{name}+{treatment}" for treatment in treatments for name in names)]
    for name in every:
        if every.count(name) > 1:
            raise InputError(
                f"config.variants: {every.count(name)} variants have the name {name!r}"
            )
        if len(name.encode()) > _LONGEST:
            raise InputError(
                f"config.variants: the name {name[:60]}... has {len(name)} letters; at most "
                f"{_LONGEST} are a folder's name: name variants in config.variants instead"
            )
        if not re.fullmatch(r"[\w.+=,-]+", name) or set(name) == {"."}:
            raise InputError(
                f"config.variants: the name {name!r} has to be letters, digits and any of _.+=,-, "
                "and not dots alone"
            )


def check_folder_name(name: str) -> None:
    """Refuses a name of a study that is not that of a folder within ``results``."""
    if name in ("", ".", "..") or set(name) & set("/\\") or not name.isprintable():
        raise InputError(f"config.name {name!r} has to be a folder's name: no slash, and not a dot")
    if len(name.encode()) > _LONGEST:
        raise InputError(f"config.name has {len(name)} letters; at most {_LONGEST} are a folder's")


def folder_name(name: str) -> str:
    """Returns a name, or where no disk takes one so long, its beginning and what tells it apart."""
    if len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    beginning = name.encode()[: _LONGEST - 11].decode(errors="ignore")
    return f"{beginning}_{digest}"


def grouped(study: StudyConfig, variants: Sequence[Variant]) -> list[Variant]:
    """Returns variants with their group: the settings but for depth, as ``"plain, norm=none"``.

    A field of the study's sweep is part of it if variants of the family differ in the field, and
    the value is not the default. A field of training or pruning also has to differ from the
    config's, and how long pruned nets are tuned from that of other pruned ones. Where pools say
    what is compared, nets of a kind are a group, each with settings of its own.
    """
    if study.pools:
        return [_in_group(variant, variant.kind) for variant in variants]
    rows = []
    for variant in variants:
        relatives = [other for other in variants if other.kind == variant.kind]
        parts = [
            f"{_leaf(field)}={value}"
            for field, value in variant.info.settings.items()
            if field not in _NOT_IN_GROUP
            and value is not None
            and not (field.startswith(_USUAL) and value == config.get(study, field))
            and any(
                other.info.settings[field] != value
                for other in relatives
                if other.is_pruned or field not in _TUNING
            )
        ]
        rows.append(_in_group(variant, ", ".join([variant.kind, *parts])))
    return rows


def _in_group(variant: Variant, group: str) -> Variant:
    return dataclasses.replace(variant, info=dataclasses.replace(variant.info, group=group))


def _part(field: str, value: Value) -> str:
    if field in _KINDS:
        return _word(str(value).rpartition(":")[2])
    return f"{_leaf(field)}{_word(value)}"


def _word(value: Value) -> str:
    return re.sub(r"[^\w.+-]+", "-", str(value)).strip("-")


def _leaf(field: str) -> str:
    return field.rpartition(".")[2]
