"""The sets of a study, each source of which is opened once: all processes learn the same images."""

from __future__ import annotations

from collections.abc import Mapping

from depthstudy.config import DataConfig
from depthstudy.data.dataset import Dataset
from depthstudy.data.loading.load import from_source, open_labeled
from depthstudy.data.source import Source
from depthstudy.data.sources import imported


class Datasets:
    """What is loaded, so that variants share it, and what other processes have loaded."""

    def __init__(
        self,
        loaded: Mapping[DataConfig, Dataset] | None = None,
        expected: Mapping[DataConfig, str] | None = None,
    ) -> None:
        """Starts with some sets.

        Args:
          loaded: Sets that are loaded already.
          expected: Name of the set that each ``source_key`` has to give.
        """
        self._loaded = dict(loaded or {})
        self._expected = dict(expected or {})
        self._sources: dict[DataConfig, Source] = {}

    def get(self, config: DataConfig, expected: str | None = None) -> Dataset:
        """Returns the set that a config asks for, loaded at the first call.

        Args:
          config: What is asked for.
          expected: Name of the set that it has to be, where that is known.

        Raises:
          InputError: It is not there, cannot be what ``config`` asks for, or is another one.
        """
        if config not in self._loaded:
            self._loaded[config] = from_source(self._source(config, expected), config)
        return self._loaded[config]

    def _source(self, config: DataConfig, expected: str | None) -> Source:
        key = source_key(config)
        if key not in self._sources:
            self._sources[key] = open_labeled(config, expected or self._expected.get(key))
        return self._sources[key]


def source_key(config: DataConfig) -> DataConfig:
    """Returns what of a config decides which images a source has.

    A user's own function is given the whole config, and may look at any of it.
    """
    if imported.is_function_name(config.name):
        return config
    return DataConfig(
        name=config.name,
        data_dir=config.data_dir,
        source_dir=config.source_dir,
        labels_csv=config.labels_csv,
        seed=config.seed,
    )
