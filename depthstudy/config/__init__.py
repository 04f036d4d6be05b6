"""The settings of a study.

A ``ConfigDict`` ends here. Behind this floor a study is described by frozen dataclasses that have
been checked once, so no other file looks for a missing key or a wrong type.
"""

from depthstudy.config.catalog import Setting, describe_settings
from depthstudy.config.data import DataConfig
from depthstudy.config.model import ModelConfig
from depthstudy.config.pruning import PruneConfig
from depthstudy.config.questions import WITH_FINE_TUNING, Hypothesis, Pool, Treatment
from depthstudy.config.reading.duration import parse_duration
from depthstudy.config.reading.file import run_file
from depthstudy.config.reading.former_names import FORMER_NAMES, present_name
from depthstudy.config.reading.parsing import (
    apply,
    defaults,
    field_names,
    get,
    parse,
    require_field,
    takes_none,
)
from depthstudy.config.schema import StudyConfig
from depthstudy.config.search import SearchConfig
from depthstudy.config.shadowed import kept_by_variants, refuse_replaced, refuse_shadowed
from depthstudy.config.training import TrainConfig
from depthstudy.config.types import Mechanism, Settings, Value

__all__ = [
    "FORMER_NAMES",
    "WITH_FINE_TUNING",
    "DataConfig",
    "Hypothesis",
    "Mechanism",
    "ModelConfig",
    "Pool",
    "PruneConfig",
    "SearchConfig",
    "Setting",
    "Settings",
    "StudyConfig",
    "TrainConfig",
    "Treatment",
    "Value",
    "apply",
    "defaults",
    "describe_settings",
    "field_names",
    "get",
    "kept_by_variants",
    "parse",
    "parse_duration",
    "present_name",
    "refuse_replaced",
    "refuse_shadowed",
    "require_field",
    "run_file",
    "takes_none",
]
