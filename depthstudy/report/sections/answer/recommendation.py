"""Which net to take, why, and what it saves."""

from __future__ import annotations

from depthstudy.records import NoChoice, Recommendation
from depthstudy.report import tables
from depthstudy.report.blocks import Items, Section, Text
from depthstudy.report.tables import Study
from depthstudy.report.text.formats import (
    amount,
    count,
    duration,
    number,
    percent,
    points_range,
)
from depthstudy.report.text.sentences import treatment_name

_CHANCE = {  # what a difference may come of, by the scope of the choice
    "images like these": "other seeds and other {split} images",
    "these images": "other seeds",
}
_NONE: dict[NoChoice, str] = {
    "": "",
    "nothing learned": "No net is recommended: none is better than always giving the same answer.",
    "several data sets": (
        "No net is recommended: nets have several data sets, and one that errs less may owe it to "
        "its images."
    ),
    "unequal budgets": (
        "No net is recommended: each saw another number of images in training, and one that errs "
        "less may owe it to that. Of nets that see as many (config.train.epochs or steps) one is."
    ),
    "nothing learned at equal budget": (
        "No net is recommended: of the nets that saw as many images in training as each other, "
        "none is better than always giving the same answer."
    ),
}


def section(study: Study) -> Section | None:
    """Returns the recommendation, or ``None`` where there is no choice."""
    choice = study.recommendation
    if choice is None:
        none = none_sentence(study)
        return Section("Recommendation", (Text(none, "take"),), look="advice") if none else None
    notes = [ties_sentence(choice), choice_sentence(choice), excluded_sentence(choice)]
    blocks = (
        Text(f"Take {taken(study, choice)}: {facts(study, choice)}", "take"),
        Text(reason_sentence(choice)),
        Items.plain([note for note in notes if note], "notes"),
    )
    return Section("Recommendation", blocks, look="advice")


def none_sentence(study: Study) -> str:
    """Says why no net is recommended; ``""`` where one is, or there is no choice."""
    return _NONE[study.answer.no_choice] if study.answer else ""


def taken(study: Study, choice: Recommendation) -> str:
    """Returns the recommended net in words: ``"plain, depth 20, with residual"``."""
    group = choice.group.removesuffix(f" + {choice.treatment}")
    group = group.removesuffix(f" with {choice.treatment}")
    with_ = f", with {treatment_name(choice.treatment)}" if choice.treatment else ""
    known = [info.depth for info in study.info.variants if info.group == choice.group]
    depth = "" if known.count(choice.depth) > 1 else f", depth {choice.depth}"
    named = depth and not tables.deepens_parts(study.info, group)
    return f"{group}{depth}{with_}" if named else choice.variant


def facts(study: Study, choice: Recommendation) -> str:
    """Says how good a net is, what it costs and where it is."""
    sure, error = "", choice.test_error
    if choice.low is not None and choice.high is not None:
        low, high = max(0.0, choice.low), min(1.0, choice.high)
        low, high = (1 - high, 1 - low) if study.detects else (low, high)
        sure = f" ({points_range(low, high)}%)"
    if study.detects:
        quality = f"average precision {percent(1 - error)} on new images"
    elif study.is_balanced:
        quality = f"a balanced error of {percent(error)} on new images"
    else:
        quality = f"{percent(error)} of new images wrong"
    macs, parameters = (
        " to ".join(dict.fromkeys(map(amount, tables.spread(study, choice.variant, column))))
        for column in ("macs", "parameters")
    )
    return (
        f"{quality}{sure}, {macs} multiply-accumulates an "
        f"image, {parameters} parameters, {duration(choice.seconds)} to train; "
        f"in runs/{study.folders.get(choice.variant, choice.variant)}."
    )


def reason_sentence(choice: Recommendation) -> str:
    """Says why this net, and what it saves against the best and the deepest."""
    where = f"on {choice.chosen_on} images"
    if choice.seeds < 2 and choice.best == choice.variant:
        text = f"It errs least {where}, on one seed."
    elif choice.best == choice.variant:
        text = f"It errs least {where}, and no simpler net is within one standard error of it."
    else:
        # An untreated net is taken before a treated one, though that may be cheaper.
        which = "simplest net" if choice.macs_saved_best >= 0 else "cheapest net without treatment"
        text = (
            f"It is the {which} within one standard error of {choice.best}, which errs least "
            f"{where}; on test images it {errs(choice.over_best, choice.best)} and "
            f"{_takes(choice.macs_saved_best)}."
        )
    if choice.deepest in (choice.variant, choice.best):
        return text
    against = errs(choice.over_deepest, f"the deepest ({choice.deepest})")
    return f"{text} It {against} and {_takes(choice.macs_saved_deepest)}."


def ties_sentence(choice: Recommendation) -> str:
    """Names the nets that cannot be told from the best, or says that none can be told apart."""
    tied = choice.ties.split(", ") if choice.ties else []
    others = [name for name in tied if name != choice.variant]
    chance = _CHANCE.get(choice.scope, "").format(split=choice.chosen_on)
    error = f"one standard error ({chance})" if chance else "one standard error"
    alike = f"Within {error} of the best, too: {', '.join(others)}." if others else ""
    if choice.enough:
        return alike
    return (
        "Not enough evidence: no net of the study differs from the best by more than "
        f"{chance or 'chance'} would make it, so this is no more than the simplest of the good "
        f"ones. {alike}".strip()
    )


def choice_sentence(choice: Recommendation) -> str:
    """Says on which images the choice was made, and what that does to the error that is stated."""
    if choice.chosen_on == "validation":
        return "Chosen by validation error; the test images had no part in it."
    added = number(100 * choice.optimism)
    if added == "0.0":
        return "Chosen by test error, as not every net has images held out for validation."
    return (
        "Chosen by test error, as not every net has images held out for validation. That makes the "
        f"error look better than it is: {added} points are added to it."
    )


def excluded_sentence(choice: Recommendation) -> str:
    """Names the nets that were not compared."""
    names = choice.excluded.split(", ") if choice.excluded else []
    if not names:
        return ""
    counted = count(len(names), "net")
    return f"{counted} of another training budget not compared: {choice.excluded}."


def errs(over: float, other: str) -> str:
    """Says how much more or less a net errs than another."""
    size = number(100 * abs(over))
    if size == "0.0":
        return f"errs as much as {other}"
    return f"errs {size} points {'more' if over > 0 else 'less'} than {other}"


def _takes(saved: float) -> str:
    size = number(100 * abs(saved), 0)
    if size == "0":
        return "takes as many multiply-accumulates"
    return f"takes {size}% {'fewer' if saved > 0 else 'more'} multiply-accumulates"
