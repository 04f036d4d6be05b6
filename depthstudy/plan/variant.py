"""A variant of a study: what all its runs share, what it costs, and what it is called."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Sequence
from typing import Any

from depthstudy import arch, config, data, train
from depthstudy.config import Settings, StudyConfig, TrainConfig, Value
from depthstudy.errors import InputError
from depthstudy.plan import pruning
from depthstudy.records import VariantInfo

DEPTH = "model.depth"
SWEEPABLE_GROUPS = (
    "model",
    "data",
    "train",
    "prune",
)  # the groups of fields in which variants may differ
_NOT_TOLD = (DEPTH, "model.depth_multiplier", "model.family")  # of a group
_TUNING = ("prune.fine_tune_epochs", "prune.fine_tune_rate")
_USUAL = ("train.", "prune.")  # fields that are told where they are not as in the config

Datasets = dict[config.DataConfig, data.Dataset]  # what was loaded, so that variants share it


@dataclasses.dataclass(frozen=True, eq=False)
class Variant:
    """All that the runs of a variant share but their seeds.

    Attributes:
      info: How it differs from the others, and what it costs.
      config: Its config, sweep, variants and treatments resolved.
      spec: Its architecture; of a pruned one, an architecture of the same cost or nearly.
      dataset: What it learns.
      train: How it is trained: ``config.train``, or for a pruned one what follows from it.
    """

    info: VariantInfo
    config: StudyConfig
    spec: arch.ArchSpec
    dataset: data.Dataset
    train: TrainConfig

    @property
    def name(self) -> str:
        """Name of the variant, as in every table."""
        return self.info.name

    @property
    def runs(self) -> str:
        """Name of the variant whose runs are its own: itself, or one that is the same."""
        return self.info.same_as or self.name

    @property
    def is_pruned(self) -> bool:
        """Whether it starts from a trained net."""
        return self.config.prune != pruning.DENSE

    def together(self, seeds: int) -> int:
        """Returns how many of so many seeds may be trained at once: each pruned net by itself."""
        return 1 if self.is_pruned else seeds

    @property
    def work(self) -> int:
        """Multiply-accumulates of the forward passes of one run: its share of the study."""
        return self.info.steps * self.train.batch_size * self.info.macs


def build(
    study: StudyConfig, name: str, settings: Settings, varied: Sequence[str], datasets: Datasets
) -> Variant:
    """Returns the variant that has ``settings`` on top of the config of a study.

    Args:
      study: The config.
      name: Name of the variant.
      settings: What is its own.
      varied: The fields in which the variants of the study differ.
      datasets: Sets that are loaded already; one that is not is added.

    Raises:
      InputError: A value does not fit, the architecture is impossible, or the data are not there.
    """
    try:
        own = config.apply(study, settings)
        own = dataclasses.replace(own, sweep=(), variants=(), treatments=())
        if own.data not in datasets:
            datasets[own.data] = data.load(own.data)
        dataset = datasets[own.data]
        dense = arch.build(num_classes=dataset.num_classes, **_given(own.model))
        spec = pruning.expected(dense, own.prune)
    except InputError as error:
        raise type(error)(f"variant {name}: {error}") from error
    training = pruning.training(dense, spec, own, dataset)
    differs = {field: config.get(own, field) for field in varied}
    info = VariantInfo(
        name=name,
        group=own.model.family,
        settings=differs,
        image_shape=dataset.image_shape,
        steps=train.count_steps(training, len(dataset.train)),
        **dataclasses.asdict(arch.cost(spec, dataset.image_shape)),
    )
    return Variant(info, own, spec, dataset, training)


def same(one: Variant, other: Variant) -> bool:
    """Whether the runs of two variants are the same: in architecture, data and training."""

    def what(variant: Variant) -> tuple[object, ...]:
        own = variant.config
        return variant.spec, own.data, own.train, own.prune

    return what(one) == what(other)


def grouped(study: StudyConfig, variants: Sequence[Variant]) -> list[Variant]:
    """Returns variants with their group: the settings but for depth, as ``"plain, norm=none"``.

    Of the fields in which the variants of the study differ, those in which the variants of one
    family do not are told by its name, and those that are left to their defaults by nothing, as are
    training and pruning as in the config itself, and fine-tuning where it is always the same.
    """
    found = []
    for variant in variants:
        family = variant.config.model.family
        kin = [other for other in variants if other.config.model.family == family]
        told = [
            f"{_leaf(field)}={value}"
            for field, value in variant.info.settings.items()
            if field not in _NOT_TOLD
            and value is not None
            and not (field.startswith(_USUAL) and value == config.get(study, field))
            and any(
                other.info.settings[field] != value
                for other in kin
                if other.is_pruned or field not in _TUNING
            )
        ]
        info = dataclasses.replace(variant.info, group=", ".join([family, *told]))
        found.append(dataclasses.replace(variant, info=info))
    return found


def name_of(settings: Settings) -> str:
    """Returns a name that is also a folder's, as ``"plain_depth20_label_noise0.1"``."""
    return "_".join(
        _word(value) if field == "model.family" else f"{_leaf(field)}{_word(value)}"
        for field, value in settings
        if value is not None
    )


def require_sweepable(field: str) -> None:
    """Raises InputError where variants may not differ in a field."""
    if field.partition(".")[0] not in SWEEPABLE_GROUPS:
        raise InputError(f"variants cannot differ in config.{field}, only in {SWEEPABLE_GROUPS}")


def _given(model: config.ModelConfig) -> dict[str, Any]:
    """Returns the options that are set; a default that the family has no use for is not."""
    given = {key: value for key, value in dataclasses.asdict(model).items() if value is not None}
    builder = arch.FAMILIES.get(model.family)
    taken = {"family", *(inspect.signature(builder).parameters if builder else given)}
    defaults = dataclasses.asdict(config.ModelConfig())
    return {k: v for k, v in given.items() if k in taken or v != defaults[k]}


def _word(value: Value) -> str:
    return re.sub(r"[^\w.+-]+", "-", str(value)).strip("-")


def _leaf(field: str) -> str:
    return field.rpartition(".")[2]
