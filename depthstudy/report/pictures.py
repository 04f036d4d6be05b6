"""The pictures in ``figures/``: every chart of the page as a file that stands alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from depthstudy import store
from depthstudy.report import (
    causes,
    curves,
    depths,
    layers,
    palette,
    pareto,
    pareto_chart,
    poster,
    pruning,
    pruning_section,
    tables,
    words,
)
from depthstudy.report.figures import Panel
from depthstudy.report.tables import Study


def write(
    whole: Study,
    folder: Path,
    errors: Sequence[Panel],
    families: Sequence[tuple[curves.Family, Sequence[Panel]]],
    parts: Mapping[str, Panel],
    groups: Sequence[layers.Group],
    pruned: pruning_section.Section | None,
) -> None:
    """Writes each figure as SVG with its values as CSV, and the main one as PNG, too."""
    study = pruning.rest(whole)
    name = "error_against_depth" if tables.has_depths(study.info) else "error_of_variants"
    title = "Error against depth" if tables.has_depths(study.info) else "Error of the variants"
    note = words.figure_note(study.info, "lines are 95% intervals, faint dots single seeds")
    if depths.applies(study):
        note = words.figure_note(
            study.info, "solid: test error, 95% intervals; dashed: train error"
        )
        main = poster.poster(errors, title, note, columns=3, width=220)
    else:
        main = poster.poster(errors, title, note, columns=2, width=330)
    _write_figure(folder / name, main, errors)
    (folder / f"{name}.png").write_bytes(vl_convert.vegalite_to_png(_final(main), scale=2))
    cost = pareto_chart.panel(whole)
    if cost:
        note = words.figure_note(whole.info, "lines are 95% intervals, numbers the Pareto front")
        lines = [note, *(f"{row.number}  {row.label}: {row.text}" for row in pareto.listed(whole))]
        key = pareto.key(whole)
        spec = poster.poster([cost], "Error against cost", lines, columns=1, width=640, key=key)
        _write_figure(folder / "error_against_cost", spec, [cost])
    for index, (family, row) in enumerate(families):
        heading = f"Training, {family.title}"
        key = [(line.label, line.color) for line in family.legend]
        thin = (
            "thin lines are single seeds" if curves.shows_seeds(study, family) else "all variants"
        )
        note = words.figure_note(study.info, thin)
        spec = poster.poster(row, heading, note, columns=3, width=250, key=key)
        suffix = f"_{index + 1}" if len(families) > 1 else ""
        _write_figure(folder / f"training_curves{suffix}", spec, row)
    if parts:
        note = words.figure_note(study.info, "lines are 95% intervals")
        key = [(name, f"var(--{name})") for name in curves.PARTS]
        spec = poster.poster(
            list(parts.values()), "Where the accuracy went", note, columns=1, width=620, key=key
        )
        _write_figure(folder / "decomposition", spec, list(parts.values()))
    found = [cause.panel for cause in causes.causes(study) if cause.panel]
    if found:
        note = words.figure_note(study.info, "lines are 95% intervals; pale bars may be chance")
        spec = poster.poster(found, "Why deeper did worse", note, columns=1, width=560)
        _write_figure(folder / "attribution", spec, found)
    for index, group in enumerate(groups):
        panels = [panel for picture in group.pictures for panel in picture.panels]
        key = [(net.label, net.color) for net in group.nets]
        note = "dashed: before training; rings: border layer"
        spec = poster.poster(panels, f"Layers, {group.name}", note, columns=3, width=250, key=key)
        _write_figure(folder / f"layers_{index + 1}", spec, panels)
    if pruned:
        _write_pruning(whole, folder, pruned)


def _write_pruning(study: Study, folder: Path, section: pruning_section.Section) -> None:
    panels = [panel for row in section.errors for panel in row.panels]
    note = words.figure_note(study.info, "lines are 95% intervals, dashed: dense")
    key = [(method, color) for method, color, _ in section.key]
    columns = max(len(row.panels) for row in section.errors)
    spec = poster.poster(panels, "Pruning", note, columns=columns, width=330, key=key)
    _write_figure(folder / "pruning", spec, panels)
    layers = [row.panel for row in section.density]
    if layers:
        title, note = "Weights left in each layer", "what pruning chose to keep"
        key = section.density_key
        spec = poster.poster(layers, title, note, columns=2, width=330, key=key)
        _write_figure(folder / "pruning_density", spec, layers)


def _write_figure(path: Path, spec: dict[str, Any], panels: Sequence[Panel]) -> None:
    store.write_text(path.with_suffix(".svg"), vl_convert.vegalite_to_svg(_final(spec)))
    rows = [{"panel": panel.title, **row} for panel in panels for row in panel.values]
    store.write_table(path.with_suffix(".csv"), pd.DataFrame(rows))


def _final(spec: dict[str, Any]) -> dict[str, Any]:
    resolved: dict[str, Any] = json.loads(palette.resolve(json.dumps(spec)))
    return resolved
