"""Accelerators as their data sheets describe them, and how a number of them is written."""

from __future__ import annotations

import dataclasses
import re

from depthstudy.errors import InputError, did_you_mean

_GIB = 2**30


@dataclasses.dataclass(frozen=True)
class Device:
    """What JAX calls a device, with its share of the host that it is attached to.

    Attributes:
      title: What it is called.
      flops: Products of matrices in bfloat16 or float16, in operations a second.
      bandwidth: Of its memory, in bytes a second.
      memory: Of the device, in bytes.
      link: To other devices, in bytes a second in each direction.
      cores: Virtual processors of the host for each device, of the usual machine.
      a_host: Devices of a host.
      halved_in_float32: Whether products in float32 are half as fast, as with TF32; TPUs round to
        bfloat16 by default.
      numbered_by: Numbers of a slice's name for each device: TPU v4 and v5p count two cores.
    """

    title: str
    flops: float
    bandwidth: float
    memory: float
    link: float
    cores: int
    a_host: int
    halved_in_float32: bool = True
    numbered_by: int = 1


def _tpu(title: str, tera: float, giga: float, gib: int, link: float, cores: int, a_host: int = 4,
         numbered_by: int = 1) -> Device:  # fmt: skip
    return Device(title, tera * 1e12, giga * 1e9, gib * _GIB, link * 1e9, cores, a_host,
                  halved_in_float32=False, numbered_by=numbered_by)  # fmt: skip


def _gpu(title: str, tera: float, giga: float, gib: int, link: float, cores: int) -> Device:
    return Device(title, tera * 1e12, giga * 1e9, gib * _GIB, link * 1e9, cores, a_host=8)


DEVICES = {
    "v3": _tpu("core of a TPU v3", 61.5, 450, 16, 80, 12, a_host=8),
    "v4": _tpu("TPU v4", 275, 1_200, 32, 150, 60, numbered_by=2),
    "v5e": _tpu("TPU v5e", 197, 819, 16, 100, 28),
    "v5p": _tpu("TPU v5p", 459, 2_765, 95, 300, 52, numbered_by=2),
    "v6e": _tpu("TPU v6e", 918, 1_640, 32, 200, 45),
    "v100": _gpu("NVIDIA V100", 125, 900, 16, 150, 12),
    "a100": _gpu("NVIDIA A100 (40 GB)", 312, 1_555, 40, 300, 12),
    "h100": _gpu("NVIDIA H100", 989, 3_350, 80, 450, 26),
    "h200": _gpu("NVIDIA H200", 989, 4_800, 139, 450, 26),
    "b200": _gpu("NVIDIA B200", 2_250, 8_000, 180, 900, 28),
    "l4": _gpu("NVIDIA L4", 121, 300, 23, 32, 12),
}


@dataclasses.dataclass(frozen=True)
class Pool:
    """So many equal devices."""

    device: Device
    count: int

    @property
    def hosts(self) -> int:
        """How many machines they are attached to."""
        return -(-self.count // self.device.a_host)


def parse(text: str) -> Pool:
    """Returns the devices that a text names: a TPU slice, or a kind of GPU and a number.

    >>> parse("v5e-256").count, parse("v4-32").count, parse("h100x64").hosts
    (256, 16, 8)

    Raises:
      InputError: It names none.
    """
    match = re.fullmatch(r"([a-z0-9]+?)(?:[x-](\d+))?", text.strip().lower())
    if match is None or match[1] not in DEVICES:
        word = match[1] if match else text
        raise InputError(
            f"--devices={text}: no such device{did_you_mean(word, DEVICES)} allowed:"
            f" {', '.join(DEVICES)}, with a number, as v5e-256 or h100x64"
        )
    device, number = DEVICES[match[1]], int(match[2] or DEVICES[match[1]].numbered_by)
    count, rest = divmod(number, device.numbered_by)
    if not count or rest:
        raise InputError(
            f"--devices={text}: the number counts {device.numbered_by} cores a chip; allowed:"
            f" multiples of {device.numbered_by}"
            if device.numbered_by > 1
            else f"--devices={text}: at least 1 device is needed"
        )
    return Pool(device, count)
