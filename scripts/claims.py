"""Writes docs/claims.md from the studies of configs/claims that are finished; runs none.

make claims
python scripts/claims.py --workdir=results/claims/small
"""

import runpy
from pathlib import Path

from absl import flags

from depthstudy import cli, report
from depthstudy.errors import InputError
from depthstudy.questions import SIZES
from depthstudy.report.claims import Claim, command

_CONFIGS = Path(__file__).parents[1] / "configs" / "claims"
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
    "search",
)

_SIZE = flags.DEFINE_enum("size", "small", SIZES, "Size of the studies.")
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the studies, a sub-folder a claim; default results/claims/SIZE."
)
_OUT = flags.DEFINE_string("out", "docs/claims.md", "The document.")


def main() -> None:
    """Reads what is there and writes the document."""
    workdir = Path(_WORKDIR.value or Path("results", "claims", _SIZE.value))
    if not workdir.is_dir():
        raise InputError(f"no studies of claims in {workdir}; `make claims` runs them")
    claims = [claim(name, _SIZE.value, workdir / name) for name in ORDER]
    print(f"claims: {report.write_claims(claims, Path(_OUT.value))}")


def claim(name: str, size: str, workdir: Path) -> Claim:
    """Returns a claim as its config states it."""
    config = runpy.run_path(str(_CONFIGS / f"{name}.py"))
    return Claim(
        name=name,
        text=config["CLAIM"],
        meaning=config["MEANING"],
        published=config["PUBLISHED"],
        command=command(name, size, workdir),
        workdir=workdir,
        figure=config.get("FIGURE", ""),
    )


if __name__ == "__main__":
    cli.run(main)
