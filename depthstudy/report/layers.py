"""Why, layer by layer: for each group of a study, what probes measured of its nets, by depth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from depthstudy import records
from depthstudy.report import analysis_deletion, layer_charts, layer_words, palette, tables
from depthstudy.report.analysis_runs import Run
from depthstudy.report.analysis_sections import likeness_map
from depthstudy.report.figures import Panel
from depthstudy.report.tables import Study

_ELSEWHERE = ("training", "evaluation", "run", "density")  # probes that other sections show
_KEY = ["probe", "layer", "metric"]
_MAP = 236  # pixels of a map
_BLOCKS = 32  # blocks that a map shows

Nets = Sequence[Run]


@dataclasses.dataclass(frozen=True)
class Picture:
    """Charts side by side with the one sentence that says what is seen in them."""

    sentence: str
    panels: tuple[Panel, ...]


@dataclasses.dataclass(frozen=True)
class Group:
    """What was measured of the nets of a group.

    Attributes:
      name: Name of the group.
      nets: Its nets by rising depth.
      along: Pictures with one chart, a line for each net.
      maps: How alike blocks are, a chart for each net.
      blocks: What a block is worth, likewise.
      notes: What else there is to say.
    """

    name: str
    nets: tuple[Run, ...]
    along: tuple[Picture, ...]
    maps: Picture
    blocks: Picture
    notes: tuple[str, ...]

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All that have charts."""
        return tuple(p for p in (*self.along, self.maps, self.blocks) if p.panels)


def groups(study: Study) -> list[Group]:
    """Returns the groups of which anything was measured, in the order of the study."""
    table = study.measurements
    table = table[~table["probe"].isin(_ELSEWHERE)]
    found = []
    for index, (name, infos) in enumerate(tables.groups(study.info).items()):
        colors = palette.shades(index, len(infos))
        nets = [
            _net(study, info, color, mine)
            for info, color in zip(infos, colors, strict=True)
            if len(mine := table[table["variant"] == info.name])
        ]
        if nets:
            seeds = table.loc[table["variant"] == nets[0].info.variant, "seed"].nunique()
            found.append(_group(name, nets, seeds))
    return found


def _net(study: Study, info: records.VariantInfo, color: str, table: pd.DataFrame) -> Run:
    """Returns a variant as the charts of an analysis take it; numbers are means over seeds."""
    means = table.groupby(_KEY, sort=False)["value"].mean().reset_index()
    run = records.AnalysisRun(
        folder="",
        study=study.info.name,
        variant=info.name,
        seed=int(table["seed"].min()),
        step=int(table["step"].max()),
        family=str(info.settings.get("model.family", "")),
        depth=info.depth,
        image_shape=info.image_shape,
    )
    return Run(run, tables.label(study.info, info.name), color, means)


def _group(name: str, nets: Nets, seeds: int) -> Group:
    measured = "Measured on one seed." if seeds == 1 else f"Means over {seeds} seeds."
    return Group(
        name=name,
        nets=tuple(nets),
        along=tuple(p for p in _along(nets) if p.panels),
        maps=Picture(
            layer_words.alike(nets),
            tuple(
                likeness_map(f"How alike blocks are: {net.label}", net, height=_MAP, most=_BLOCKS)
                for net in nets
                if net.pairs("cka", "cka")
            ),
        ),
        blocks=Picture(
            layer_words.blocks(nets),
            tuple(analysis_deletion.block_panels(nets)),
        ),
        notes=tuple(filter(None, (layer_words.border(nets), layer_words.refusal(nets), measured))),
    )


def _along(nets: Nets) -> Iterator[Picture]:
    charts: tuple[tuple[Callable[[Nets], str], Callable[[Nets], list[Panel]]], ...] = (
        (layer_words.gradients, layer_charts.gradients),
        (layer_words.underflow, layer_charts.underflow),
        (layer_words.separation, layer_charts.accuracy),
        (layer_words.saturation, layer_charts.saturation),
    )
    for say, draw in charts:
        yield Picture(say(nets), tuple(draw(nets)))
