"""What a net would cost, before any training, and whether a search may have it at that price."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from depthstudy import config, nets, plan
from depthstudy.arch import Cost, Spec
from depthstudy.config import SearchConfig, Settings
from depthstudy.errors import InputError
from depthstudy.plan import Variant
from depthstudy.search.space.draws import Priced, Pricing, Rejected
from depthstudy.search.space.genes import Genome, Space

Stopwatch = Callable[[Spec], float]  # milliseconds of one image


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a net of a stratum may be.

    Attributes:
      depth: Least and greatest depth.
      macs: The most multiply-accumulates for one image; ``None`` is no limit, as below.
      parameters: The most parameters.
      fields: Least and greatest receptive field, over the side of the image.
      latency: The most milliseconds for one image.
    """

    depth: tuple[int, int]
    macs: int | None = None
    parameters: int | None = None
    fields: tuple[float, float] | None = None
    latency: float | None = None

    @classmethod
    def of(cls, search: SearchConfig, stratum: tuple[int, int]) -> Limits:
        """Returns the limits of a stratum."""
        return cls(stratum, search.macs, search.parameters, search.fields, search.latency)

    def problem(self, cost: Cost, side: int) -> tuple[str, float] | None:
        """Returns which limit a net passes and by how much of it, or ``None``.

        >>> cost = Cost(parameters=10, macs=300, activations=1, receptive_field=9, depth=5)
        >>> Limits((4, 8), macs=200).problem(cost, side=8)
        ('macs', 0.5)
        >>> Limits((4, 8), macs=400).problem(cost, side=8) is None
        True
        """
        field = None if cost.receptive_field is None else cost.receptive_field / side
        bounds = [
            ("depth", cost.depth, *self.depth),
            ("macs", cost.macs, 0, self.macs),
            ("parameters", cost.parameters, 0, self.parameters),
            ("receptive field", field, *(self.fields or (0, None))),
        ]
        for name, value, least, most in bounds:
            if value is not None and value < least:
                return name, float(least - value) / least
            if value is not None and most is not None and value > most:
                return name, float(value - most) / most
        return None


class Prices:
    """Prices the choices of a space for the images of a study; each net once."""

    def __init__(self, base: Variant, search: SearchConfig, stopwatch: Stopwatch) -> None:
        """Takes the config and the images of ``base``."""
        self._base, self._search, self._stopwatch = base, search, stopwatch
        self._costs: dict[Settings, tuple[Spec, Cost] | str] = {}

    def cost(self, settings: Settings) -> Cost:
        """Returns what a net costs.

        Raises:
          InputError: The settings mean no net for these images.
        """
        net_or_error = self._find(settings)
        if isinstance(net_or_error, str):
            raise InputError(net_or_error)
        return net_or_error[1]

    def is_net(self, settings: Settings) -> bool:
        """Returns whether settings mean a net for these images."""
        return not isinstance(self._find(settings), str)

    def latency(self, settings: Settings) -> float:
        """Returns the milliseconds that a net takes for one image."""
        net_or_error = self._find(settings)
        assert not isinstance(net_or_error, str), net_or_error
        return self._stopwatch(net_or_error[0])

    def of(self, space: Space, limits: Limits) -> Pricing:
        """Returns what prices the choices of a space within limits."""

        def price(genome: Genome) -> Priced | Rejected:
            settings = space.settings(genome)
            rejected = self.rejection(settings, limits)
            if rejected is not None:
                return rejected
            if self._search.objective == "latency":
                return Priced(settings, self.latency(settings))
            return Priced(settings, float(self.cost(settings).macs))

        return price

    def rejection(self, settings: Settings, limits: Limits) -> Rejected | None:
        """Returns which limit a net passes, or ``None``; none is timed but within all others."""
        net_or_error = self._find(settings)
        if isinstance(net_or_error, str):
            return Rejected("not a net", 1.0, 0.0, net_or_error)
        spec, cost = net_or_error
        problem = limits.problem(cost, min(self._base.info.image_shape[:2]))
        if problem:
            return Rejected(*problem, float(cost.macs))
        if limits.latency is not None and (time := self._stopwatch(spec)) > limits.latency:
            return Rejected("latency", time / limits.latency - 1, float(cost.macs))
        return None

    def _find(self, settings: Settings) -> tuple[Spec, Cost] | str:
        if settings not in self._costs:
            try:
                given = config.apply(self._base.given, settings)
                spec = plan.build_net(given.model, self._base.dataset.num_classes)
                self._costs[settings] = spec, nets.cost(spec, self._base.info.image_shape)
            except InputError as error:
                self._costs[settings] = str(error)
        return self._costs[settings]
