"""The flag ``--config`` of the commands that take a study's config."""

from __future__ import annotations

from typing import Any

from absl import flags
from ml_collections import config_flags

from depthstudy.command import named_configs
from depthstudy.errors import InputError


def define(meaning: str = "Config of the study: a file, or a name.") -> None:
    """Defines the flag, with what ``--help`` says of it."""
    config_flags.DEFINE_config_file(
        "config",
        None,
        meaning,
        lock_config=False,
        accept_new_attributes=True,  # config.model.options.*; cli.run refuses what else is unknown
    )


def given() -> Any:
    """Returns the config.

    Raises:
      InputError: None was given.
    """
    if flags.FLAGS.config is None:
        raise InputError(
            "give --config=FILE, or a config by name: " + ", ".join(named_configs.names())
        )
    return flags.FLAGS.config
