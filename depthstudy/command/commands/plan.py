"""Says what a study takes on other devices. CONFIG is as in `depthstudy run`.

  depthstudy plan imagenet_resnet50 --devices=v5e-256
  depthstudy plan cifar10_he2015 --devices=h100x8 --config.seeds=8

Time, memory and size of checkpoints follow from the architectures, the devices'
data sheets, and shares of these that were measured on an H100 and an H200;
published sets need not be there. What does not fit is said, and what to change.
What it takes here, `depthstudy run CONFIG --dry_run` says.
"""

from __future__ import annotations

from absl import flags

from depthstudy.command import config_flag
from depthstudy.errors import InputError


def define_flags() -> None:
    """Defines its flags."""
    config_flag.define()
    flags.DEFINE_string("devices", None, "A TPU slice or a number of GPUs: v5e-256, h100x64.")


def main(line: str) -> None:
    """Prints the forecast."""
    from depthstudy import runtime
    from depthstudy.study.forecast import devices, elsewhere

    del line
    config = config_flag.given()
    if flags.FLAGS.devices is None:
        raise InputError(
            f"give --devices=KIND with a number, as v5e-256 or h100x64; kinds:"
            f" {', '.join(devices.DEVICES)}; what it takes here, `depthstudy run CONFIG --dry_run`"
            " says"
        )
    runtime.set_up()
    for part in elsewhere.describe_parts(config, flags.FLAGS.devices):
        print(part, flush=True)
