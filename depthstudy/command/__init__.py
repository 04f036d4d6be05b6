"""The command ``depthstudy``: its words, its help, and what each word does.

``cli`` parses flags and gives exit codes their meaning; here positional arguments become flags, and
configs are found by name.
"""

from depthstudy.command.entry import main, run_script

__all__ = ["main", "run_script"]
