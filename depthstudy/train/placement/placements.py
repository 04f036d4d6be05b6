"""Where nets are trained: one net on several devices, or a population of seeds spread over them.

Both lift a function of one net, ``function(seed_state, batch)``, to a function of placed values. A
seed state is what each seed has for itself: its state, key, settings and log. While training each
seed has batches of its own as well; when nets are evaluated the batch is the same for all.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec, Sharding

from depthstudy import data
from depthstudy.data import Dataset

Function = Callable[[Any, Any], Any]  # of what a seed has, and of a batch


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
    def batch_sharding(self) -> Sharding:
        """How batches that every net sees, as those of an evaluation, lie on the devices."""

    @property
    def spans_hosts(self) -> bool:
        """Whether its devices are those of several hosts, which do each step together."""

    def whole_batch(self, size: int) -> int:
        """Returns the least number of images, from ``size`` on, that its devices share evenly."""

    def groups(self, seeds: Sequence[int]) -> list[tuple[int, ...]]:
        """Returns the seeds, those together that are trained together."""

    def place(self, trees: Sequence[Any]) -> Any:
        """Returns the trees of a group's seeds as one tree of arrays on the devices."""

    def fetch(self, placed: Any, size: int) -> list[Any]:
        """Returns a placed tree as trees of host arrays, one for each of ``size`` seeds."""

    def train_batches(
        self, dataset: Dataset, *, batch_size: int, seeds: Sequence[int], start: int, stop: int
    ) -> Iterator[Any]:
        """Yields the batches of a group's seeds, each in its own order, as ``lift`` takes them."""

    def lift(self, function: Function, *, donate: bool = False, batch_each: bool = False) -> Any:
        """Returns the compiled form of ``function``.

        Args:
          function: A function of what one seed has, and of a batch.
          donate: Whether it consumes what the seed has.
          batch_each: Whether each seed has a batch of its own, as ``train_batches`` yields them.
        """


@dataclasses.dataclass(frozen=True)
class Jit:
    """One net at a time, its batch split over the devices of a mesh.

    Batch statistics and gradients are those of the whole batch, however many devices there are.
    """

    mesh: Mesh
    name: str = "jit"

    @property
    def platform(self) -> str:  # noqa: D102
        return self.mesh.devices.flat[0].platform

    @property
    def batch_sharding(self) -> Sharding:  # noqa: D102
        return NamedSharding(self.mesh, PartitionSpec("batch"))

    @property
    def spans_hosts(self) -> bool:  # noqa: D102
        return not self._everywhere.is_fully_addressable

    def whole_batch(self, size: int) -> int:  # noqa: D102
        return -(-size // self.mesh.size) * self.mesh.size

    def groups(self, seeds: Sequence[int]) -> list[tuple[int, ...]]:  # noqa: D102
        return [(seed,) for seed in seeds]

    def place(self, trees: Sequence[Any]) -> Any:  # noqa: D102
        (tree,) = trees
        return data.put(tree, self._everywhere)

    def fetch(self, placed: Any, size: int) -> list[Any]:  # noqa: D102
        assert size == 1
        return [jax.device_get(placed)]

    def train_batches(  # noqa: D102
        self, dataset: Dataset, *, batch_size: int, seeds: Sequence[int], start: int, stop: int
    ) -> Iterator[Any]:
        return data.train_batches(
            dataset,
            batch_size=batch_size,
            runs=seeds,
            start=start,
            stop=stop,
            sharding=self.batch_sharding,
        )

    def lift(  # noqa: D102
        self, function: Function, *, donate: bool = False, batch_each: bool = False
    ) -> Any:
        del batch_each  # there is one seed
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
    def batch_sharding(self) -> Sharding:  # noqa: D102
        return NamedSharding(self._mesh, PartitionSpec())

    @property
    def spans_hosts(self) -> bool:  # noqa: D102
        return False

    def whole_batch(self, size: int) -> int:  # noqa: D102
        return size

    def groups(self, seeds: Sequence[int]) -> list[tuple[int, ...]]:  # noqa: D102
        return [tuple(seeds)]

    def place(self, trees: Sequence[Any]) -> Any:  # noqa: D102
        def stack(*leaves: Any) -> Any:
            return self._by_device(np.stack(leaves))

        stacked = jax.tree.map(stack, *map(jax.device_get, self._filled(trees)))
        return jax.device_put(stacked, self._each_its_own)

    def train_batches(  # noqa: D102
        self, dataset: Dataset, *, batch_size: int, seeds: Sequence[int], start: int, stop: int
    ) -> Iterator[Any]:
        batches = data.train_batches(
            dataset,
            batch_size=batch_size,
            runs=self._filled(seeds),
            start=start,
            stop=stop,
            sharding=self._each_its_own,
        )
        for batch in batches:
            yield self._divided(batch)

    @property
    def _mesh(self) -> Mesh:
        return Mesh(np.array(self.devices), ("seeds",))

    @property
    def _each_its_own(self) -> Sharding:
        return NamedSharding(self._mesh, PartitionSpec("seeds"))

    @functools.cached_property
    def _divided(self) -> Callable[[Any], Any]:
        """The compiled division of a batch by devices, where its parts lie already, and seeds."""

        def divided(batch: Any) -> Any:
            parts = len(self.devices), self.per_device, -1
            return jax.tree.map(lambda x: x.reshape(*parts, *x.shape[1:]), batch)

        return jax.jit(divided, out_shardings=self._each_its_own)

    def _filled(self, members: Sequence[Any]) -> list[Any]:
        """Returns the members of a group, and copies of the last one until devices are full."""
        room = len(self.devices) * self.per_device
        return [*members, *[members[-1]] * (room - len(members))]

    def _by_device(self, x: Any) -> Any:
        return x.reshape(len(self.devices), self.per_device, *x.shape[1:])

    def fetch(self, placed: Any, size: int) -> list[Any]:  # noqa: D102
        host = jax.device_get(placed)
        flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), host)
        return [jax.tree.map(operator.itemgetter(i), flat) for i in range(size)]

    def lift(  # noqa: D102
        self, function: Function, *, donate: bool = False, batch_each: bool = False
    ) -> Any:
        axes = (0, 0 if batch_each else None)
        donated = (0,) if donate else ()
        return jax.pmap(
            self._on_device(function, axes), in_axes=axes, devices=self.devices,
            donate_argnums=donated,
        )  # fmt: skip

    def _on_device(self, function: Function, axes: tuple[int, int | None]) -> Function:
        if self.per_device > 1:
            return jax.vmap(function, in_axes=axes)

        def only(tree: Any) -> Any:
            return jax.tree.map(lambda x: x[0], tree)

        # A vmap over one seed would turn every convolution into a grouped one.
        def alone(seed_states: Any, batch: Any) -> Any:
            out = function(only(seed_states), batch if axes[1] is None else only(batch))
            return jax.tree.map(lambda x: x[None], out)

        return alone
