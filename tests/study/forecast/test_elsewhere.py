"""What a study would take on devices that are not here, against steps that were measured there."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import Mesh
from squares import write_squares

from depthstudy import arch, train
from depthstudy.bench import synthetic
from depthstudy.config import DataConfig, ModelConfig, SearchConfig, StudyConfig, TrainConfig
from depthstudy.errors import InputError
from depthstudy.plan import prepare
from depthstudy.study.forecast import devices, roofline
from depthstudy.study.forecast.elsewhere import describe_parts, forecast
from depthstudy.study.forecast.known_sets import PublishedSets
from depthstudy.train.placement.placements import Jit

pytestmark = pytest.mark.slow

SMALL = {"layout": "cifar", "num_classes": 10}
BFLOAT16 = TrainConfig(precision="bfloat16")
IMAGENET = StudyConfig(
    data=DataConfig(name="imagenet2012", test_split="validation", image_size=224),
    model=ModelConfig(layout="imagenet", depth=50),
    train=TrainConfig(precision="bfloat16", placement="jit", batch_size=1024, epochs=90),
    seeds=1,
)
CIFAR = StudyConfig(data=DataConfig(name="cifar10"), train=BFLOAT16, seeds=5)
SETS = PublishedSets()  # which takes seconds to stand in for each


def forecasts(study: StudyConfig, text: str) -> list[object]:
    prepared, variants = prepare(study, datasets=SETS)
    return [forecast(variant, prepared.seeds, devices.parse(text)) for variant in variants]


@pytest.mark.parametrize(
    ("family", "options", "side", "images", "nets", "kind", "measured"),
    [
        ("resnet", {"depth": 50}, 224, 256, 1, "h200", 35.2),
        ("resnet", {"depth": 20, **SMALL}, 32, 128, 1, "h200", 1.40),
        ("resnet", {"depth": 20, **SMALL}, 32, 128, 8, "h100", 4.10),
        ("plain", {"depth": 20, **SMALL}, 32, 128, 5, "h100", 272 * 5 / 391),
    ],
)
def test_steps_that_were_measured(
    family: str, options: dict, side: int, images: int, nets: int, kind: str, measured: float
) -> None:
    costs = arch.layer_costs(arch.build(family, **options), (side, side, 3))
    device = devices.DEVICES[kind]
    step = roofline.step(costs, BFLOAT16, device, images=images, nets=nets)
    assert 1e3 * step.seconds == pytest.approx(measured, rel=0.15)


def test_memory_is_about_what_xla_counts() -> None:
    training = TrainConfig(batch_size=64, eval_batch_size=64, precision="float32")
    spec = arch.build("plain", depth=20, **SMALL)
    placement = Jit(Mesh(np.array(jax.devices()[:1]), ("batch",)))
    program = train.build(spec, DataConfig(), training, synthetic.dataset(32, 64), placement)
    costs = arch.layer_costs(spec, (32, 32, 3))
    step = roofline.step(costs, training, devices.DEVICES["h100"], images=64, nets=1)
    assert step.memory == pytest.approx(program.memory["step_memory_bytes"], rel=0.3)


def test_memory_follows_from_how_a_net_is_trained() -> None:
    costs = arch.layer_costs(arch.build("resnet", depth=110, **SMALL), (32, 32, 3))
    parameters = 4 * sum(cost.parameters for cost in costs)

    def step(**fields: object) -> roofline.Step:
        training = dataclasses.replace(BFLOAT16, **fields)
        return roofline.step(costs, training, devices.DEVICES["h200"], images=512, nets=1)

    plain = step()
    parts, again, averaged = (
        step(gradient_accumulation=4), step(rematerialize=True), step(average_decay=0.999)
    )  # fmt: skip
    activations = plain.memory - 3 * parameters  # beside weights, momentum and gradients
    assert parts.memory == pytest.approx(activations / 4 + 4 * parameters)
    assert again.memory < 0.5 * plain.memory
    assert 1.3 < again.seconds / plain.seconds < 4 / 3
    assert averaged.memory - plain.memory == pytest.approx(parameters)
    checkpoints = [roofline.state_bytes(costs, t) for t in
                   (BFLOAT16, dataclasses.replace(BFLOAT16, average_decay=0.999))]  # fmt: skip
    assert checkpoints == [2 * parameters, 3 * parameters]


def test_slices_and_numbers_of_devices() -> None:
    assert devices.parse("v4-8").count == 4  # TensorCores, two a chip
    assert devices.parse("V5E-16") == devices.Pool(devices.DEVICES["v5e"], 16)
    assert devices.parse("h200").count == 1
    for wrong in ("", "h100x0", "v4-7", "x100", "h100x", "v5e-256-1"):
        with pytest.raises(InputError, match="--devices"):
            devices.parse(wrong)


def test_a_batch_is_split_over_all_devices() -> None:
    (one,), (many,) = forecasts(IMAGENET, "v5e-8"), forecasts(IMAGENET, "v5e-256")
    assert (one.images, many.images) == (128, 4)
    assert one.variant.info.steps == pytest.approx(0.8 * 90 * 1_281_167 / 1_024, rel=1e-3)
    assert 8 < one.seconds / many.seconds < 32  # small batches use a device less
    with pytest.raises(InputError, match="cannot be split over 7 devices"):
        forecasts(IMAGENET, "v5e-7")


def test_seeds_are_spread_over_devices() -> None:
    (one,), (five,) = forecasts(CIFAR, "h100x1"), forecasts(CIFAR, "h100x5")
    assert (one.nets, five.nets) == (5, 1)
    assert 1 < one.seconds / five.seconds < 5
    lines = "\n".join(describe_parts(CIFAR, "h100x8"))
    assert "3 of 8 devices stand idle: 5 seeds" in lines
    assert "1 variants x 5 seeds = 5 runs" in lines


def test_a_seed_by_itself_takes_the_devices_that_it_keeps_at_work() -> None:
    alone = dataclasses.replace(CIFAR, seeds=1)
    (few,), (many,) = forecasts(alone, "h100x8"), forecasts(alone, "v5e-256")
    assert (few.devices, few.images) == (many.devices, many.images) == (4, 32)
    large = dataclasses.replace(alone, train=dataclasses.replace(BFLOAT16, batch_size=8192))
    (whole,) = forecasts(large, "v5e-256")
    assert (whole.devices, whole.images) == (256, 32)
    lines = "\n".join(describe_parts(alone, "h100x8"))
    assert "4 of 8 devices stand idle: a net by itself has a batch of 128" in lines


def test_what_does_not_fit_is_said_with_what_does() -> None:
    large = dataclasses.replace(
        IMAGENET, train=dataclasses.replace(IMAGENET.train, batch_size=4096)
    )
    (line,) = [x for x in describe_parts(large, "v5e-8") if x.startswith("does not fit")]
    assert "at most" in line
    fitting = int(line.split("at most ")[1].split()[0])
    (each,) = forecasts(large, "v5e-8")
    assert fitting < each.images
    assert each.memory * fitting / each.images <= each.memory * 0.92


@pytest.mark.parametrize(("family", "is_cut"), [("detector", False), ("resnet", True)])
def test_only_a_batch_that_may_be_cut_is_to_be_cut(
    tmp_path: Path, family: str, *, is_cut: bool
) -> None:
    write_squares(tmp_path / "squares")
    folders = {"source_dir": str(tmp_path / "squares"), "data_dir": str(tmp_path / "prepared")}
    study = StudyConfig(
        data=DataConfig(name="object_folder", **folders) if family == "detector" else DataConfig(),
        model=ModelConfig(family=family, **({"max_level": 3} if family == "detector" else {})),
        train=dataclasses.replace(BFLOAT16, batch_size=10_000_000),
        seeds=1,
    )
    (line,) = [x for x in describe_parts(study, "l4") if x.startswith("does not fit")]
    assert "lower config.train.batch_size" in line
    assert ("gradient_accumulation" in line) == is_cut


def test_hosts_that_decode_too_slowly_are_named() -> None:
    (each,) = forecasts(IMAGENET, "a100x8")
    assert each.step_seconds >= each.data_seconds > 0
    slow = dataclasses.replace(IMAGENET, model=ModelConfig(layout="imagenet", depth=18))
    assert any(x.startswith("waits for data") for x in describe_parts(slow, "b200x8"))


def test_own_sets_are_opened_and_counted() -> None:
    (digits,) = forecasts(StudyConfig(), "l4")
    assert len(digits.variant.dataset.train) == 1151
    assert digits.data_seconds == 0
    assert os.environ["JAX_PLATFORMS"] == "cpu"  # nothing was run elsewhere


def test_a_search_is_not_forecast() -> None:
    asked = dataclasses.replace(StudyConfig(), search=SearchConfig(trials=6))
    with pytest.raises(InputError, match="nets of a search are not known before it"):
        list(describe_parts(asked, "h100x8"))
