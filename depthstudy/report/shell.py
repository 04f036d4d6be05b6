"""What every page is made with: the templates, the style sheet in two themes, the chart library."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jinja2
import vl_convert

from depthstudy import store
from depthstudy.report import palette

_HERE = Path(__file__).parent
_SNIPPET = "window.vegaEmbed = vegaEmbed;"  # what a page needs of the chart library


def render(template: str, context: Mapping[str, Any], *, sheets: Sequence[str] = ()) -> str:
    """Returns a page of a template that extends ``base.html``.

    Args:
      template: Its file name.
      context: What it speaks of; with ``charts``, the Vega-Lite specifications by their number.
      sheets: Style sheets that it needs beside ``report.css``.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return environment.get_template(template).render(
        {**context, "style": style(sheets), "bundle": bundle()}
    )


def style(sheets: Sequence[str] = ()) -> str:
    """Returns the style sheet behind the colors of both themes."""
    rules = {
        name: ":root{" + "".join(f"--{key}:{value};" for key, value in theme.items()) + "}"
        for name, theme in (("light", palette.light()), ("dark", palette.dark()))
    }
    dark = f"@media screen and (prefers-color-scheme:dark){{{rules['dark']}}}"
    texts = [(_HERE / name).read_text("utf-8") for name in ("report.css", *sheets)]
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
