"""``docs/glossary.md``: every word of verdicts and mechanisms and every column has its entry."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from depthstudy import config, records

TEXT = (Path(__file__).parents[1] / "docs/glossary.md").read_text("utf-8")
SECTIONS = {
    heading: re.findall(r"^\| ([^|]+) \| \S", body, re.MULTILINE)[1:]
    for heading, body in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.DOTALL)
}
TERMS = {term for terms in SECTIONS.values() for term in terms}
KINDS = [getattr(records, name) for name in records.__all__]
TABLES = {
    match[1]: kind
    for kind in KINDS
    if dataclasses.is_dataclass(kind)
    and (match := re.search(r"(?:row|content) of ``(\w+\.csv|recommendation\.json)``",
                            str(kind.__doc__)))
} | {"records.csv": records.Record, "answer.json": records.DepthAnswer}  # fmt: skip


def test_the_tables_are_those_of_a_study() -> None:
    assert {"verdicts.csv", "summary.csv", "matched.csv", "predictions.csv"} <= set(TABLES)
    assert len(TABLES) >= 12


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_has_an_entry(table: str) -> None:
    known = set(SECTIONS["Columns of several tables"]) | set(
        SECTIONS.get(f"Columns of {table}", ())
    )
    columns = {field.name for field in dataclasses.fields(TABLES[table])}
    assert columns - known == set()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_word_of_a_column_has_an_entry(table: str) -> None:
    hints = typing.get_type_hints(TABLES[table]).values()
    literals = [hint for hint in hints if typing.get_origin(hint) is typing.Literal]
    words = {word for hint in literals for word in typing.get_args(hint) if word}
    if table == "verdicts.csv":
        assert {"supported", "refuted", "inconclusive", "not tested"} <= words
    explained = TERMS | set(re.findall(r"`([^`]+)`", TEXT))
    assert words - explained == set()


def test_every_mechanism_and_relation_has_an_entry() -> None:
    assert set(typing.get_args(config.Mechanism)) <= set(SECTIONS["Mechanisms"])
    relations = typing.get_args(typing.get_type_hints(config.Hypothesis)["relation"])
    assert all(f"`{relation}`" in TEXT for relation in relations)


@pytest.mark.parametrize(
    "term",
    ["variant", "group", "treatment", "control", "dense twin", "gap", "decomposition", "excess",
     "matched gap", "redundant block fraction", "border layer", "Holm", "TOST", "p value",
     "Fieller interval", "interval", "robust", "recipe-bound", "budget-bound"],
)  # fmt: skip
def test_every_term_of_the_pages_has_an_entry(term: str) -> None:
    assert term in TERMS


def test_no_section_explains_a_term_twice() -> None:
    for heading, terms in SECTIONS.items():
        assert len(terms) == len(set(terms)), heading
