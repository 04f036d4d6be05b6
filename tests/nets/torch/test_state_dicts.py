"""What is around a net's weights in a checkpoint goes: wrappers, prefixes, counters, masks."""

from __future__ import annotations

import numpy as np
import pytest

from depthstudy.nets.torch.files.placeholder import placeholder
from depthstudy.nets.torch.files.state_dict import WRAPPERS, cleaned, unwrap

ONE = np.ones(2, np.float32)
NET = {"conv1.weight": ONE, "bn1.running_mean": ONE, "fc.weight": ONE}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapped_state_dict_is_found(wrapper: str) -> None:
    checkpoint = {"epoch": 3, "optimizer": {"state": {0: ONE}}, wrapper: NET, "args": object()}
    assert unwrap(checkpoint, np.ndarray) == NET
    assert unwrap({"checkpoint": {}, "model": {"state_dict": NET}}, np.ndarray) == NET


def test_the_net_is_preferred_to_its_average() -> None:
    both = {"state_dict_ema": {"other": ONE}, "state_dict": NET}
    assert unwrap(both, np.ndarray) == NET


def test_the_net_is_preferred_to_a_tensor_beside_it() -> None:
    """PyTorch's example for ImageNet keeps its best accuracy as one."""
    checkpoint = {"epoch": 3, "best_acc1": np.ones(()), "state_dict": NET}
    assert unwrap(checkpoint, np.ndarray) == NET


@pytest.mark.parametrize("tree", [None, 3, {}, {"epoch": 3}, [ONE], {"optimizer": {"x": ONE}}])
def test_no_state_dict_is_none(tree: object) -> None:
    assert unwrap(tree, np.ndarray) is None


def test_what_is_no_tensor_is_left_out() -> None:
    assert unwrap({**NET, "_extra_state": None, "version": 2}, np.ndarray) == NET


@pytest.mark.parametrize(
    "prefix",
    ["module.", "model.", "net.", "backbone.", "_orig_mod.", "encoder.", "module._orig_mod.model."],
)
def test_prefixes_go(prefix: str) -> None:
    assert cleaned({prefix + name: x for name, x in NET.items()}).keys() == NET.keys()


def test_a_head_beside_a_backbone_stays() -> None:
    names = [f"backbone.layer1.{i}.conv1.weight" for i in range(9)]
    state = cleaned(dict.fromkeys([*names, "fc.weight"], ONE))
    assert list(state) == [*(name.removeprefix("backbone.") for name in names), "fc.weight"]


def test_a_part_that_is_called_encoder_stays() -> None:
    """Of Hugging Face's models without a head."""
    names = ["embedder.embedder.convolution.weight"]
    names += [f"encoder.stages.0.layers.{i}.shortcut.convolution.weight" for i in range(9)]
    assert list(cleaned(dict.fromkeys(names, ONE))) == [f"resnet.{name}" for name in names]


def test_counters_go_and_old_names_become_new() -> None:
    old = "features.denseblock1.denselayer2.norm.1.weight"
    state = cleaned({old: ONE, "bn1.num_batches_tracked": ONE, "n_averaged": ONE})
    assert list(state) == ["features.denseblock1.denselayer2.norm1.weight"]


def test_a_pruned_weight_is_the_product_with_its_mask() -> None:
    state = {"conv1.weight_orig": np.array([2.0, 3.0]), "conv1.weight_mask": np.array([0.0, 1.0])}
    (name, x), *rest = cleaned(state).items()
    assert (name, rest) == ("conv1.weight", [])
    np.testing.assert_array_equal(x, [0, 3])


def test_a_placeholder_takes_everything_and_does_nothing() -> None:
    stands_for = placeholder("argparse", "Namespace")
    thing = stands_for(1, 2, lr=0.1)
    thing.__setstate__({"lr": 0.1})
    thing["lr"] = 0.1
    thing.append(1)
    thing.extend([1])
    assert stands_for.reference == "argparse.Namespace"
    assert vars(thing) == {}
