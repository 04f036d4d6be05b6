"""The usual questions: they fit a plan of plain and residual nets, each side of each hypothesis."""

from __future__ import annotations

from depthstudy import questions
from depthstudy.config import StudyConfig, apply
from depthstudy.plan import prepare


def test_they_can_be_asked() -> None:
    config = apply(
        StudyConfig(),
        (
            ("sweep", (("model.family", ("plain", "resnet")), ("model.depth", (8, 20)))),
            (
                "treatments",
                (
                    *questions.treatments(shift=1),
                    *questions.block_removal(epochs=1, fine_tune_epochs=1, fine_tune_rate=0.01),
                ),
            ),
            ("hypotheses", (*questions.degradation(), *questions.redundancy(margin=0.02))),
        ),
    )
    study, variants = prepare(config)
    assert {treatment.mechanism for treatment in study.treatments} == {
        "optimization", "overfitting", "redundancy", "receptive_field",
    }  # fmt: skip
    trained = [variant for variant in variants if not variant.info.same_as]
    # Depth 8 has no block to spare, and plain nets with shortcuts are the residual ones.
    assert len(trained) == 4 + 2 + 4 + 4 + 1 + 1 + 2
