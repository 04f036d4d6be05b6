"""Why a deeper net did worse: what each treatment wins back of its excess test error.

The excess is the test error of a deep net minus that of the best depth of its group. A treatment
aims at one mechanism; the share of the excess that it wins back is what is credited to the
mechanism. It is a difference in differences on paired seeds: what the treatment does for the deep
net, less what it does for the best depth, so that a treatment that helps all depths alike earns
nothing. One that leaves the best depth as it is does nothing for it. One that *harms* the best
depth earns nothing by that either: the harm is not counted, or a treatment that ruins every net
would close every gap.

All intervals are Student's t or Fieller's, at 95% each and on the seeds that the variants share.
The best depth was chosen on these seeds, which makes the excess look a little larger, and where a
study asks of many nets and treatments, one in forty that do nothing will look as if they did.
Treatments overlap, so shares of several need not add up to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from depthstudy import stats
from depthstudy.config import Treatment
from depthstudy.evidence.decomposition import best_depth
from depthstudy.records import Attribution, VariantInfo


def attribute(
    summary: pd.DataFrame, infos: Sequence[VariantInfo], treatments: Sequence[Treatment]
) -> list[Attribution]:
    """Returns what each treatment wins back of each deep net that does worse by more than chance.

    Args:
      summary: Finished runs, with the columns of ``records.Summary``; errors are fractions.
      infos: The variants; those without runs are left out.
      treatments: What was done to them, and the mechanism that each is aimed at.

    Returns:
      A row for each treatment of each untreated variant that is deeper than the best of its group
      and whose excess has an interval above zero; in the order of groups, depths, ``treatments``.

    Raises:
      InputError: An error in ``summary`` is not finite, or a run stands in it twice.
    """
    tests = stats.by_seed(summary, "test_error")
    trains = stats.by_seed(summary, "train_error")
    present = [info for info in infos if info.name in tests.columns]
    treated = {(info.untreated, info.treatment): info.name for info in infos if info.treatment}
    runs = {info.name for info in present}
    rows: list[Attribution] = []
    for group, deep, best in _deeper(present, tests):
        excess = stats.interval((tests[deep] - tests[best]).dropna())
        for treatment in treatments:
            new = treated.get((deep, treatment.name), "")
            new_best = treated.get((best, treatment.name), best)
            if excess.low > 0 and {new, new_best} <= runs:
                names = [deep, best, new, new_best]
                rows.append(_row(group, names, treatment, excess, tests, trains))
    return rows


def _deeper(infos: Sequence[VariantInfo], tests: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Yields the group, each untreated variant deeper than its best, and this best."""
    untreated = [info for info in infos if not info.treatment]
    for group in dict.fromkeys(info.group for info in untreated):
        ordered = sorted((i for i in untreated if i.group == group), key=lambda info: info.depth)
        best = best_depth([info.name for info in ordered], tests)
        depths = {info.name: info.depth for info in ordered}
        for name, depth in depths.items():
            if best is not None and depth > depths[best]:
                yield group, name, best


def _row(
    group: str,
    names: Sequence[str],
    treatment: Treatment,
    excess: stats.Estimate,
    tests: pd.DataFrame,
    trains: pd.DataFrame,
) -> Attribution:
    """Returns a row; ``names`` are the deep net, the best, and these two treated."""
    test, train = (table[list(names)].dropna().to_numpy().T for table in (tests, trains))
    gain, gain_at_best = test[0] - test[2], test[1] - test[3]
    counted = float(gain_at_best.size > 0 and gain_at_best.mean() > 0)
    recovered = gain - counted * gain_at_best
    optimization = train[0] - train[2] - counted * (train[1] - train[3])
    won = stats.interval(recovered)
    paired = test[0] - test[1]
    share_low, share_high = stats.fieller(recovered, paired)
    return Attribution(
        group=group,
        variant=names[0],
        best=names[1],
        mechanism=treatment.mechanism,
        treatment=treatment.name,
        control_of=treatment.control_of,
        excess=excess.mean,
        excess_low=excess.low,
        excess_high=excess.high,
        gain=stats.interval(gain).mean,
        gain_at_best=stats.interval(gain_at_best).mean,
        recovered=won.mean,
        low=won.low,
        high=won.high,
        share=won.mean / stats.interval(paired).mean,
        share_low=share_low,
        share_high=share_high,
        optimization_part=stats.interval(optimization).mean,
        generalization_part=stats.interval(recovered - optimization).mean,
        seeds=won.seeds,
    )
