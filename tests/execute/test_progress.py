"""What is told of long work where no terminal shows a bar."""

import pytest

from depthstudy.execute import progress
from depthstudy.execute.progress import Bar, StatusChanged, WorkDone


def test_without_a_terminal_it_is_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    bar = Bar(10, 2)
    for seconds, work in ((0.5, 0), (30.0, 1), (61.0, 1), (90.0, 2), (130.0, 1), (150.0, 3)):
        now[0] = seconds
        bar.show(StatusChanged("net: probe"))
        bar.show(WorkDone(work))
    bar.close()
    late = Bar(10, 2)
    now[0] += 100.0
    late.show(WorkDone(0))
    late.close()
    assert capsys.readouterr().err.splitlines() == [
        "40% done after 01:01, about 03:03 left",
        "70% done after 02:10, about 01:18 left",
    ]
