"""Writes the page of a finished study or analysis again, from its tables.

  depthstudy report results/quickstart

Reads what is stored and trains nothing. The page is report.html in the folder
of a study, analysis.html in that of an analysis.
"""

from __future__ import annotations

from absl import flags

from depthstudy.errors import InputError


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_string("study", None, "Folder of the study, or of the analysis.")


def main(line: str) -> None:
    """Writes the page."""
    from depthstudy import report, store

    del line
    if flags.FLAGS.study is None:
        raise InputError("give the folder of a study, as results/quickstart")
    folder, shown = store.bucket.read_from(flags.FLAGS.study), store.bucket.shown
    if store.read_info(folder) is not None:
        print(f"report: {shown(report.write(folder))}")
    elif store.read_analysis_info(folder) is not None:
        print(f"analysis: {shown(report.write_analysis(folder))}")
    else:
        raise InputError(f"{folder} holds neither a finished study nor an analysis")
