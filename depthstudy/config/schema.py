"""Every setting of a study."""

from __future__ import annotations

import dataclasses
from typing import Literal

from depthstudy.config.data import DataConfig
from depthstudy.config.model import ModelConfig
from depthstudy.config.pruning import PruneConfig
from depthstudy.config.questions import Hypothesis, Pool, Treatment
from depthstudy.config.search import SearchConfig
from depthstudy.config.training import TrainConfig
from depthstudy.config.types import Count, Settings, Value


@dataclasses.dataclass(frozen=True)
class StudyConfig:
    """A study: what all its runs share, how the variants differ, and what is asked of them.

    Attributes:
      name: Name of the study, written in every record.
      seeds: Number of seeds, counted from 0, of every variant.
      seeds_until_settled: The most seeds of a variant. Seeds are added to the variants of each
        hypothesis until it is decided, at 3, 5, 10, 20 and this many; the error that is allowed is
        shared out among these looks, and little of it is left for them in a study that has looked
        before. By default all have ``seeds``, and it is looked once.
      sweep: Pairs of a dotted field and the values that it takes; variants are their product.
      variants: Further variants by name: pairs of a name and settings.
      treatments: Each variant is trained as it is, and once more with each of these on top.
      pools: Nets whose runs stand together in a hypothesis, as those that several searches found.
      hypotheses: What the study is to decide.
      tune: Pairs of a dotted field and the values to try: each variant is trained once more with
        the setting that does best on validation data, with as many trials for each.
      tune_seeds: How many seeds a trial has; none of them is a seed of a variant.
      search: A search for the variants, in place of ``sweep`` and ``variants``.
      budget_check: Factors of the training by which a net that does not fit what a shallower one
        fits is trained longer, in rising order, until it does.
      probes: Names of probes that measure the last checkpoints of all variants after training.
      probe_seeds: How many seeds of a variant are measured, counted from 0.
      probe_examples: How many examples of each split a probe looks at.
      metric: What errors are: ``"error"``, the share of images that are wrong, or
        ``"balanced_error"``, the mean of that share over the classes, for uneven ones.
      processes: In how many processes runs are trained side by side on a CPU; by default in as many
        as there are cores, and fewer where there is little to train or little memory.
      executor: Who does the runs: ``"local"`` are this process and others on its machine,
        ``"ray"`` the Ray cluster at ``RAY_ADDRESS``, or one that is started here.
      time_budget: What the study may take, as ``"30m"`` or ``"2h"``: seeds, then the greatest
        depths of the sweep, are left out until a guess from a few steps says that it fits.
    """

    name: str = "study"
    seeds: Count = 1
    seeds_until_settled: Count | None = None
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    prune: PruneConfig = dataclasses.field(default_factory=PruneConfig)
    sweep: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    variants: tuple[tuple[str, Settings], ...] = ()
    treatments: tuple[Treatment, ...] = ()
    pools: tuple[Pool, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    tune: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    tune_seeds: Count = 1
    search: SearchConfig = dataclasses.field(default_factory=SearchConfig)
    budget_check: tuple[Count, ...] = ()
    probes: tuple[str, ...] = ()
    probe_seeds: Count = 1
    probe_examples: Count = 500
    metric: Literal["error", "balanced_error"] = "error"
    processes: Count | None = None
    executor: Literal["local", "ray"] = "local"
    time_budget: str | None = None

    @property
    def awaits_search(self) -> bool:
        """Whether its variants are still to be found by a search."""
        return self.search.trials > 0 and not self.variants
