"""Errors class by class, and which classes a net takes for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from depthstudy.evidence.mistakes.answers import Answers, AnswersOf
from depthstudy.records import ClassError, Confusion


def by_class(answers: AnswersOf, class_names: Sequence[str]) -> list[ClassError]:
    """Returns the error of each variant on each class that has test images.

    >>> one = Answers(np.array([0, 0, 1]), np.array([[0, 1, 1]]), np.ones((1, 3)))
    >>> [(row.name, row.images, row.error) for row in by_class({"a": one}, ("cat", "dog"))]
    [('cat', 2, 0.5), ('dog', 1, 0.0)]
    """
    rows = []
    for variant, given in answers.items():
        counts = np.bincount(given.labels, minlength=len(class_names))
        wrong = np.bincount(given.labels, given.wrong_share, minlength=len(class_names))
        rows += [
            ClassError(
                variant=variant,
                label=label,
                name=class_names[label],
                images=int(counts[label]),
                error=float(wrong[label] / counts[label]),
            )
            for label in np.flatnonzero(counts).tolist()
        ]
    return rows


def confusion(variant: str, given: Answers, class_names: Sequence[str]) -> list[Confusion]:
    """Returns how often a variant takes each class for each, its mean over the runs.

    >>> two = Answers(np.array([0, 0]), np.array([[0, 1], [0, 0]]), np.ones((2, 2)))
    >>> [(row.predicted, row.images) for row in confusion("a", two, ("cat", "dog"))]
    [('cat', 1.5), ('dog', 0.5)]
    """
    size = len(class_names)
    pairs = given.labels * size + given.predicted
    counts = np.bincount(pairs.ravel(), minlength=size**2).reshape(size, size) / len(pairs)
    return [
        Confusion(
            variant=variant,
            name=class_names[label],
            predicted=class_names[predicted],
            images=float(counts[label, predicted]),
            share=float(counts[label, predicted] / counts[label].sum()),
        )
        for label, predicted in np.argwhere(counts > 0).tolist()
    ]
