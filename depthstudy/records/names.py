"""Names of nets that follow from results, as a reader has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from depthstudy.records.study import LONGER, OWN_SETTINGS

_RATE = "train.learning_rate"
_SETTINGS = r"(_\w(?:[\w.+-]*\w)?)"  # as "_learning_rate0.03"
_SETTING = re.compile(r"_([a-z][a-z_]*)(\d[\d.]*(?:e[+-]?\d+)?)")
_OWN = re.compile(rf"\+own{_SETTINGS}")
_LONGER = re.compile(rf"\+{LONGER}(\d+){_SETTINGS}?(?!\w)")
_GROUP = re.compile(rf" \+ (?=(?:{OWN_SETTINGS}|{LONGER}\d+)\b)")
_TREATMENT = re.compile(rf"\b{LONGER}(\d+)\b")


def own_words(config: Mapping[str, Any]) -> str:
    """Returns what a study has tuned for each net: ``"own learning rate"`` or ``"own settings"``.

    >>> own_words({"tune": [["train.learning_rate", [0.1, 0.3]]]})
    'own learning rate'
    """
    fields = [field for field, _ in config.get("tune") or ()]
    return "own learning rate" if fields == [_RATE] else "own settings"


def in_words(text: str, own_label: str = "own settings") -> str:
    """Returns a text in which nets, groups and treatments that follow from results are in words.

    >>> in_words("plain_depth56+longer16_learning_rate0.03 errs less than plain_depth8")
    'plain_depth56 with 16x the steps and learning rate 0.03 errs less than plain_depth8'
    >>> in_words("plain_depth56+own_learning_rate0.03"), in_words("plain + own_settings")
    ('plain_depth56 with own learning rate 0.03', 'plain with own settings')

    Args:
      text: A name, or a sentence with names.
      own_label: What a net is said to have that was tuned.
    """
    if LONGER not in text and "own_" not in text:
        return text
    text = _OWN.sub(lambda match: f" with own {_settings(match[1])}", text)
    text = _LONGER.sub(lambda match: f" with {_times(match[1])}{_and(match[2])}", text)
    text = _GROUP.sub(" with ", text)
    text = _TREATMENT.sub(lambda match: _times(match[1]), text)
    return re.sub(rf"\b{OWN_SETTINGS}\b", own_label, text)


def _times(factor: str) -> str:
    return f"{factor}x the steps"


def _and(settings: str | None) -> str:
    words = _settings(settings) if settings else ""
    return f" and {'own settings' if words == 'settings' else words}" if words else ""


def _settings(text: str) -> str:
    """Returns ``"momentum 0.8 and weight decay 0.1"`` for ``"_momentum0.8_weight_decay0.1"``."""
    if not re.fullmatch(rf"(?:{_SETTING.pattern})+", text):
        return "settings"
    return " and ".join(
        f"{field.replace('_', ' ')} {value}" for field, value in _SETTING.findall(text)
    )
