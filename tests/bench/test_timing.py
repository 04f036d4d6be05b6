"""Numbers of the table, from times that are given."""

import itertools
import subprocess

import pytest

from depthstudy import runtime
from depthstudy.bench import benchmarks, table, timing
from depthstudy.bench.jax_side import processes
from depthstudy.bench.jax_side.prepare import prepare
from depthstudy.bench.jax_side.run import taking_images
from depthstudy.errors import InputError


class FakeWorker:
    """Takes 2 s a run on our side and 4 s on the peer's, and in one round 10 times as long."""

    def __init__(self, side: str, name: str) -> None:
        self.seconds = {"ours": 2.0, "torch": 4.0}[side]
        self.peak_mb = 100 * self.seconds
        self.asked: list[int] = []

    def run(self, times: int) -> float:
        self.asked.append(times)
        disturbed = 10 if len(self.asked) == 5 else 1
        return times * self.seconds * disturbed

    def __enter__(self) -> "FakeWorker":
        return self

    def __exit__(self, *error: object) -> None: ...


def test_a_row_holds_medians_and_the_ratio_within_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "Worker", FakeWorker)
    row = timing.measure("resnet20_8", benchmarks.WORKS["resnet20_8"], peer="torch", rounds=5)
    assert row == timing.Row("resnet20_8", 2000.0, 4000.0, 0.5, 0.0, 200.0, 400.0)
    alone = timing.measure("input_32", benchmarks.WORKS["input_32"], peer="torch", rounds=3)
    assert (alone.ours_ms, alone.peer_ms, alone.ratio) == (2000.0, None, None)
    # The quartiles of 2, 2 and 20 s are 2 and 11.
    assert alone.spread == pytest.approx((11 - 2) / 2 / 2)


def test_the_memory_of_one_of_a_peers_processes_is_none_of_a_study(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timing, "Worker", FakeWorker)
    row = timing.measure("quickstart", benchmarks.WORKS["quickstart"], peer="torch", rounds=2)
    assert (row.ratio, row.ours_mb, row.peer_mb) == (0.5, 200.0, None)


def test_a_process_that_fails_takes_no_time() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        processes.process("-c", "raise SystemExit(3)")(1)


def test_steps_on_a_gpu_take_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from depthstudy.bench.torch_side import steps

    waits: list[int] = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waits.append(1))
    net, images = torch.nn.Linear(2, 1), torch.ones(1, 2)
    for on_gpu in (False, True):
        steps.taking_steps(net, lambda: net(images).sum(), on_gpu=on_gpu)(3)
    assert waits == [1]


def test_batches_that_wait_are_taken_before_the_clock_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Either side has two of each core."""
    monkeypatch.setattr(runtime, "cores", lambda: 16)
    batches = itertools.count()
    taking_images(batches, 50)(1)
    assert next(batches) >= 2 * 16 + 1_000 / 50


def test_tables_have_the_promised_columns(tmp_path) -> None:
    rows = [
        timing.Row("a", 2.0, 4.0, 0.5, 0.25, 10.0, 20.0),
        timing.Row("b", 3.0, None, None, 0.125, 30.0, None),
        timing.Row("c", 3.0, None, None, 0.125, float("nan"), None),
    ]
    text = table.write(tmp_path, rows, command="the command", load=(1.0, 2.0, 3.0))
    assert (tmp_path / "bench.csv").read_text().splitlines() == [
        "work,ours_ms,peer_ms,ratio,spread",
        "a,2,4,0.5,0.25",
        "b,3,,,0.125",
        "c,3,,,0.125",
    ]
    assert (tmp_path / "memory.csv").read_text().splitlines()[1:] == ["a,10,20", "b,30,", "c,,"]
    assert "| a | 2 | 4 | 0.50 | ±25 % | 10 | 20 |" in text
    assert "the command" in (tmp_path / "machine.json").read_text()


def test_an_unknown_work_is_named_with_what_there_is() -> None:
    with pytest.raises(InputError, match="no work 'resnet21_32'; allowed: resnet20_32, "):
        benchmarks.named(["resnet21_32"])


def test_works_are_buildable() -> None:
    from depthstudy import arch

    for name, work in benchmarks.WORKS.items():
        if work.family and work.kind in ("train", "compile", "checkpoint", "probe"):
            spec = arch.build(work.family, num_classes=10, **dict(work.options))
            assert arch.cost(spec, (work.side, work.side, 3)).macs > 0, name


def test_what_only_an_accelerator_can_do_is_measured_when_it_is_asked_for() -> None:
    assert "resnet50_224" not in benchmarks.named([])
    assert list(benchmarks.named(["resnet50_224"])) == ["resnet50_224"]


def test_a_step_may_train_several_nets() -> None:
    options = (("depth", 8), ("layout", "cifar"), ("width", 4))
    work = benchmarks.Work("train", options=options, side=8, batch=8, precision="auto", seeds=3)
    assert not work.has_peer
    assert prepare(work)(2) > 0
