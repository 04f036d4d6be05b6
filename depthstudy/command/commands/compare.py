"""Sets finished studies side by side: settings that differ, test errors, verdicts.

  depthstudy compare results/quickstart results/five
  depthstudy compare results/* --workdir=results/all

Prints them, and writes a page, comparison.html, with settings.csv, errors.csv
and verdicts.csv. Says where errors are not those of equals, as the images or
the recipe differ. In Python: depthstudy.compare(FOLDER, OTHER).
"""

from __future__ import annotations

from absl import flags


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_multi_string("study", [], "Folder of a finished study; two or more.")
    flags.DEFINE_string("workdir", "results/comparison", "Folder of the page and the tables.")


def main(line: str) -> None:
    """Reads the studies, prints and writes."""
    from depthstudy import report, store

    del line
    comparison = report.compare(*flags.FLAGS.study)
    print(report.comparison_text(comparison))
    path = report.write_comparison(comparison, flags.FLAGS.workdir)
    print(f"\ncomparison: {store.bucket.shown(path)}")
