"""What runs say for and against one claim, as far as they can say anything."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection

from depthstudy.config import Hypothesis
from depthstudy.evidence.claims import pairing
from depthstudy.evidence.claims.pairing import VariantSettings
from depthstudy.evidence.claims.weighing import PRESENCE, Weighed
from depthstudy.evidence.panel import LEAST_SEEDS, RunPanel


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """A claim with its effects, or without where no variants with runs can be compared."""

    hypothesis: Hypothesis
    panel: RunPanel
    weighed: Weighed | None = None
    p_support: float = math.nan
    p_refute: float = math.nan
    no_better: tuple[str, ...] = ()


def weigh(
    h: Hypothesis, panel: RunPanel, settings: VariantSettings, useless: Collection[str]
) -> Evidence:
    """Returns what the runs say of a claim.

    Args:
      h: The claim.
      panel: The runs, in its metric.
      settings: Name of a variant to all its settings by dotted field.
      useless: Nets that are no better than always naming the largest class.
    """
    present = {name: fields for name, fields in settings.items() if name in panel.arms}
    pairs = pairing.parts(h, present)
    if not pairs:
        return Evidence(h, panel)
    effects = [[panel.difference(left, right) for left, right in part] for part in pairs]
    weighed, whole, dropped = _informative(Weighed(h, effects, pairs), useless)
    if len(dropped) and not any(weighed.parts):
        return Evidence(h, panel, Weighed(h, effects, pairs), no_better=dropped)
    effects = [list(part) for part in weighed.parts]
    flat = [effect for part in effects for effect in part]
    if any(effect.seeds < LEAST_SEEDS and not effect.exact for effect in flat):
        return Evidence(h, panel, weighed, no_better=dropped)
    if not all(bool(effect.decidable) for effect in flat):
        return Evidence(h, panel, weighed, 1.0, 1.0, dropped)
    support, refute = weighed.p_values()
    return Evidence(h, panel, weighed, support if whole else 1.0, refute, dropped)


def _informative(
    weighed: Weighed, useless: Collection[str]
) -> tuple[Weighed, bool, tuple[str, ...]]:
    """Leaves out the pairs of which neither net is better than a constant answer.

    Returns:
      What is left, whether it can support the claim, as every part of it is there, and the nets of
      the pairs that are not.
    """
    h, kept_parts, kept_pairs, dropped = weighed.hypothesis, [], [], []
    for effects, pairs in zip(weighed.parts, weighed.pairs, strict=True):
        places = [i for i, pair in enumerate(pairs) if not set(pair) <= set(useless)]
        dropped += [name for i, pair in enumerate(pairs) if i not in places for name in pair]
        if places:
            kept_parts.append([effects[i] for i in places])
            kept_pairs.append([pairs[i] for i in places])
    whole = not dropped
    if h.relation in PRESENCE:
        whole = len(kept_parts) == len(weighed.parts)
    return Weighed(h, kept_parts, kept_pairs), whole, tuple(dict.fromkeys(dropped))
