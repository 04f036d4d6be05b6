"""From a config to the variants of a study: what each is, what it costs, and how long it trains."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Sequence
from typing import Any

import ml_collections

from depthstudy import arch, config, data, train
from depthstudy.config import Settings, StudyConfig, Value
from depthstudy.errors import InputError
from depthstudy.records import VariantInfo
from depthstudy.study import verdicts

DEPTH = "model.depth"
VARIED = ("model", "data", "train")  # the groups of fields in which variants may differ


@dataclasses.dataclass(frozen=True, eq=False)
class Variant:
    """All that the runs of a variant share but their seeds.

    Attributes:
      info: How it differs from the others, and what it costs.
      config: Its config, sweep and variants resolved.
      spec: Its architecture.
      dataset: What it learns.
    """

    info: VariantInfo
    config: StudyConfig
    spec: arch.ArchSpec
    dataset: data.Dataset

    @property
    def name(self) -> str:
        """Name of the variant, as in every table."""
        return self.info.name

    @property
    def work(self) -> int:
        """Multiply-accumulates of the forward passes of one run: its share of the study."""
        return self.info.steps * self.config.train.batch_size * self.info.macs


def plan(study: StudyConfig) -> tuple[Variant, ...]:
    """Returns the variants of a study, in the order in which they are trained.

    They are the product of the values in ``sweep``, then those of ``variants``; with neither, the
    config itself is the only one.

    Raises:
      InputError: A field is unknown or not to be varied, a value does not fit, two variants have
        one name, an architecture is impossible, or the data are not there.
    """
    named = [*_swept(study), *study.variants]
    if not named:
        named = [(_name((("model.family", study.model.family), (DEPTH, study.model.depth))), ())]
    for name, count in _counts([name for name, _ in named]).items():
        if count > 1:
            raise InputError(f"config.variants: {count} variants have the name {name!r}")
        if not re.fullmatch(r"[\w.+=,-]+", name):
            raise InputError(
                f"config.variants: the name {name!r} has to be letters, digits and any of _.+=,-"
            )
    varied = dict.fromkeys(field for _, settings in named for field, _ in settings)
    for field in varied:
        if field.partition(".")[0] not in VARIED:
            raise InputError(f"variants cannot differ in config.{field}, only in {VARIED}")
    datasets: dict[config.DataConfig, data.Dataset] = {}
    return tuple(
        _variant(study, name, settings, list(varied), datasets) for name, settings in named
    )


def prepare(
    study: ml_collections.ConfigDict | StudyConfig,
) -> tuple[StudyConfig, tuple[Variant, ...]]:
    """Checks a config whole and returns it with its plan; trains and writes nothing.

    Raises:
      InputError: Something in the config is wrong.
    """
    if not isinstance(study, StudyConfig):
        study = config.parse(study)
    variants = plan(study)
    verdicts.check(study.hypotheses, settings_of(variants))
    for variant in variants:
        train.choose(variant.config.train, study.seeds)
    return study, variants


def settings_of(variants: Sequence[Variant]) -> dict[str, dict[str, Value]]:
    """Returns, by name of the variant, every field that may vary and its value."""
    found: dict[str, dict[str, Value]] = {}
    for variant in variants:
        groups = dataclasses.asdict(variant.config)
        found[variant.name] = {
            f"{group}.{leaf}": value for group in VARIED for leaf, value in groups[group].items()
        }
    return found


def _swept(study: StudyConfig) -> list[tuple[str, Settings]]:
    fields = [field for field, _ in study.sweep]
    for field, values in study.sweep:
        if fields.count(field) > 1:
            raise InputError(f"config.sweep names {field} twice")
        if not values:
            raise InputError(f"config.sweep gives {field} no values")
        if len(set(map(repr, values))) < len(values):
            raise InputError(f"config.sweep gives {field} a value twice: {values}")
    if not fields:
        return []
    points = itertools.product(*(values for _, values in study.sweep))
    swept = [tuple(zip(fields, point, strict=True)) for point in points]
    return [(_name(settings), settings) for settings in swept]


def _variant(
    study: StudyConfig,
    name: str,
    settings: Settings,
    varied: Sequence[str],
    datasets: dict[config.DataConfig, data.Dataset],
) -> Variant:
    try:
        own = dataclasses.replace(config.apply(study, settings), sweep=(), variants=())
        if own.data not in datasets:
            datasets[own.data] = data.load(own.data)
        dataset = datasets[own.data]
        spec = arch.build(num_classes=dataset.num_classes, **_given(own.model))
    except InputError as error:
        raise InputError(f"variant {name}: {error}") from error
    cost = arch.cost(spec, dataset.image_shape)
    differs = {field: config.get(own, field) for field in varied}
    info = VariantInfo(
        name=name,
        group=_group(own, differs),
        settings=differs,
        image_shape=dataset.image_shape,
        steps=train.count_steps(own.train, len(dataset.train)),
        **dataclasses.asdict(cost),
    )
    return Variant(info, own, spec, dataset)


def _given(model: config.ModelConfig) -> dict[str, Any]:
    return {key: value for key, value in dataclasses.asdict(model).items() if value is not None}


def _group(own: StudyConfig, settings: dict[str, Value]) -> str:
    """Returns the settings but for depth as a label, as ``"plain, norm=none"``."""
    others = {k: v for k, v in settings.items() if k not in (DEPTH, "model.family")}
    return ", ".join([own.model.family, *(f"{_leaf(k)}={v}" for k, v in others.items())])


def _name(settings: Settings) -> str:
    """Returns a name that is also a folder's, as ``"plain_depth20_label_noise0.1"``."""
    return "_".join(
        _word(value) if field == "model.family" else f"{_leaf(field)}{_word(value)}"
        for field, value in settings
        if value is not None
    )


def _word(value: Value) -> str:
    return re.sub(r"[^\w.+-]+", "-", str(value)).strip("-")


def _leaf(field: str) -> str:
    return field.rpartition(".")[2]


def _counts(names: Sequence[str]) -> dict[str, int]:
    return {name: names.count(name) for name in names}
