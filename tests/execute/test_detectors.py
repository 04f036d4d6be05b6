"""A study of detectors on a user's folder: the same in two processes, down to the last digit."""

from __future__ import annotations

from pathlib import Path

import jax
import pandas as pd
import pytest
from squares import write_squares

from depthstudy import runtime, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.execute.executors import process_count


def config(tmp_path: Path, processes: int) -> StudyConfig:
    settings = {
        "processes": processes,
        "seeds": 2,
        "data.name": "object_folder",
        "data.source_dir": str(tmp_path / "mine"),
        "data.data_dir": str(tmp_path / "prepared"),
        "data.flip": True,
        "model.family": "detector",
        "model.depth": 8,
        "model.width": 4,
        "model.channels": 8,
        "model.min_level": 2,
        "model.max_level": 3,
        "model.cells": 1,
        "sweep": (("train.learning_rate", (0.01, 0.02)),),  # for which nothing is compiled anew
        "train.steps": 6,
        "train.batch_size": 8,
        "train.evaluations": 2,
        "train.placement": "pmap",
        "probes": ("gradients",),
        "probe_examples": 8,
    }
    return apply(StudyConfig(), tuple(settings.items()))


def numbers(workdir: Path) -> pd.DataFrame:
    table = pd.read_csv(workdir / store.RECORDS, keep_default_na=False)
    return table[~table["metric"].str.endswith("seconds")].reset_index(drop=True)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    monkeypatch.setattr(runtime, "cores", lambda: 8)
    monkeypatch.setattr(process_count, "machine_memory", lambda: 20 * 2**30)
    write_squares(tmp_path / "mine")
    two = study.run(config(tmp_path, processes=2), tmp_path / "two")
    assert two.info.processes == 2
    one = study.run(config(tmp_path, processes=1), tmp_path / "one")
    assert one.info.processes == 1
    side_by_side, alone = numbers(tmp_path / "two"), numbers(tmp_path / "one")
    pd.testing.assert_frame_equal(side_by_side, alone, check_exact=True)
    gradients = alone[alone["probe"] == "gradients"]
    assert gradients["layer"].str.startswith("pyramid/cell01").any()
    errors = alone[alone["metric"] == "test_error"]
    assert len(errors) == 4
    assert errors["value"].between(0, 1).all()
