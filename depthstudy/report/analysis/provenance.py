"""What was run: the command, the probes with their time, the machine, and the files of numbers."""

from __future__ import annotations

from depthstudy import store
from depthstudy.report.blocks import Code, Command, Details, Facts, Files, Row, Section, Table
from depthstudy.report.tables import Analysis
from depthstudy.report.text.formats import duration


def section(analysis: Analysis) -> Section:
    """Returns what made the page."""
    info = analysis.info
    rows = tuple(
        Row(name, (text, duration(info.seconds.get(name, 0.0))))
        for name, text in info.probes.items()
    )
    predictions = [store.PREDICTIONS] if analysis.predictions is not None else []
    folders = "\n".join(net.info.folder for net in analysis.nets)
    return Section(
        "What was run",
        (
            Command(info.command),
            Facts(
                (
                    ("Time of all probes", duration(sum(info.seconds.values()))),
                    *((name.capitalize(), text) for name, text in info.hardware.items()),
                    *(
                        (f"Damaged checkpoints of {run.folder}", ", ".join(map(str, run.damaged)))
                        for run in info.runs
                        if run.damaged
                    ),
                )
            ),
            Table(("Probe", "What it measures", "Time"), rows, "probes"),
            Details("Versions", (Facts(tuple(info.versions.items())),)),
            Details("Run folders", (Code(folders),)),
            Files("Every number", (store.ANALYSIS, *predictions), store.FIGURES),
        ),
    )
