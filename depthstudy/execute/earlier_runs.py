"""Runs that are there: which are those of a config, which go on for longer, which are refused."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from absl import logging

from depthstudy import config, data, hosts, plan, store, train
from depthstudy.config import StudyConfig
from depthstudy.errors import DamagedError, InputError
from depthstudy.execute.executors import process_count
from depthstudy.plan import SWEEPABLE_GROUPS, Variant
from depthstudy.store import RunInfo, RunStore

_LENGTH = ("train.epochs", "train.steps", "train.least_steps")
_CURVE = "train.evaluations"  # changes no net, but at which steps it was evaluated so far


def check(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    """Checks that a study can be trained in a folder; trains and writes nothing.

    Raises:
      InputError: The folder holds runs of another config, or there can be no such processes.
    """
    process_count.check(study)
    if jax.process_count() != hosts.count():
        raise InputError(
            f"JAX has {jax.process_count()} processes, and a study knows of {hosts.count()} hosts: "
            "join them by depthstudy.hosts.joined rather than jax.distributed.initialize"
        )
    runs = _runs(study, variants, workdir)
    for run, variant in runs:
        refuse_other_config(run, variant)
    warn_of_rounding(runs)


def reopen_shorter(study: StudyConfig, variants: Sequence[Variant], workdir: Path) -> None:
    """Has the runs of a plan go on that ended before as many steps as they are to have now."""
    runs = _runs(study, variants, workdir)
    for run, _ in runs:
        store.repair(run)
    count = sum(reopen(run, variant) for run, variant in runs)
    if count:
        logging.warning("%d runs that were done go on, as they are to be trained for longer", count)


def reopen(run: RunStore, variant: Variant) -> bool:
    """Has a run go on if it ended before as many steps as it is to have now; says whether it did.

    One that diverged would diverge again; one that cannot go on is refused by ``check``, or by
    ``refuse_other_config`` where it is not of the plan.
    """
    outcome = run.read_outcome()
    if outcome is None or outcome.status == "diverged" or variant.is_pruned:
        return False
    if outcome.step >= variant.info.steps:
        return False
    run.reopen()
    return True


def _runs(
    study: StudyConfig, variants: Sequence[Variant], workdir: Path
) -> list[tuple[RunStore, Variant]]:
    return [
        (RunStore.of(workdir, variant.name, seed), variant)
        for variant in variants
        for seed in (() if variant.info.same_as else variant.seeds_in(study))
    ]


def refuse_other_config(run: RunStore, variant: Variant) -> None:
    """Refuses a folder that holds a run of the same name with other settings, done or not.

    A field that the stored config does not know yet counts as being at its default, and of the net
    what it is made of counts: the same net may have been asked for in another way.

    Raises:
      InputError: It does, or its schedule is one by which it cannot go on for longer.
    """
    stored = _stored(run)
    if stored is None:
        _refuse_unknown(run)
        return
    same_net = stored.arch == variant.spec.to_json()
    earlier = _config(stored)
    before, now = _settings(earlier, same_net), _settings(variant.config, same_net)
    differing = [
        field for field in dict.fromkeys([*now, *before]) if before.get(field) != now.get(field)
    ]
    changed = [f"{name} ({before.get(name)!r}, now {now.get(name)!r})" for name in differing]
    if stored.dataset != variant.dataset.name:
        changed.append(_changed_images(run, stored.dataset, variant.dataset))
    elif _is_longer(earlier, variant, differing):
        _refuse_other_rates(run, earlier, variant, ", ".join(changed))
        return
    if changed:
        raise InputError(
            f"{run.folder} was trained with another config: {', '.join(changed)}; "
            "take another --workdir, or remove that folder"
        )


def _refuse_unknown(run: RunStore) -> None:
    """Refuses to go on from a checkpoint of which nothing says what it was trained with."""
    if run.checkpoints.newest_whole() is not None:
        raise InputError(
            f"{run.folder} has checkpoints, and no whole run.json that says with which settings it "
            "was trained; put that file back, or remove the folder"
        )


def warn_of_rounding(runs: Sequence[tuple[RunStore, Variant]]) -> None:
    """Says where runs go on that were computed otherwise so far."""
    changed: collections.Counter[str] = collections.Counter()
    for run, variant in runs:
        stored = _stored(run)
        if stored is None or not run.checkpoints.all_steps() or _is_done(run, variant):
            continue
        earlier = _config(stored)
        for field in plan.OF_THE_COMPUTE:
            before, now = (config.get(each, field) for each in (earlier, variant.config))
            if before != now:
                changed[f"{field}={now}, which was {before}"] += 1
    for words, count in changed.items():
        logging.warning("%d runs go on with %s: equal numbers but for rounding", count, words)


def unlike_type(runs: Sequence[tuple[RunStore, Variant]], workdir: Path) -> str:
    """Returns a line on runs of another type than what is trained on this machine, by ``"auto"``.

    It is ``""`` where none was begun on a platform of another type.
    """
    current = jax.default_backend()
    before = sorted(_platforms(runs, workdir) - {current})
    unlike = train.unlike_types({*before, current})
    return unlike and (
        f"runs were trained on {' and '.join(before)} before, and what is left is trained on "
        f"{current}: {unlike}"
    )


def _platforms(runs: Sequence[tuple[RunStore, Variant]], workdir: Path) -> set[str]:
    """Returns what runs of precision ``"auto"`` were trained on so far, as ``{"gpu"}``."""
    stores = [run for run, variant in runs if variant.train.precision == "auto"]
    begun = [_stored(run) for run in stores if run.checkpoints.all_steps()]
    platforms = {info.platform for info in begun if info}
    if "" in platforms:  # of an earlier version, where only the study said it
        platforms |= _platforms_of_study(workdir)
    return platforms - {""}


def _platforms_of_study(workdir: Path) -> set[str]:
    platforms = set()
    for folder in (workdir, workdir / store.PARTIAL):
        with contextlib.suppress(DamagedError):  # what is damaged is said where it is written again
            info = store.read_info(folder)
            if info and info.config.get("executor", "local") == "local":
                platforms.add(info.hardware.get("platform", ""))
    return platforms


def _is_done(run: RunStore, variant: Variant) -> bool:
    with contextlib.suppress(DamagedError):  # then it goes on
        outcome = run.read_outcome()
        return outcome is not None and outcome.step >= variant.info.steps
    return False


def _stored(run: RunStore) -> RunInfo | None:
    with contextlib.suppress(DamagedError):  # then no checkpoint is whole, and it begins anew
        return run.read_info()
    return None


def _config(stored: RunInfo) -> StudyConfig:
    # An earlier version held nothing out.
    fields = {"validation": 0.0, **stored.config.get("data", {})}
    return config.parse({**stored.config, "data": fields})


def _is_longer(earlier: StudyConfig, variant: Variant, changed: Sequence[str]) -> bool:
    """Returns whether all that has changed is that the training is longer."""
    if variant.is_pruned or not set(changed) & set(_LENGTH):
        return False
    before = train.count_steps(earlier.train, len(variant.dataset.train))
    return before <= variant.info.steps and set(changed) <= {*_LENGTH, _CURVE}


def _refuse_other_rates(
    run: RunStore, earlier: StudyConfig, variant: Variant, changed: str
) -> None:
    """Refuses to train a run for longer whose steps so far would have had other learning rates."""
    done = max(run.checkpoints.all_steps(), default=0)
    before = train.count_steps(earlier.train, len(variant.dataset.train))
    now = variant.info.steps
    rates = [train.rates(earlier.train, steps, done) for steps in (before, now)]
    other = next((step for step, (a, b) in enumerate(zip(*rates, strict=True)) if a != b), None)
    if other is not None:
        raise InputError(
            f"{run.folder} cannot be trained for longer ({changed}): by "
            f"train.schedule={earlier.train.schedule!r} the rate of step {other + 1} was "
            f"{rates[0][other]:.4g} for {before} steps, and is {rates[1][other]:.4g} for {now}; "
            'take another --workdir, where it is trained anew; train.schedule="constant" lets it '
            "go on later"
        )


def _changed_images(run: RunStore, before: str, dataset: data.Dataset) -> str:
    """Says which images have changed since a run was begun, as far as its study wrote them down."""
    known = [row for row in store.find_data(run.folder) if row.dataset == before]
    files = () if dataset.source is None else dataset.source.files
    counts = data.changes(known, files) if known and files else f"{before}, now {dataset.name}"
    return f"the images of {dataset.called} ({counts})"


def _settings(study: StudyConfig, same_net: bool) -> dict[str, Any]:
    """Returns the dotted fields that a run depends on, those of the net unless it is the same.

    Images are known by their content: where they lie, and who reads them, does not matter.
    """
    groups = dataclasses.asdict(study)
    others = [group for group in SWEEPABLE_GROUPS if group != "model"]
    fields = {f"{group}.{leaf}": x for group in others for leaf, x in groups[group].items()}
    no_matter = {*plan.OF_THE_MACHINE, *plan.OF_THE_COMPUTE}
    fields = {name: value for name, value in fields.items() if name not in no_matter}
    return fields if same_net else plan.options_used(study.model) | fields
