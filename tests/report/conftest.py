"""Pages without what takes long, and a study that many tests look at."""

from __future__ import annotations

from pathlib import Path

import made_study
import pytest

from depthstudy import store


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the chart library and pictures, where a test needs neither."""
    import vl_convert

    from depthstudy.report import page

    monkeypatch.setattr(page, "bundle", lambda: "/* library */")
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda spec: "<svg/>")
    monkeypatch.setattr(vl_convert, "vegalite_to_png", lambda spec, scale: b"")


@pytest.fixture(scope="session")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plain and residual nets of four depths, with the report written."""
    from depthstudy import report

    path = made_study.fake_study(tmp_path_factory.mktemp("study"))
    report.write(path)
    return path


@pytest.fixture(scope="session")
def html(workdir: Path) -> str:
    """The text of the page."""
    return (workdir / store.REPORT).read_text(encoding="utf-8")
