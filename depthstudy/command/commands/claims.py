"""Writes the document on claims from their studies that are finished; runs none.

  make claims
  depthstudy claims --workdir=results/claims/small

A claim whose study has not been run, or has not finished, is named as such.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from depthstudy.command import named_configs
from depthstudy.errors import InputError
from depthstudy.questions import SIZES

if TYPE_CHECKING:
    from depthstudy.report.claims import Claim

ORDER = (
    "degradation",
    "overfitting",
    "vanishing_gradients",
    "redundancy",
    "shallow_beats_deep",
    "residual",
    "pruning",
    "mixed_precision",
    "light_families",
    "receptive_field",
    "detection",
    "search",
    "zero_cost_scores",
)


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_enum("size", "small", list(SIZES), "Size of the studies.")
    flags.DEFINE_string(
        "workdir", None, "Folder of the studies, one a claim; default results/claims/SIZE."
    )
    flags.DEFINE_string("out", "docs/claims.md", "The document.")


def main(line: str) -> None:
    """Reads what is there and writes the document."""
    from depthstudy import report, store

    del line
    size = flags.FLAGS.size
    workdir = store.bucket.only_here(flags.FLAGS.workdir or Path("results", "claims", size))
    if not workdir.is_dir():
        raise InputError(f"no studies of claims in {workdir}; `make claims` runs them")
    claims = [claim(name, size, workdir / name) for name in ORDER]
    print(f"claims: {report.write_claims(claims, Path(flags.FLAGS.out))}")


def claim(name: str, size: str, workdir: Path) -> Claim:
    """Returns a claim as its config states it."""
    from depthstudy.report.claims import Claim, command

    config = runpy.run_path(str(named_configs.FOLDER / "claims" / f"{name}.py"))
    return Claim(
        name=name,
        text=config["CLAIM"],
        meaning=config["MEANING"],
        published=config["PUBLISHED"],
        command=command(name, size, workdir),
        workdir=workdir,
        figure=config.get("FIGURE", ""),
        judged_by=config.get("JUDGED_BY", "hypotheses"),
    )
