"""Numbers, times and lists as text, each in the one form that the reports have for it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence

NO_BREAK = "\N{NO-BREAK SPACE}"
DASH = "–"  # stands where there is no number
_UNITS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def number(value: float, digits: int = 1) -> str:
    """Returns ``value`` with a true minus sign, no ``-0.0``, and commas between thousands."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def visible(value: float, digits: int = 1) -> str:
    """Returns a number, with more digits where it would seem to be none.

    >>> visible(71.94), visible(0.0004), visible(-0.034, 2), visible(1e-9)
    ('71.9', '0.0004', '−0.03', '0.0')
    """
    texts = [number(value, digits + more) for more in range(4)]
    return next((text for text in texts if text.strip("−0.")), texts[0])


def percent(fraction: float) -> str:
    """Returns a fraction as ``"71.9%"``, with more digits where it would seem none or all.

    >>> percent(0.719), percent(0.0004), percent(0.99996), percent(0.0)
    ('71.9%', '0.04%', '99.996%', '0.0%')
    """
    if not math.isfinite(fraction):
        return DASH
    for digits in range(1, 5):
        text = number(100 * fraction, digits)
        if not 0 < fraction < 1 or float(text) not in (0, 100):
            return f"{text}%"
    return f"{number(100 * fraction)}%"


def percent_estimate(mean: float, low: float, high: float) -> str:
    """Returns a fraction with its interval: ``"71.9% (47.1 to 96.7%)"``; alone without one."""
    if not math.isfinite(low):
        return percent(mean)
    ends = f"{number(100 * max(0.0, low))} to {percent(min(1.0, high))}"
    return f"{percent(mean)} ({ends.replace(' ', NO_BREAK)})"  # lines break before the bracket


def count(amount: int, noun: str) -> str:
    """Returns ``"1 seed"`` or ``"3 seeds"``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def listing(items: Sequence[str], last: str = "and") -> str:
    """Returns ``"a, b and c"``, or with another word before the last."""
    return f" {last} ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def duration(seconds: float) -> str:
    """Returns ``"42.3 s"``, ``"12 min 5 s"`` or ``"3 h 20 min"``."""
    if not seconds >= 60:
        return f"{number(seconds)} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def guess(seconds: float) -> str:
    """Returns a time that is only guessed: ``"40 s"``, ``"12 min"`` or ``"3 h 20 min"``.

    >>> guess(38.8), guess(725), guess(12_000), guess(2)
    ('40 s', '12 min', '3 h 20 min', '10 s')
    """
    if seconds < 95:
        return f"{max(10, 10 * round(seconds / 10))} s"
    whole = 60 * round(seconds / 60)
    return f"{whole // 60} min" if whole < 3600 else duration(whole)


def p_value(p: float) -> str:
    """Returns ``"p = 0.002"``, with no more digits than it deserves and on one line."""
    if p < 0.001:
        return f"p{NO_BREAK}<{NO_BREAK}0.001"
    return f"p{NO_BREAK}={NO_BREAK}" + (f"{p:.3f}" if p < 0.1 else f"{p:.2f}")


def signed(effect: float) -> str:
    """Returns a difference of fractions in points, with its sign: ``"+37.5"``."""
    text = number(100 * effect)
    return f"+{text}" if effect > 0 and text != "0.0" else text


def change(mean: float, low: float, high: float) -> str:
    """Returns a difference in points with its interval: ``"+0.4 (−0.2 to +1.0)"``."""
    if not math.isfinite(mean):
        return DASH
    return (
        f"{signed(mean)} ({signed(low)} to {signed(high)})" if math.isfinite(low) else signed(mean)
    )


def interval(low: float, high: float) -> str:
    """Returns the interval of a fraction, ``"1.2% to 3.4%"``, or a dash where there is none."""
    if not math.isfinite(low):
        return DASH
    return f"{percent(max(0.0, low))} to {percent(min(1.0, high))}"


def points_range(low: float, high: float) -> str:
    """Returns an interval of fractions in points: ``"95% interval 57.8 to 70.0"``."""
    return f"95% interval {number(100 * low)} to {number(100 * high)}"


def whole_percent(share: float) -> str:
    """Returns a share as ``"72%"``."""
    return number(100 * share, 0) + "%" if math.isfinite(share) else DASH


def short_percent(share: float) -> str:
    """Returns a share as ``"95%"`` or ``"97.5%"``."""
    return number(100 * share, 1).removesuffix(".0") + "%"


def two_digits(ratio: float) -> str:
    """Returns how many times as much, to two digits.

    >>> two_digits(2.25), two_digits(612), two_digits(0.0278)
    ('2.2', '610', '0.028')
    """
    return f"{float(f'{ratio:.2g}'):,g}"


def sentence_case(text: str) -> str:
    """Returns text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def spaced(name: str) -> str:
    """Returns a name from a config as words: ``"weight_decay"`` is ``"weight decay"``."""
    return name.replace("_", " ")


def plain(value: float) -> str:
    """Returns three digits of a number."""
    if not math.isfinite(value):
        return DASH
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}".replace("-", "−")
    return number(value, max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0)


def amount(value: int) -> str:
    """Returns ``"2.5 million"``, or ``"75,002"`` below a million.

    >>> amount(2_516_608), amount(999_960_000), amount(75_002)
    ('2.5 million', '1.0 billion', '75,002')
    """
    for size, unit in _UNITS:
        if round(1000 * value / size, 1) >= 1000:
            return f"{number(value / size)} {unit}"
    return f"{value:,}"


def moment(iso: str) -> str:
    """Returns ``"3 November 2025, 14:22 UTC"``; what is no ISO time stays as it is."""
    try:
        time = datetime.datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{time.day} {time:%B %Y, %H:%M} {time.tzname() or ''}".strip()


def receptive_field(size: int | None, image: Sequence[int]) -> str:
    """Returns a receptive field against the longer side of the image; a dash if it is unknown."""
    if size is None:
        return DASH
    ratio = size / max(image[:2])
    times = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}".removesuffix(".0")
    return f"{size:,} px · {times}× the image"
