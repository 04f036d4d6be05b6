"""Lists every setting of a study with its default and what it means.

  depthstudy settings
  depthstudy settings seeds
  depthstudy settings train.

With a WORD only those settings that have it in their name or their meaning.
Each is changed on the command line as --config.NAME=VALUE.
"""

from __future__ import annotations

from absl import flags

from depthstudy.command.help_text import row
from depthstudy.errors import InputError

_INDENT = 6


def define_flags() -> None:
    """Defines its flags."""
    flags.DEFINE_string("word", "", "What a setting has to have in its name or meaning.")


def main(line: str) -> None:
    """Prints the settings."""
    from depthstudy import config

    del line
    word = flags.FLAGS.word.lower().removeprefix("config.")
    rows = [
        setting
        for setting in config.describe_settings()
        if word in setting.name or word in setting.meaning.lower()
    ]
    if not rows:
        raise InputError(f"no setting has {word!r} in its name or meaning")
    for setting in rows:
        print(f"config.{setting.name} = {setting.default}")
        print(row("", setting.meaning, _INDENT))
