"""Files of weights that ask for much more than they are: refused before anything is allocated."""

import contextlib
import json
import math
import pathlib
import pickle
import struct
import subprocess
import sys
import zipfile
from typing import Any

import pytest

from depthstudy import nets
from depthstudy.errors import InputError

ROOT = pathlib.Path(__file__).parents[3]
MEGABYTES = 64  # more than that is not to be taken while a small file is refused


def safetensors(path: pathlib.Path, header: bytes, size: int = 64) -> pathlib.Path:
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))
    return path


def entry(shape: list[Any], *offsets: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": list(offsets)}


def pth(path: pathlib.Path, pickled: bytes, numbers: int, compression: int) -> pathlib.Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x/data.pkl", pickled)
        archive.writestr("x/data/0", bytes(4 * numbers))
    return path


def tensor(size: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """Returns the pickle of {"w": tensor}, in the instructions that PyTorch writes."""

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = (
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + number(size)
        + b"tQ"
    )
    arguments = b"(" + storage + number(0) + numbers(shape) + numbers(strides)
    return (
        b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"\x89}tRs."
    )


def test_the_pickles_of_this_file_are_as_pytorchs(tmp_path: pathlib.Path) -> None:
    path = pth(tmp_path / "x.pth", tensor(6, (2, 3), (3, 1)), 6, zipfile.ZIP_STORED)
    assert nets.read_weights(path)["w"].shape == (2, 3)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"[" * 200_000, "nor of safetensors"),
        (b'{"x":' * 200_000, "RecursionError"),
        (json.dumps({"x": entry([4], 0, 16), "y": entry([4], 8, 24)}).encode(), "same place"),
        (json.dumps({"x": entry([2**40], 0, 16)}).encode(), "numbers for the shape"),
        (json.dumps({"x": entry([2**40, 0], 0, 16)}).encode(), "numbers for the shape"),
        (json.dumps({"x": entry([-2, -2], 0, 16)}).encode(), "no whole numbers"),
        (json.dumps({"x": entry([4], 0.0, 16)}).encode(), "no whole numbers"),
        (json.dumps({"x": entry([True, 4], 0, 16)}).encode(), "no whole numbers"),
        (json.dumps({"x": 3}).encode(), "not a safetensors file"),
        (b"\xff" * 8, "nor of safetensors"),
        (json.dumps({"x": entry([1] * 65, 0, 4)}).encode(), "x has a shape that no array can have"),
        (json.dumps({"x": entry([0, 2**63], 0, 0)}).encode(), "can have: .0, 9223372036854775808"),
        (json.dumps({"x": entry([0, 2**64], 0, 0)}).encode(), "a shape that no array can have"),
    ],
)
def test_headers_that_lie(tmp_path: pathlib.Path, header: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        nets.read_weights(safetensors(tmp_path / "x.safetensors", header))


def test_a_net_is_checked_before_a_number_is_read(tmp_path: pathlib.Path) -> None:
    header = json.dumps({"x": entry([4, 4], 0, 64)}).encode()

    def refuse(arrays: Any) -> None:
        assert {name: array.shape for name, array in arrays.items()} == {"x": (4, 4)}
        raise InputError("not these")

    for path in (
        safetensors(tmp_path / "x.safetensors", header),
        pth(tmp_path / "x.pth", tensor(16, (4, 4), (4, 1)).replace(b"w", b"x", 1), 16, 0),
    ):
        with pytest.raises(InputError, match="not these"):
            nets.read_weights(path, refuse)


@pytest.mark.parametrize("shape", [[3, 1], [1], []])
def test_a_mask_of_another_shape_than_its_weight(tmp_path: pathlib.Path, shape: list[int]) -> None:
    size = 4 * math.prod(shape)
    entries = {"w_orig": entry([3, 2], 0, 24), "w_mask": entry(shape, 24, 24 + size)}
    path = safetensors(tmp_path / "x.safetensors", json.dumps(entries).encode())
    with pytest.raises(InputError, match=r"w_mask has the shape .*, and w_orig .* \(3, 2\)"):
        nets.read_weights(path)


@pytest.mark.parametrize("step", [1, 0x80, 0xFF])
def test_any_byte_of_an_archive_may_be_changed(tmp_path: pathlib.Path, step: int) -> None:
    path = pth(tmp_path / "x.pth", tensor(6, (2, 3), (3, 1)), 6, zipfile.ZIP_STORED)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ step]) + content[place + 1 :])
        with contextlib.suppress(InputError):
            nets.read_weights(path)


BOMBS = {
    "strides": ("more numbers than its storage", tensor(4, (30_000, 30_000), (0, 0)), 4, 0),
    "zip": ("it is compressed", tensor(4, (4,), (1,)), 60_000_000, zipfile.ZIP_DEFLATED),
    "memo": ("numbers more than it has", b"\x80\x02}r\xff\xff\xff\x0f.", 1, 0),
    "bytes": ("not a file of", b"\x80\x05\x96" + struct.pack("<Q", 2**33) + b".", 1, 0),
}


def test_a_bomb_takes_no_memory(tmp_path: pathlib.Path) -> None:
    for name, (_, pickled, numbers, compression) in BOMBS.items():
        path = pth(tmp_path / name, pickled, numbers, compression)
        assert path.stat().st_size < 2_000_000
    code = f"""
import pathlib, re
from depthstudy.errors import InputError
from depthstudy.nets import read_weights
def most_kilobytes():
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
for name in {[*BOMBS]}:
    before = most_kilobytes()
    try:
        read_weights(pathlib.Path({str(tmp_path)!r}, name))
    except InputError as error:
        print((most_kilobytes() - before) // 1024, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for line, (message, *_) in zip(done.stdout.splitlines(), BOMBS.values(), strict=True):
        megabytes, _, error = line.partition(" ")
        assert message in error
        assert int(megabytes) < MEGABYTES


def test_a_pickle_that_is_a_program_builds_nothing(tmp_path: pathlib.Path) -> None:
    nested: list[Any] = []
    for _ in range(400):
        nested = [nested, nested]
    path = pth(tmp_path / "x.pth", pickle.dumps(nested, protocol=2), 1, 0)
    with pytest.raises(InputError, match="no state dict"):
        nets.read_weights(path)
