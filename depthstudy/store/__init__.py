"""Every path, every file name and every checkpoint of a study.

```
WORKDIR/
  study.json  data.csv  data.json  data_1.png
  records.csv  summary.csv  means.csv  decomposition.csv  matched.csv
  pareto.csv  pruning.csv  gains.csv  attribution.csv  verdicts.csv  recommendation.json
  verdicts_own_settings.csv  robustness.csv  tuning.csv  expected_best.csv  budget.csv
  class_errors.csv  confusion.csv  flips.csv  mistakes.csv  mistakes/PLACE.png  answer.json
  search.csv  scores.csv  importance.csv  progress.csv  search.json  test_images.npz
  report.html  figures/
  shard.json              of which study this is a part, and which
  partial/                the same tables of what is done, while the study runs
  tuning/  search/        runs of trials, in folders as below
  runs/VARIANT/seedN/       one run: a variant with a seed
    run.json                what it is: config, architecture, preprocessing, classes
    checkpoints/STEP/state/ arrays by name, with the content of run.json in the header
    records.csv             its measurements so far
    errors.npz              which examples of the validation and test splits it gets wrong
    answers.npz             label, likeliest class and its probability of each test example; of a
                            streamed set also the labels of other examples that were evaluated
    probes.csv              what probes measured of its last checkpoint
    events.out.tfevents.*   the same for TensorBoard
    result.json             written last: where it is, the run is done
    damaged/                what was not as it was written, and was made again
```
"""

from depthstudy.store import bucket
from depthstudy.store.cache_folder import cache_dir
from depthstudy.store.checkpoints import CheckpointReader, CheckpointWriter, Measured
from depthstudy.store.files import (
    lock,
    move,
    read_earlier_json,
    read_json,
    read_table,
    remove,
    remove_folder,
    require_writable,
    write_bytes,
    write_json,
    write_table,
    write_text,
)
from depthstudy.store.runs.repair import damage, damages, repair, repair_checkpoints
from depthstudy.store.runs.run import RunStore
from depthstudy.store.runs.run_info import Outcome, RunInfo
from depthstudy.store.runs.unwritten import UnwrittenRun
from depthstudy.store.shard import (
    ShardInfo,
    read_earlier_shard_info,
    read_shard_info,
    write_shard_info,
)
from depthstudy.store.study import (
    ANALYSIS,
    ANALYSIS_PAGE,
    ATTRIBUTION,
    CLASS_ERRORS,
    CONFUSION,
    DATA,
    DATA_INFO,
    DATA_SHEET,
    DECOMPOSITION,
    FIGURES,
    FINDINGS,
    FLIPS,
    GAINS,
    IMPORTANCE,
    MATCHED,
    MEANS,
    MISTAKE_IMAGES,
    MISTAKES,
    PARETO,
    PARTIAL,
    PREDICTIONS,
    PROGRESS,
    PRUNING,
    RECOMMENDATION,
    RECORDS,
    REPORT,
    SCORES,
    SEARCH,
    SUMMARY,
    TUNING,
    VERDICTS,
    find_data,
    read_analysis_info,
    read_answer,
    read_data,
    read_earlier_info,
    read_info,
    read_recommendation,
    read_scenes,
    read_search_info,
    write_analysis_info,
    write_answer,
    write_data,
    write_data_info,
    write_info,
    write_recommendation,
    write_scenes,
    write_search_info,
)

__all__ = [
    "ANALYSIS",
    "ANALYSIS_PAGE",
    "ATTRIBUTION",
    "CLASS_ERRORS",
    "CONFUSION",
    "DATA",
    "DATA_INFO",
    "DATA_SHEET",
    "DECOMPOSITION",
    "FIGURES",
    "FINDINGS",
    "FLIPS",
    "GAINS",
    "IMPORTANCE",
    "MATCHED",
    "MEANS",
    "MISTAKES",
    "MISTAKE_IMAGES",
    "PARETO",
    "PARTIAL",
    "PREDICTIONS",
    "PROGRESS",
    "PRUNING",
    "RECOMMENDATION",
    "RECORDS",
    "REPORT",
    "SCORES",
    "SEARCH",
    "SUMMARY",
    "TUNING",
    "VERDICTS",
    "CheckpointReader",
    "CheckpointWriter",
    "Measured",
    "Outcome",
    "RunInfo",
    "RunStore",
    "ShardInfo",
    "UnwrittenRun",
    "bucket",
    "cache_dir",
    "damage",
    "damages",
    "find_data",
    "lock",
    "move",
    "read_analysis_info",
    "read_answer",
    "read_data",
    "read_earlier_info",
    "read_earlier_json",
    "read_earlier_shard_info",
    "read_info",
    "read_json",
    "read_recommendation",
    "read_scenes",
    "read_search_info",
    "read_shard_info",
    "read_table",
    "remove",
    "remove_folder",
    "repair",
    "repair_checkpoints",
    "require_writable",
    "write_analysis_info",
    "write_answer",
    "write_bytes",
    "write_data",
    "write_data_info",
    "write_info",
    "write_json",
    "write_recommendation",
    "write_scenes",
    "write_search_info",
    "write_shard_info",
    "write_table",
    "write_text",
]
