"""Every color of the report, once, for the page's light and dark theme and for the figures.

Charts and style sheet name a color as ``var(--name)``. The browser resolves it, so a change of
theme recolors the charts without drawing them again, and paper is always light. Files outside the
page have no style sheet: ``resolve`` writes the light colors in. Groups take the hues of Okabe and
Ito (2008), darkened or lightened until text in them is readable on their background.
"""

from __future__ import annotations

import re

Color = str  # as charts and style sheet name it: ``"var(--name)"``

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1a1d21",
    "muted": "#5c6570",
    "rule": "#d5dae0",
    "grid": "#e9ecf0",
    "wash": "#f5f6f8",
    "supported": "#006b4a",
    "refuted": "#b3361b",
    "inconclusive": "#7d5a00",
    "not-tested": "#5c6570",
    "total": "#59626d",
    "optimization": "#9a3d7c",
    "generalization": "#1f8a8a",
    "overfitting": "#1f8a8a",
    "redundancy": "#a87400",
    "receptive-field": "#0b69ad",
    "recipe": "#7d4bab",
    "budget": "#5b7300",
}
_DARK = {
    "paper": "#14171b",
    "ink": "#eceff2",
    "muted": "#a2abb6",
    "rule": "#3a414a",
    "grid": "#262c33",
    "wash": "#1c2026",
    "supported": "#45cf9d",
    "refuted": "#ff8d6b",
    "inconclusive": "#e6bb55",
    "not-tested": "#a2abb6",
    "total": "#9aa4b0",
    "optimization": "#e08fc6",
    "generalization": "#58cccc",
    "overfitting": "#58cccc",
    "redundancy": "#e3b64c",
    "receptive-field": "#62b5fa",
    "recipe": "#c09cf0",
    "budget": "#a9c94a",
}
_LIGHT_HUES = (
    "#c94f0c",
    "#0b69ad",
    "#00805a",
    "#7d4bab",
    "#a87400",
    "#1e8fb8",
    "#7a4b2c",
    "#b03060",
    "#5b7300",
    "#4553c9",
    "#c2369c",
    "#5f6b78",
)
_DARK_HUES = (
    "#ff8f52",
    "#62b5fa",
    "#45cf9d",
    "#c6a0f2",
    "#e3b64c",
    "#86d9f2",
    "#cfa27f",
    "#f58fb2",
    "#b4cc52",
    "#9aa5ff",
    "#f27fd6",
    "#a9b4c0",
)

# For maps, from little to much; lightness changes all the way, so that gray print shows it.
_LIGHT_HEAT = ("#f1f4f8", "#c5dcee", "#7fb5dd", "#2f82bd", "#0b5488", "#0a2440")
_DARK_HEAT = ("#1b2129", "#1d3c57", "#245f8f", "#3b8fcc", "#86c8f5", "#dcf1ff")

HEAT = 20  # steps of a map
GROUPS = len(_LIGHT_HUES)  # colors that can be told apart; beyond it, color says nothing
_SHADES = 13


def group(index: int) -> str:
    """Returns the color of the group with this index, from 0."""
    return f"var(--g{index % GROUPS})"


def shades(index: int, count: int) -> list[str]:
    """Returns ``count`` colors of one hue, from faint to strong."""
    if count == 1:
        return [group(index)]
    steps = [round(i * (_SHADES - 1) / (count - 1)) for i in range(count)]
    return [f"var(--g{index % GROUPS}-{step})" for step in steps]


def heat() -> list[str]:
    """Returns the colors of a map, from little to much."""
    return [f"var(--heat-{step})" for step in range(HEAT)]


def light() -> dict[str, str]:
    """Returns the light theme: name of a color to its hex code."""
    return _theme(_LIGHT, _LIGHT_HUES, _LIGHT_HEAT)


def dark() -> dict[str, str]:
    """Returns the dark theme: name of a color to its hex code."""
    return _theme(_DARK, _DARK_HUES, _DARK_HEAT)


def resolve(text: str) -> str:
    """Replaces every ``var(--name)`` by its light color."""
    colors = light()
    return re.sub(r"var\(--([\w-]+)\)", lambda match: colors[match.group(1)], text)


def _theme(base: dict[str, str], hues: tuple[str, ...], anchors: tuple[str, ...]) -> dict[str, str]:
    theme = dict(base)
    for index, hue in enumerate(hues):
        theme[f"g{index}"] = hue
        for step in range(_SHADES):
            theme[f"g{index}-{step}"] = _shade(hue, base, step / (_SHADES - 1))
    for step in range(HEAT):
        place = (step / (HEAT - 1)) ** 1.5 * (len(anchors) - 1)  # most values are high
        left = min(int(place), len(anchors) - 2)
        theme[f"heat-{step}"] = _mix(anchors[left], anchors[left + 1], place - left)
    return theme


def _shade(hue: str, base: dict[str, str], strength: float) -> str:
    """Mixes ``hue`` with paper where ``strength`` is small, and with ink where it is large."""
    if strength < 0.5:
        return _mix(hue, base["paper"], 0.58 * (1 - 2 * strength))
    return _mix(hue, base["ink"], 0.55 * (2 * strength - 1))


def _mix(first: str, second: str, share: float) -> str:
    """Returns ``first`` with a ``share`` of ``second``."""
    pairs = [(int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
