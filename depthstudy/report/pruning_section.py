"""The section on pruning: its pictures, each with its sentence, and its table."""

from __future__ import annotations

import dataclasses

from depthstudy.report import pruning, pruning_charts, pruning_words
from depthstudy.report.analysis_charts import Line
from depthstudy.report.figures import Panel
from depthstudy.report.tables import Study


@dataclasses.dataclass(frozen=True)
class Errors:
    """Error against what was taken out of one part: charts, a sentence, and what controls say."""

    part: str
    sentence: str
    panels: tuple[Panel, ...]
    controls: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Density:
    """What layers have left: a chart with its sentence and its lines."""

    panel: Panel
    sentence: str
    lines: tuple[Line, ...]


@dataclasses.dataclass(frozen=True)
class Section:
    """All that is shown of the pruned nets of a study.

    Attributes:
      key: Of each method its name, its color and what it is the control of, as in the config.
      errors: The pictures of error, part by part.
      density: What layers have left, dense net by dense net.
      speed: What was promised and what was measured, in a sentence.
      rows: The same as a table.
    """

    key: tuple[tuple[str, str, str], ...]
    errors: tuple[Errors, ...]
    density: tuple[Density, ...]
    speed: str
    rows: tuple[pruning_words.Listed, ...]

    @property
    def density_key(self) -> list[tuple[str, str]]:
        """The lines of ``density`` with their colors."""
        found = [(line.label, line.color) for row in self.density for line in row.lines]
        return list(dict.fromkeys(found))


def section(study: Study) -> Section | None:
    """Returns the section, or ``None`` where nothing was pruned."""
    nets = pruning.nets(study)
    if not nets:
        return None
    control = {net.method: net.own.control for net in nets}
    colors = pruning.part_methods(nets)
    groups = pruning.panels_of(study)
    errors = {part: tuple(pruning_charts.error_panels(study, part)) for part in groups}
    return Section(
        key=tuple((method, color, control[method]) for method, color in colors.items()),
        errors=tuple(
            Errors(
                part,
                pruning_words.errors(study, part),
                panels,
                tuple(pruning_words.controls(study, part)),
            )
            for part, panels in errors.items()
        ),
        density=tuple(
            Density(panel, pruning_words.density(study, found), tuple(lines))
            for origin, found in groups.get("weights", {}).items()
            if (lines := pruning_charts.density_lines(study, found))
            for panel in pruning_charts.density_panels(origin, lines)
        ),
        speed=pruning_words.speed(study),
        rows=tuple(pruning_words.listed(study)),
    )
