"""Renders pages: the one template for any list of sections, and the list of each page."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup, escape

from depthstudy import store
from depthstudy.report import export
from depthstudy.report.analysis import ANALYSIS_SECTIONS, header
from depthstudy.report.blocks import Block, Lede, Page, Text
from depthstudy.report.charts.panel import ChartPanel
from depthstudy.report.sections import STUDY_SECTIONS
from depthstudy.report.sections.answer.first_screen import FIRST
from depthstudy.report.tables import Analysis, Study, lede, read_analysis, read_study
from depthstudy.report.text import palette
from depthstudy.report.text.sentences import partial

_TEMPLATES = Path(__file__).parent / "templates"
_SHEETS = ("page.css", "blocks.css")
_SNIPPET = "window.vegaEmbed = vegaEmbed;"  # what a page needs of the chart library


def write(workdir: str | Path) -> Path:
    """Writes page and figures of the study in ``workdir`` and returns the path of the page."""
    folder = store.bucket.read_from(workdir)
    return _write(folder, store.REPORT, study_page(read_study(folder)))


def write_partial(folder: Path, path: Path) -> Path:
    """Writes the page, without figures, of what a study has found so far; returns ``path``."""
    store.write_text(path, render(study_page(read_study(folder))))
    return path


def write_analysis(folder: str | Path) -> Path:
    """Writes page and figures of the analysis in ``folder`` and returns the path of the page."""
    folder = store.bucket.read_from(folder)
    return _write(folder, store.ANALYSIS_PAGE, analysis_page(read_analysis(folder)))


def study_page(study: Study) -> Page:
    """Returns the page of a study."""
    sections = (section(study) for section in STUDY_SECTIONS)
    header: tuple[Block, ...] = (Lede(lede(study)),)
    if study.info.partial:
        header = (Text(partial(study.info), "partial"), *header)
    return Page(study.info.name, header, tuple(filter(None, sections)))


def analysis_page(analysis: Analysis) -> Page:
    """Returns the page of an analysis."""
    sections = (section(analysis) for section in ANALYSIS_SECTIONS)
    return Page(header.title(analysis), header.blocks(analysis), tuple(filter(None, sections)))


def _write(folder: Path, name: str, page: Page) -> Path:
    path = folder / name
    store.write_text(path, render(page))
    export.write_figures(page.sections, folder / store.FIGURES)
    store.bucket.finish()
    return path


def render(page: Page) -> str:
    """Returns a page as one file that opens with no network."""
    charts: list[dict[str, Any]] = []
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["breaks"] = lambda name: escape(name).replace("+", Markup("+<wbr>"))
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}

    def place(panel: ChartPanel) -> str:
        """Adds a chart to the page and returns the id of its element."""
        charts.append(panel.spec("container"))
        return f"chart-{len(charts) - 1}"

    def show(blocks: Sequence[Block]) -> Markup:
        """Renders blocks, each by the template that is named after its class."""
        names = (f"blocks/{type(block).__name__.lower()}.html" for block in blocks)
        return Markup("").join(
            Markup(environment.get_template(name).render(block=block))
            for name, block in zip(names, blocks, strict=True)
        )

    environment.globals.update(place=place, show=show)
    parts = [environment.get_template("header.html").render(page=page)]
    first = [section for section in page.sections if section.look == FIRST]
    others = [section for section in page.sections if section.look != FIRST]
    render_section = environment.get_template("section.html").render
    parts += [render_section(section=section) for section in first]
    if len(others) > 1:
        parts.append(environment.get_template("contents.html").render(sections=others))
    parts += [render_section(section=section) for section in others]
    return environment.get_template("page.html").render(
        page=page, main=Markup("\n".join(parts)), charts=charts, style=style(), bundle=bundle()
    )


def style() -> str:
    """Returns the style sheet behind the colors of both themes."""
    rules = {
        name: ":root{" + "".join(f"--{key}:{value};" for key, value in theme.items()) + "}"
        for name, theme in (("light", palette.light()), ("dark", palette.dark()))
    }
    dark = f"@media screen and (prefers-color-scheme:dark){{{rules['dark']}}}"
    texts = [(_TEMPLATES / name).read_text("utf-8") for name in _SHEETS]
    return "\n".join([rules["light"], dark, *texts])


def bundle() -> str:
    """Returns the chart library as a script that can stand inside a page.

    It takes longer to put together than all else of a page, so it is kept for the next one.
    """
    made_of = f"{metadata.version('vl-convert-python')} {_SNIPPET}"
    kept = store.cache_dir() / "charts" / f"{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.js"
    if kept.exists():
        return kept.read_text("utf-8")
    script = vl_convert.javascript_bundle(_SNIPPET).replace("</script", r"<\/script")
    with contextlib.suppress(OSError):  # where nothing can be kept, each page makes its own
        store.write_text(kept, script)
    return script
