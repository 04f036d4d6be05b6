"""Command line of all scripts: flags whose errors are one line, and the meaning of exit codes.

0: done. 1: failed. 2: bad input. 130: interrupted; the same command goes on.

An error that a user's own code raised (a config file, a module, a source) is bad input, too: one
line with file and line. ``--verbosity=1``, or ``DEPTHSTUDY_TRACEBACK=1`` in the environment, shows
the traceback of whatever is one line.
"""

from depthstudy.cli.command import run

__all__ = ["run"]
