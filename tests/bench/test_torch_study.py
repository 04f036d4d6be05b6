"""The study in PyTorch learns what ours learns."""

import dataclasses

import pytest

from depthstudy import config, questions

torch = pytest.importorskip("torch")


def test_a_small_sweep_learns_the_digits():
    from depthstudy.bench.torch_side import study as torch_study

    raw = config.defaults()
    questions.digits(raw)
    raw.model.width = 8
    raw.sweep = (("model.depth", (8, 14)),)
    study = config.parse(raw)
    study = dataclasses.replace(study, train=dataclasses.replace(study.train, epochs=4))
    errors = torch_study.prepare(study)()
    assert len(errors) == 2
    assert all(error < 0.3 for error in errors)


@pytest.mark.parametrize(("step", "share"), [(0, 0.1), (9, 1.0), (10, 1.0), (55, 0.5), (100, 0.0)])
def test_the_rate_warms_up_and_falls_as_a_cosine(step, share):
    from depthstudy.bench.torch_side import study as torch_study

    train_config = config.TrainConfig(warmup_steps=10)
    assert torch_study.learning_rate_factor(step, 100, train_config) == pytest.approx(share)
