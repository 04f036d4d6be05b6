"""What a run is and how it ended: the content of ``run.json`` and ``result.json``."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from depthstudy.config.types import Fraction, Natural, NonNegative
from depthstudy.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What a run is, whole: from it the net and its data can be rebuilt without a config file.

    Attributes:
      study: Name of the study.
      variant: Name of the variant.
      seed: Seed of initialization and augmentation.
      arch: The architecture, as ``ArchSpec.to_json`` wrote it.
      config: The groups ``model``, ``data``, ``train`` and ``prune`` of the config.
      dataset: What was learned, with the version that names its content.
      image_shape: Height, width and channels.
      class_names: Names of the classes.
      removed: Blocks of its dense twin that were taken out, as ``"stage1/block02"``.
      preprocessing: From an image to the input of the net, as ``data.Preprocessing.to_dict`` gives
        it; ``None`` in runs of earlier versions.
      platform: What JAX trained it on last, as ``"cpu"``; ``""`` in runs of earlier versions.
    """

    study: str
    variant: str
    seed: int
    arch: str
    config: dict[str, Any]
    dataset: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    removed: tuple[str, ...] = ()
    preprocessing: dict[str, Any] | None = None
    platform: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended: the content of ``result.json``.

    Attributes:
      status: ``"finished"`` or ``"diverged"``.
      step: Last step.
      diverged_at: The step whose loss, or what it left of the net, was not finite; counted from 1.
      train_error: Share of the fixed train examples that it gets wrong, in eval mode.
      validation_error: Share of the examples held out that it gets wrong; ``None`` without any.
      test_error: Share of all test examples that it gets wrong; ``None`` of a trial.
      train_loss: Mean loss in nats; ``None`` where it is not finite.
      test_loss: The same.
      train_seconds: Wall time of its training steps, with other runs beside it if there were
        several processes; a group's time is shared equally.
      eval_seconds: Wall time of its evaluations, likewise.
      train_balanced_error: ``train_error`` with all classes counted alike; ``None`` in runs of
        earlier versions.
      validation_balanced_error: The same of ``validation_error``.
      test_balanced_error: The same of ``test_error``.
      files: SHA-256 of the files beside it, by name; empty where an earlier version wrote it.
    """

    status: Literal["finished", "diverged"]
    step: Natural
    diverged_at: Natural | None
    train_error: Fraction
    test_error: Fraction | None
    train_loss: float | None
    test_loss: float | None
    train_seconds: NonNegative
    eval_seconds: NonNegative
    validation_error: Fraction | None = None
    files: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)
    train_balanced_error: Fraction | None = None
    validation_balanced_error: Fraction | None = None
    test_balanced_error: Fraction | None = None

    def error(self, split: str, metric: str) -> float | None:
        """Returns the error on a split, ``"error"`` or ``"balanced_error"``, if there is one.

        Raises:
          InputError: The run was finished by a version that did not count it.
        """
        error: float | None = getattr(self, f"{split}_{metric}")
        if error is None and getattr(self, f"{split}_error") is not None:
            raise InputError(
                f"a run was finished by an earlier version, which did not count the {metric} of"
                ' its images; remove its folder, or take config.metric="error"'
            )
        return error
