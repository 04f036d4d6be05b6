"""What was run: the command, the time, the machine, the config, and the files beside the page."""

from __future__ import annotations

import json

from depthstudy import store
from depthstudy.report.blocks import Code, Command, Details, Facts, Files, Section
from depthstudy.report.tables import Study
from depthstudy.report.text import formats

_PARTS = ("compile", "train", "evaluate", "total")  # of the wall time, in the order of a run


def section(study: Study) -> Section:
    """Returns what made the page."""
    info = study.info
    processes = f"{info.processes}, side by side; their times are added up but for the total"
    return Section(
        "What was run",
        (
            Command(info.command),
            Facts(
                (
                    *_seconds(study),
                    *([("Processes", processes)] if info.processes > 1 else ()),
                    *((name.capitalize(), text) for name, text in info.hardware.items()),
                    ("Finished", formats.moment(info.finished)),
                    *(
                        (f"Damaged, made again: {run}", ", ".join(names))
                        for run, names in info.damaged.items()
                    ),
                )
            ),
            Details("Versions", (Facts(tuple(info.versions.items())),)),
            Details("Config", (Code(json.dumps(info.config, indent=2)),)),
            Files("Tables", _tables(study), "" if info.partial else store.FIGURES),
        ),
    )


def _seconds(study: Study) -> list[tuple[str, str]]:
    """Returns the parts of the wall time, others after the usual ones."""
    seconds = study.info.seconds
    names = dict.fromkeys([*(name for name in _PARTS if name in seconds), *seconds])
    return [(f"Time: {name}", formats.duration(seconds[name])) for name in names]


def _tables(study: Study) -> tuple[str, ...]:
    """Returns the tables that the study left beside the page."""
    left_out = any(info.left_out or info.sizes for info in study.data)
    folder = f"{store.PARTIAL}/" if study.info.partial else ""
    names = (
        store.SUMMARY,
        *(name for field, (name, _) in store.FINDINGS.items() if getattr(study, field)),
        *([store.RECOMMENDATION] if study.recommendation else ()),
        *([store.DATA] if left_out else ()),
        store.RECORDS,
    )
    return tuple(f"{folder}{name}" for name in names)
