"""What was searched and found: the nets that were tried, what mattered, and the net to train."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from depthstudy.records import ScoreRank, SearchInfo
from depthstudy.report.blocks import (
    Block,
    Charts,
    Command,
    Details,
    Figure,
    Heading,
    Key,
    Mark,
    Picture,
    Row,
    Section,
    Table,
    Text,
)
from depthstudy.report.charts import search as charts
from depthstudy.report.tables import Study
from depthstudy.report.tables.search import Search
from depthstudy.report.text.formats import (
    DASH,
    count,
    duration,
    listing,
    number,
    percent,
    spaced,
    whole_percent,
)

_TITLE = "The search"
_TRIED = (
    "Each point is a net after its first, short training, on a seed that no verdict uses; ringed "
    "are those that their searches chose. A short training favors nets that learn fast, so nets "
    "are only chosen among those of their own range of depths."
)
_FRONTS = "Stairs: nets of a range than which none of it errs less at no greater cost."
_TIME = "The best of all ranges so far, as a mean over the repeats."
SCORES = (
    "Kendall’s tau of each score of the untrained net with the validation accuracy after the first "
    "round, of nets that were drawn at random; in brackets 95% intervals. The last column is "
    "the rank correlation that is left once parameters and MACs are known."
)
_NOTE = "{data}: validation error after the first round, on a seed that no verdict uses"
_SIZES = {"macs": "MACs"}
_IMPORTANT = 10  # choices that are listed


def section(study: Study) -> Section | None:
    """Returns what a search tried and chose, or ``None`` where nothing was searched."""
    search = study.search
    if search is None or not search.nets:
        return None
    methods = tuple((name, color) for name, color in charts.method_colors(search).items())
    strata = tuple((f"depth {name}", c) for name, c in charts.stratum_colors(search).items())
    tried, fronts, steps = charts.tried(search), charts.fronts(search), charts.over_time(search)
    blocks: list[Block] = [
        Text(sentence(search), "finding"),
        Figure((_key(methods), Charts((tried,), "one")), _TRIED),
        Figure((_key(strata), Charts((fronts,), "one")), _FRONTS),
    ]
    note = (_NOTE.format(data=(study.info.config.get("data") or {}).get("name", "")),)
    pictures = [
        Picture("search_by_depth", "What was tried", note, (tried,), 1, 640, methods),
        Picture("search_fronts", "Fronts by depth", note, (fronts,), 1, 640, strata),
    ]
    if search.progress:
        found_by = methods[: len(search.info.trained)]
        blocks.append(Figure((_key(found_by), Charts(tuple(steps), "two")), _TIME))
        pictures.append(
            Picture("search_progress", "As it went on", note, tuple(steps), 2, 330, found_by)
        )
    blocks += [*_importance(search), *_scores(search), *_chosen(search)]
    return Section(_TITLE, tuple(blocks), tuple(pictures))


def sentence(search: Search) -> str:
    """Says how much was tried, by what, and what was chosen."""
    info = search.info
    parts = [
        f"{name.upper() if name != 'random' else 'random search'} trained {count(nets, 'net')} and "
        f"turned down {info.rejected[name]:,} for their cost or depth"
        for name, nets in info.trained.items()
    ]
    chosen = _chosen_net(search)
    return (
        f"Of {info.size:,} choices {listing(parts)}, in depths {listing(info.strata)} by "
        f"themselves, {count(info.config['repeats'], 'time')}; it took {duration(info.seconds)}. "
        f"On validation data depth {info.chosen_stratum} did best, and the search chose a net of "
        f"depth {chosen['depth'] if chosen else DASH}, {info.chosen}."
    )


def _chosen_net(search: Search) -> Mapping[str, Any] | None:
    return search.info.chosen_blocks[-1] if search.info.chosen_blocks else None


def _key(marks: tuple[tuple[str, str], ...]) -> Key:
    return Key(tuple(Mark(name, "line", color) for name, color in marks))


def _importance(search: Search) -> list[Block]:
    rows = search.importance[:_IMPORTANT]
    if not rows:
        return []
    text = (
        f"Share of the variance of the validation error that each choice explains by itself and "
        f"with others (functional ANOVA, {count(rows[0].nets, 'net')})."
    )
    table = Table(
        ("Choice", "Share"),
        tuple(
            Row(spaced(row.gene.replace(".", ": ")), (whole_percent(row.importance),))
            for row in rows
        ),
    )
    return [Heading("What mattered"), Text(text, "note"), table]


def _scores(search: Search) -> list[Block]:
    if not search.scores:
        return []
    header, *rows = scores_table(search.scores)
    return [
        Heading("Scores of untrained nets"),
        Text(scores_sentence(search.scores), "finding"),
        Table(header, tuple(Row(name, tuple(cells)) for name, *cells in rows)),
        Text(SCORES, "note"),
    ]


def scores_table(scores: Sequence[ScoreRank]) -> list[tuple[str, ...]]:
    """Returns how each score ranks nets, a row each below the header."""
    header = ("Score", "Tau", "Over that of parameters", "Better than parameters?", "Left")
    return [header, *map(_score_row, scores)]


def scores_sentence(scores: Sequence[ScoreRank]) -> str:
    """Says which scores rank nets better than the number of parameters does."""
    compared = [row for row in scores if row.word]
    better = [spaced(row.score) for row in compared if row.word == "supported"]
    worse = [spaced(row.score) for row in compared if row.word == "refuted"]
    nets = count(scores[0].nets, "net")
    if not better:
        text = f"No score is shown to rank these {nets} better than their number of parameters."
    else:
        verb = "ranks" if len(better) == 1 else "rank"
        text = f"{listing(better)} {verb} these {nets} better than their number of parameters."
    return text + (f" Worse: {listing(worse)}." if worse else "")


def _score_row(row: ScoreRank) -> tuple[str, ...]:
    return (
        _SIZES.get(row.score, spaced(row.score)),
        _interval(row.tau, row.low, row.high),
        _interval(row.over_parameters, row.over_low, row.over_high),
        row.word or DASH,
        number(row.partial, 2),
    )


def _interval(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return DASH
    return f"{number(value, 2)} ({number(low, 2)} to {number(high, 2)})"


def _chosen(search: Search) -> list[Block]:
    info = search.info
    chosen = next((net for net in search.nets if net.chosen and _is(net.settings, info)), None)
    about = (
        f"{chosen.parameters:,} parameters, {chosen.macs:,} MACs, validation error "
        f"{percent(chosen.longest_error)} on the seed of the search."
        if chosen
        else ""
    )
    header = ("Block", "Kind", "Kernel", "Inside", "Gate", "Shortcut", "Output", "Parameters",
              "MACs", "Receptive field")  # fmt: skip
    table = Table(header, tuple(_block_row(block) for block in info.chosen_blocks))
    rates = ", ".join(f"{name}: {rate:g}" for name, rate in info.rates.items())
    return [
        Heading(f"The net that the search chose: {info.chosen}"),
        *((Text(about, "note"),) if about else ()),
        *((table,) if info.chosen_blocks else ()),
        Text("This trains it alone, by the same recipe:", "note"),
        Command(info.command),
        *((Details("Learning rates", (Text(rates, "note"),)),) if rates else ()),
    ]


def _is(settings: str, info: SearchInfo) -> bool:
    """Whether a row of the table has the settings of the chosen net."""
    return bool(json.loads(settings) == info.chosen_settings)


def _block_row(block: Mapping[str, Any]) -> Row:
    return Row(
        block["name"],
        (
            spaced(block["kind"]) or DASH,
            f"{block['kernel']} x {block['kernel']}" if block["kernel"] else DASH,
            f"{block['inner']:,}" if block["inner"] else DASH,
            f"{block['squeeze']:,}" if block["squeeze"] else DASH,
            "yes" if block["residual"] else DASH,
            block["output"],
            f"{block['parameters']:,}",
            f"{block['macs']:,}",
            f"{block['receptive_field']:,} px",
        ),
    )
