"""What stands out in a net: sentences that follow from its measurements by the rules stated here.

Pure functions. Each check returns ``None`` where its probe was not asked for.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Literal

from depthstudy.report import words
from depthstudy.report.analysis_runs import Analysis, Run, cross_probe, short
from depthstudy.report.words import count, number, percent

WRONG = 0.05  # share of train images that are wrong, above which a net does not fit
GAP = 0.05  # of test over train error, from which on it stands out
FOLD = 10  # by which gradients change along depth, likewise
FREE = 0.01  # test error that a block may cost and still be redundant
ALIKE = 0.9  # CKA above which layers are nearly alike, as in the probe
FLAT = 0.01  # accuracy that is no gain
SILENT = 0.1  # share of filters that never fire, from which on it stands out

State = Literal["stands out", "nothing", "does not apply"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """A sentence on one net, and whether it stands out."""

    state: State
    text: str


@dataclasses.dataclass(frozen=True)
class Check:
    """A question to a net.

    Attributes:
      name: A word or two.
      note: What is measured and when it stands out, for a reader who knows none of it.
      find: Answers it.
    """

    name: str
    note: str
    find: Callable[[Run], Finding | None]


def fit(run: Run) -> Finding | None:
    """Says whether the net fits its train set, and new images as well."""
    train, test = (run.whole("generalisation", f"{part}_error") for part in ("train", "test"))
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
    return _change(run, "gradient_norm_slope", "From head to stem, gradients")


def carried(run: Run) -> Finding | None:
    """Says the same of what back-propagation carries from block to block."""
    return _change(run, "output_gradient_norm_slope", "What is carried back from block to block")


def _change(run: Run, metric: str, what: str) -> Finding | None:
    times = ((f"{metric}_initial", "at initialisation"), (metric, f"at step {run.info.step:,}"))
    slopes = [(run.whole("gradients", name), when) for name, when in times]
    slopes = [(slope, when) for slope, when in slopes if math.isfinite(slope)]
    if not slopes:
        return None
    plural = what.endswith("s")
    parts = [f"{_fold(slope, plural=plural)} {when}" for slope, when in slopes]
    out = any(abs(slope) >= math.log10(FOLD) for slope, _ in slopes)
    return _finding(f"{what} {words.listing(parts)}.", out=out)


def _fold(slope: float, *, plural: bool) -> str:
    """Returns ``"shrink 300-fold"`` for -2.48 powers of ten."""
    size = 10 ** min(abs(slope), 12.0)
    if size < 1.15:
        return "keep their size" if plural else "keeps its size"
    if size >= 1e6:
        fold = "more than a million-fold"
    else:
        fold = f"{number(size, 1)}-fold" if size < 10 else f"{float(f'{size:.2g}'):,.0f}-fold"
    verb = "shrink" if slope < 0 else "grow"
    return f"{verb if plural else verb + 's'} {fold}"


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
    least, most = (_points(cost) for cost in (min(costs), max(costs)))
    cost = f"at most {most} points" if few == total else f"{least} to {most} points"
    cost = "nothing" if max(costs) <= 0 else cost
    cost = f"{most} points" if total == 1 and few < total else cost
    many = "none" if not few else "all" if few == total > 1 else str(few)
    noun = "removable block" if total == 1 else "removable blocks"
    of = f"all {total}" if many == "all" else f"{many} of {total}"
    text = f"Taking out any one block costs {cost} of test error: {of} {noun} "
    text += f"{'is' if few == 1 or (not few and total == 1) else 'are'} redundant by this measure"
    if plain and anew and len(anew) == total:
        text += f", {sum(cost < FREE for cost in anew)} once batch statistics are taken anew"
    return _finding(f"{text}.", out=2 * few >= total)


def _points(fraction: float) -> str:
    return number(100 * fraction)


def field(run: Run) -> Finding | None:
    """Says how many layers see nothing new."""
    fields = run.layers("field", "receptive_field")
    share = run.whole("field", "share_past_border")
    if not fields or not math.isfinite(share):
        return None
    past, side = round(share * len(fields)), max(run.info.image_shape[:2])
    if not past:
        return _finding(
            f"No convolution lies past the border layer: "
            f"what each reads is smaller than the image ({side:,} px).",
            out=False,
        )
    verb, they = ("lies", "it sees") if past == 1 else ("lie", "they see")
    border = f" ({short(run.border())})" if run.border() else ""
    return _finding(
        f"{past} of {count(len(fields), 'convolution')} {verb} past the border layer{border}: "
        f"{they} nothing new, as what they read already covers the image ({side:,} px).".replace(
            "what they read", "what it reads" if past == 1 else "what they read"
        ),
        out=2 * past >= len(fields),
    )


def alike(run: Run) -> Finding | None:
    """Names the longest run of blocks that give out nearly the same."""
    pairs = run.pairs("cka", "cka")
    names = pair_names(pairs)
    if not names:
        return None
    start, stop = longest_alike([[_pair(pairs, a, b) for b in names] for a in names])
    if stop - start < 2:
        return _finding("No two blocks in a row are nearly alike.", out=False)
    return _finding(
        f"{stop - start} of {len(names)} blocks in a row, {short(names[start])} to "
        f"{short(names[stop - 1])}, are nearly alike (CKA above {ALIKE}).",
        out=2 * (stop - start) >= len(names),
    )


def pair_names(pairs: dict[tuple[str, str], float]) -> list[str]:
    """Returns the layers of pairs, in the order in which they are met."""
    return list(dict.fromkeys([*(a for a, _ in pairs), *(b for _, b in pairs)]))


def _pair(pairs: dict[tuple[str, str], float], a: str, b: str) -> float:
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
    blocks = "the block after it adds" if after == 1 else f"the {after} blocks after it add"
    return _finding(
        f"{start}: {blocks} less than {number(100 * FLAT, 0)} point.", out=2 * after >= len(found)
    )


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


CHECKS = (
    Check(
        "Fit",
        "The share of images that the net gets wrong, among those that it learned from and among "
        f"new ones. Stands out: more than {percent(WRONG)} wrong among the former, or a gap of "
        f"{number(100 * GAP, 0)} points or more.",
        fit,
    ),
    Check(
        "Gradients",
        "How strong the pull to learn is at the first layer compared with the last. Where it "
        "shrinks (vanishes) or grows (explodes), the first layers learn too slowly or too "
        f"wildly. Stands out: {FOLD}-fold or more.",
        gradients,
    ),
    Check(
        "Blocks",
        "Test error when one block is taken out and nothing is trained again. Redundant: less "
        f"than {number(100 * FREE, 0)} point. Stands out: half of the blocks or more.",
        blocks,
    ),
    Check(
        "Field of view",
        "How much of the image a layer takes in. A layer whose input covers the whole image can "
        "add no context (Richter 2021); where shortcuts bring smaller fields along, it may still "
        "help. Stands out: half of the layers or more.",
        field,
    ),
    Check(
        "Likeness",
        "Whether blocks that follow each other give out nearly the same: CKA is 1 for the same, "
        "0 for unrelated. Stands out: half of the blocks or more in one row.",
        alike,
    ),
    Check(
        "Classes",
        "How well a simple classifier tells the classes apart by what a block gives out. Stands "
        f"out: half of the blocks or more add less than {number(100 * FLAT, 0)} point.",
        separation,
    ),
    Check(
        "Filters",
        "Filters that give out nothing for any image are wasted; the share is a mean over "
        f"blocks. Stands out: {percent(SILENT)} or more.",
        silent,
    ),
)
_PROBES = {
    "Fit": ("generalisation",),
    "Gradients": ("gradients",),
    "Blocks": ("deletion", "deletion_reestimated"),
    "Field of view": ("field",),
    "Likeness": ("cka",),
    "Classes": ("linear",),
    "Filters": ("rank",),
}


def findings(analysis: Analysis) -> list[tuple[Check, list[Finding]]]:
    """Returns the answers of all runs to each check whose probe was asked for."""
    found = []
    for check in CHECKS:
        probes = _PROBES[check.name]
        if analysis.asked(*probes):
            found.append(
                (check, [check.find(run) or _refused(run, probes) for run in analysis.runs])
            )
    return found


def _refused(run: Run, probes: Sequence[str]) -> Finding:
    reason = next(filter(None, (run.refusal(probe) for probe in probes)), "nothing was measured")
    return Finding("does not apply", f"Does not apply: {reason}.")


def _finding(text: str, *, out: bool) -> Finding:
    return Finding("stands out" if out else "nothing", text)


def tally(found: Sequence[Finding]) -> str:
    """Counts the checks that stand out: ``"2 of 7 checks stand out"``."""
    asked = [finding for finding in found if finding.state != "does not apply"]
    out = sum(finding.state == "stands out" for finding in asked)
    if not asked:
        return "no check applies"
    verb = "stands out" if out == 1 or len(asked) == 1 else "stand out"
    return f"{out or 'none'} of {count(len(asked), 'check')} {verb}"


def lede(run: Run) -> str:
    """Says in one line which net was analysed."""
    info = run.info
    images = " × ".join(map(str, info.image_shape))
    return (
        f"{info.family}, depth {info.depth}, images {images} · "
        f"study {info.study}, seed {info.seed}, step {info.step:,}"
    )


def comparisons(analysis: Analysis) -> list[str]:
    """Says how the first run differs from each other one."""
    first, *others = analysis.runs
    return [
        sentence
        for other in others
        for sentence in (_errors_apart(first, other), _layers_apart(first, other))
        if sentence
    ]


def _errors_apart(first: Run, other: Run) -> str:
    mine, theirs = (run.whole("generalisation", "test_error") for run in (first, other))
    if not (math.isfinite(mine) and math.isfinite(theirs)):
        return ""
    points = _points(abs(theirs - mine))
    if points == "0.0":
        return f"{first.label} and {other.label} have the same test error, {percent(mine)}."
    more, less = (first, other) if mine > theirs else (other, first)
    return (
        f"The test error of {more.label} is {points} points higher than that of {less.label}. "
        "With one run each, this may be chance."
    )


def _layers_apart(first: Run, other: Run) -> str:
    pairs = first.pairs(cross_probe(other), "cross_cka")
    same = {a: value for (a, b), value in pairs.items() if a == b and math.isfinite(value)}
    if not same:
        return ""
    least = min(same, key=same.__getitem__)
    mean = sum(same.values()) / len(same)
    return (
        f"Blocks in the same place of {first.label} and {other.label} have a CKA of "
        f"{mean:.2f} on average, and the least at {short(least)}: {same[least]:.2f}."
    )
