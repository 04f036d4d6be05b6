"""Times both sides in turn, so that whatever else the machine does meets both alike."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from depthstudy.bench.benchmarks import PROCESSES, Work
from depthstudy.bench.worker import Worker

_SAMPLE_SECONDS = 0.3  # a sample is as many runs as take this long
_WARM_UPS = 3  # runs before the first that counts: they may compile, and record a graph, still


@dataclasses.dataclass(frozen=True)
class Row:
    """What was measured of a work; the peer's numbers are ``None`` where there is none.

    Attributes:
      work: Its name.
      ours_ms: Median of our milliseconds a run.
      peer_ms: Median of PyTorch's.
      ratio: Median, over rounds, of ours divided by PyTorch's of the same round.
      spread: Half the distance of the quartiles over the median: of the ratio where there is one,
        otherwise of our time.
      ours_mb: Peak of our process's memory; NaN of one that is smaller than what starts it.
      peer_mb: Peak of PyTorch's; ``None`` of a study as well: the processes that do it go on, and
        the peak would be that of the one that waits for them.
    """

    work: str
    ours_ms: float
    peer_ms: float | None
    ratio: float | None
    spread: float
    ours_mb: float
    peer_mb: float | None


def measure(name: str, work: Work, *, peer: str | None, rounds: int) -> Row:
    """Returns the row of a work, timed in ``rounds`` rounds after one that warms up."""
    sides = ["ours", peer] if peer and work.has_peer else ["ours"]
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(side, name)) for side in sides]
        counts = [_warm_up(worker, work) for worker in workers]
        times = [
            [1e3 * worker.run(count) / count for worker, count in zip(workers, counts, strict=True)]
            for _ in range(rounds)
        ]
        row = _row(name, times, [worker.peak_mb for worker in workers])
        return dataclasses.replace(row, peer_mb=None) if work.kind in PROCESSES else row


def _warm_up(worker: Worker, work: Work) -> int:
    """Returns how many runs make a sample, after those that do not count."""
    if work.kind == "study":  # which takes minutes, so that trying out once more is too long
        worker.run(1)
        return 1
    worker.run(_WARM_UPS)
    return _count(worker.run(1))


def _count(seconds: float) -> int:
    """Returns how many runs make a sample."""
    return max(1, math.ceil(_SAMPLE_SECONDS / max(seconds, 1e-6)))


def _row(name: str, times: Sequence[Sequence[float]], peaks: Sequence[float]) -> Row:
    ours, *peers = np.asarray(times).T
    if not peers:
        return Row(name, float(np.median(ours)), None, None, _spread(ours), peaks[0], None)
    (peer,) = peers
    return Row(
        name,
        float(np.median(ours)),
        float(np.median(peer)),
        float(np.median(ours / peer)),
        _spread(ours / peer),
        *peaks,
    )


def _spread(values: np.ndarray) -> float:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float((high - low) / 2 / middle)
