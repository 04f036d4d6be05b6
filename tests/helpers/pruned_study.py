"""A study of small nets, two of them pruned by a treatment and its control."""

from __future__ import annotations

from depthstudy.config import StudyConfig, Treatment, apply

REMOVAL = (("prune.blocks", 0.5), ("prune.fine_tune_epochs", 1), ("prune.fine_tune_rate", 0.01))
TREATMENTS = (
    Treatment("removal", "redundancy", REMOVAL),
    Treatment(
        "scratch",
        "redundancy",
        (*REMOVAL, ("prune.control", "scratch_epochs")),
        control_of="removal",
    ),
)
TUNED = (("prune.fine_tune_epochs", 2), ("prune.fine_tune_rate", 0.01))
ONE = (("model.family", ("resnet",)), ("model.depth", (20,)))
SMALL = StudyConfig(
    name="pruned",
    seeds=2,
    sweep=(("model.family", ("resnet",)), ("model.depth", (8, 20))),
    treatments=TREATMENTS,
)


def small(**changes: object) -> StudyConfig:
    return apply(
        SMALL,
        (
            ("model.width", 4),
            ("data.train_examples", 128),
            ("data.validation", 0.0),
            ("train.batch_size", 64),
            ("train.epochs", 2),
            ("train.evaluations", 1),
            ("train.placement", "pmap"),
            *changes.items(),
        ),
    )
