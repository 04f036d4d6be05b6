"""Flax modules as a user writes them, without knowing this project."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn


class ResidualBlock(nn.Module):
    filters: int
    dtype: Any

    @nn.compact
    def __call__(self, x: jax.Array, train: bool) -> jax.Array:
        norm = functools.partial(
            nn.BatchNorm, use_running_average=not train, momentum=0.8, dtype=self.dtype
        )
        y = nn.Conv(self.filters, (3, 3), use_bias=False, dtype=self.dtype)(x)
        y = nn.relu(norm()(y))
        y = nn.Conv(self.filters, (3, 3), use_bias=False, dtype=self.dtype)(y)
        return nn.relu(x + norm()(y))


class NormedNet(nn.Module):
    """A residual net with batch norm, which is told the type of its compute."""

    num_classes: int
    depth: int = 2
    filters: int = 4
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        x = nn.Conv(self.filters, (3, 3), name="first", dtype=self.dtype)(images)
        for _ in range(self.depth):
            x = ResidualBlock(self.filters, self.dtype)(x, train)
        return nn.Dense(self.num_classes, name="last")(jnp.mean(x, axis=(1, 2)))


class BareNet(nn.Module):
    """A net with neither batch statistics nor randomness, inside a wrapper."""

    num_classes: int
    widths: tuple[int, ...] = (4, 6)

    def setup(self) -> None:
        convolutions = [nn.Conv(width, (3, 3), strides=2) for width in self.widths]
        self.body = nn.Sequential([*convolutions, _flat, nn.Dense(self.num_classes)])

    def __call__(self, images: jax.Array, *, train: bool) -> jax.Array:
        return self.body(images)


class DroppingNet(nn.Module):
    """A net with dropout that follows the type of its images."""

    num_classes: int
    rate: float

    @nn.compact
    def __call__(self, images: jax.Array, train: bool = True) -> jax.Array:
        kernel = self.param("kernel", nn.initializers.he_normal(), (3, 3, images.shape[-1], 8))
        x = jax.lax.conv_general_dilated(
            images, kernel.astype(images.dtype), (1, 1), "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )  # fmt: skip
        x = nn.Dropout(self.rate, deterministic=not train)(nn.relu(x))
        return nn.Dense(self.num_classes)(_flat(x))


class WrongShape(nn.Module):
    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        return nn.Dense(self.num_classes + 1)(_flat(images))


class Raising(nn.Module):
    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        return images @ images  # the shapes do not fit


class Counting(nn.Module):
    """A net that keeps what training does not know."""

    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        self.variable("counts", "calls", lambda: jnp.zeros(()))
        return nn.Dense(self.num_classes)(_flat(images))


class NoTrain(nn.Module):
    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        return nn.Dense(self.num_classes)(_flat(images))


def _flat(x: jax.Array) -> jax.Array:
    return x.reshape(len(x), -1)


class HalfParameters(nn.Module):
    """A net that keeps its weights in half precision."""

    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        return nn.Dense(self.num_classes, param_dtype=jnp.bfloat16)(_flat(images))


class PairOfNumbers(nn.Module):
    """A net one of whose parameters is a tuple."""

    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        scale, shift = self.param("pair", lambda key: (jnp.ones(()), jnp.zeros(())))
        return nn.Dense(self.num_classes)(_flat(images)) * scale + shift


class ScaledBySquares(nn.Module):
    """A net that keeps mean squares as a variance without a mean, and counts its steps."""

    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        x = _flat(images)
        squares = self.variable("batch_stats", "var", jnp.ones, x.shape[-1:])
        calls = self.variable("batch_stats", "calls", lambda: jnp.zeros((), jnp.int32))
        current = jnp.mean(x * x, axis=0) if train else squares.value
        if train and not self.is_initializing():
            squares.value = 0.9 * squares.value + 0.1 * current
            calls.value += 1
        return nn.Dense(self.num_classes)(x / jnp.sqrt(current + 1e-3))


class CountedSteps(nn.Module):
    """A net that counts its training steps beside its statistics."""

    num_classes: int

    @nn.compact
    def __call__(self, images: jax.Array, train: bool) -> jax.Array:
        calls = self.variable("batch_stats", "calls", lambda: jnp.zeros((), jnp.int32))
        if train and not self.is_initializing():
            calls.value += 1
        return nn.Dense(self.num_classes)(_flat(images))
