"""What is measured: every work by its name."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from depthstudy.errors import InputError

Kind = Literal[
    "train",
    "evaluate",
    "epoch",
    "study",
    "compile",
    "input",
    "decode",
    "checkpoint",
    "probe",
    "import",
    "help",
]
DETECTORS = ("efficientdet",)  # families of nets that ``effdet`` has, too
PROCESSES = ("study", "import", "help")  # of ours, what is timed as a process of its own
Options = tuple[tuple[str, Any], ...]


@dataclasses.dataclass(frozen=True)
class Work:
    """One row of the table.

    Attributes:
      kind: What is timed. ``"train"`` and ``"evaluate"``: a step, in PyTorch as well.
        ``"epoch"``: 50,000 images drawn from a set on the device, augmented and learned, a seed.
        ``"study"``: the quickstart study without tuning and longer trainings, with what was
        compiled before; in PyTorch, its trainings and evaluations.
        ``"compile"``: tracing and compiling a train step. ``"input"``: 1,000 images drawn, cropped
        and flipped. ``"decode"``: 1,000 JPEG files of 500 x 375 decoded,
        cropped at random and resized, by as many threads or processes as there are cores; in
        PyTorch, torchvision's ``RandomResizedCrop`` with as many workers.
        ``"checkpoint"``: how long a save holds the training up. ``"probe"``: one
        probe on 250 examples. ``"import"`` and ``"help"``: a process that does that.
      family: Family of the net.
      options: Options of ``arch.build``.
      side: Side of the images in pixels.
      batch: Images in a batch.
      precision: As in ``TrainConfig``; PyTorch's automatic mixed precision where it is
        ``"auto"`` and there is a GPU.
      seeds: Nets that are trained at once, each on the same batches.
      probe: Name of the probe.
    """

    kind: Kind
    family: str = "resnet"
    options: Options = ()
    side: int = 32
    batch: int = 128
    precision: Literal["float32", "auto"] = "float32"
    seeds: int = 1
    probe: str = ""

    @property
    def has_peer(self) -> bool:
        """Whether PyTorch can do the same."""
        return self.kind in ("train", "evaluate", "study", "decode") and self.seeds == 1

    @property
    def detects(self) -> bool:
        """Whether the net is a detector."""
        return self.family in DETECTORS

    @property
    def peer_packages(self) -> tuple[str, ...]:
        """What has to be installed for PyTorch's side."""
        return ("torch", "effdet") if self.detects else ("torch",)


def _resnet(depth: int) -> Options:
    return (("depth", depth), ("layout", "cifar"), ("width", 16))


_SMALL: Options = (("layout", "small"),)
_STEPS = {
    "resnet20_32": Work("train", options=_resnet(20)),
    "resnet20_8": Work("train", options=_resnet(20), side=8, batch=64),
    "resnet56_8": Work("train", options=_resnet(56), side=8, batch=64),
    "resnet50_64": Work("train", options=(("depth", 50),), side=64, batch=32),
    "mobilenet_v2_32": Work("train", "mobilenet_v2", _SMALL, batch=64),
    "shufflenet_v1_32": Work("train", "shufflenet_v1", _SMALL, batch=64),
    "shufflenet_v2_32": Work("train", "shufflenet_v2", _SMALL, batch=64),
    "efficientnet_b0_32": Work("train", "efficientnet", _SMALL, batch=64),
    "efficientnet_v2_32": Work(
        "train", "efficientnet_v2", (*_SMALL, ("depth_multiplier", 0.25)), batch=64
    ),
    "convnext_atto_32": Work("train", "convnext", (*_SMALL, ("variant", "atto")), batch=64),
    "regnet_y_400mf_32": Work("train", "regnet", (*_SMALL, ("variant", "y_400mf")), batch=64),
    "resnet_d20_32": Work("train", "resnet_d", _resnet(20)),
    "densenet40_32": Work(
        "train", "densenet", (("depth", 40), ("layout", "cifar"), ("growth_rate", 12)), batch=64
    ),
}
_MIXED = Work("train", options=_resnet(20), precision="auto")
_EPOCH = dataclasses.replace(_MIXED, kind="epoch")
_LARGE = {  # which only an accelerator does in a reasonable time, so they are asked for by name
    "resnet50_224": Work("train", options=(("depth", 50),), side=224, batch=256, precision="auto"),
    "resnet20_32_auto": _MIXED,
    "resnet20_32_8_seeds": dataclasses.replace(_MIXED, seeds=8),
    "epoch_alone": _EPOCH,
    "epoch_8_seeds": dataclasses.replace(_EPOCH, seeds=8),
    **{  # the nets of configs/cifar10_he2015.py, and as many seeds
        f"epoch_{family}{depth}": Work("epoch", family, _resnet(depth), precision="auto", seeds=5)
        for family in ("plain", "resnet")
        for depth in (20, 32, 44, 56, 110)
    },
}
WORKS: Mapping[str, Work] = {
    **_STEPS,
    **{f"{name}_eval": dataclasses.replace(w, kind="evaluate") for name, w in _STEPS.items()},
    **{
        f"compile_resnet{depth}": Work("compile", options=_resnet(depth), side=8, batch=64)
        for depth in (20, 56, 110)
    },
    "efficientdet_d0_128": Work("train", "efficientdet", (("variant", "d0"),), side=128, batch=16),
    "quickstart": Work("study"),
    "input_32": Work("input"),
    "decode_224": Work("decode", side=224, batch=64),
    "checkpoint_resnet20": Work("checkpoint", options=_resnet(20)),
    "checkpoint_resnet50": Work("checkpoint", options=(("depth", 50),)),
    **{
        f"probe_{name}": Work("probe", options=_resnet(20), side=8, batch=250, probe=name)
        for name in ("gradients", "cka", "sharpness")
    },
    "import": Work("import"),
    "help": Work("help"),
    **_LARGE,
}


def named(names: Sequence[str]) -> dict[str, Work]:
    """Returns the works of these names, or all but those for an accelerator.

    Raises:
      InputError: There is no such work.
    """
    for name in names:
        if name not in WORKS:
            raise InputError(f"no work {name!r}; allowed: {', '.join(WORKS)}")
    return {name: WORKS[name] for name in names or WORKS if names or name not in _LARGE}
