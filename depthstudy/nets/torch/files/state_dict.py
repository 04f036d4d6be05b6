"""From what a checkpoint holds to the weights of the net in it, by the net's own names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from depthstudy.errors import InputError

# Under which a training script keeps the state dict of its net, in the order of preference.
WRAPPERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "weights",
    "params",
    "module",
    "model_ema",
    "state_dict_ema",
    "ema_state_dict",
    "ema",
)
# What wrappers of a net put before its names.
_PREFIXES = (
    "module.",
    "model.",
    "net.",
    "network.",
    "backbone.",
    "_orig_mod.",
    "encoder.",
    "ema_model.",
    "base_model.",
)
_SHARE = 0.8  # of the names that must have a prefix: a head may be beside a backbone
# A Hugging Face model without its head has no name of its own before the names of its parts.
_HEADLESS = {"embedder.embedder.": "resnet.", "embeddings.patch_embeddings.": "convnext."}
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.")
_COUNTERS = ("num_batches_tracked", "n_averaged")


def unwrap(tree: Any, tensor: type) -> dict[str, Any] | None:
    """Returns the tensors by name that a checkpoint holds, or ``None`` where it holds none.

    A net's are preferred to those beside it, as the best accuracy of a training script.

    Args:
      tree: What was in the file.
      tensor: The type of its tensors.
    """
    if not isinstance(tree, Mapping):
        return None
    inside = (unwrap(tree[key], tensor) for key in WRAPPERS if key in tree)
    beside = {str(name): x for name, x in tree.items() if isinstance(x, tensor)}
    return next((tensors for tensors in inside if tensors), beside or None)


def cleaned(
    state: Mapping[str, np.ndarray],
    product: Callable[[np.ndarray, np.ndarray], np.ndarray] = np.multiply,
) -> dict[str, np.ndarray]:
    """Returns the weights by the names of the net alone.

    Prefixes of wrappers go, counters go, and weights that ``torch.nn.utils.prune`` keeps apart
    from their masks are multiplied by them.

    >>> list(cleaned({"module.conv1.weight": np.ones(1), "module.n_averaged": np.ones(())}))
    ['conv1.weight']

    Args:
      state: Arrays by the names in the file.
      product: What joins a weight and its mask.

    Raises:
      InputError: A mask has not the shape of its weight.
    """
    kept = {name: x for name, x in state.items() if not name.endswith(_COUNTERS)}
    kept = _without_prefixes(kept)
    for mark, prefix in _HEADLESS.items():
        if any(name.startswith(mark) for name in kept):
            heads = ("classifier.",)
            kept = {n if n.startswith(heads) else prefix + n: x for n, x in kept.items()}
    kept = {_OLD_DENSENET.sub(r"\1\2.", name): x for name, x in kept.items()}
    for name in [name for name in kept if name.endswith("_orig")]:
        of_mask = f"{name.removesuffix('_orig')}_mask"
        if of_mask in kept:
            weight, mask = kept.pop(name), kept.pop(of_mask)
            if weight.shape != mask.shape:
                raise InputError(
                    f"{of_mask} has the shape {mask.shape}, and {name} that it masks {weight.shape}"
                )
            kept[name.removesuffix("_orig")] = product(weight, mask)
    return kept


def _without_prefixes(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    while state:
        prefix = next((p for p in _PREFIXES if _is_wrapped(state, p)), None)
        if prefix is None:
            break
        state = {name.removeprefix(prefix): x for name, x in state.items()}
    return state


def _is_wrapped(state: Mapping[str, Any], prefix: str) -> bool:
    count = sum(name.startswith(prefix) for name in state)
    is_part = any(name.startswith(tuple(_HEADLESS)) for name in state)  # an encoder among others
    stripped = {name.removeprefix(prefix) for name in state}
    return count >= _SHARE * len(state) and not is_part and len(stripped) == len(state)
