"""What is compiled in a process: once for nets that are alike, whatever is trained between."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import placements
import pytest

from depthstudy import plan, store
from depthstudy.config import StudyConfig, apply
from depthstudy.execute.progress import Compiled, Event
from depthstudy.execute.trainer import Trainer

pytestmark = pytest.mark.slow

ALTERNATING = apply(
    StudyConfig(),
    (
        ("sweep", (("model.depth", (8, 14)), ("train.learning_rate", (0.01, 0.03)))),
        ("seeds", 2),
        ("model.width", 4),
        ("train.batch_size", 32),
        ("train.steps", 2),
        ("train.evaluations", 1),
        ("train.eval_train_examples", 50),
        ("train.placement", "jit"),
    ),
)


def test_nets_in_turn_are_compiled_once_each(tmp_path: Path) -> None:
    events: list[Event] = []
    _, variants = plan.prepare(ALTERNATING)
    trainer = Trainer(tmp_path / "turns", events.append)
    in_turn = [variants[i] for i in (0, 2, 1, 3)]
    for variant in in_turn:
        trainer.fit(variant, [0])
    trainer.fit(variants[0], [1, 2])
    assert [v.info.depth for v in in_turn] == [8, 14, 8, 14]
    assert sum(isinstance(event, Compiled) for event in events) == 2
    alone = Trainer(tmp_path / "alone", events.append)
    alone.fit(variants[3], [0])
    one, other = (
        store.RunStore.of(tmp_path / name, variants[3].name, 0).checkpoints.restore(2)
        for name in ("turns", "alone")
    )
    jax.tree.map(np.testing.assert_array_equal, one, other)


def test_how_many_train_examples_are_evaluated_compiles_nothing_anew(tmp_path: Path) -> None:
    events: list[Event] = []
    settings = (("model.depth", 8), ("sweep", (("train.eval_train_examples", (20, 50)),)))
    _, variants = plan.prepare(apply(ALTERNATING, settings))
    trainer = Trainer(tmp_path / "turns", events.append)
    for variant in variants:
        trainer.fit(variant, [0])
    assert sum(isinstance(event, Compiled) for event in events) == 1
    Trainer(tmp_path / "alone", events.append).fit(variants[1], [0])
    one, other = (
        [
            row.value
            for row in store.RunStore.of(tmp_path / name, variants[1].name, 0).read_records()
            if row.metric in ("train_loss", "train_error")
        ]
        for name in ("turns", "alone")
    )
    assert len(one) == 2
    assert one == other


@pytest.mark.parametrize("placement", ["jit", "pmap"])
def test_images_are_placed_once_for_consecutive_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placement: str
) -> None:
    placed = placements.counted(monkeypatch)
    settings = (("train.placement", placement), ("data.stream", False))
    _, variants = plan.prepare(apply(ALTERNATING, settings))
    trainer = Trainer(tmp_path, [].append)
    for variant in variants:
        trainer.fit(variant, [0, 1])
    dataset = variants[0].dataset
    assert dataset.validation is not None
    splits = (dataset.train, dataset.validation, dataset.test)
    assert sorted(placed) == sorted(map(len, splits))
