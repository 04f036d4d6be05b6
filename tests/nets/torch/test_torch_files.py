"""Files as PyTorch writes them in practice: what is around a net's weights is ignored."""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from depthstudy import nets
from depthstudy.errors import InputError

torch = pytest.importorskip("torch")


def net() -> Any:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))


def state() -> dict[str, Any]:
    torch.manual_seed(0)
    return net().state_dict()


def pruned(model: Any) -> dict[str, Any]:
    from torch.nn.utils import prune

    prune.l1_unstructured(model[0], "weight", 0.5)
    return model.state_dict()


CHECKPOINTS: dict[str, Callable[[dict], Any]] = {
    "bare": lambda s: s,
    "parameters": lambda s: {name: torch.nn.Parameter(x) for name, x in s.items() if x.ndim},
    "half": lambda s: {name: x.half() for name, x in s.items()},
    "bfloat16": lambda s: {name: x.bfloat16() for name, x in s.items()},
    "double": lambda s: {name: x.double() for name, x in s.items()},
    "Lightning": lambda s: {
        "state_dict": {f"model.{name}": x for name, x in s.items()},
        "hyper_parameters": argparse.Namespace(lr=0.1, sizes=[1, 2]),
        "pytorch-lightning_version": "2.4",
    },
    "optimizer": lambda s: {
        "model_state_dict": {f"module.{name}": x for name, x in s.items()},
        "optimizer_state_dict": torch.optim.Adam(net().parameters()).state_dict(),
        "best": np.float64(0.3),
        "rng": np.random.default_rng(0).bit_generator.state,
        "path": pathlib.PurePosixPath("runs/1"),
    },
    "average": lambda s: {"ema": {f"_orig_mod.{name}": x for name, x in s.items()}, "step": 3},
}


@pytest.mark.parametrize("kind", CHECKPOINTS)
@pytest.mark.parametrize("is_zip", [True, False])
def test_a_checkpoint_is_read(tmp_path: pathlib.Path, kind: str, is_zip: bool) -> None:
    path = tmp_path / "file"
    torch.save(CHECKPOINTS[kind](state()), path, _use_new_zipfile_serialization=is_zip)
    arrays = nets.read_weights(path)
    expected = {n: x.numpy() for n, x in state().items() if not n.endswith("tracked")}
    assert arrays.keys() == expected.keys()
    for name, x in expected.items():
        tolerance = 1e-2 if kind in ("half", "bfloat16") else 0
        np.testing.assert_allclose(arrays[name], x, rtol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2"])
def test_float8_is_read(tmp_path: pathlib.Path, name: str) -> None:
    x = torch.tensor([[0.5, -1.0, 2.0], [0.0, 4.0, -0.25]]).to(getattr(torch, name))
    torch.save({"x": x}, tmp_path / "file.pth")
    array = nets.read_weights(tmp_path / "file.pth")["x"]
    np.testing.assert_array_equal(array, [[0.5, -1, 2], [0, 4, -0.25]])


def test_a_pruned_net_is_the_masked_one(tmp_path: pathlib.Path) -> None:
    model = net()
    torch.save(pruned(model), tmp_path / "file.pth")
    weight = nets.read_weights(tmp_path / "file.pth")["0.weight"]
    np.testing.assert_array_equal(weight, model[0].weight.detach().numpy())
    assert (weight == 0).mean() == 0.5


def test_a_module_and_a_script_are_refused(tmp_path: pathlib.Path) -> None:
    torch.save(net(), tmp_path / "whole.pth")
    with pytest.raises(InputError, match=r"names torch\.nn.* whole module.*state_dict\(\)"):
        nets.read_weights(tmp_path / "whole.pth")
