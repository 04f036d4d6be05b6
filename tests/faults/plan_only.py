"""A script that plans a study and does no more: what ``run.py`` does before it trains."""

from absl import flags
from ml_collections import config_flags

from depthstudy import cli, plan
from depthstudy.errors import InputError

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "The study.", lock_config=False, accept_new_attributes=True
)
_WORKDIR = flags.DEFINE_string("workdir", None, "Not used.")


def main() -> None:
    """Plans."""
    if _CONFIG.value is None:
        raise InputError("give --config=FILE")
    plan.prepare(_CONFIG.value)


if __name__ == "__main__":
    cli.run(main)
