"""What runs say for and against one claim, as far as they can say anything."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Sequence

from depthstudy.config import Hypothesis
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.claims.weighing import PRESENCE, Weighed
from depthstudy.evidence.panel import LEAST_SEEDS, RunPanel


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """A claim with its effects, or without where no variants with runs can be compared.

    Attributes:
      hypothesis: The claim.
      panel: The runs, in its metric.
      weighed: Its effects, but for those that say nothing.
      p_support: One-sided p value for the claim; NaN where it is not tested.
      p_refute: The same against it.
      no_better: Nets that have learned nothing, whose differences are left out.
      missing: Variants that it compares and of which no run has the metric.
    """

    hypothesis: Hypothesis
    panel: RunPanel
    weighed: Weighed | None = None
    p_support: float = math.nan
    p_refute: float = math.nan
    no_better: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def weigh(
    h: Hypothesis, panel: RunPanel, settings: VariantSettings, useless: Collection[str]
) -> Evidence:
    """Returns what the runs say of a claim.

    What is compared follows from all variants: no other stands in for one without runs. A claim of
    which a part is missing is not supported, but may be refuted by the others.

    Args:
      h: The claim.
      panel: The runs, in its metric.
      settings: Name of a variant to all its settings by dotted field.
      useless: Nets that are no better than always naming the largest class.
    """
    planned = pairing.parts(h, settings)
    names = dict.fromkeys(name for part in planned for pair in part for name in pair)
    missing = tuple(name for name in names if name not in panel.arms)
    pairs = [[pair for pair in part if not set(pair) & set(missing)] for part in planned]
    pairs = [part for part in pairs if part]
    if not pairs:
        return Evidence(h, panel, missing=missing)
    effects = [[panel.difference(left, right) for left, right in part] for part in pairs]
    every = Weighed(h, effects, pairs)
    weighed, dropped = _informative(every, useless)
    evidence = Evidence(h, panel, weighed, no_better=dropped, missing=missing)
    if not weighed.parts:
        return dataclasses.replace(evidence, weighed=every)
    flat = [effect for part in weighed.parts for effect in part]
    if any(effect.seeds < LEAST_SEEDS and not effect.exact for effect in flat):
        return evidence
    if not all(bool(effect.decidable) for effect in flat):
        return dataclasses.replace(evidence, p_support=1.0, p_refute=1.0)
    support, refute = weighed.p_values()
    if not _can_support(weighed, planned):
        support = 1.0
    if missing and h.relation == "rises":  # it may rise above one that is missing
        support, refute = support if support < refute else 1.0, 1.0
    return dataclasses.replace(evidence, p_support=support, p_refute=refute)


def _informative(weighed: Weighed, useless: Collection[str]) -> tuple[Weighed, tuple[str, ...]]:
    """Leaves out the pairs of which neither net is better than a constant answer.

    Returns:
      What is left, and the nets of the pairs that are not.
    """
    kept_parts, kept_pairs, dropped = [], [], []
    for effects, pairs in zip(weighed.parts, weighed.pairs, strict=True):
        places = [i for i, pair in enumerate(pairs) if not set(pair) <= set(useless)]
        dropped += [name for i, pair in enumerate(pairs) if i not in places for name in pair]
        if places:
            kept_parts.append([effects[i] for i in places])
            kept_pairs.append([pairs[i] for i in places])
    return Weighed(weighed.hypothesis, kept_parts, kept_pairs), tuple(dict.fromkeys(dropped))


def _can_support(weighed: Weighed, planned: Sequence[Sequence[tuple[str, str]]]) -> bool:
    """Whether what is left can support a claim: of each part a pair, where none is to be, all."""
    if weighed.hypothesis.relation in PRESENCE:
        return len(weighed.pairs) == len(planned)
    return sum(map(len, weighed.pairs)) == sum(map(len, planned))
