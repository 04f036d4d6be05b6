"""Preprocessing as plain values: kept exactly by JSON, and enough to make the input of a net."""

from __future__ import annotations

import dataclasses
import io
import json

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from depthstudy.data import Dataset, Preprocessing, normalize
from depthstudy.data.pipeline.decode import decode
from depthstudy.errors import InputError


def test_json_keeps_every_bit(digits: Dataset) -> None:
    stored = json.dumps(digits.preprocessing.to_dict())
    loaded = Preprocessing.from_dict(json.loads(stored))
    assert loaded == digits.preprocessing
    assert loaded.image_shape == (8, 8, 1)
    assert np.array(loaded.mean, np.float32).tobytes() == digits.mean.tobytes()
    assert np.array(loaded.std, np.float32).tobytes() == digits.std.tobytes()


def test_a_rule_that_an_earlier_version_stored_takes_all_16_bits(digits: Dataset) -> None:
    stored = digits.preprocessing.to_dict()
    assert stored.pop("bits") == 16
    assert Preprocessing.from_dict(stored) == digits.preprocessing


def test_the_input_of_a_net_follows_from_the_plain_values() -> None:
    """A white image of twice the height: (1 - mean) / std everywhere."""
    file = io.BytesIO()
    Image.new("RGB", (10, 20), "white").save(file, "PNG")
    rule = Preprocessing(image_shape=(5, 5, 3), mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 2.0))
    images = decode(file.getvalue(), rule.image_shape, rule.resize)[None]
    inputs = normalize(jnp.asarray(images), np.array(rule.mean), np.array(rule.std))
    np.testing.assert_allclose(inputs, np.broadcast_to([1, 3, 0.5], (1, 5, 5, 3)), rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resize": "stretch"}, r"^no rule of resizing 'stretch'; allowed: crop, fit, pad,"),
        ({"mean": (0.1, 0.2)}, r"^2 means and 1 standard deviations for images of 1 channels"),
        ({"image_shape": (8, 8, 3)}, r"for images of 3 channels"),
    ],
)
def test_refusals(change: dict[str, object], message: str) -> None:
    rule = Preprocessing(image_shape=(8, 8, 1), mean=(0.5,), std=(0.5,))
    with pytest.raises(InputError, match=message):
        dataclasses.replace(rule, **change)  # type: ignore[arg-type]
