"""Sets finished studies side by side: settings that differ, test errors, verdicts.

  depthstudy compare results/quickstart results/five
  depthstudy compare results/* --workdir=results/all

Prints them, and writes a page, comparison.html, with settings.csv, errors.csv
and verdicts.csv. Says where errors are not those of equals, as the images or
the recipe differ. In Python: depthstudy.compare(FOLDER, OTHER).
"""

from __future__ import annotations

from pathlib import Path

from absl import flags

from depthstudy.errors import InputError


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_multi_string("study", [], "Folder of a finished study; two or more.")
    flags.DEFINE_string("workdir", "results/comparison", "Folder of the page and the tables.")


def main(line: str) -> None:
    """Reads the studies, prints and writes."""
    from depthstudy import report, store

    del line
    bucket, given = store.bucket, flags.FLAGS
    if store.read_info(bucket.read_from(given.workdir)) is not None:
        raise InputError(
            f"{given.workdir} holds a study, whose verdicts.csv would be written over; take another"
            " --workdir"
        )
    workdir = bucket.joined(given.workdir)  # which results/* names, too, from the second time on
    comparison = report.compare(*(one for one in given.study if bucket.joined(one) != workdir))
    print(report.comparison_text(comparison))
    path = report.write_comparison(comparison, Path(workdir))
    print(f"\ncomparison: {store.bucket.shown(path)}")
