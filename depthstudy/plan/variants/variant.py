"""A variant of a study: what all its runs share, what it costs, and what it is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from depthstudy import arch, config, data, nets, train
from depthstudy.config import Settings, StudyConfig, TrainConfig, Value
from depthstudy.errors import InputError
from depthstudy.plan.variants import model, pruning
from depthstudy.records import VariantInfo

DEPTH = ("model.depth", "model.options.depth")  # the fields that say how deep a net is
SWEEPABLE_GROUPS = ("model", "data", "train", "prune")  # in which variants may differ
# Where images lie, who reads them, when it is saved and how many of these saves stay: in no run
# does it change a result.
OF_THE_MACHINE = (
    "data.source_dir",
    "data.data_dir",
    "data.labels_csv",
    "data.workers",
    "train.save_seconds",
    "train.save_minutes",
    "train.keep_checkpoints",
)
# How a net is computed: it is the same one, and its numbers are equal but for rounding.
OF_THE_COMPUTE = ("train.rematerialize", "train.scan_blocks")
TREATMENT = "treatment"  # of a hypothesis: the name of a variant's treatment, "" for none

Datasets = data.Datasets


@dataclasses.dataclass(frozen=True, eq=False)
class Variant:
    """All that the runs of a variant share but their seeds.

    Attributes:
      info: How it differs from the others, and what it costs.
      given: Its config, sweep, variants and treatments resolved.
      config: The same, with the options of the net that a study begins with filled in.
      spec: Its architecture; of a pruned one, an architecture of the same cost or nearly.
      dataset: What it learns.
      train: How it is trained: ``config.train``, or for a pruned one what follows from it.
      folder: Folder of its runs within that of the study; ``""`` is the study's.
      seeds: How many seeds it has; ``None`` is as many as the study.
    """

    info: VariantInfo
    given: StudyConfig
    config: StudyConfig
    spec: arch.Spec
    dataset: data.Dataset
    train: TrainConfig
    folder: str = ""
    seeds: int | None = None

    @property
    def name(self) -> str:
        """Name of the variant, as in every table."""
        return self.info.name

    @property
    def kind(self) -> str:
        """Name of its family, or of the class that is its module."""
        return model.kind(self.config.model)

    @property
    def runs(self) -> str:
        """Name of the variant whose runs are its own: itself, or one that is the same."""
        return self.info.same_as or self.name

    @property
    def is_pruned(self) -> bool:
        """Whether it starts from a trained net."""
        return self.config.prune != pruning.DENSE

    def seeds_in(self, study: StudyConfig) -> range:
        """Returns its seeds in a study."""
        return range(self.seeds or study.seeds)

    def together(self, seeds: int) -> int:
        """Returns how many of so many seeds may be trained at once.

        A pruned net is by itself, and so is one whose images are its own.
        """
        return 1 if self.is_pruned or self.config.data.own_subset else seeds

    @property
    def goes_on(self) -> bool:
        """Whether a run starts with what a trained dense net has learned."""
        return bool(self.info.dense) and self.config.prune.control == "none"

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
      settings: The fields that it sets.
      varied: The fields in which the variants of the study differ.
      datasets: Sets that are loaded already; one that is not is added.

    Raises:
      InputError: A value does not fit, the architecture is impossible, or the data are not there.
    """
    try:
        given = config.apply(study, settings)
        config.refuse_replaced(given, [field for field, _ in settings])
        given = dataclasses.replace(given, sweep=(), variants=(), treatments=())
        resolved = dataclasses.replace(given, model=model.resolve(given.model))
    except InputError as error:
        raise type(error)(f"variant {name}: {error}") from error
    dataset = datasets.get(given.data)
    try:
        dense = model.build_net(resolved.model, dataset.num_classes)
        _require_fitting(dense, dataset, study.metric)
        spec = pruning.expected(dense, given.prune)
        price = nets.cost(spec, dataset.image_shape)
        train.check_settings(spec, given.train, weights_pruned=bool(given.prune.weights))
    except InputError as error:
        raise type(error)(f"variant {name}: {error}") from error
    training = pruning.training(dense, spec, resolved, dataset)
    info = VariantInfo(
        name=name,
        group=model.kind(resolved.model),
        settings={field: config.get(resolved, field) for field in varied},
        image_shape=dataset.image_shape,
        steps=train.count_steps(training, len(dataset.train)),
        epoch_steps=len(dataset.train) / training.batch_size,
        **dataclasses.asdict(price),
    )
    return Variant(info, given, resolved, spec, dataset, training)


def _require_fitting(spec: arch.Spec, dataset: data.Dataset, metric: str) -> None:
    """Refuses a detector for images with one class each, and a classifier for images with objects.

    Raises:
      InputError: They do not go together.
    """
    has_objects = dataset.task == "detection"
    if has_objects != isinstance(spec, arch.DetectorSpec):
        what = "objects in its images" if has_objects else "one class an image"
        kinds = ", ".join(arch.DETECTORS if has_objects else arch.FAMILIES)
        raise InputError(
            f"{dataset.name} has {what}, and {spec.family} is for others; take {kinds}"
        )
    if has_objects and metric != "error":
        raise InputError(
            f"config.metric={metric!r} is for one class an image, and {dataset.name} has objects in"
            " its images; allowed: error"
        )


def same(one: Variant, other: Variant) -> bool:
    """Returns whether the runs of two variants are the same in architecture, data and training.

    Trainings of as many steps are, whichever fields make them as long.
    """

    def parts(variant: Variant) -> tuple[object, ...]:
        given = variant.config
        steps = train.count_steps(given.train, len(variant.dataset.train))
        recipe = dataclasses.replace(given.train, steps=steps, epochs=1, least_steps=0)
        return variant.spec, given.data, recipe, variant.info.steps, given.prune

    return parts(one) == parts(other)


def with_settings(variant: Variant, varied: Sequence[str]) -> Variant:
    """Returns a variant whose settings are all the fields in which those of the study differ."""
    settings = {field: config.get(variant.config, field) for field in varied}
    return dataclasses.replace(variant, info=dataclasses.replace(variant.info, settings=settings))


def with_all_settings(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """Returns variants of which each tells all fields that one of them tells."""
    varied = list(dict.fromkeys(field for variant in variants for field in variant.info.settings))
    return tuple(with_settings(variant, varied) for variant in variants)


def images_seen(variants: Sequence[Variant]) -> dict[str, float]:
    """Returns the images that a run of each variant sees, those of its dense net included."""
    seen = {v.name: float(v.info.steps * v.train.batch_size) for v in variants}
    return {v.name: seen[v.name] + (seen[v.info.dense] if v.goes_on else 0.0) for v in variants}


def require_sweepable(field: str) -> None:
    """Raises InputError where variants may not differ in a field."""
    if field.partition(".")[0] not in SWEEPABLE_GROUPS:
        raise InputError(f"variants cannot differ in config.{field}, only in {SWEEPABLE_GROUPS}")


def settings_of(variants: Sequence[Variant]) -> dict[str, dict[str, Value]]:
    """Returns, by name of the variant, every dotted field that may vary and its value.

    A treated variant has those that it had untreated, and its treatment as a field of its own, so
    that a hypothesis can set the two side by side. An option of a module is a field of all
    variants where one of them has it.
    """
    by_name = {variant.name: variant for variant in variants}
    rows = {}
    for variant in variants:
        untreated = by_name.get(variant.info.untreated, variant)
        rows[variant.name] = _fields(untreated) | {TREATMENT: variant.info.treatment}
    every = dict.fromkeys(field for row in rows.values() for field in row)
    return {name: {field: row.get(field) for field in every} for name, row in rows.items()}


def _fields(variant: Variant) -> dict[str, Value]:
    groups: Mapping[str, Mapping[str, Value]] = dataclasses.asdict(variant.config)
    fields = {
        f"{group}.{leaf}": v for group in SWEEPABLE_GROUPS for leaf, v in groups[group].items()
    }
    del fields["model.options"]
    options = variant.config.model.options
    return fields | {f"model.options.{name}": value for name, value in options.items()}
