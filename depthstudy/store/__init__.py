"""Every path, every file name and every checkpoint of a study.

```
WORKDIR/
  study.json  records.csv  summary.csv  means.csv  decomposition.csv  matched.csv
  pareto.csv  pruning.csv  gains.csv  attribution.csv  verdicts.csv  recommendation.json
  search.csv  scores.csv  importance.csv  progress.csv  search.json
  report.html  figures/
  runs/VARIANT/seedN/       one run: a variant with a seed
    run.json                what it is: config, architecture, preprocessing, classes
    checkpoints/STEP/state/ arrays by name, with the content of run.json in the header
    records.csv             its measurements so far
    errors.npz              which examples of the validation and test splits it gets wrong
    probes.csv              what probes measured of its last checkpoint
    events.out.tfevents.*   the same for TensorBoard
    result.json             written last: where it is, the run is done
```
"""

from depthstudy.store.checkpoints import CheckpointReader, CheckpointWriter
from depthstudy.store.files import (
    cache_dir,
    lock,
    read_table,
    write_json,
    write_table,
    write_text,
)
from depthstudy.store.run import Outcome, RunInfo, RunStore
from depthstudy.store.study import (
    ANALYSIS,
    ANALYSIS_PAGE,
    ATTRIBUTION,
    BUDGET,
    DECOMPOSITION,
    FIGURES,
    GAINS,
    IMPORTANCE,
    MATCHED,
    MEANS,
    PARETO,
    PREDICTIONS,
    PROGRESS,
    PRUNING,
    RECOMMENDATION,
    RECORDS,
    REPORT,
    ROBUSTNESS,
    SCORES,
    SEARCH,
    SUMMARY,
    TUNING,
    VERDICTS,
    read_analysis_info,
    read_info,
    read_recommendation,
    read_search_info,
    write_analysis_info,
    write_info,
    write_recommendation,
    write_search_info,
)

__all__ = [
    "ANALYSIS",
    "ANALYSIS_PAGE",
    "ATTRIBUTION",
    "BUDGET",
    "DECOMPOSITION",
    "FIGURES",
    "GAINS",
    "IMPORTANCE",
    "MATCHED",
    "MEANS",
    "PARETO",
    "PREDICTIONS",
    "PROGRESS",
    "PRUNING",
    "RECOMMENDATION",
    "RECORDS",
    "REPORT",
    "ROBUSTNESS",
    "SCORES",
    "SEARCH",
    "SUMMARY",
    "TUNING",
    "VERDICTS",
    "CheckpointReader",
    "CheckpointWriter",
    "Outcome",
    "RunInfo",
    "RunStore",
    "cache_dir",
    "lock",
    "read_analysis_info",
    "read_info",
    "read_recommendation",
    "read_search_info",
    "read_table",
    "write_analysis_info",
    "write_info",
    "write_json",
    "write_recommendation",
    "write_search_info",
    "write_table",
    "write_text",
]
