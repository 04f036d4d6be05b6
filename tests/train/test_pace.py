"""Steps in flight: few seconds of them, however long one takes, as a save waits for all."""

from __future__ import annotations

import time

import jax
import pytest

from depthstudy.train.run import Pace

DISPATCH = 1e-4  # seconds until the next step can be dispatched


class Device:
    """What runs the steps that it is given one after the other, by a clock of its own."""

    def __init__(self, step_seconds: float) -> None:
        self.step_seconds, self.now, self.done = step_seconds, 0.0, 0.0

    def dispatch(self) -> None:
        self.now += DISPATCH
        self.done = max(self.done, self.now) + self.step_seconds

    def wait(self, output: object) -> object:
        self.now = max(self.now, self.done)
        return output


@pytest.mark.parametrize("step_seconds", [0.0014, 0.035, 0.3, 0.9, 3.0])
def test_a_second_or_one_step_is_in_flight(
    monkeypatch: pytest.MonkeyPatch, step_seconds: float
) -> None:
    device = Device(step_seconds)
    monkeypatch.setattr(time, "monotonic", lambda: device.now)
    monkeypatch.setattr(jax, "block_until_ready", device.wait)
    pace, steps, most = Pace(), 5_000, 0.0
    for _ in range(steps):
        device.dispatch()
        most = max(most, device.done - device.now)
        pace.dispatched(None)
    assert most <= 1.001 * max(1, step_seconds)
    idle = device.done - steps * step_seconds
    assert idle < 0.001 * device.done
