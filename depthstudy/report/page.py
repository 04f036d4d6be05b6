"""Puts words, charts and tables together: ``report.html``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from depthstudy import store
from depthstudy.records import Decomposition
from depthstudy.report import (
    advice,
    causes,
    costs,
    curves,
    depths,
    figures,
    formats,
    layers,
    palette,
    pareto,
    pareto_chart,
    pictures,
    pruning,
    pruning_section,
    shell,
    tables,
    words,
)
from depthstudy.report.figures import Panel
from depthstudy.report.tables import Estimate, Study


def write(workdir: Path) -> Path:
    """Writes the report of the study in ``workdir`` and returns the path of the page."""
    whole = tables.read(workdir)
    study = pruning.rest(whole)
    many = depths.applies(study)
    errors = depths.panels(study) if many else figures.error_panels(study)
    families = [(family, curves.curve_panels(study, family)) for family in curves.families(study)]
    parts = {group: curves.part_panel(study, group) for group in _split_groups(study)}
    inside = layers.groups(study)
    pruned = pruning_section.section(whole)
    html = _render(whole, study, errors, families, parts, inside, pruned)
    path = workdir / store.REPORT
    store.write_text(path, html)
    pictures.write(whole, workdir / store.FIGURES, errors, families, parts, inside, pruned)
    return path


def _render(
    whole: Study,
    study: Study,
    errors: Sequence[Panel],
    families: Sequence[tuple[curves.Family, Sequence[Panel]]],
    parts: Mapping[str, Panel],
    inside: Sequence[layers.Group],
    pruned: pruning_section.Section | None,
) -> str:
    """Returns the page of a study, given with and without its pruned nets."""
    charts: list[dict[str, Any]] = []

    def place(panel: Panel) -> dict[str, Any]:
        charts.append(panel.spec("container"))
        return {"id": f"chart-{len(charts) - 1}", "title": panel.title}

    context = {
        "info": whole.info,
        "lede": words.lede(whole.info),
        "verdicts": verdicts(study),
        "tally": _tally(study),
        "many_groups": depths.applies(study),
        "has_depths": tables.has_depths(study.info),
        "errors": [place(panel) for panel in errors],
        "best": words.best_depths(_best(study)),
        "pareto": _pareto(whole, place),
        "families": [(family, [place(panel) for panel in row]) for family, row in families],
        "parts": [(_part_sentences(study, group), place(panel)) for group, panel in parts.items()],
        "part_names": curves.PARTS,
        "advice": _advice(study),
        "why": causes.why(study),
        "has_treatments": causes.has_treatments(study),
        "treatments": advice.settings_sentence(study.info.config.get("treatments") or ()),
        "causes": [(cause, cause.panel and place(cause.panel)) for cause in causes.causes(study)],
        "healthy": causes.healthy(study),
        "matched": advice.matched_sentences(study),
        "pruning": pruned and _pruning(pruned, place),
        "layers": [_layers(group, place) for group in inside],
        "ramp": ",".join(palette.heat()),
        "rows": costs.rows(whole),
        "first": costs.first(whole),
        "gains": costs.sentence(whole),
        "gain_rows": costs.gains(whole),
        "diverged": _diverged(whole),
        "config": json.dumps(study.info.config, indent=2),
        "seconds": _seconds(study),
        "finished": formats.moment(study.info.finished),
        "thin_lines": any(curves.shows_seeds(study, family) for family, _ in families),
        "unsplit": [
            words.unsplit_sentence(group, best[0])
            for group, best in _best(study).items()
            if group not in parts and group in causes.untreated_groups(study)
        ],
        "tables": _tables(study),
        "figures": store.FIGURES,
        "charts": charts,
    }
    return shell.render("report.html", context, sheets=["layers.css"])


def _layers(group: layers.Group, place: Callable[[Panel], dict[str, Any]]) -> dict[str, Any]:
    """Returns a group as its template takes it: charts of all nets side by side, then one a net."""
    many = [
        (picture.sentence, picture is group.maps, [place(panel) for panel in picture.panels])
        for picture in (group.maps, group.blocks)
        if picture.panels
    ]
    return {
        "name": group.name,
        "nets": group.nets,
        "border": any(net.border() for net in group.nets),
        "along": [(place(*picture.panels), picture.sentence) for picture in group.along],
        "many": many,
        "notes": group.notes,
    }


def _pruning(
    section: pruning_section.Section, place: Callable[[Panel], dict[str, Any]]
) -> dict[str, Any]:
    return {
        "key": section.key,
        "errors": [
            (row.sentence, [place(panel) for panel in row.panels], row.controls)
            for row in section.errors
        ],
        "density": [(place(row.panel), row.sentence) for row in section.density],
        "lines": section.density_key,
        "speed": section.speed,
        "rows": section.rows,
    }


def hypotheses(study: Study) -> list[dict[str, Any]]:
    """Returns the hypotheses of the config, and bare ones for verdicts that it does not know."""
    known = [dict(row) for row in study.info.config.get("hypotheses") or ()]
    names = {row["name"] for row in known}
    others = [row.hypothesis for row in study.verdicts if row.hypothesis not in names]
    return known + [{"name": name, "statement": name} for name in others]


def verdicts(study: Study) -> list[dict[str, str]]:
    """Returns word, symbol, statement and sentence of each hypothesis."""
    found = {verdict.hypothesis: verdict for verdict in study.verdicts}
    rows = []
    for hypothesis in hypotheses(study):
        verdict = found.get(hypothesis["name"])
        word = verdict.verdict if verdict else "not tested"
        rows.append(
            {
                "word": word,
                "symbol": words.SYMBOLS[word],
                "statement": hypothesis["statement"],
                "sentence": words.verdict_sentence(hypothesis, verdict),
            }
        )
    return rows


def _tally(study: Study) -> str:
    found = [row["word"] for row in verdicts(study)]
    return words.tally(found) if found else ""


def _best(study: Study) -> dict[str, tuple[str, Estimate]]:
    """Returns the variant with the least mean test error of each group that varies in depth."""
    best = {}
    for group, rows in tables.groups(study.info).items():
        found = [(row.name, tables.final(study, row.name, "test_error")) for row in rows]
        found = [(name, value) for name, value in found if value.count]
        if len(rows) > 1 and found:
            name, value = min(found, key=lambda pair: pair[1].mean)
            best[group] = (tables.label(study.info, name), value)
    return best


def _split_groups(study: Study) -> list[str]:
    """Returns the groups whose losses are split on the page: not those of treated nets."""
    untreated = causes.untreated_groups(study)
    return [g for g in dict.fromkeys(row.group for row in study.decomposition) if g in untreated]


def _part_sentences(study: Study, group: str) -> str:
    """Speaks of the deepest variant of a group."""
    rows = [row for row in study.decomposition if row.group == group]
    depths = {info.name: info.depth for info in study.info.variants}
    deepest = max(rows, key=lambda row: depths.get(row.variant, 0)).variant
    parts: dict[str, Decomposition] = {row.part: row for row in rows if row.variant == deepest}
    names = (tables.label(study.info, name) for name in (deepest, rows[0].best))
    return words.decomposition_sentence(parts, group, *names)


def _pareto(study: Study, place: Callable[[Panel], dict[str, Any]]) -> dict[str, Any] | None:
    """Returns the picture of error against cost and what lies on its front, if costs differ."""
    panel = pareto_chart.panel(study)
    if panel is None:
        return None
    return {
        "panel": place(panel),
        "sentence": pareto.sentence(study),
        "key": pareto.key(study),
        "front": pareto.listed(study),
    }


def _advice(study: Study) -> tuple[str, str] | None:
    """Returns what to take and why, where there is a choice."""
    found = study.recommendation
    if found is None:
        return None
    treated = causes.has_treatments(study)
    return advice.recommendation_sentence(found, treated=treated), advice.reason_sentence(found)


def _tables(study: Study) -> list[str]:
    """Returns the tables that the study left beside the page."""
    more = [store.ATTRIBUTION] if causes.has_treatments(study) else []
    more += [store.RECOMMENDATION] if study.recommendation else []
    more += [store.MATCHED] if study.matched else []
    return [store.SUMMARY, store.VERDICTS, store.DECOMPOSITION, *more, store.RECORDS]


def _seconds(study: Study) -> dict[str, str]:
    """Returns the parts of the wall time in the order of a run, others after them."""
    seconds = study.info.seconds
    first = [name for name in ("compile", "train", "evaluate", "total") if name in seconds]
    return {name: formats.duration(seconds[name]) for name in dict.fromkeys([*first, *seconds])}


def _diverged(study: Study) -> list[str]:
    return [
        words.divergence_sentence(name, study.info.seeds, found)
        for name, found in tables.divergences(study).items()
    ]
