"""Numbers as people read them. A value that is not there is an en dash, never a guess."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

NOTHING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with fixed digits and a true minus sign: `-0.5` -> "−0.500"."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def p_value(p: float | None) -> str:
    """Return a p value with three digits, or "< 0.001"."""
    if p is None or not math.isfinite(p):
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Return an interval as "[0.100, 0.200]"."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    return f"[{number(low, digits)}, {number(high, digits)}]"


def mean_sd(mean: float, sd: float, digits: int = 3) -> str:
    """Return a mean and its SD as the paper prints them: "0.618(0.028)"; one seed has no SD."""
    if not math.isfinite(mean):
        return NOTHING
    spread = f"{sd:.{digits}f}" if math.isfinite(sd) else NOTHING
    return f"{number(mean, digits)}({spread})"


def count_range(counts: Iterable[int]) -> str:
    """Return how many seeds some numbers stand on: "25", or "23–25" where they differ."""
    low, high = min(found := [int(count) for count in counts]), max(found)
    return f"{low}" if low == high else f"{low}–{high}"


def shortened(text: str, length: int) -> str:
    """Return a text cut to a length, with an ellipsis where it was cut."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return "1 seed", "25 seeds", "16,000 tweets"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def seeds_text(seeds: Sequence[int]) -> str:
    """Return seeds as ranges: `[0, 1, 2, 5]` -> "0–2, 5"."""
    ordered = sorted(set(seeds))
    parts: list[str] = []
    start = 0
    for stop in range(1, len(ordered) + 1):
        if stop == len(ordered) or ordered[stop] != ordered[stop - 1] + 1:
            first, final = ordered[start], ordered[stop - 1]
            parts.append(f"{first}" if first == final else f"{first}–{final}")
            start = stop
    return ", ".join(parts)
