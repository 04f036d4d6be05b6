"""Reports of a study that is still running, and of one that was interrupted."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from depthstudy import execute, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.execute import RunFinished
from depthstudy.study import partial
from depthstudy.study.partial import PartialReports

TINY = apply(
    StudyConfig(),
    (
        ("name", "tiny"),
        ("seeds", 1),
        ("model.width", 4),
        ("data.train_examples", 100),
        ("train.steps", 2),
        ("train.batch_size", 32),
        ("train.evaluations", 1),
        ("sweep", (("model.depth", (8, 14)),)),
        ("processes", 1),
    ),
)


def finished() -> RunFinished:
    return RunFinished("v", 0, None)  # type: ignore[arg-type]


def test_a_report_is_written_at_most_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now, written = [0.0], []
    monkeypatch.setattr(partial.time, "monotonic", lambda: now[0])

    def write() -> None:
        written.append(now[0])
        now[0] += 6.0  # so that the next one waits for 120 s, of which it is a twentieth

    reports = PartialReports(write)
    for moment in (10.0, 61.0, 100.0, 180.0, 190.0):
        now[0] = moment
        reports.hear(finished())
    assert written == [61.0, 190.0]


def test_a_report_that_fails_is_a_line_and_does_not_end_the_study(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEPTHSTUDY_TRACEBACK", raising=False)

    def write() -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "partial/records.csv")

    PartialReports(write).write()  # raises nothing
    (record,) = caplog.records
    assert not record.exc_info
    assert "No space left on device: 'partial/records.csv'); the study goes on" in record.message
    monkeypatch.setenv("DEPTHSTUDY_TRACEBACK", "1")
    PartialReports(write).write()
    assert caplog.records[1].exc_info


@pytest.mark.slow
def test_an_interrupted_study_has_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(execute, "measure", interrupted)
        with pytest.raises(KeyboardInterrupt):
            study.run(TINY, tmp_path, command="depthstudy run tiny")
    html = (tmp_path / store.REPORT).read_text(encoding="utf-8")
    assert "Partial: 2 of 2 runs are done" in html
    assert store.read_info(tmp_path) is None
    assert (tmp_path / store.PARTIAL / store.SUMMARY).exists()
    answer = store.read_answer(tmp_path / store.PARTIAL)
    assert answer is not None
    assert (answer.next.reason[:4], answer.next.command) == ("Wait", "")
    result = study.run(TINY, tmp_path)
    assert result.info.partial == ""
    assert not (tmp_path / store.PARTIAL).exists()
    assert store.read_answer(tmp_path) == result.answer
    assert {row.variant for row in result.findings.class_errors} == set(result.summary["variant"])
    pictures = {int(path.stem) for path in (tmp_path / store.MISTAKE_IMAGES).iterdir()}
    assert pictures == {row.image for row in result.findings.mistakes}
    for line in study.conclusion(result).splitlines():
        assert len(line) <= 80 or line.lstrip().startswith("python ")
