"""What is said of pruned nets: a sentence for each picture, and a table of promise and measurement.

Pure functions, as in ``words``. Sentences on pictures speak of means over seeds.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence

from depthstudy.report import formats, pruning, tables
from depthstudy.report.pruning import Pruned
from depthstudy.report.tables import Estimate, Study

FREE = 0.01  # test error that may be lost for nothing to be lost


@dataclasses.dataclass(frozen=True)
class Listed:
    """A pruned net as a row of the table.

    Attributes:
      name: Its name.
      out: What was taken out of which net.
      weights: Share of the dense net's weights that is left.
      macs: Share of its multiply-accumulates: what is promised.
      time: Share of the time of its training step: what was measured.
      error: Test error.
      change: Test error minus that of the dense net.
    """

    name: str
    out: str
    weights: str
    macs: str
    time: str
    error: str
    change: str


def errors(study: Study, part: str) -> str:
    """Says how much of a part each method takes out for next to nothing, for each dense net."""
    groups = pruning.panels_of(study)[part]
    deepest_first = sorted(groups, key=lambda origin: -_depth(study, groups[origin]))
    found = [(origin, _free(study, groups[origin])) for origin in deepest_first]
    found = [(origin, said) for origin, said in found if said]
    told = [
        f"at {origin}, {_taken(said, part, brief=i > 0)}" for i, (origin, said) in enumerate(found)
    ]
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}." if told else ""


def _taken(said: Sequence[tuple[str, float]], part: str, *, brief: bool) -> str:
    """Returns ``"magnitude takes out 90% of the weights for less than ..., random 50%"``."""
    parts = [f"{method} {_share(most) if most else 'none'}" for method, most in said]
    if brief:
        return ", ".join(parts)
    method, most = said[0]
    amount = f"{_share(most)}" if most else "no share that was tried"
    first = f"{method} takes out {amount} of the {part} for less than {_point(FREE)} of test error"
    return ", ".join([first, *parts[1:]])


def _free(study: Study, nets: Sequence[Pruned]) -> list[tuple[str, float]]:
    """Returns the methods and the greatest share that each takes out for next to nothing."""
    said = []
    for method in dict.fromkeys(net.method for net in nets if not net.is_control):
        mine = sorted((net for net in nets if net.method == method), key=lambda net: net.share)
        most = 0.0
        for net in mine:
            lost = pruning.difference(study, net.info.name, net.info.dense)
            if not lost.mean < FREE:
                break
            most = net.share
        said.append((method, most))
    return said


def controls(study: Study, part: str) -> list[str]:
    """Says whether going on from what was learned beats training anew, pair by pair."""
    nets = [net for net in pruning.nets(study) if net.part == part]
    sentences = []
    for net in nets:
        kin = [other for other in nets if not other.is_control and _tuned(net) == _tuned(other)]
        if net.is_control and kin:
            found = pruning.difference(study, kin[0].info.name, net.info.name)
            anew = pruning.CONTROLS[net.own.control].replace("anew, equal", "anew for equal")
            sentences.append(
                f"{net.origin[:1].upper()}{net.origin[1:]}, {_share(net.share)} of the {part} out: "
                f"fine-tuned, it errs {_compared(found)} than {anew}."
            )
    if not sentences and any(net.part != "weights" for net in nets):
        return ["Nothing of the same shape was trained anew, so it is open what pruning is worth."]
    return sentences


def _tuned(net: Pruned) -> object:
    plain = dataclasses.replace(net.own, control="none")
    return net.origin, net.info.dense, dataclasses.replace(plain, fine_tune_rate=None)


def _compared(found: Estimate) -> str:
    size = formats.number(100 * abs(found.mean))
    if size == "0.0":
        size = "less than 0.1"
    word = "more" if found.mean > 0 else "less"
    if not math.isfinite(found.half):
        return f"{size} points {word}"
    ends = sorted(math.copysign(100, found.mean) * end for end in (found.low, found.high))
    low, high = (formats.number(end) for end in ends)
    return f"{size} points {word} (95% interval {low} to {high})"


def density(study: Study, nets: Sequence[Pruned]) -> str:
    """Says which layers lose most and least in the sparsest net of those that start alike."""
    known = [(net, pruning.densities(study, net.info.name)) for net in nets]
    known = [(net, found) for net, found in known if found and net.own.score != "random"]
    if not known:
        return ""
    net, found = max(known, key=lambda pair: pair[0].share)
    least, most = min(found, key=found.__getitem__), max(found, key=found.__getitem__)
    return (
        f"At {net.origin}, the net without {_share(net.share)} of its weights ({net.method}) has "
        f"{formats.percent(found[most])} left in {most} and "
        f"{formats.percent(found[least])} in {least}."
    )


def speed(study: Study) -> str:
    """Says what pruned nets save by count, and what by the clock."""
    masked: list[tuple[float, float]] = []
    smaller: list[tuple[float, float]] = []
    for net in pruning.nets(study):
        time = _time(study, net)
        if math.isfinite(time):
            (masked if net.part == "weights" else smaller).append((_macs(study, net), time))
    parts = []
    if masked:
        parts.append(
            "Masked nets are not faster, for zeros are multiplied like other numbers: a training "
            f"step takes {_median([time for _, time in masked])} of its dense twin’s time, the "
            "choice of what goes included."
        )
    if smaller:
        parts.append(
            f"Nets that were made smaller have {_median([macs for macs, _ in smaller])} of the "
            f"multiply-accumulates, and their step takes {_median([time for _, time in smaller])} "
            "of the time."
        )
    return " ".join(parts)


def listed(study: Study) -> list[Listed]:
    """Returns the rows of the table."""
    infos = {info.name: info for info in study.info.variants}
    rows = []
    for net in pruning.nets(study):
        dense = infos[net.info.dense]
        masked = net.part == "weights"
        left = 1 - net.share if masked else net.info.parameters / dense.parameters
        change = pruning.difference(study, net.info.name, dense.name)
        rows.append(
            Listed(
                name=net.info.name,
                out=f"{net.origin}: {_share(net.share)} of {net.part}, {net.method}",
                weights=f"{_whole(left)}{' (masked)' if masked else ''}",
                macs=_whole(_macs(study, net)),
                time=_whole(_time(study, net)),
                error=formats.percent_estimate(tables.final(study, net.info.name, "test_error")),
                change=change_of(change),
            )
        )
    return rows


def change_of(change: Estimate) -> str:
    """Returns a difference in points: ``"+0.4 (−0.2 to +1.0)"``."""
    if not change.count:
        return formats.DASH
    mean, low, high = map(formats.signed, (change.mean, change.low, change.high))
    return f"{mean} ({low} to {high})" if math.isfinite(change.half) else mean


def _macs(study: Study, net: Pruned) -> float:
    dense = next(info for info in study.info.variants if info.name == net.info.dense)
    return net.info.macs / dense.macs


def _time(study: Study, net: Pruned) -> float:
    return pruning.ratio(
        pruning.step_seconds(study, net.info.name), pruning.step_seconds(study, net.info.dense)
    )


def _median(shares: Sequence[float]) -> str:
    """Returns ``"40% (25 to 55%)"``: the median and the ends."""
    low, high = _whole(min(shares)), _whole(max(shares))
    middle = _whole(statistics.median(shares))
    return low if low == high else f"{middle} ({low.removesuffix('%')} to {high})"


def _whole(share: float) -> str:
    return formats.number(100 * share, 0) + "%" if math.isfinite(share) else formats.DASH


def _share(share: float) -> str:
    return formats.number(100 * share, 1).removesuffix(".0") + "%"


def _point(fraction: float) -> str:
    return f"{formats.number(100 * fraction, 0)} point"


def _depth(study: Study, nets: Sequence[Pruned]) -> int:
    names = {net.info.dense for net in nets}
    return max(info.depth for info in study.info.variants if info.name in names)
