"""Studies whose work directory lies in a bucket."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from depthstudy import config, report, store
from depthstudy import study as studies
from depthstudy.config import StudyConfig
from depthstudy.store import RunStore, bucket
from depthstudy.store.bucket import places
from depthstudy.store.bucket.connection import Bucket

sys.path.insert(0, str(Path(__file__).parents[2] / "faults"))
import bucket as story
import s3_server
from tiny_study import is_same, left_behind


def _study(**more: Any) -> StudyConfig:
    fields = config.defaults()
    fields.model.depth, fields.model.width = 8, 4
    fields.data.train_examples = 100
    fields.train.batch_size, fields.train.steps, fields.train.evaluations = 16, 12, 3
    fields.train.log_every, fields.train.save_seconds = 4, 0
    fields.train.placement = "pmap"
    fields.update(more)
    return config.parse(fields)


@pytest.mark.slow
def test_an_interrupted_study_goes_on_from_another_machine(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = _study()
    studies.run(study, tmp_path / "local")
    saves: list[int] = []
    write_info = RunStore.write_outcome

    def interrupt(self: RunStore, outcome: store.Outcome) -> None:
        saves.append(outcome.step)
        raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "write_outcome", interrupt)
    with pytest.raises(KeyboardInterrupt):
        studies.run(study, url)
    monkeypatch.setattr(RunStore, "write_outcome", write_info)
    names = set(Bucket(url).entries())
    assert ".lease" not in names
    assert not any(name.endswith("result.json") for name in names)
    assert any(name.endswith("training.safetensors") for name in names)
    shutil.rmtree(places.buckets())
    result = studies.run(study, url)
    assert saves == [12]
    report.write(result.workdir)
    shutil.rmtree(places.buckets())
    resumed = left_behind(bucket.read_from(url))
    assert is_same(left_behind(tmp_path / "local"), resumed)
    assert "report.html" in Bucket(url).entries()


@pytest.mark.slow
def test_processes_put_what_they_write_into_the_bucket(tmp_path: Path) -> None:
    for name in ("moto", "s3fs"):
        pytest.importorskip(name)
    options = {"seeds": 2, "processes": 2, "train.steps": 200}
    with s3_server.apart(story.free_port()) as port:
        place = story.Place(port, tmp_path, "studies")
        s3_server.make_bucket(place.bucket, port)
        for where in (tmp_path / "local", place.url("there")):
            end = story.wait(place.start(story.run(where, **options), "a"))
            assert end.code == 0, end.errors
        results = left_behind(place.fetched("there", tmp_path / "fetched"))
    assert is_same(left_behind(tmp_path / "local"), results)


@pytest.mark.slow
def test_the_story(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("moto", "s3fs"):
        pytest.importorskip(name)
    code = story.main()
    assert code == 0, capsys.readouterr().out
