"""Config files, run once more in a process that has not parsed the command line."""

from __future__ import annotations

import importlib.util
import sys

_NAME = "config_config"  # of the module, as ml_collections.config_flags names that of --config


def run_file(path: str) -> None:
    """Runs a config file for what it registers: families, probes, sources.

    Args:
      path: The file as on the command line, ``"FILE.py"`` or ``"FILE.py:ARGUMENT"``; the argument
        is given to its ``get_config``.

    Raises:
      Exception: Whatever the file raises.
    """
    name, *argument = path.split(":", 1)
    spec = importlib.util.spec_from_file_location(_NAME, name)
    assert spec is not None, name
    assert spec.loader is not None, name
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    module.get_config(*argument)
