"""What a study says, as frames and pictures that a notebook shows."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from depthstudy import records, store
from depthstudy import study as studies
from depthstudy.deploy import TrainedNet, load
from depthstudy.records import Recommendation

_FIRST = "error_against_depth"


@dataclasses.dataclass(frozen=True)
class Figures:
    """The pictures of a study; a notebook shows all of them, or one by its name.

    Attributes:
      folder: Where they are, SVG files with their data as CSV beside them.
    """

    folder: Path

    def names(self) -> list[str]:
        """Returns the names of the pictures."""
        return sorted(path.stem for path in self.folder.glob("*.svg"))

    def __iter__(self) -> Iterator[str]:
        """Yields the names of the pictures."""
        return iter(self.names())

    def __getitem__(self, name: str) -> Figure:
        """Returns a picture."""
        if name not in self.names():
            raise KeyError(f"no figure {name!r}; there are {', '.join(self.names())}")
        return Figure(self.folder / f"{name}.svg")

    def _repr_html_(self) -> str:
        return "".join(self[name]._repr_svg_() for name in self)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture that a notebook shows.

    Attributes:
      path: The SVG file.
    """

    path: Path

    @property
    def data(self) -> pd.DataFrame:
        """The numbers that it shows."""
        return pd.read_csv(self.path.with_suffix(".csv"))

    def _repr_svg_(self) -> str:
        return self.path.read_text(encoding="utf-8")


@dataclasses.dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study found, in frames.

    Attributes:
      result: The same as values.
      report: The page of the study, one file.
    """

    result: studies.Result
    report: Path

    @property
    def workdir(self) -> Path:
        """Folder of the study."""
        return self.result.workdir

    @property
    def summary(self) -> pd.DataFrame:
        """A row a run: errors, costs and time."""
        return self.result.summary

    @property
    def means(self) -> pd.DataFrame:
        """A row a variant: mean errors over the seeds, with 95% intervals."""
        table = store.read_table(self.workdir / store.MEANS, records.Mean)
        return table.pivot(index="variant", columns="metric", values=["mean", "low", "high"])

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row a hypothesis: its sentence, the verdict, and the effect with its interval."""
        statements = {h["name"]: h["statement"] for h in self.result.info.config["hypotheses"]}
        table = records.frame(records.Verdict, self.result.verdicts)
        return table.assign(statement=table["hypothesis"].map(statements))

    @property
    def recommendation(self) -> Recommendation | None:
        """The variant to take, with its error and its costs, if several can be compared."""
        return self.result.recommendation

    @property
    def figures(self) -> Figures:
        """The pictures of the study."""
        return Figures(self.workdir / store.FIGURES)

    def recommend(self) -> TrainedNet:
        """Returns the recommended net, trained; ``.predict`` classifies images with it.

        Raises:
          InputError: There is none to recommend.
        """
        return load(self.workdir)

    def __str__(self) -> str:
        """Returns the conclusion as lines."""
        return studies.conclusion(self.result)

    def _repr_html_(self) -> str:
        figures = self.figures
        first = figures[_FIRST]._repr_svg_() if _FIRST in figures.names() else ""
        return f"<pre>{html.escape(str(self))}</pre>{first}"
