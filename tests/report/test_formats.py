"""Numbers as text, as the report shows them."""

import math

import pytest

from depthstudy.report.text import formats
from depthstudy.report.text.quantities import quantity

NBSP = "\N{NO-BREAK SPACE}"


def test_p_values_stay_on_one_line():
    assert formats.p_value(0.0123) == f"p{NBSP}={NBSP}0.012"


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.7194, "71.9%"),
        (0, "0.0%"),
        (0.0004, "0.04%"),
        (0.99996, "99.996%"),
        (1, "100.0%"),
        (-0.00001, "0.0%"),
        (-0.031, "−3.1%"),
        (math.nan, "–"),
    ],
)
def test_percent(fraction, text):
    assert formats.percent(fraction) == text


def test_percent_estimate():
    nan = math.nan
    text = formats.percent_estimate(0.719, 0.4706, 0.9674)
    assert text == "71.9% (47.1 to 96.7%)".replace(" to ", "\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}")
    assert formats.percent_estimate(0.01, -0.02, 0.04).split("(")[1] == "0.0\xa0to\xa04.0%)"
    assert formats.percent_estimate(0.719, nan, nan) == "71.9%"
    assert formats.percent_estimate(nan, nan, nan) == "–"


def test_changes_have_a_sign():
    assert formats.change(0.004, -0.002, 0.01) == "+0.4 (−0.2 to +1.0)"
    assert formats.change(0.0, math.nan, math.nan) == "0.0"
    assert formats.change(math.nan, math.nan, math.nan) == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (42.34, "42.3 s"),
        (59.99, "60.0 s"),
        (725, "12 min 5 s"),
        (3599.7, "1 h 0 min"),
        (12_000, "3 h 20 min"),
        (math.nan, "– s"),
    ],
)
def test_duration(seconds, text):
    assert formats.duration(seconds) == text


def test_receptive_field():
    assert formats.receptive_field(219, (8, 8, 1)) == "219 px · 27× the image"
    assert formats.receptive_field(27, (8, 8, 1)) == "27 px · 3.4× the image"
    assert formats.receptive_field(16, (8, 32, 3)) == "16 px · 0.5× the image"
    assert formats.receptive_field(7, (28, 28, 1)) == "7 px · 0.2× the image"


def test_moment():
    assert formats.moment("2025-11-03T14:22:10+00:00") == "3 November 2025, 14:22 UTC"
    assert formats.moment("yesterday") == "yesterday"


def test_an_interval_of_a_fraction_ends_at_none_and_all():
    assert formats.interval(-0.01, 0.02) == "0.0% to 2.0%"
    assert formats.interval(0.9, 1.02) == "90.0% to 100.0%"
    assert formats.interval(math.nan, math.nan) == "–"


def test_an_effect_does_not_seem_none_where_it_is_small():
    error, norm = quantity("test_error", {}), quantity("probe.norm", {})
    assert error.signed(-0.0003) == "−0.03 points"
    assert norm.amount(0.00021) == "0.0002"
    assert (error.signed(0.0), error.signed(1e-17)) == ("0.0 points", "0.0 points")
