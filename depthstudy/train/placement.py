"""Where nets are trained: one net on all devices, or a population of seeds spread over them.

Both lift a function of one net, ``function(seed_state, batch)``, to a function of placed values. A
seed state is what each seed has for itself, its state, key and log; the batch is the same for all.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding

from depthstudy.config import TrainConfig
from depthstudy.errors import InputError

Function = Callable[[Any, Any], Any]


@runtime_checkable
class Placement(Protocol):
    """A way to train the seeds of a variant on the devices there are."""

    @property
    def name(self) -> str:
        """The word for it in ``config.train.placement``."""

    @property
    def platform(self) -> str:
        """What the devices are, as ``"cpu"`` or ``"gpu"``."""

    @property
    def batch_sharding(self) -> Sharding | None:
        """How batches lie on the devices; ``None`` is on the first."""

    def groups(self, seeds: Sequence[int]) -> list[tuple[int, ...]]:
        """Returns the seeds, those together that are trained together."""

    def place(self, trees: Sequence[Any]) -> Any:
        """Returns the trees of a group's seeds as one tree of arrays on the devices."""

    def fetch(self, placed: Any, size: int) -> list[Any]:
        """Returns a placed tree as trees of host arrays, one for each of ``size`` seeds."""

    def lift(self, function: Function, *, donate: bool = False) -> Any:
        """Returns the compiled form of ``function``; with ``donate`` it consumes the state."""


@dataclasses.dataclass(frozen=True)
class Jit:
    """One net at a time, its batch split over all devices.

    Batch statistics and gradients are those of the whole batch, however many devices there are.
    """

    mesh: Mesh
    name: str = "jit"

    @property
    def platform(self) -> str:  # noqa: D102
        return self.mesh.devices.flat[0].platform

    @property
    def batch_sharding(self) -> Sharding | None:  # noqa: D102
        return NamedSharding(self.mesh, PartitionSpec("batch"))

    def groups(self, seeds: Sequence[int]) -> list[tuple[int, ...]]:  # noqa: D102
        return [(seed,) for seed in seeds]

    def place(self, trees: Sequence[Any]) -> Any:  # noqa: D102
        (tree,) = trees
        return jax.device_put(tree, self._everywhere)

    def fetch(self, placed: Any, size: int) -> list[Any]:  # noqa: D102
        assert size == 1
        return [jax.device_get(placed)]

    def lift(self, function: Function, *, donate: bool = False) -> Any:  # noqa: D102
        donated = (0,) if donate else ()
        return jax.jit(function, out_shardings=self._everywhere, donate_argnums=donated)

    @property
    def _everywhere(self) -> Sharding:
        return NamedSharding(self.mesh, PartitionSpec())


@dataclasses.dataclass(frozen=True)
class Pmap:
    """All seeds at once, spread over the devices, several to a device where there are more.

    Devices never communicate. Where the seeds do not fill the devices evenly, copies of the last
    seed fill the gap and are dropped again.
    """

    devices: tuple[jax.Device, ...]
    per_device: int
    name: str = "pmap"

    @property
    def platform(self) -> str:  # noqa: D102
        return self.devices[0].platform

    @property
    def batch_sharding(self) -> Sharding | None:  # noqa: D102
        return None

    def groups(self, seeds: Sequence[int]) -> list[tuple[int, ...]]:  # noqa: D102
        return [tuple(seeds)]

    def place(self, trees: Sequence[Any]) -> Any:  # noqa: D102
        room = len(self.devices) * self.per_device
        filled = [*trees, *[trees[-1]] * (room - len(trees))]
        shape = (len(self.devices), self.per_device)

        def stack(*leaves: Any) -> Any:
            return np.stack(leaves).reshape(*shape, *np.shape(leaves[0]))

        return jax.tree.map(stack, *map(jax.device_get, filled))

    def fetch(self, placed: Any, size: int) -> list[Any]:  # noqa: D102
        host = jax.device_get(placed)
        flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), host)
        return [jax.tree.map(operator.itemgetter(i), flat) for i in range(size)]

    def lift(self, function: Function, *, donate: bool = False) -> Any:  # noqa: D102
        donated = (0,) if donate else ()
        return jax.pmap(
            self._on_device(function), in_axes=(0, None), devices=self.devices,
            donate_argnums=donated,
        )  # fmt: skip

    def _on_device(self, function: Function) -> Function:
        if self.per_device > 1:
            return jax.vmap(function, in_axes=(0, None))

        # A vmap over one seed would turn every convolution into a grouped one.
        def alone(seed_states: Any, batch: Any) -> Any:
            out = function(jax.tree.map(lambda x: x[0], seed_states), batch)
            return jax.tree.map(lambda x: x[None], out)

        return alone


def choose(config: TrainConfig, seeds: int) -> Placement:
    """Returns the placement that ``config`` asks for, on the devices of this process.

    ``"auto"`` trains all seeds at once on an accelerator, even a single one, as one small net does
    not fill it (measured on a GPU); on a single CPU one after the other.

    Raises:
      InputError: A batch cannot be split evenly over the devices.
    """
    devices = tuple(jax.local_devices())
    name = config.placement
    if name == "auto":
        room = len(devices) > 1 or jax.default_backend() != "cpu"
        name = "pmap" if room and seeds > 1 else "jit"
    if name == "pmap":
        per_device = -(-seeds // len(devices))
        return Pmap(devices[: -(-seeds // per_device)], per_device)
    for field in ("batch_size", "eval_batch_size"):
        if getattr(config, field) % jax.device_count():
            raise InputError(
                f"config.train.{field}={getattr(config, field)} cannot be split over "
                f"{jax.device_count()} devices; take a multiple, or placement 'pmap'"
            )
    return Jit(Mesh(np.array(jax.devices()), ("batch",)))
