"""Settings of an architecture search."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.config.types import Count, Natural, Positive, Share, Value


@dataclasses.dataclass(frozen=True)
class SearchConfig:
    """A search for the nets of a study: what it may choose, what a net may cost, how it is done.

    It chooses within each stratum of depths by itself, with as many trials in each, and beside it
    random search has as many. All choices read validation data. What wins is trained anew with
    seeds that the search never saw, and is tested once.

    Attributes:
      trials: Nets that are trained in each stratum, by each method, in each repeat; 0 is no search.
      ranges: Fields of ``model`` and the values to choose from, as
        ``(("model.depth", (8, 14, 20)), ...)``; empty where stages are free.
      stages: How many free stages a net has, of which each chooses from what follows.
      kinds: Kinds of blocks, of ``arch.families.staged``.
      counts: Blocks of a stage.
      widths: Channels over ``width``, which doubles from stage to stage.
      kernels: Sides of the kernels that are not 1x1.
      expansions: Factors of the channels inside a block, where its kind has one.
      squeezes: Channels over those inside gates, where the kind has gates; 0 is none.
      shortcuts: Whether blocks may be, or have to be, residual.
      width: Channels of the stem and, at factor 1, of the first stage.
      strata: Least and greatest depth (weight layers) of each stratum.
      macs: The most multiply-accumulates of a net; ``None`` sets no limit, as below.
      parameters: The most parameters.
      fields: Least and greatest receptive field, over the side of the images.
      latency: The most milliseconds of one image, in the process that plans, as measured.
      objective: What is made small beside the validation error.
      method: What proposes nets: a tree-structured Parzen estimator (Bergstra et al. 2011), an
        evolution (NSGA-II, Deb et al. 2002), or chance alone, beside which there is no other.
      startup: Nets of a search that are drawn at random before the method proposes any.
      generation: Nets that are proposed before the errors of any of them are known.
      shares: Shares of the full training for which nets are tried, rising to 1: all for the first,
        ever fewer for the next (successive halving), each with a whole schedule of its own.
      keep: Share of the nets of a search that goes on to the next.
      rates: Whether ``config.tune`` is tried on a few nets of each ``"stratum"``, or on each net.
      repeats: How often all is searched anew, with other random choices.
      families: Families that are scaled to the same multiply-accumulates, for comparison.
      scored: How many of the nets that random search drew are measured by zero-cost scores.
      seed: Seed of all that is drawn while searching.
    """

    trials: Natural = 0
    ranges: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    stages: Natural = 0
    kinds: tuple[str, ...] = ("basic", "bottleneck", "preact_basic", "inverted", "separable")
    counts: tuple[Count, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    widths: tuple[Positive, ...] = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
    kernels: tuple[Count, ...] = (3, 5, 7)
    expansions: tuple[Count, ...] = (1, 2, 4, 6)
    squeezes: tuple[Natural, ...] = (0, 4, 16)
    shortcuts: tuple[bool, ...] = (True, False)
    width: Count = 16
    strata: tuple[tuple[Count, Count], ...] = ((1, 1_000),)
    macs: Count | None = None
    parameters: Count | None = None
    fields: tuple[Positive, Positive] | None = None
    latency: Positive | None = None
    objective: Literal["none", "macs", "latency"] = "macs"
    method: Literal["tpe", "nsga2", "random"] = "tpe"
    startup: Count = 5
    generation: Count = 4
    shares: tuple[Share, ...] = (0.5, 1.0)
    keep: Share = 0.25
    rates: Literal["stratum", "trial"] = "stratum"
    repeats: Count = 3
    families: tuple[str, ...] = ()
    scored: Natural = 0
    seed: Natural = 0
