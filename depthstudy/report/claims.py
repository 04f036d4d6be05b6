"""From the studies of claims to one document: what is claimed, and what our own runs say of it.

The first hypothesis of a study is the claim itself; the others say where it holds, and of what else
it is made. A claim about scores of untrained nets is judged by how they rank. Markdown, with a
picture a claim beside it.
"""

from __future__ import annotations

import dataclasses
import math
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from depthstudy import store
from depthstudy.evidence.choice import ranking
from depthstudy.records import Verdict
from depthstudy.report import tables
from depthstudy.report.sections import search
from depthstudy.report.sections.verdicts import verdicts
from depthstudy.report.tables import Study
from depthstudy.report.text import formats
from depthstudy.report.text.quantities import Quantity, quantity
from depthstudy.report.text.sentences import run_noun

_FIGURES = ("error_against_depth", "error_of_variants")  # the first that there is


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim as its config states it, and where its study is.

    Attributes:
      name: Name of the config.
      text: The claim in the words of those who make it.
      meaning: What it means for a practitioner.
      published: Where published evidence at scale agrees, and where not.
      command: The command that runs its study.
      workdir: Folder of its study, which need not be there.
      figure: Name of the figure that shows it, without suffix; ``""`` is the study's main one.
      judged_by: What in its study judges it: its hypotheses, or its scores of untrained nets.
    """

    name: str
    text: str
    meaning: str
    published: str
    command: str
    workdir: Path
    figure: str = ""
    judged_by: Literal["hypotheses", "scores"] = "hypotheses"


ClaimStudies = Sequence[tuple[Claim, Study | None]]


def write(claims: Sequence[Claim], path: Path) -> Path:
    """Writes the document at ``path`` and the pictures beside it; returns ``path``.

    Claims whose study is not finished are named as such. The pictures are in a folder of the
    document's name, one a claim, named after it.

    Raises:
      InputError: A study lacks a table.
    """
    studies = [(claim, _read(claim.workdir)) for claim in claims]
    folder = path.with_suffix("")
    pictures = {}
    for claim, study in studies:
        source = _figure(claim) if study else None
        if source:
            pictures[claim.name] = folder / f"{claim.name}.svg"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, pictures[claim.name])
    links = {
        name: picture.relative_to(path.parent).as_posix() for name, picture in pictures.items()
    }
    store.write_text(path, document(studies, links))
    return path


def document(studies: ClaimStudies, pictures: Mapping[str, str]) -> str:
    """Returns the document.

    Args:
      studies: The claims in order, each with its study if that is finished.
      pictures: Name of a claim to the link to its picture.
    """
    parts = [_head(studies), _table(studies, pictures)]
    parts += [
        _section(number, claim, study, pictures.get(claim.name))
        for number, (claim, study) in enumerate(studies, start=1)
    ]
    return "\n\n".join(parts) + "\n"


def _read(workdir: Path) -> Study | None:
    return tables.read_study(workdir) if store.read_info(workdir) else None


def _figure(claim: Claim) -> Path | None:
    names = (claim.figure, *_FIGURES) if claim.figure else _FIGURES
    paths = (claim.workdir / store.FIGURES / f"{name}.svg" for name in names)
    return next((path for path in paths if path.exists()), None)


def _head(studies: ClaimStudies) -> str:
    done = [study for _, study in studies if study]
    missing = [claim.name for claim, study in studies if not study]
    lines = [
        "# The popular claims about depth",
        "What is often claimed about the depth of convolutional nets, the verdict of a study that "
        "anyone can run, and what is published at scale. The verdict in the table is on the "
        "claim as it is made; where it holds and of what it is made is in the sections below. "
        "Predictions and design stand in the configs, and were written before the runs. "
        "Where a statement is about several nets, be it on average, the verdict is that of its "
        "worst part. Inconclusive verdicts are left as they are.",
    ]
    if done:
        seconds = sum(map(_seconds, done))
        machines = {_machine(study.info.hardware): None for study in done}
        lines.append(
            f"{len(done)} of {len(studies)} studies were run, which took "
            f"{formats.duration(seconds)} in all ({'; '.join(machines)})."
        )
    if missing:
        lines.append(f"Not run yet: {formats.listing(missing)}.")
    return "\n\n".join(lines)


def _machine(hardware: Mapping[str, str]) -> str:
    return ", ".join(filter(None, (hardware.get("platform"), hardware.get("machine"))))


def _table(studies: ClaimStudies, pictures: Mapping[str, str]) -> str:
    rows = [
        "| claim | verdict | effect | seeds | picture | command |",
        "|---|---|---|---|---|---|",
    ]
    for number, (claim, study) in enumerate(studies, start=1):
        word, effect, seeds = _headline(claim, study)
        link = pictures.get(claim.name)
        picture = f"[svg]({link})" if link else formats.DASH
        name = f"{number}. [{claim.name}](#{_anchor(number, claim)}): {claim.text}"
        rows.append(f"| {name} | {word} | {effect} | {seeds} | {picture} | `{claim.command}` |")
    return "\n".join(rows)


def _headline(claim: Claim, study: Study | None) -> tuple[str, str, str]:
    """Returns the verdict on what judges the claim, its effect and its seeds, as text."""
    if study is None:
        return "not run", formats.DASH, formats.DASH
    if claim.judged_by == "scores":
        return *_scores_headline(study), formats.DASH
    (hypothesis, verdict), *_ = _judged(study)
    if verdict is None:
        return "not tested", formats.DASH, formats.DASH
    return (
        verdict.verdict,
        effect(quantity(hypothesis["metric"], study.info.metrics), verdict),
        _runs_of(hypothesis, verdict),
    )


def _runs_of(hypothesis: Mapping[str, Any], verdict: Verdict) -> str:
    """Returns the number of seeds, or of other runs with their noun."""
    noun = run_noun(hypothesis)
    return str(verdict.seeds) if noun == "seed" else formats.count(verdict.seeds, noun)


def _scores_headline(study: Study) -> tuple[str, str]:
    judged = ranking.headline(study.search.scores) if study.search else None
    if judged is None:
        return "not tested", formats.DASH
    word, row = judged
    over, low, high = (
        formats.number(x, 2) for x in (row.over_parameters, row.over_low, row.over_high)
    )
    return word, (
        f"Kendall's tau of {formats.spaced(row.score)} less that of parameters {over} "
        f"({low} to {high}, {formats.count(row.nets, 'net')})"
    )


def effect(about: Quantity, verdict: Verdict) -> str:
    """Returns an effect with its sign, name and interval: ``"train error +1.2 points (…)"``."""
    if not math.isfinite(verdict.effect):
        return formats.DASH
    text = f"{about.name} {about.signed(verdict.effect)}"
    if not math.isfinite(verdict.low):
        return f"{text} (no interval)"
    low, high = (about.signed(end).partition(" ")[0] for end in (verdict.low, verdict.high))
    return f"{text} ({formats.short_percent(verdict.level)} interval {low} to {high})"


def _judged(study: Study) -> list[tuple[dict[str, Any], Verdict | None]]:
    by_name = {verdict.hypothesis: verdict for verdict in study.verdicts}
    return [(row, by_name.get(row["name"])) for row in verdicts.hypotheses(study)]


def _section(number: int, claim: Claim, study: Study | None, picture: str | None) -> str:
    lines = [f"## {_title(number, claim)}", f"> {claim.text}"]
    if study:
        judged = "\n".join(
            f"- {row.symbol} **{row.word}**: {row.statement} {row.sentence} {row.meaning}".strip()
            for row in verdicts.verdicts(study)
        )
        lines += [judged] if judged else []
        lines += _scores(study)
    if picture:
        lines.append(f"![The runs behind the verdict on {claim.name}]({picture})")
    lines.append(f"**In practice:** {claim.meaning} **At scale:** {claim.published}")
    lines.append(f"{_runs(study)}\n\n```\n{claim.command}\n```")
    return "\n\n".join(lines)


def _scores(study: Study) -> list[str]:
    """Returns how scores of untrained nets rank those that were drawn at random."""
    if study.search is None or not study.search.scores:
        return []
    header, *rows = (
        "| " + " | ".join(cells) + " |" for cells in search.scores_table(study.search.scores)
    )
    table = "\n".join((header, "|---" * header.count(" | ") + "|---|", *rows))
    return [search.scores_sentence(study.search.scores), table, search.SCORES]


def _seconds(study: Study) -> float:
    """Returns how long a study took, its search included."""
    searched = study.search.info.seconds if study.search else 0.0
    return study.info.seconds["total"] + searched


def _runs(study: Study | None) -> str:
    if study is None:
        return "Not run yet; to run it:"
    steps = sorted({info.steps for info in study.info.variants})
    steps_text = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    return f"{tables.lede(study)[:-1]}, {steps_text} steps; {formats.duration(_seconds(study))}:"


def _title(number: int, claim: Claim) -> str:
    return f"{number}. {claim.name.replace('_', ' ').capitalize()}"


def _anchor(number: int, claim: Claim) -> str:
    """Returns the anchor that a Markdown renderer gives a section's title."""
    return f"{number}-{claim.name.replace('_', '-')}"


def command(name: str, size: str, workdir: Path) -> str:
    """Returns the command that runs the study of a claim."""
    suffix = "" if size == "small" else f":{size}"
    return shlex.join(["depthstudy", "run", f"claims/{name}{suffix}", f"--workdir={workdir}"])
