"""Measurements to sentences: what stands out in a net, by the rules stated here.

Pure functions. Each returns ``None`` where a net lacks the measurement.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Literal

from depthstudy.report.analysis_runs import Run, short
from depthstudy.report.formats import count, listing, number, percent

WRONG = 0.05  # share of train images that are wrong, above which a net does not fit
GAP = 0.05  # of test over train error, from which on it stands out
FOLD = 10  # by which gradients change along depth, likewise
FREE = 0.01  # test error that a block may cost and still be redundant
ALIKE = 0.9  # CKA above which layers are nearly alike, as in the probe
FLAT = 0.01  # accuracy that is no gain
SILENT = 0.1  # share of filters that never fire, from which on it stands out

Pairs = Mapping[tuple[str, str], float]  # a value of two layers
State = Literal["stands out", "nothing", "does not apply"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """A sentence on one net, and whether it stands out."""

    state: State
    text: str


def fit(run: Run) -> Finding | None:
    """Says whether the net fits its train set, and new images as well."""
    train, test = (run.whole("generalization", f"{part}_error") for part in ("train", "test"))
    if not (math.isfinite(train) and math.isfinite(test)):
        return None
    wide = test - train >= GAP
    if train > WRONG:
        end = "the net does not fit its own train set"
        end += ", and does worse still on new images" if wide else ""
    elif wide:
        points = number(100 * (test - train))
        end = f"the net fits its train set, but loses {points} points on new images"
    else:
        end = "the net fits its train set and does about as well on new images"
    text = f"Train error {percent(train)}, test error {percent(test)}: {end}."
    return _finding(text, out=train > WRONG or wide)


def gradients(run: Run) -> Finding | None:
    """Says by how much gradients shrink or grow on the way back through the net."""
    return change(run, "gradient_norm_slope", "From head to stem, gradients")


def change(run: Run, metric: str, what: str) -> Finding | None:
    """Says by how much something changes from head to stem, before and after training.

    Args:
      run: The net.
      metric: Of the slope, in powers of ten.
      what: What changes, in the plural.
    """
    times = (
        (f"{metric}_initial", "at initialization"),
        (f"{metric}_early", "early"),
        (metric, f"at step {run.info.step:,}"),
    )
    slopes = [(run.whole("gradients", name), when) for name, when in times]
    slopes = [(slope, when) for slope, when in slopes if math.isfinite(slope)]
    if not slopes:
        return None
    out = any(abs(slope) >= math.log10(FOLD) for slope, _ in slopes)
    parts = listing([f"{fold(slope)} {when}" for slope, when in slopes])
    return _finding(f"{what} {parts}.", out=out)


def fold(slope: float) -> str:
    """Returns ``"shrink 300-fold"`` for -2.48 powers of ten."""
    size = 10 ** min(abs(slope), 12.0)
    if size < 1.15:
        return "keep their size"
    if size >= 1e6:
        times = "more than a million"
    else:
        times = number(size) if size < 9.95 else f"{float(f'{size:.2g}'):,.0f}"
    return f"{'shrink' if slope < 0 else 'grow'} {times}\N{NON-BREAKING HYPHEN}fold"


def blocks(run: Run) -> Finding | None:
    """Says what it costs to take out any one block."""
    plain, anew = (
        [x for x in run.layers(probe, "error_increase").values() if math.isfinite(x)]
        for probe in ("deletion", "deletion_reestimated")
    )
    costs = plain or anew
    if not costs:
        return None
    few, total = sum(cost < FREE for cost in costs), len(costs)
    share = f"all {total}" if few == total > 1 else f"{few or 'none'} of {total}"
    text = (
        f"Taking out any one block costs {_cost(costs)}: {share} removable "
        f"{'block is' if total == 1 else 'blocks are'} redundant by this measure"
    )
    if plain and anew:
        free = sum(cost < FREE for cost in anew)
        text += f", {free or 'none'} once batch statistics are taken anew"
    return _finding(f"{text}.", out=2 * few >= total)


def _cost(costs: Sequence[float]) -> str:
    least, most = (number(100 * cost) for cost in (min(costs), max(costs)))
    if max(costs) <= 0:
        return "nothing"
    if max(costs) < FREE:
        return f"at most {most} points of test error"
    return f"{f'{least} to ' if least != most else ''}{most} points of test error"


def field(run: Run) -> Finding | None:
    """Says how many layers see nothing new."""
    fields = run.layers("field", "receptive_field")
    share = run.whole("field", "share_past_border")
    if not fields or not math.isfinite(share):
        return None
    past, side = round(share * len(fields)), f"{max(run.info.image_shape[:2]):,} px"
    if not past:
        text = f"No convolution lies past the border: none reads the whole image ({side})."
        return _finding(text, out=False)
    start = f"From {short(run.border())} on, " if run.border() else ""
    lie, see = ("lies", "it sees") if past == 1 else ("lie", "they see")
    text = f"{start}{past} of {count(len(fields), 'convolution')} {lie} past the border: "
    text += f"{see} nothing new, as the input already covers the whole image ({side})."
    return _finding(text, out=2 * past >= len(fields))


def alike(run: Run) -> Finding | None:
    """Names the longest run of blocks that give out nearly the same."""
    pairs = run.pairs("cka", "cka")
    names = pair_names(pairs)
    if not names:
        return None
    start, stop = longest_alike([[pair(pairs, a, b) for b in names] for a in names])
    size = stop - start
    if size < 2:
        return _finding("No two blocks in a row are nearly alike.", out=False)
    ends = f"{short(names[start])} to {short(names[stop - 1])}"
    text = f"{size} of {len(names)} blocks in a row, {ends}, are nearly alike (CKA above {ALIKE})."
    return _finding(text, out=2 * size >= len(names))


def pair_names(pairs: Pairs) -> list[str]:
    """Returns the layers of pairs, in the order in which they are met."""
    return list(dict.fromkeys([*(a for a, _ in pairs), *(b for _, b in pairs)]))


def pair(pairs: Pairs, a: str, b: str) -> float:
    """Returns the value of two layers, in any order; of a layer with itself it is 1."""
    return 1.0 if a == b else pairs.get((a, b), pairs.get((b, a), math.nan))


def longest_alike(matrix: Sequence[Sequence[float]]) -> tuple[int, int]:
    """Returns where the longest run of layers that are all pairwise alike starts and stops."""
    best = (0, 0)
    for start in range(len(matrix)):
        stop = start
        while stop < len(matrix) and all(row[stop] > ALIKE for row in matrix[start : stop + 1]):
            stop += 1
        best = max(best, (start, stop), key=lambda ends: ends[1] - ends[0])
    return best


def separation(run: Run) -> Finding | None:
    """Says after which block the classes become no easier to tell apart."""
    found = [
        (layer, value)
        for layer, value in run.layers("linear", "probe_accuracy").items()
        if math.isfinite(value)
    ]
    if not found:
        return None
    best = max(value for _, value in found)
    place = next(i for i, (_, value) in enumerate(found) if value > best - FLAT)
    layer, value = found[place]
    after = len(found) - place - 1
    start = f"From block {short(layer)} the classes can be read off with {percent(value)} accuracy"
    if not after:
        return _finding(f"{start}: up to the last block, accuracy rises.", out=False)
    rest = "the block after it adds" if after == 1 else f"the {after} blocks after it add"
    text = f"{start}: {rest} less than {number(100 * FLAT, 0)} point."
    return _finding(text, out=2 * after >= len(found))


def silent(run: Run) -> Finding | None:
    """Says how many filters never fire."""
    shares = {
        layer: value
        for layer, value in run.layers("rank", "dead_share").items()
        if math.isfinite(value)
    }
    if not shares:
        return None
    mean, worst = sum(shares.values()) / len(shares), max(shares, key=shares.__getitem__)
    if not mean:
        return _finding("Every filter fires for some image.", out=False)
    text = f"{percent(mean)} of filters never fire"
    text += f", most of them in {short(worst)} ({percent(shares[worst])})."
    return _finding(text, out=mean >= SILENT)


def _finding(text: str, *, out: bool) -> Finding:
    return Finding("stands out" if out else "nothing", text)
