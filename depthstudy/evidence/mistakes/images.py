"""The images that a net gets most wrong, and those that deeper nets lose or win.

A label may itself be wrong. It is suspected where nearly all runs of all nets of a study say the
same other class: learners that differ agree on images that are as they see them (as confident
learning has it, Northcutt et al. 2021, arXiv 1911.00068).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from depthstudy.evidence.mistakes.answers import Answers, AnswersOf
from depthstudy.records import Flips, Mistake

MOST = 12  # images of a kind
SUSPECT = 0.9  # share of all runs that say the same other class
_LEAST_RUNS = 3  # to suspect a label by

Kind = Literal["worst", "lost", "won"]


def worst(answers: AnswersOf, variant: str, class_names: Sequence[str]) -> list[Mistake]:
    """Returns the images of which a variant is surest of a wrong class, the surest first.

    Args:
      answers: Those of all variants of the study.
      variant: Name of one of them.
      class_names: Names of the classes.
    """
    given = answers[variant]
    sureness = (given.confidence * given.wrong).mean(axis=0)
    order = np.argsort(-sureness, kind="stable")[:MOST]
    chosen = [image for image in order.tolist() if sureness[image] > 0]
    return _rows("worst", answers, variant, chosen, class_names)


def flips(answers: AnswersOf, group: str, deepest: str, against: str) -> Flips:
    """Returns how many images the deepest net of a group loses and wins against another."""
    lost, won = _flipped(answers[deepest], answers[against])
    return Flips(
        group=group,
        deepest=deepest,
        against=against,
        lost=len(lost),
        won=len(won),
        images=len(answers[deepest].labels),
        churn=_churn(answers[against].wrong),
    )


def flipped(
    answers: AnswersOf, deepest: str, against: str, class_names: Sequence[str]
) -> list[Mistake]:
    """Returns images that the deepest net loses and wins, those most runs agree on first."""
    lost, won = _flipped(answers[deepest], answers[against])
    return [
        *_rows("lost", answers, deepest, lost[:MOST], class_names),
        *_rows("won", answers, against, won[:MOST], class_names),
    ]


def _flipped(deep: Answers, other: Answers) -> tuple[list[int], list[int]]:
    change = deep.wrong_share - other.wrong_share
    crossed = (deep.wrong_share > 0.5) != (other.wrong_share > 0.5)
    order = np.argsort(-np.abs(change), kind="stable")
    lost = order[crossed[order] & (change[order] > 0)]
    won = order[crossed[order] & (change[order] < 0)]
    return lost.tolist(), won.tolist()


def _churn(wrong: NDArray[np.bool_]) -> float:
    pairs = [int((a != b).sum()) for a, b in itertools.combinations(wrong, 2)]
    return float(np.mean(pairs)) if pairs else math.nan


def _rows(
    kind: Kind,
    answers: AnswersOf,
    variant: str,
    images: Sequence[int],
    class_names: Sequence[str],
) -> list[Mistake]:
    given = answers[variant]
    everyone = np.concatenate([other.predicted for other in answers.values()])
    rows = []
    for image in images:
        errs = given.wrong[:, image]
        predicted = int(np.bincount(given.predicted[errs, image]).argmax())
        agreeing = float((everyone[:, image] == predicted).mean())
        rows.append(
            Mistake(
                kind=kind,
                variant=variant,
                image=image,
                name=class_names[given.labels[image]],
                predicted=class_names[predicted],
                confidence=float(given.confidence[errs, image].mean()),
                wrong=float(errs.mean()),
                agreeing=agreeing,
                suspect=agreeing >= SUSPECT and len(everyone) >= _LEAST_RUNS,
            )
        )
    return rows
