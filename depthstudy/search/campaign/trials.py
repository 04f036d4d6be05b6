"""Trains the nets that a search tries, as runs of the executor that trains all others."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from depthstudy import analysis, data, execute
from depthstudy.config import Settings
from depthstudy.execute import Job
from depthstudy.execute.executors.executor import ExecutorTask, Worker
from depthstudy.execute.progress import StatusChanged, WorkDone
from depthstudy.execute.tuning import TRIAL_SEED, is_trainable, validation_error
from depthstudy.plan import Variant
from depthstudy.plan.follow_up import FollowUp, follow, name_of_settings, searched
from depthstudy.search.space import Genome
from depthstudy.store import RunStore

SCORES = "zero_cost"  # the probe of untrained nets
_SCORE_EXAMPLES = 250


class Trials:
    """The nets of a search: each is trained once for each length, on a seed that no variant has."""

    def __init__(self, session: execute.Session, base: Variant) -> None:
        """Trains variants of ``base``."""
        self._session, self._base = session, base
        self._errors: dict[tuple[Settings, float], float] = {}
        self._jobs: dict[tuple[Settings, float], Job] = {}

    def can_train(self, net: Settings, share: float) -> bool:
        """Returns whether a net can be trained for a share of the full training."""
        return is_trainable(lambda: self._job(net, share))

    def train(self, nets: Sequence[Settings], share: float) -> None:
        """Trains nets for a share of the full training, those that are not trained yet."""
        wanted = [net for net in dict.fromkeys(nets) if (net, share) not in self._errors]
        jobs = {net: self._job(net, share) for net in wanted}
        self._session.train(list(jobs.values()))
        for net, job in jobs.items():
            self._errors[net, share] = validation_error(self._session, job)

    def error(self, net: Settings, share: float) -> float:
        """Returns the validation error of a net that was trained; NaN where it diverged."""
        return self._errors[net, share]

    def note(self, net: Settings, share: float, genome: Genome) -> None:
        """Writes beside a run what was chosen for it, and what it sets."""
        text = {"genome": dict(genome), "settings": dict(net)}
        self._store(net, share).write_genome(text)

    def score(self, nets: Sequence[Settings], share: float) -> list[dict[str, float]]:
        """Returns what each net scored before it was trained; those that are missing are measured.

        A net that cannot be scored has NaN.
        """
        tasks = [
            ExecutorTask((job.variant.name, TRIAL_SEED, job.follow_up))
            for job in (self._job(net, share) for net in nets)
            if not _scores(self._session.store(job.variant, TRIAL_SEED))
        ]
        self._session.do(score_run, tasks)
        return [_scores(self._store(net, share)) for net in nets]

    def _store(self, net: Settings, share: float) -> RunStore:
        return self._session.store(self._job(net, share).variant, TRIAL_SEED)

    def _job(self, net: Settings, share: float) -> Job:
        if (net, share) not in self._jobs:
            how = searched(self._base, net, share)
            self._jobs[net, share] = Job(follow(self._base, how), (TRIAL_SEED,), how)
        return self._jobs[net, share]


def name_of_net(net: Settings) -> str:
    """Returns the name of a net's run, without the length of its training."""
    return f"net_{name_of_settings(net)}"


def score_run(worker: Worker, name: str, seed: int, follow_up: FollowUp) -> None:
    """Measures the start of a run, and writes it beside the run."""
    worker.sink(StatusChanged(f"{name}: scores"))
    run = RunStore.of(Path(worker.workdir) / follow_up.folder, name, seed)
    base = worker.variants[follow_up.base]
    datasets = data.Datasets({base.config.data: base.dataset})
    opened = analysis.opening.open_run(run.folder, None, _SCORE_EXAMPLES, datasets)
    others = [row for row in run.read_probes() if row.probe != SCORES]
    run.write_probes([*others, *analysis.runs.measured(opened, SCORES)])
    worker.sink(WorkDone(1))


def _scores(run: RunStore) -> dict[str, float]:
    """Returns what a run scored by metric; nothing where it was not measured."""
    rows = [row for row in run.read_probes() if row.probe == SCORES]
    return {row.metric: row.value if ":" not in row.metric else math.nan for row in rows}


def as_json(settings: Settings) -> str:
    """Returns settings, or a choice, as JSON that a table holds."""
    return json.dumps(dict(settings))
