"""Questions of a study: hypotheses, and treatments of the loss that depth brings."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.config.types import Mechanism, NonNegative, Settings

WITH_FINE_TUNING = "with_fine_tuning"  # as train.epochs of a treatment


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """A sentence that a study can find supported or refuted, and the numbers that decide it.

    ``where`` picks variants by their settings. ``greater``, ``less``, ``equivalent`` and
    ``not_greater`` compare them with the variants that ``against`` picks;
    ``rises`` and ``does_not_rise`` compare the greatest value of ``along`` with each lesser one: a
    metric rises where it is above that of some of them. A treated variant has the settings that it
    had untreated, and the name of its treatment as a further field ``treatment``; a side that does
    not name this field picks untreated variants only.

    Attributes:
      name: Short name, unique in the study.
      statement: The sentence, as a reader should see it.
      metric: A numeric column of ``summary.csv``; or, as ``"gradients.gradient_norm_slope"``, what
        a probe in ``probes``, or training itself (``run``, ``training``, ``evaluation``), says of a
        whole run in ``records.csv``, the last time that it does.
      relation: What is claimed of the metric.
      where: Settings of the variants that the statement is about.
      against: Settings of the variants that they are compared with.
      along: The dotted field along which a metric rises or does not.
      margin: In units of the metric: how much a difference must exceed (``greater``, ``less``,
        ``rises``), or how large a difference is still none (``equivalent``, ``not_greater``,
        ``does_not_rise``).
    """

    name: str
    statement: str
    metric: str
    relation: Literal["greater", "less", "equivalent", "not_greater", "rises", "does_not_rise"]
    where: Settings = ()
    against: Settings = ()
    along: str | None = None
    margin: NonNegative = 0.0


@dataclasses.dataclass(frozen=True)
class Pool:
    """Nets that a hypothesis takes as one: each adds a run, as the seeds of a variant do.

    So a procedure that gives another net each time it is repeated, as a search, can be compared. A
    hypothesis picks a pool by ``("pool", NAME)``, and all that share a kind by ``("pools", KIND)``.
    A net that only stands in pools is trained with as many seeds as it stands in one.

    Attributes:
      name: Its name, unique among pools and variants; it may have spaces.
      variants: Names of variants. One that stands several times adds its first seeds.
      kind: What several pools share, or ``""``.
    """

    name: str
    variants: tuple[str, ...]
    kind: str = ""


@dataclasses.dataclass(frozen=True)
class Treatment:
    """A change that is aimed at one of the mechanisms by which depth may hurt, and at it alone.

    Attributes:
      name: Short name, unique in the study; it ends the names of the variants that have it.
      mechanism: The mechanism to blame if the treatment wins back what depth lost.
      settings: Pairs of a dotted field and its new value; ``"double"`` is twice the number that it
        was (of ``data.image_size``, where that is ``None``, twice the size of the set's images).
        ``"with_fine_tuning"``, of ``train.epochs``, is as long as the training was and the
        fine-tuning that ``control_of`` adds to it, in steps where ``train.steps`` is set.
      where: Settings of the variants that it is given to; none are all.
      control_of: Name of the treatment that this one is the control of. What a control wins back is
        shown beside what its treatment does, and credited to no mechanism.
    """

    name: str
    mechanism: Mechanism
    settings: Settings
    where: Settings = ()
    control_of: str = ""
