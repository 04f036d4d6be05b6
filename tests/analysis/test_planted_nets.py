"""Known truths as trained nets: what the study says of nets that were made to fail, or not to.

A receptive field that outgrows tiny images is planted as records only (``test_attribution.py``):
no family here ties depth to stride, so trained nets show it together with other causes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from depthstudy import analysis, records, report, store, study
from depthstudy.config import StudyConfig, apply
from depthstudy.study import Result

RUN = (("train.evaluations", 1), ("train.log_every", 100), ("train.placement", "pmap"))


def run(workdir: Path, *settings: tuple[str, object]) -> Result:
    return study.run(apply(StudyConfig(), (*RUN, *settings)), workdir)


def rows(workdir: Path, *probes: str) -> dict[tuple[str, str], float]:
    out = workdir / "analysis"
    analysis.analyze([workdir], out, names=probes, examples=500)
    table = store.read_table(out / store.ANALYSIS, records.Record)
    return {
        (row.metric, row.layer): row.value
        for row in table.itertuples(index=False)
    }  # fmt: skip


@pytest.fixture(scope="module")
def vanishing(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Plain nets without normalization whose signal shrinks by a third in each layer."""
    return run(
        tmp_path_factory.mktemp("vanishing"),
        ("seeds", 3),
        ("model.family", "plain"),
        ("model.norm", "none"),
        ("model.init_scale", 0.7),
        ("model.width", 8),
        ("data.train_examples", 600),
        ("train.batch_size", 48),
        ("train.steps", 400),
        ("train.learning_rate", 0.05),
        ("train.warmup_steps", 20),
        ("sweep", (("model.depth", (8, 20)),)),
        (
            "treatments",
            (
                {
                    "name": "batch_norm",
                    "mechanism": "optimization",
                    "settings": (("model.norm", "batch"),),
                    "where": (("model.depth", 20),),
                },
                {
                    "name": "decay",
                    "mechanism": "overfitting",
                    "settings": (("train.weight_decay", 1e-3),),
                    "where": (("model.depth", 20),),
                },
            ),
        ),
    )


@pytest.mark.slow
def test_vanishing_gradients_are_an_optimization_failure(vanishing: Result) -> None:
    row_by_treatment = {row.treatment: row for row in vanishing.attribution}
    norm, decay = row_by_treatment["batch_norm"], row_by_treatment["decay"]
    assert norm.excess > 0.5
    assert norm.established
    assert norm.share > 0.8
    assert norm.optimization_part > 5 * abs(norm.generalization_part)
    assert not decay.established


@pytest.mark.slow
def test_gradients_vanish_along_the_planted_net(vanishing: Result) -> None:
    run_folder = vanishing.workdir / "runs"
    planted = rows(run_folder / "depth20" / "seed0", "gradients")
    healthy = rows(run_folder / "depth20+batch_norm" / "seed0", "gradients")
    slopes = [values["output_gradient_norm_slope_initial", ""] for values in (planted, healthy)]
    assert slopes[0] < -1.5 < -0.5 < slopes[1]


@pytest.mark.slow
def test_memorized_noise_is_overfitting(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        ("seeds", 2),
        ("model.family", "wide_resnet"),
        ("model.width_multiplier", 2.0),
        ("data.train_examples", 200),
        ("data.label_noise", 0.3),
        ("train.batch_size", 40),
        ("train.epochs", 30),
        ("train.learning_rate", 0.05),
        ("train.warmup_steps", 10),
        ("train.weight_decay", 0.0),
        ("sweep", (("model.depth", (10, 16)),)),
    )
    assert (result.summary["train_error"] < 0.02).all()
    assert (result.summary["gap"] > 0.1).all()
    parts = store.read_table(tmp_path / store.DECOMPOSITION, records.Decomposition)
    effects = parts.set_index("part")["effect"].abs()
    if len(effects):  # where the deeper net errs more
        assert effects["optimization"] <= 0.02
    noise = rows(tmp_path / "runs" / "depth16" / "seed0", "memorization")
    assert noise["memorized_share", ""] > 0.95


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Residual nets that all learn an easy task, once more without half of their blocks."""
    return run(
        tmp_path_factory.mktemp("healthy"),
        ("seeds", 3),
        ("model.width", 8),
        ("train.batch_size", 64),
        ("train.epochs", 6),
        ("train.learning_rate", 0.05),
        ("train.warmup_steps", 20),
        ("sweep", (("model.family", ("resnet",)), ("model.depth", (8, 20)))),
        (
            "treatments",
            (
                {
                    "name": "block_removal",
                    "mechanism": "redundancy",
                    "settings": (
                        ("prune.blocks", 0.5),
                        ("prune.fine_tune_epochs", 3),
                        ("prune.fine_tune_rate", 0.02),
                    ),
                    "where": (("model.depth", 20),),
                },
            ),
        ),
        (
            "hypotheses",
            (
                {
                    "name": "redundant",
                    "statement": "Half the blocks can go.",
                    "metric": "test_error",
                    "relation": "equivalent",
                    "where": (("model.depth", 20), ("treatment", "block_removal")),
                    "against": (("model.depth", 20),),
                    "margin": 0.03,
                },
            ),
        ),
    )


@pytest.mark.slow
def test_blocks_of_a_net_that_is_too_deep_for_its_task_are_redundant(healthy: Result) -> None:
    (verdict,) = healthy.verdicts
    assert verdict.verdict == "supported"


@pytest.mark.slow
def test_a_healthy_pair_loses_nothing_and_the_report_says_how_sure_that_is(healthy: Result) -> None:
    assert healthy.attribution == ()
    answer = next(row for row in healthy.answer.depths if row.deepest == "resnet_depth20")
    rows = [row for row in healthy.findings.decomposition if row.variant == answer.deepest]
    most = next((row.high for row in rows if row.part == "total"), answer.excess_high)
    page = report.write(healthy.workdir).read_text(encoding="utf-8")
    assert ("In resnet, no excess:" in page) == (most < 0.01)
    assert f"up to {100 * most:.1f} points" in page or most < 0.01
