"""Puts the words, charts and numbers of an analysis together: ``analysis.html``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from depthstudy import store
from depthstudy.report import (
    analysis_checks,
    analysis_deletion,
    analysis_guesses,
    analysis_numbers,
    analysis_runs,
    analysis_sections,
    formats,
    palette,
    shell,
)
from depthstudy.report import analysis_details as details
from depthstudy.report.analysis_checks import Check
from depthstudy.report.analysis_guesses import Guessed
from depthstudy.report.analysis_runs import Analysis, Run
from depthstudy.report.analysis_words import Finding
from depthstudy.report.figures import Panel

_SIGNS = {"stands out": "!", "nothing": "✓", "does not apply": formats.DASH}


def write(folder: Path) -> Path:
    """Writes the page of the analysis in ``folder`` and returns its path."""
    analysis = analysis_runs.read(folder)
    path = folder / store.ANALYSIS_PAGE
    store.write_text(path, _render(analysis, analysis_guesses.read(folder, analysis)))
    return path


def _render(analysis: Analysis, guessed: list[Guessed]) -> str:
    charts: list[dict[str, Any]] = []

    def place(panels: Sequence[Panel]) -> list[dict[str, str]]:
        placed = []
        for panel in panels:
            charts.append(panel.spec("container"))
            placed.append({"id": f"chart-{len(charts) - 1}", "title": panel.title})
        return placed

    def section(panels: Sequence[Panel], *says: Callable[[Run], str]) -> dict[str, Any]:
        return {"panels": place(panels), "sentences": _sentences(analysis, says)}

    runs, info = analysis.runs, analysis.info
    findings = analysis_checks.findings(analysis)
    context = {
        "title": formats.listing([run.label for run in runs]),
        "info": info,
        "runs": runs,
        "ledes": [details.lede(run) for run in runs],
        "images": analysis_guesses.images(analysis),
        "guessed": analysis_guesses.shown(guessed),
        "unshown": analysis_guesses.left_out(guessed),
        "guesses": store.PREDICTIONS,
        "findings": [(check, list(zip(runs, sides, strict=True))) for check, sides in findings],
        "tally": _tally(analysis, findings),
        "signs": _SIGNS,
        "apart": details.comparisons(analysis),
        "gradients": section(
            analysis_sections.gradient_panels(analysis),
            details.slope,
            details.carried,
        ),
        "likeness": section(analysis_sections.likeness_panels(analysis), details.far),
        "ramp": ",".join(palette.heat()),
        "deletion": {
            "blocks": place(analysis_deletion.block_panels(runs)),
            "several": place(analysis_deletion.several_panels(runs)),
            "sentences": _sentences(analysis, [details.several]),
            "runs": [run for run in runs if analysis_deletion.applies(run)],
            "both": all(analysis.asked(probe) for probe in analysis_deletion.PROBES),
            "fixed": any(analysis_deletion.fixed(run) for run in runs),
        },
        "layers": section(analysis_sections.layer_panels(analysis), details.usage),
        "bordered": any(run.border() for run in runs),
        "field": section(analysis_sections.field_panels(analysis), details.widest),
        "same_field": analysis_sections.same_field(analysis),
        "numbers": analysis_numbers.groups(analysis),
        "columns": analysis_numbers.columns(analysis),
        "refusals": analysis_numbers.refusals(analysis),
        "probes": [
            (name, text, formats.duration(info.seconds.get(name, 0.0)))
            for name, text in info.probes.items()
        ],
        "total": formats.duration(sum(info.seconds.values())),
        "table": store.ANALYSIS,
        "charts": charts,
    }
    return shell.render("analysis.html", context, sheets=["layers.css", "analysis.css"])


def _sentences(analysis: Analysis, says: Sequence[Callable[[Run], str]]) -> list[tuple[Run, str]]:
    """Returns one paragraph for each run that has something to say."""
    found = [(run, " ".join(filter(None, (say(run) for say in says)))) for run in analysis.runs]
    return [(run, text) for run, text in found if text]


def _tally(analysis: Analysis, findings: Sequence[tuple[Check, list[Finding]]]) -> str:
    """Counts what stands out in each net."""
    tallies = [
        analysis_checks.tally([sides[index] for _, sides in findings])
        for index in range(len(analysis.runs))
    ]
    if len(tallies) == 1:
        return f"{tallies[0][:1].upper()}{tallies[0][1:]}."
    named = [f"{run.label}: {text}" for run, text in zip(analysis.runs, tallies, strict=True)]
    return f"{'; '.join(named)}."
