"""Runs of pruned nets: what each seed loses, starts from, keeps and costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pruned_study import ONE, REMOVAL, TUNED, small

from depthstudy import plan, records, store, study, train
from depthstudy.arch import ArchSpec
from depthstudy.config import apply
from depthstudy.execute import starting_point
from depthstudy.nets import surgery
from depthstudy.store import RunStore

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pruned")
    study.run(small(sweep=ONE), folder)
    return folder


def run_info(workdir: Path, variant: str, seed: int) -> store.RunInfo:
    info = RunStore.of(workdir, variant, seed).read_info()
    assert info is not None
    return info


@pytest.mark.parametrize("seed", [0, 1])
def test_each_seed_loses_the_blocks_that_it_misses_least(workdir: Path, seed: int) -> None:
    info = run_info(workdir, "resnet_depth20+removal", seed)
    dense = ArchSpec.from_json(run_info(workdir, "resnet_depth20", seed).arch)
    assert len(info.removed) == 4
    assert set(info.removed) <= set(surgery.removable(dense))
    left, _ = surgery.remove_blocks(dense, {}, info.removed)
    assert ArchSpec.from_json(info.arch) == left
    assert run_info(workdir, "resnet_depth20+scratch", seed).removed == info.removed


def test_costs_are_those_of_the_runs(workdir: Path) -> None:
    table = store.read_table(workdir / store.SUMMARY, records.Summary)
    rows = table.set_index(["variant", "seed"])
    dense, removal = rows.loc["resnet_depth20"], rows.loc["resnet_depth20+removal"]
    assert (removal["macs"] < dense["macs"]).all()
    assert (removal["seconds"] > dense["seconds"]).all()  # the dense run comes before it
    info = store.read_info(workdir)
    assert info is not None
    infos = {variant.name: variant for variant in info.variants}
    removed, scratch = infos["resnet_depth20+removal"], infos["resnet_depth20+scratch"]
    assert removed.macs == round(removal["macs"].mean())
    images = 128  # of a step's batch of 64, two in an epoch
    whole = infos["resnet_depth20"]
    assert (whole.images_seen, removed.images_seen) == (2 * images, 3 * images)
    assert scratch.images_seen == 3 * images  # in as many epochs, and without the dense run
    assert whole.training_macs == 3 * whole.macs * 2 * images
    assert removed.training_macs == whole.training_macs + 3 * removed.macs * images
    assert scratch.training_macs == 3 * scratch.macs * 3 * images


def test_a_run_begins_with_what_the_dense_net_has_learned(workdir: Path) -> None:
    (dense, *_) = plan.plan(small(sweep=ONE))
    config = apply(dense.config, REMOVAL)
    run = RunStore.of(workdir, "resnet_depth20", 0)
    removed = run_info(workdir, "resnet_depth20+removal", 0).removed
    new = RunStore(workdir / "new")
    point = starting_point.prune_trained(config, dense.dataset, run, new)
    assert point.removed == removed
    assert point.variables is not None
    again = starting_point.prune_trained(
        config, dense.dataset, run, RunStore.of(workdir, "resnet_depth20+removal", 0)
    )
    assert (again.spec, again.removed) == (point.spec, removed)
    assert again.variables is None  # its own checkpoint has them
    state = run.checkpoints.restore(max(run.checkpoints.all_steps()))
    np.testing.assert_array_equal(
        point.variables["params"]["stem"]["conv"]["kernel"],
        state["params"]["stem"]["conv"]["kernel"],
    )
    scratch = apply(config, (("prune.control", "scratch_epochs"),))
    assert starting_point.prune_trained(scratch, dense.dataset, run, new).variables is None


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sparse")
    variants = (
        ("cubic", (("prune.weights", 0.8), *TUNED)),
        (
            "rounds",
            (
                ("prune.weights", 0.5),
                ("prune.schedule", "iterative"),
                ("prune.rounds", 2),
                ("prune.rewind", "weights"),
                ("prune.distribution", "erk"),
                *TUNED,
            ),
        ),
        ("channels", (("prune.channels", 0.5), *TUNED)),
    )
    config = small(
        seeds=1, sweep=(), treatments=(), variants=variants,
        **{"model.depth": 8, "model.width": 8, "probes": ("density",)},
    )  # fmt: skip
    study.run(config, folder)
    return folder


def measured(workdir: Path, variant: str, metric: str) -> float:
    table = store.read_table(workdir / store.RECORDS, records.Record)
    rows = table[(table.variant == variant) & (table.metric == metric) & (table.layer == "")]
    return float(rows["value"].iloc[-1])


@pytest.mark.parametrize(("variant", "share"), [("cubic", 0.8), ("rounds", 0.5)])
def test_weights_are_gone_for_good_and_to_the_number(
    sparse: Path, variant: str, share: float
) -> None:
    assert measured(sparse, variant, "sparsity") == pytest.approx(share, abs=1e-3)


def test_a_net_without_channels_is_smaller_not_masked(sparse: Path) -> None:
    info = store.read_info(sparse)
    assert info is not None
    costs = {variant.name: variant.macs for variant in info.variants}
    dense = next(variant.dense for variant in info.variants if variant.dense)
    assert costs["channels"] < 0.8 * costs[dense]
    assert costs["cubic"] == costs[dense]


def test_seeds_of_one_architecture_are_compiled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    build = train.build

    def counted(*arguments: Any, **options: Any) -> train.Program:
        built.append(arguments)
        return build(*arguments, **options)

    monkeypatch.setattr(train, "build", counted)
    variants = (("half", (("prune.weights", 0.5), *TUNED)),)
    config = small(
        sweep=(), treatments=(), variants=variants,
        **{"model.depth": 8, "train.placement": "jit"},
    )  # fmt: skip
    study.run(config, tmp_path)
    assert len(built) == 2  # the dense net, and the pruned one
    starts = []
    for seed in range(2):
        checkpoints = RunStore.of(tmp_path, "half", seed).checkpoints
        starts.append(checkpoints.restore(max(checkpoints.all_steps()))["params"])
    stems = [params["stem"]["conv"]["kernel"] for params in starts]
    assert not np.allclose(*stems)  # each went on from its own dense net
