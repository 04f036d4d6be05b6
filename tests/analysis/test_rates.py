"""Which runs have a learning rate that says how far a step goes."""

import dataclasses

import pytest

from depthstudy.analysis import opening
from depthstudy.config import PruneConfig, TrainConfig

PLACES = {"_initial": 0, "": 9}
SGD = TrainConfig(steps=10, learning_rate=0.2, schedule="constant")


def test_steps_of_sgd_are_as_long_as_the_rate_says() -> None:
    rates = opening.proportional_rates(SGD, PruneConfig(), 10, PLACES)
    assert rates == pytest.approx({"_initial": 0.2, "": 0.2})


@pytest.mark.parametrize("fields", [{"gradient_clip": 1.0}, {"optimizer": "adamw"}])
def test_steps_that_are_not_proportional_to_the_gradient_have_no_rate(fields: dict) -> None:
    training = dataclasses.replace(SGD, **fields)
    assert opening.proportional_rates(training, PruneConfig(), 10, PLACES) == {}
