"""The made-up study of plain and residual nets with what probes measured of them."""

import made_analysis
from made_analysis import STEP, rows_of
from made_study import fake_study
from reseal import reseal

from depthstudy import records, store
from depthstudy.evidence import means

BLOCKS = {8: 1, 20: 3, 32: 5, 56: 9}


def probed_study(workdir, *, probes=tuple(made_analysis.PROBES), seeds=1):
    """Writes the made-up study with what probes measured of its nets."""
    fake_study(workdir)
    info = store.read_info(workdir)
    rows = store.read_table(workdir / store.RECORDS, records.Record)
    probe_rows = []
    for variant in info.variants:
        for seed in range(seeds):
            run = records.AnalysisRun(
                folder="", study=info.name, variant=variant.name, seed=seed, step=STEP,
                family=variant.group, depth=variant.depth, image_shape=variant.image_shape,
            )  # fmt: skip
            probe_rows += rows_of(
                run, BLOCKS[variant.depth], residual=variant.group == "resnet", probes=probes
            )
    rows = [*(records.Record(**row) for row in rows.to_dict("records")), *probe_rows]
    summary = store.read_table(workdir / store.SUMMARY, records.Summary)
    store.write_table(workdir / store.RECORDS, records.frame(records.Record, rows))
    averages = means.over_seeds(summary, rows)
    store.write_table(workdir / store.MEANS, records.frame(records.Mean, averages))
    reseal(workdir)
    return workdir
