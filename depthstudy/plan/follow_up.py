"""Variants that the results of a study ask for: settings to try, tuned nets, longer trainings."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence

from depthstudy import config, train
from depthstudy.config import Settings, TrainConfig
from depthstudy.plan.variants.naming import folder_name
from depthstudy.plan.variants.variant import Datasets, Variant, build, same
from depthstudy.records import LONGER, OWN_SETTINGS

RATE, _STEPS = "train.learning_rate", "train.steps"
TUNING = "tuning"  # the folder of trials, within that of the study
SEARCH = "search"  # that of the nets that a search tries


@dataclasses.dataclass(frozen=True)
class FollowUp:
    """How a variant follows from another: plain data, so that any process can make it.

    Attributes:
      base: Name of the variant that it follows from.
      name: Its name.
      settings: Dotted fields, and their values in place of those of ``base``.
      treatment: Name of the treatment that it is; ``""`` for a trial, which is none.
      folder: Folder of its runs within that of the study; ``""`` is the study's.
    """

    base: str
    name: str
    settings: Settings
    treatment: str = ""
    folder: str = ""


def untreated(variants: Sequence[Variant]) -> list[Variant]:
    """Returns the variants that may be tuned: none that is pruned, treated or a duplicate."""
    return [v for v in variants if not (v.is_pruned or v.info.treatment or v.info.same_as)]


def follow(base: Variant, follow_up: FollowUp) -> Variant:
    """Returns the variant that follows from another.

    One that is the same as ``base`` has its runs.
    """
    varied = list(dict.fromkeys([*base.info.settings, *(f for f, _ in follow_up.settings)]))
    datasets = Datasets({base.given.data: base.dataset})
    variant = build(base.given, follow_up.name, follow_up.settings, varied, datasets)
    info = dataclasses.replace(
        variant.info,
        group=f"{base.info.group} + {follow_up.treatment}",
        treatment=follow_up.treatment,
        untreated=base.name,
        same_as=base.runs if not follow_up.folder and same(variant, base) else "",
    )
    return dataclasses.replace(variant, info=info, folder=follow_up.folder)


def own_settings(base: Variant, settings: Settings) -> FollowUp:
    """Returns a net with the settings that were tuned for it."""
    name = folder_name(f"{base.name}+own_{_words(settings)}")
    return FollowUp(base.name, name, settings, OWN_SETTINGS)


def longer(base: Variant, factor: int, settings: Settings = ()) -> FollowUp:
    """Returns a net that is trained for a multiple of its steps, with tuned settings if there are.

    The steps are those that it has with these settings. The warm-up stays as long as it is.
    """
    treatment = f"{LONGER}{factor}"
    steps = (_STEPS, factor * _training(base, settings)[1])
    name = "_".join([f"{base.name}+{treatment}", *([_words(settings)] if settings else [])])
    return FollowUp(base.name, folder_name(name), (*settings, steps), treatment)


def trial(base: Variant, settings: Settings, share: float) -> FollowUp:
    """Returns a net that tries settings for a share of its training, on a whole schedule."""
    steps, short = _short(base, settings, share)
    name = folder_name(f"{base.name}_{_words(settings)}_{steps}steps")
    return FollowUp(base.name, name, (*settings, *short), folder=TUNING)


def searched(base: Variant, settings: Settings, share: float) -> FollowUp:
    """Returns a net that a search tries for a share of its training, on a whole schedule.

    Its name follows from its settings, so that a net that is proposed twice is trained once.
    """
    steps, short = _short(base, settings, share)
    name = f"net_{name_of_settings(settings)}_{steps}steps"
    return FollowUp(base.name, name, (*settings, *short), folder=SEARCH)


def name_of_settings(settings: Settings) -> str:
    """Returns ten hexadecimal digits that tell settings apart."""
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:10]


def _short(base: Variant, settings: Settings, share: float) -> tuple[int, Settings]:
    """Returns the steps of a trial, and the settings that make it as long.

    It is a share of the training that the net has with the settings that are tried, so that those
    of one batch size see as many images as those of another, and warms up for the same part of it.
    """
    tried, whole = _training(base, settings)
    steps = max(1, round(share * whole))
    return steps, (
        (_STEPS, steps),
        ("train.warmup_steps", round(tried.warmup_steps * steps / whole)),
        ("train.evaluations", 1),
        ("train.keep_checkpoints", 1),
    )


def _training(base: Variant, settings: Settings) -> tuple[TrainConfig, int]:
    """Returns how a net is trained with other settings, and for how many steps."""
    tried = config.apply(base.given, settings).train
    return tried, train.count_steps(tried, len(base.dataset.train))


def with_lower_rate(settings: Settings, rate: float, tried: Sequence[float] = ()) -> Settings:
    """Returns settings with the next lower learning rate, as a longer training wants.

    >>> with_lower_rate((), 0.1)
    (('train.learning_rate', 0.032),)
    >>> with_lower_rate((("train.learning_rate", 0.03),), 0.1, (0.003, 0.01, 0.03))
    (('train.learning_rate', 0.01),)

    Args:
      settings: What a net is trained with in place of its own settings.
      rate: Its own rate.
      tried: Rates that were tried for it; below the least of them it is half a decade lower.
    """
    others = {field: value for field, value in settings if field != RATE}
    current = dict(settings).get(RATE, rate)
    assert isinstance(current, float | int)
    lower = max(
        (value for value in tried if value < current), default=float(f"{current / 10**0.5:.2g}")
    )
    return (*others.items(), (RATE, lower))


def in_words(settings: Settings) -> str:
    """Returns settings as a row of a table has them, without the steps."""
    return ", ".join(f"{field}={value}" for field, value in settings if field != _STEPS)


def _words(settings: Settings) -> str:
    """Returns settings as a part of a name, so that other settings have another folder."""
    return "_".join(f"{field.rpartition('.')[2]}{value}" for field, value in settings)
